"""The audit trail: what is written into it, in the transaction that it tells of."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from services.members.domain.audit import Actor, Entry
from services.members.models import AuditEntry
from services.members.store import audit as store
from services.shared import clock


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
    head = store.lock_head(session, actor.cooperative_id)
    entry = Entry(
        cooperative_id=actor.cooperative_id,
        position=head.position + 1,
        at=clock.now(),
        actor=actor.subject,
        action=action,
        subject=subject,
        before=before,
        after=after,
        request_id=actor.request_id,
    )
    store.append(session, AuditEntry(**asdict(entry), hash=entry.hash_after(head.hash)))
