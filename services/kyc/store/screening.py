"""How lists are loaded and searched, and alerts kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kyc.domain import screening
from services.kyc.models import (
    Alert,
    ListEntry,
    ListVersion,
    ScreenedPerson,
    ScreeningList,
)

CANDIDATES_MAX: Final = 2000
"""How many listed names are looked at closely: those that share most come first."""


class Candidate(NamedTuple):
    """A listed name that shares a key with the one looked for.

    ``position`` is that of the one looked for, from 1.
    """

    position: int
    list_name: str
    version: int
    entry_id: str
    name: str
    birth_date: str | None
    entry_hash: bytes


class Raised(NamedTuple):
    """An alert with the entry that it is about."""

    alert: Alert
    entry: ListEntry


# Lists


def next_version(session: Session, name: str) -> int:
    """Take the next version of a list; whoever else loads it waits for the commit."""
    return session.scalars(
        insert(ScreeningList)
        .values(name=name, version=1)
        .on_conflict_do_update(
            index_elements=["name"], set_={"version": ScreeningList.version + 1}
        )
        .returning(ScreeningList.version)
    ).one()


def find_previous(session: Session, name: str, version: int) -> ListVersion | None:
    """The newest version of a list before ``version``."""
    return session.scalar(
        select(ListVersion)
        .where(ListVersion.list_name == name, ListVersion.version < version)
        .order_by(ListVersion.version.desc())
        .limit(1)
    )


def keep_version(session: Session, name: str, version: int) -> None:
    """Let a version count that was loaded before."""
    session.execute(
        update(ScreeningList).where(ScreeningList.name == name).values(version=version)
    )


def list_current(
    session: Session, *, after: str | None, limit: int
) -> Sequence[ListVersion]:
    """The lists past ``after`` in the versions that count, by name."""
    query = _current().order_by(ScreeningList.name).limit(limit)
    if after is not None:
        query = query.where(ScreeningList.name > after)
    return session.scalars(query).all()


def add_version(session: Session, **columns: Any) -> ListVersion:
    """A version of a list, still without its entries."""
    version = ListVersion(**columns)
    session.add(version)
    session.flush()
    return version


def add_entries(
    session: Session, name: str, version: int, entries: Sequence[screening.Entry]
) -> None:
    """All entries of a version, one statement for each table.

    The names of older versions are no longer looked at.
    """
    session.execute(
        text(
            "INSERT INTO list_entries "
            "(list_name, version, entry_id, name, birth_date, note, entry_hash) "
            "SELECT :list_name, :version, one.* FROM unnest("
            "CAST(:ids AS text[]), CAST(:names AS text[]), CAST(:births AS text[]), "
            "CAST(:notes AS text[]), CAST(:hashes AS bytea[])) AS one"
        ),
        {
            "list_name": name,
            "version": version,
            "ids": [one.entry_id for one in entries],
            "names": [one.name for one in entries],
            "births": [one.birth_date for one in entries],
            "notes": [one.note for one in entries],
            "hashes": [one.fingerprint for one in entries],
        },
    )
    known = [
        (one.entry_id, position, known_as, " ".join(keys))
        for one in entries
        for position, (known_as, keys) in enumerate(one.known_as.items(), 1)
    ]
    session.execute(
        text(
            "INSERT INTO list_names "
            "(list_name, version, entry_id, position, name, keys) "
            "SELECT :list_name, :version, one.entry_id, one.position, one.name, "
            "string_to_array(one.keys, ' ') FROM unnest("
            "CAST(:ids AS text[]), CAST(:positions AS integer[]), "
            "CAST(:names AS text[]), CAST(:keys AS text[])) "
            "AS one (entry_id, position, name, keys)"
        ),
        {
            "list_name": name,
            "version": version,
            "ids": [one[0] for one in known],
            "positions": [one[1] for one in known],
            "names": [one[2] for one in known],
            "keys": [one[3] for one in known],
        },
    )
    session.execute(
        text("DELETE FROM list_names WHERE list_name = :name AND version < :version"),
        {"name": name, "version": version},
    )


def find_candidates(
    session: Session, wanted: Sequence[Collection[str]]
) -> list[Candidate]:
    """Listed names that share a key with one that is ``wanted``; by the index.

    For each that is wanted those that share most are taken.
    """
    rows = session.execute(
        text(
            "SELECT wanted.position, found.list_name, found.version, found.entry_id, "
            "found.name, entry.birth_date, entry.entry_hash "
            "FROM unnest(CAST(:wanted AS text[])) WITH ORDINALITY "
            "AS wanted (keys, position) CROSS JOIN LATERAL ("
            "SELECT * FROM list_names AS listed "
            "WHERE listed.keys && string_to_array(wanted.keys, ' ') "
            "ORDER BY (SELECT count(*) FROM unnest(listed.keys) AS one "
            "WHERE one = ANY(string_to_array(wanted.keys, ' '))) DESC, "
            "listed.list_name, listed.entry_id, listed.position LIMIT :limit"
            ") AS found JOIN list_entries AS entry "
            "USING (list_name, version, entry_id)"
        ),
        {"wanted": [" ".join(keys) for keys in wanted], "limit": CANDIDATES_MAX},
    )
    return [Candidate._make(row) for row in rows]


# People


def generation(session: Session) -> int:
    """Which lists count now, as a number that grows with every new version of one."""
    found = session.scalar(select(func.coalesce(func.sum(ScreeningList.version), 0)))
    return int(found or 0)


def keep_person(
    session: Session,
    *,
    cooperative_id: str,
    member_id: str,
    person: bytes,
    generation: int,
    now: datetime,
) -> None:
    """Remember who was looked for, on which lists."""
    statement = insert(ScreenedPerson).values(
        cooperative_id=cooperative_id,
        member_id=member_id,
        person=person,
        generation=generation,
        screened_at=now,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cooperative_id", "member_id"],
            set_={
                name: statement.excluded[name]
                for name in ("person", "generation", "screened_at")
            },
        )
    )


def know_checked(session: Session) -> None:
    """Remember everybody who was checked before people were remembered, as the hub."""
    session.execute(
        text(
            "INSERT INTO screened_people (cooperative_id, member_id, generation) "
            "SELECT DISTINCT cooperative_id, member_id, 0 FROM checks "
            "WHERE status = 'done' ON CONFLICT DO NOTHING"
        )
    )


def tenants_to_rescreen(session: Session) -> Sequence[tuple[str, int]]:
    """Active cooperatives with people to look for on newer lists, as the hub.

    With the generation of the lists.
    """
    rows = session.execute(
        text(
            "SELECT cooperative_id, lists.generation FROM tenants, ("
            "SELECT coalesce(sum(version), 0)::bigint AS generation "
            "FROM screening_lists) AS lists "
            "WHERE status = 'active' AND EXISTS (SELECT FROM screened_people AS one "
            "WHERE one.cooperative_id = tenants.cooperative_id "
            "AND one.generation < lists.generation) ORDER BY cooperative_id"
        )
    )
    return [(row[0], row[1]) for row in rows]


def take_people(
    session: Session, *, before: int, limit: int
) -> Sequence[ScreenedPerson]:
    """People of the tenant who were looked for on older lists, held by the caller."""
    return session.scalars(
        select(ScreenedPerson)
        .where(ScreenedPerson.generation < before, ScreenedPerson.person.is_not(None))
        .order_by(ScreenedPerson.generation, ScreenedPerson.member_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def list_unknown(
    session: Session, *, before: int, after: str, limit: int
) -> Sequence[str]:
    """Members past ``after`` who are to be looked for and are still to be asked for."""
    return session.scalars(
        select(ScreenedPerson.member_id)
        .where(
            ScreenedPerson.generation < before,
            ScreenedPerson.person.is_(None),
            ScreenedPerson.member_id > after,
        )
        .order_by(ScreenedPerson.member_id)
        .limit(limit)
    ).all()


def mark_screened(
    session: Session, member_ids: Sequence[str], *, generation: int, now: datetime
) -> None:
    """These people were looked for on these lists."""
    session.execute(
        update(ScreenedPerson)
        .where(ScreenedPerson.member_id.in_(member_ids))
        .values(generation=generation, screened_at=now)
        .execution_options(synchronize_session=False)
    )


def forget_people(session: Session, member_ids: Sequence[str]) -> None:
    """Who these members are has to be asked for again."""
    session.execute(
        update(ScreenedPerson)
        .where(ScreenedPerson.member_id.in_(member_ids))
        .values(person=None, screened_at=None)
        .execution_options(synchronize_session=False)
    )


def know_person(session: Session, member_id: str, person: bytes) -> None:
    """Who a member is who is still to be looked for."""
    session.execute(
        update(ScreenedPerson)
        .where(ScreenedPerson.member_id == member_id, ScreenedPerson.person.is_(None))
        .values(person=person)
        .execution_options(synchronize_session=False)
    )


def pass_over(session: Session, member_id: str, *, generation: int) -> None:
    """A member who is not there: nobody is looked for until the lists change again."""
    session.execute(
        update(ScreenedPerson)
        .where(ScreenedPerson.member_id == member_id, ScreenedPerson.person.is_(None))
        .values(generation=generation)
        .execution_options(synchronize_session=False)
    )


# Alerts


def add_alerts(
    session: Session, rows: Sequence[Mapping[str, Any]]
) -> Sequence[tuple[str, str]]:
    """Alerts that were not raised before; their ids, with whom they are about."""
    if not rows:
        return []
    raised = session.execute(
        insert(Alert)
        .on_conflict_do_nothing(constraint="uq_alerts_member_id_entry_id")
        .returning(Alert.id, Alert.member_id),
        list(rows),
    )
    return [(row[0], row[1]) for row in raised]


def find_alert(session: Session, alert_id: str) -> Raised | None:
    """One alert, if this transaction may see it."""
    row = session.execute(_raised().where(Alert.id == alert_id)).one_or_none()
    return None if row is None else Raised(*row)


def lock_alert(session: Session, alert_id: str) -> Alert | None:
    """One alert, held until the transaction ends."""
    return session.scalar(
        select(Alert)
        .where(Alert.id == alert_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_alerts(
    session: Session,
    *,
    member_id: str | None,
    statuses: Collection[str] | None,
    after: str | None,
    limit: int | None,
) -> Sequence[Raised]:
    """Alerts of the tenant past ``after``, in the order they were raised."""
    query = _raised().order_by(Alert.id).limit(limit)
    if member_id is not None:
        query = query.where(Alert.member_id == member_id)
    if statuses is not None:
        query = query.where(Alert.status.in_(statuses))
    if after is not None:
        query = query.where(Alert.id > after)
    return [Raised(*row) for row in session.execute(query)]


def count_standing(session: Session, member_ids: Collection[str]) -> dict[str, int]:
    """How many alerts about each of these members are not cleared."""
    rows = session.execute(
        select(Alert.member_id, func.count())
        .where(Alert.member_id.in_(member_ids), Alert.status != screening.CLEARED)
        .group_by(Alert.member_id)
    )
    return {row[0]: row[1] for row in rows}


def count_open(session: Session) -> int:
    """How many alerts wait for somebody to decide."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Alert)
            .where(Alert.status == screening.OPEN)
        )
        or 0
    )


def _current() -> Select[ListVersion]:
    return select(ListVersion).join(
        ScreeningList,
        (ScreeningList.name == ListVersion.list_name)
        & (ScreeningList.version == ListVersion.version),
    )


def _raised() -> Select[Alert, ListEntry]:
    return select(Alert, ListEntry).join(
        ListEntry,
        (ListEntry.list_name == Alert.list_name)
        & (ListEntry.version == Alert.list_version)
        & (ListEntry.entry_id == Alert.entry_id),
    )
