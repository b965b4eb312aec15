"""How transfers become answers: JSON primitives in the shape of the contract."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from services.shared import clock
from services.shared.contracts import transfers as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import Malformed, ServiceError
from services.transfers.domain import transfer
from services.transfers.domain.transfer import Transfer


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if value is None else value.astimezone(UTC).isoformat()


def submitted(one: Transfer) -> dict[str, Any] | ServiceError:
    """The answer to the request that made ``one``: the same whenever it is given.

    A transfer that was reserved was answered so, whatever became of it later.
    """
    if one.reserved_at is not None:
        return _summary(one, transfer.RESERVED)
    if one.state == transfer.COMMITTED:
        return _summary(one, transfer.COMMITTED)
    if one.state == transfer.ABORTED:
        return refused(one)
    return contract.TransferPending(details={"transfer_id": one.id})


def refused(one: Transfer) -> ServiceError:
    """Why ``one`` was aborted, as the error its request is answered with."""
    details = {"transfer_id": one.id}
    if one.code == contract.TransferNotStarted.code:
        return contract.TransferNotStarted(details=details)
    return contract.refusal(str(one.code), details)


def bulk_item(one: Transfer) -> dict[str, Any]:
    """One line of the answer to a bulk request."""
    was_reserved = one.reserved_at is not None
    return {
        "reference": one.reference,
        "id": one.id,
        "state": transfer.RESERVED if was_reserved else one.state,
        "code": None if was_reserved else one.code,
    }


def replayed(
    answer: dict[str, Any] | ServiceError, *, is_replayed: bool
) -> dict[str, Any] | ServiceError:
    """The answer, marked when it is one that was given before."""
    if not is_replayed:
        return answer
    if isinstance(answer, ServiceError):
        return type(answer)(answer.message, answer.details | {"replayed": True})
    return answer | {"replayed": True}


def _summary(one: Transfer, state: str) -> dict[str, Any]:
    is_committed = state == transfer.COMMITTED
    summary = {
        "id": one.id,
        "state": state,
        "payer_account": one.payer_account,
        "payee_account": one.payee_account,
        "amount": one.amount,
        "description": one.description,
        "created_at": moment(one.created_at),
        "committed_at": moment(one.finished_at) if is_committed else None,
        "window_id": one.window_id if is_committed else None,
    }
    if one.expires_at is not None:
        summary["expires_at"] = moment(one.expires_at)
    return summary


def details(one: Transfer) -> dict[str, Any]:
    """A transfer as it stands now."""
    return _summary(one, one.state) | {
        "kind": one.kind,
        "code": one.code,
        "reason": one.reason,
        "original_id": one.original_id,
        "returned_amount": one.returned_amount,
        "business_date": one.business_date.isoformat(),
        "payer_cooperative_id": one.payer_cooperative_id,
        "payee_cooperative_id": one.payee_cooperative_id,
    }


def page(
    items: Sequence[dict[str, Any]], *, limit: int, keys: Sequence[Sequence[str]]
) -> dict[str, Any]:
    """A page out of items of which one more than ``limit`` was read."""
    has_more = len(items) > limit
    return {
        "items": list(items[:limit]),
        "next_cursor": encode_cursor(*keys[limit - 1]) if has_more else None,
    }


def encode_cursor(*parts: str) -> str:
    """Where the next page begins, opaque to the caller."""
    packed = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(cursor: str | None, length: int) -> list[str] | None:
    """The parts of a cursor; None for the first page. Raises InvalidCursor."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    if (
        not isinstance(parts, list)
        or len(parts) != length
        # PostgreSQL's text holds no NUL; what else is odd simply matches nothing.
        or not all(isinstance(part, str) and "\x00" not in part for part in parts)
    ):
        raise InvalidCursor
    return parts


def decode_moment_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """A cursor of a list that is ordered by a moment and an id."""
    parts = decode_cursor(cursor, 2)
    if parts is None:
        return None
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError as error:
        raise InvalidCursor from error
    if at.tzinfo is None:
        raise InvalidCursor
    return at, parts[1]


def bound(value: str | None, field: str, *, is_end: bool) -> datetime | None:
    """A ``from`` or ``to``: a moment, or a whole day in Jakarta."""
    if value is None:
        return None
    try:
        if len(value) == len("2025-01-31"):
            day = date.fromisoformat(value) + timedelta(days=1 if is_end else 0)
            return datetime.combine(day, time.min, clock.JAKARTA)
        # The "+" of an offset is a space to a server when it came unescaped.
        at = datetime.fromisoformat(value.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise _not_a_bound(field) from error
    if at.tzinfo is None:
        raise _not_a_bound(field)
    return at


def _not_a_bound(field: str) -> Malformed:
    errors = [{"field": field, "code": "invalid", "detail": "Not a date or moment."}]
    return Malformed(
        f"{field} must be a date or a moment with offset.", {"errors": errors}
    )
