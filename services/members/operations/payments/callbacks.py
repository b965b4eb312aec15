"""What is called back about payments: kept, judged, and never believed."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import payments as domain
from services.members.domain.payments import Callback, Expected
from services.members.models import Payment
from services.members.store import payments as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import payments as contract
from services.shared.errors import Malformed
from services.shared.persistence.database import Database, retrying

KEPT_DAYS: Final = 400
"""Longer than a provider's books are open for complaints."""

Reader = Callable[[bytes, str, str | None], Callback]
"""Reads a callback out of its body, media type and signature."""

_log = logging.getLogger(__name__)


@retrying
def record_callback(
    database: Database, read: Reader, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep a callback and have the provider asked about the payment that it names.

    True or not, it is answered the same: who tries learns nothing from it. A payment
    that is not settled yet is looked at soon, whatever else the callback says.
    """
    callback = read(_body(command["body"]), command["media_type"], command["signature"])
    now = clock.now()
    with database.hub() as session:
        payment = _named(session, callback)
        verdict = domain.verdict(callback, _expected(payment))
        store.add_callback(
            session,
            id=identifiers.new("pcb"),
            received_at=now,
            address=command["address"],
            reference=callback.reference,
            transaction_id=callback.transaction_id,
            amount=callback.amount,
            status=callback.status,
            is_signed=callback.is_signed,
            verdict=verdict,
        )
        if payment is not None:
            store.look_soon(session, payment.id, now)
    if verdict != domain.ACCEPTED or not callback.is_signed:
        signed = "signed" if callback.is_signed else "not signed"
        _log.warning("payment callback: %s, %s", verdict, signed)
    return answers.one(contract.CallbackTaken(), {"status": "ok"})


def list_callbacks(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """What was called back, oldest first."""
    owner, limit = "payment callbacks", command["limit"]
    with database.hub() as session:
        rows = store.list_callbacks(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.PaymentCallback(), shown),
        "next_cursor": next_cursor,
    }


def forget_callbacks(database: Database) -> None:
    """Drop callbacks of long ago."""
    with database.hub() as session:
        store.forget_callbacks(session, before=clock.now() - timedelta(days=KEPT_DAYS))


def _named(session: Session, callback: Callback) -> Payment | None:
    if callback.reference is None:
        return None
    return store.find_payment(session, callback.reference)


def _expected(payment: Payment | None) -> Expected | None:
    if payment is None:
        return None
    return Expected(
        transaction_id=payment.transaction_id or "",
        reference=payment.id,
        amount=payment.amount,
        state=payment.state,
        expires_at=payment.expires_at,
    )


def _body(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as fault:
        raise Malformed("The body is not base64.") from fault
