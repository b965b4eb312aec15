"""How lists are loaded and searched, and alerts kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kyc.domain import screening
from services.kyc.models import Alert, ListEntry, ListVersion, ScreeningList

CANDIDATES_MAX: Final = 2000
"""How many listed names are looked at closely: those that share most come first."""


class Candidate(NamedTuple):
    """A listed name that shares a key with the one looked for."""

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


def find_candidates(session: Session, keys: Collection[str]) -> list[Candidate]:
    """Listed names that share a key, those that share most first; by the index."""
    rows = session.execute(
        text(
            "SELECT found.list_name, found.version, found.entry_id, found.name, "
            "entry.birth_date, entry.entry_hash "
            "FROM list_names AS found JOIN list_entries AS entry "
            "USING (list_name, version, entry_id) "
            "WHERE found.keys && CAST(:keys AS text[]) "
            "ORDER BY (SELECT count(*) FROM unnest(found.keys) AS one "
            "WHERE one = ANY(CAST(:keys AS text[]))) DESC, found.list_name, "
            "found.entry_id, found.position LIMIT :limit"
        ),
        {"keys": list(keys), "limit": CANDIDATES_MAX},
    )
    return [Candidate._make(row) for row in rows]


# Alerts


def add_alerts(session: Session, rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Alerts that were not raised before; their ids."""
    if not rows:
        return []
    return session.scalars(
        insert(Alert)
        .values(list(rows))
        .on_conflict_do_nothing(constraint="uq_alerts_member_id_entry_id")
        .returning(Alert.id)
    ).all()


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
