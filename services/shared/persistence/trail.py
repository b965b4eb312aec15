"""How a service writes into the audit trail, which the members service keeps.

The entry leaves through the outbox, so it exists exactly if the change that it tells
of does. `services/members/operations/audit.py` chains it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from services.shared import clock
from services.shared.contracts.trail import AUDITED, Audited
from services.shared.identity import Actor
from services.shared.persistence import outbox

Note = Callable[[Session, Actor, str, str], object]
"""Tells the trail who did what to what, in the same transaction."""


def note(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Tell the trail of the actor's cooperative what was done, in this transaction.

    ``action`` is such as ``loan.disbursed``, ``subject`` the id of what changed.
    ``before`` and ``after`` hold JSON primitives and no personal data.
    """
    payload = Audited().dump(
        {
            "cooperative_id": actor.cooperative_id,
            "at": clock.now(),
            "actor": actor.subject,
            "action": action,
            "subject": subject,
            "before": before,
            "after": after,
            "request_id": actor.request_id or None,
        }
    )
    outbox.add(session, AUDITED, payload, request_id=actor.request_id)
