"""The audit trail: what is written into it, who reads it, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import audit as domain
from services.members.domain.audit import Entry
from services.members.models import AuditEntry
from services.members.store import audit as store
from services.members.store.audit import Filter, Head
from services.shared import clock
from services.shared.contracts import answers, cursors
from services.shared.contracts.members import audit as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.contracts.trail import Audited
from services.shared.errors import NotFound
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence import inbox
from services.shared.persistence.database import Database, retrying

UNATTENDED: Final = Actor(cooperative_id=HUB, subject="service:members")
"""Who acts when nobody asked: a timer, or an administrator at the command line."""

START: Final = Head(0, domain.GENESIS)
POSITION_DIGITS_MAX: Final = 18


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add an entry to the chain of the actor's cooperative.

    ``action`` is such as ``member.activated``, ``subject`` the id of what changed.
    ``before`` and ``after`` hold JSON primitives and no personal data. Call it last
    in a transaction: it holds the end of the chain until the commit, and whoever
    holds that must wait for nothing else.
    """
    _chain(
        session,
        cooperative_id=actor.cooperative_id,
        at=clock.now(),
        actor=actor.subject,
        action=action,
        subject=subject,
        before=before,
        after=after,
        request_id=actor.request_id,
    )


@retrying
def take_in(
    database: Database, source: str, event_id: str, payload: dict[str, Any]
) -> None:
    """Add, once, what another service tells of having been done there.

    The place in the chain is that of its arrival, while ``at`` stays the moment at
    which it happened: an entry may be older than the one before it.
    """
    told = Audited().load(payload)
    with database.hub() as session:
        if inbox.first_time(session, f"members.audit.{source}", event_id):
            _chain(session, **told)


def _chain(session: Session, *, cooperative_id: str, **content: Any) -> None:
    head = store.lock_head(session, cooperative_id)
    entry = Entry(cooperative_id=cooperative_id, position=head.position + 1, **content)
    store.append(session, AuditEntry(**asdict(entry), hash=entry.hash_after(head.hash)))


def list_audit_entries(
    database: Database, caller: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """What was done in the caller's cooperative, newest first.

    The operator may name any cooperative, and else sees what concerns none. Raises
    NotFound for everybody else who names another's.
    """
    cooperative_id = command["cooperative_id"] or caller.cooperative_id
    if cooperative_id != caller.cooperative_id and not caller.is_operator:
        raise NotFound("There is no such cooperative.")
    owner, limit = f"audit {cooperative_id}", command["limit"]
    wanted = Filter(
        actor=command["actor"],
        subject=command["subject"],
        action=command["action"],
        starts_at=domain.starts_at(command["from_"]),
        ends_before=domain.ends_before(command["to"]),
        before=_position(owner, command["cursor"]),
    )
    with database.tenant(cooperative_id) as session:
        rows = store.list_entries(session, cooperative_id, wanted, limit + 1)
    has_more = len(rows) > limit
    return {
        "items": [_described(entry) for entry in rows[:limit]],
        "next_cursor": (
            cursors.encode(owner, str(rows[limit - 1].position)) if has_more else None
        ),
    }


def _position(owner: str, cursor: str | None) -> int | None:
    position = answers.position(owner, cursor)
    if position is None:
        return None
    if not position.isdecimal() or len(position) > POSITION_DIGITS_MAX:
        raise InvalidCursor
    return int(position)


def _described(entry: AuditEntry) -> dict[str, Any]:
    content = {name: getattr(entry, name) for name in contract.AuditEntry().fields}
    return answers.one(contract.AuditEntry(), content | {"hash": entry.hash.hex()})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """How much of the trails was recomputed, and the first difference, if any."""

    chains: int
    entries: int
    difference: str | None


def verify_trails(database: Database) -> TrailReport:
    """Recompute every hash of every chain; is what was written still what is there?

    Nothing can tell that the newest entries were taken away together with the memory
    of them: keep what `GET /v1/audit` shows as newest hash outside the database.
    """
    found: dict[str, Head] = {}
    with database.hub() as session:
        store.hold_still(session)
        ends = store.heads(session)
        with closing(store.all_entries(session)) as entries:
            difference = _first_difference(entries, found)
    return TrailReport(
        chains=len(ends),
        entries=sum(one.position for one in found.values()),
        difference=difference or _wrong_end(ends, found),
    )


def _first_difference(
    entries: Iterable[AuditEntry], found: dict[str, Head]
) -> str | None:
    """The first entry that is wrong, as a sentence; fills in the ends reached."""
    for entry in entries:
        before = found.get(entry.cooperative_id, START)
        difference = _difference(entry, before)
        if difference is not None:
            return difference
        found[entry.cooperative_id] = Head(entry.position, bytes(entry.hash))
    return None


def _difference(entry: AuditEntry, before: Head) -> str | None:
    """What is wrong with an entry, as a sentence."""
    place = f"entry {entry.position} of the audit trail of {entry.cooperative_id}"
    if entry.position != before.position + 1:
        return f"{place} does not follow entry {before.position}"
    content = {one.name: getattr(entry, one.name) for one in dataclass_fields(Entry)}
    if Entry(**content).hash_after(before.hash) != bytes(entry.hash):
        return f"{place} is not what was written"
    return None


def _wrong_end(ends: dict[str, Head], found: dict[str, Head]) -> str | None:
    for cooperative_id in sorted(ends.keys() | found.keys()):
        known = ends.get(cooperative_id, START)
        if known != found.get(cooperative_id, START):
            return (
                f"the audit trail of {cooperative_id} ends elsewhere than at its "
                f"entry {known.position}"
            )
    return None
