"""Who is like a person on a list: loading lists, looking members up, deciding."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.kyc.domain import names
from services.kyc.domain import screening as domain
from services.kyc.domain.peers import Members
from services.kyc.models import ListVersion
from services.kyc.operations import sealing
from services.kyc.store import screening as store
from services.kyc.store.screening import Raised
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.kyc import screening as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

LISTS: Final = "screening lists"
ENTRIES_IN_A_TURN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Somebody to look for on the lists."""

    member_id: str
    name: str
    born: date | None

    @classmethod
    def of(cls, member_id: str, told: Mapping[str, Any]) -> Sought:
        """Who the register of members, or what was kept of it, says that it is."""
        born = told["birth_date"]
        return cls(
            member_id=member_id,
            name=told["name"],
            born=date.fromisoformat(born) if born else None,
        )

    @property
    def kept(self) -> dict[str, str | None]:
        """As it is kept, encrypted."""
        born = None if self.born is None else self.born.isoformat()
        return {"name": self.name, "birth_date": born}


@retrying
def load_list(
    database: Database, loaded_by: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The next version of a list, at once and whole; the same file again is no other.

    Whoever was screened before is looked for again by `rescreening`. Raises
    ListUnreadable.
    """
    name, content = command["name"], _content(command)
    entries: list[domain.Entry] = []
    try:
        for entry in domain.read(content):
            entries.append(entry)
            if len(entries) % ENTRIES_IN_A_TURN == 0:
                # Reading names is seconds of computation: others have their turn.
                time.sleep(0)
    except domain.Unreadable as fault:
        raise contract.ListUnreadable(str(fault), {"line": fault.line}) from fault
    content_hash = hashlib.sha512(content).digest()
    with database.hub() as session:
        version = store.next_version(session, name)
        known = store.find_previous(session, name, version)
        if known is not None and known.content_hash == content_hash:
            store.keep_version(session, name, known.version)
            return _list(known)
        made = store.add_version(
            session,
            list_name=name,
            version=version,
            entries=len(entries),
            content_hash=content_hash,
            loaded_by=loaded_by,
            loaded_at=clock.now(),
        )
        store.add_entries(session, name, version, entries)
        store.know_checked(session)
        return _list(made)


def list_lists(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The lists in the versions that count, by name."""
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_current(
            session,
            after=answers.position(LISTS, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(LISTS, rows, limit=limit, key="list_name")
    return {"items": [_list(one) for one in shown], "next_cursor": next_cursor}


def screen_member(
    database: Database,
    settings: Settings,
    members: Members,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Look for a member on all lists now; what stands about it. Raises NotFound."""
    member_id = command["member_id"]
    told = members.get_identity({"member_id": member_id, "with_photos": False})
    with database.tenant(actor.cooperative_id) as session:
        screen(session, settings, actor, Sought.of(member_id, told))
        trail.note(session, actor, "aml.screened", member_id)
        standing = store.list_alerts(
            session,
            member_id=member_id,
            statuses=(domain.OPEN, domain.CONFIRMED),
            after=None,
            limit=None,
        )
    return {"member_id": member_id, "alerts": [_alert(one) for one in standing]}


def screen(session: Session, settings: Settings, actor: Actor, sought: Sought) -> None:
    """Look for a member on all lists, and remember whom, to look again later."""
    # Asked first: a list that is loaded meanwhile is looked through again.
    generation = store.generation(session)
    raise_alerts(session, actor, [sought])
    own = sealing.cipher(session, settings, actor.cooperative_id)
    store.keep_person(
        session,
        cooperative_id=actor.cooperative_id,
        member_id=sought.member_id,
        person=sealing.sealed(own, person_place(sought.member_id), sought.kept),
        generation=generation,
        now=clock.now(),
    )


def raise_alerts(session: Session, actor: Actor, people: Sequence[Sought]) -> None:
    """Raise an alert for every entry that one of these people is like, once for each.

    Nothing is refused by it: a person decides (R44).
    """
    own = [names.folded(one.name) for one in people]
    best: dict[tuple[str, str, str], tuple[domain.Likeness, store.Candidate]] = {}
    for looked_at, candidate in enumerate(
        store.find_candidates(session, [one.keys for one in own]), 1
    ):
        sought, name = people[candidate.position - 1], own[candidate.position - 1]
        found = domain.likeness(name, sought.born, candidate.name, candidate.birth_date)
        entry = (sought.member_id, candidate.list_name, candidate.entry_id)
        if found.is_alert and (entry not in best or found.score > best[entry][0].score):
            best[entry] = (found, candidate)
        if looked_at % ENTRIES_IN_A_TURN == 0:
            time.sleep(0)
    now = clock.now()
    raised = store.add_alerts(
        session,
        [
            {
                "id": identifiers.new("aml"),
                "cooperative_id": actor.cooperative_id,
                "member_id": member_id,
                "list_name": candidate.list_name,
                "list_version": candidate.version,
                "entry_id": candidate.entry_id,
                "entry_hash": candidate.entry_hash,
                "score": found.score,
                "birth_match": found.birth_match,
                "status": domain.OPEN,
                "raised_at": now,
            }
            for (member_id, _, _), (found, candidate) in best.items()
        ],
    )
    for alert_id, member_id in raised:
        told = {"member_id": member_id}
        trail.note(session, actor, "aml.alert_raised", alert_id, after=told)


def person_place(member_id: str) -> str:
    """What the encrypted name of a member is bound to."""
    return f"screened_people.person:{member_id}"


def get_alert(database: Database, cooperative_id: str, alert_id: str) -> dict[str, Any]:
    """One alert with the entry that it is about."""
    with database.tenant(cooperative_id) as session:
        return _alert(_found(store.find_alert(session, alert_id)))


def list_alerts(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The alerts of the cooperative, or those about one member, oldest first."""
    member_id, status, limit = (
        command["member_id"],
        command["status"],
        command["limit"],
    )
    owner = f"alerts {cooperative_id} {member_id or ''} {status or ''}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_alerts(
            session,
            member_id=member_id,
            statuses=None if status is None else (status,),
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    items = [_alert(one) for one in rows[:limit]]
    more = len(rows) > limit
    return {
        "items": items,
        "next_cursor": answers.cursor_at(owner, items[-1]["id"]) if more else None,
    }


@retrying
def decide_alert(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Whether the listed person is the member; the same again changes nothing.

    Raises AlertDecided when it was decided otherwise before.
    """

    def decide(session: Session) -> dict[str, Any]:
        alert = store.lock_alert(session, command["alert_id"])
        if alert is None:
            raise NotFound("There is no such alert.")
        if alert.status not in {domain.OPEN, command["decision"]}:
            raise contract.AlertDecided
        if alert.status == domain.OPEN:
            alert.status, alert.reason = command["decision"], command["reason"]
            alert.decided_by, alert.decided_at = actor.subject, clock.now()
            session.flush()
            trail.note(
                session,
                actor,
                f"aml.alert_{alert.status}",
                alert.id,
                before={"status": domain.OPEN},
                after={"status": alert.status, "reason": alert.reason},
            )
        return _alert(_found(store.find_alert(session, alert.id)))

    return idempotency.once(database, actor, command, decide)


def _content(command: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(command["content"], validate=True)
    except (binascii.Error, ValueError) as fault:
        raise contract.ListUnreadable from fault
    if len(content) > contract.SIZE_BYTES_MAX:
        raise contract.ListUnreadable
    return content


def _list(version: ListVersion) -> dict[str, Any]:
    told = {
        "name": version.list_name,
        "version": version.version,
        "entries": version.entries,
        "loaded_by": version.loaded_by,
        "loaded_at": version.loaded_at,
    }
    return answers.one(contract.ScreeningList(), told)


def _alert(raised: Raised) -> dict[str, Any]:
    alert, entry = raised
    known = {
        "entry_name": entry.name,
        "entry_birth_date": entry.birth_date,
        "entry_note": entry.note,
    }
    columns = contract.Alert().fields.keys() - known.keys()
    own = {name: getattr(alert, name) for name in columns}
    return answers.one(contract.Alert(), own | known)


def _found(raised: Raised | None) -> Raised:
    if raised is None:
        raise NotFound("There is no such alert.")
    return raised
