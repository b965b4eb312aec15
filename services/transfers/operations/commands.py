"""Commands of the hot path, read without a schema's cost and as strictly as with one.

The gateway has loaded the same fields through `contracts/transfers.py`; a service
checks again what it is told, but here, a thousand times a second, by hand. A test holds
both to the same verdicts.
"""

from __future__ import annotations

import re
from typing import Any, Final

from services.shared.contracts.fields import AMOUNT_MAX
from services.shared.contracts.transfers import BULK_SIZE_MAX
from services.shared.errors import Malformed
from services.transfers.operations.intake import Draft, Submission

_ACCOUNT: Final = re.compile(r"[0-9]{1,16}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_HASH: Final = re.compile(r"[0-9a-f]{128}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")

_SINGLE: Final = frozenset(
    {"payer_account", "payee_account", "amount", "description", "idempotency"}
)
_ITEM: Final = frozenset(
    {"payer_account", "payee_account", "amount", "description", "reference"}
)
_BULK: Final = frozenset({"transfers", "idempotency"})


def single(
    payload: dict[str, Any], *, cooperative_id: str, request_id: str
) -> Submission:
    """The submission in a `SubmitTransfer`. Raises Malformed."""
    _fields(payload, _SINGLE)
    return _submission(
        payload,
        cooperative_id=cooperative_id,
        request_id=request_id,
        drafts=[_draft(payload)],
        is_bulk=False,
    )


def bulk(
    payload: dict[str, Any], *, cooperative_id: str, request_id: str
) -> Submission:
    """The submission in a `SubmitBulk`. Raises Malformed."""
    _fields(payload, _BULK)
    items = payload.get("transfers")
    if not isinstance(items, list) or not 1 <= len(items) <= BULK_SIZE_MAX:
        raise _malformed("transfers")
    drafts = [_bulk_draft(item) for item in items]
    if len({draft.reference for draft in drafts}) != len(drafts):
        raise _malformed("reference")
    return _submission(
        payload,
        cooperative_id=cooperative_id,
        request_id=request_id,
        drafts=drafts,
        is_bulk=True,
    )


def _submission(
    payload: dict[str, Any],
    *,
    cooperative_id: str,
    request_id: str,
    drafts: list[Draft],
    is_bulk: bool,
) -> Submission:
    part = payload.get("idempotency")
    if not isinstance(part, dict) or part.keys() != {
        "key",
        "operation",
        "request_hash",
    }:
        raise _malformed("idempotency")
    _matching(part, "key", _KEY)
    _matching(part, "request_hash", _HASH)
    _text(part, "operation", longest=500)
    return Submission(
        cooperative_id=cooperative_id,
        request_id=request_id,
        operation=part["operation"],
        key=part["key"],
        request_hash=part["request_hash"],
        drafts=drafts,
        is_bulk=is_bulk,
    )


def _bulk_draft(item: object) -> Draft:
    if not isinstance(item, dict):
        raise _malformed("transfers")
    _fields(item, _ITEM)
    _text(item, "reference", longest=64)
    return _draft(item)


def _draft(item: dict[str, Any]) -> Draft:
    _matching(item, "payer_account", _ACCOUNT)
    _matching(item, "payee_account", _ACCOUNT)
    amount = item.get("amount")
    # A boolean is an int to Python, but not an amount.
    if type(amount) is not int or not 1 <= amount <= AMOUNT_MAX:
        raise _malformed("amount")
    if item.get("description") is not None:
        _text(item, "description", longest=140)
    return Draft(
        payer_account=item["payer_account"],
        payee_account=item["payee_account"],
        amount=amount,
        description=item.get("description"),
        reference=item.get("reference"),
    )


def _fields(payload: dict[str, Any], known: frozenset[str]) -> None:
    unknown = payload.keys() - known
    if unknown:
        raise _malformed(min(unknown))


def _matching(item: dict[str, Any], name: str, pattern: re.Pattern[str]) -> None:
    value = item.get(name)
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise _malformed(name)


def _text(item: dict[str, Any], name: str, *, longest: int) -> None:
    value = item.get(name)
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= longest
        or _CONTROL.search(value)
        or not is_storable(value)
    ):
        raise _malformed(name)


def is_storable(value: str) -> bool:
    """Whether a text can be stored: JSON can spell half a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _malformed(field: str) -> Malformed:
    errors = [{"field": field, "code": "invalid", "detail": "Not a valid value."}]
    return Malformed(details={"errors": errors})
