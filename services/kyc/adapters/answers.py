"""How what a vendor says becomes what the hub understands, or is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import EXCLUDE, ValidationError

from services.kyc.domain.income import Statement
from services.kyc.domain.vendors import (
    CONTRADICTORY,
    SCORE_MAX,
    UNREADABLE,
    Question,
    VendorFailed,
)
from services.shared import clock
from services.shared.contracts.kyc.income import IncomeBody

REFERENCE_CHARACTERS_MAX: Final = 200


def part(value: object, name: str) -> Mapping[str, Any]:
    """The object called ``name``. Raises VendorFailed."""
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise VendorFailed(UNREADABLE, f"The vendor's answer has no {name}.")
    return found


def score(value: object, *, highest: int = SCORE_MAX) -> int:
    """A score out of ``highest`` as 0 to 100, rounded down. Raises VendorFailed."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise VendorFailed(UNREADABLE, "The vendor's score is no number.")
    if isinstance(value, Decimal) and not value.is_finite():
        raise VendorFailed(UNREADABLE, "The vendor's score is no number.")
    if not 0 <= value <= highest:
        raise VendorFailed(CONTRADICTORY, "The vendor's score is none.")
    return int(value * SCORE_MAX / Decimal(highest))


def reference(value: object) -> str:
    """The vendor's own number of its answer. Raises VendorFailed."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise VendorFailed(UNREADABLE, "The vendor's answer has no number.")
    found = str(value)
    if not 0 < len(found) <= REFERENCE_CHARACTERS_MAX or not found.isprintable():
        raise VendorFailed(UNREADABLE, "The vendor's answer has no number.")
    return found


def check_about(asked: Question, *, nik: object, request_id: object) -> None:
    """Whether an answer is to this question; null is as good as not said.

    Raises VendorFailed: an answer about somebody else is worse than none.
    """
    for said, meant in ((nik, asked.nik), (request_id, asked.request_id)):
        if said is not None and str(said) != meant:
            raise VendorFailed(
                CONTRADICTORY, "The vendor answered about something else."
            )


def statement(told: object) -> Statement:
    """A wage as BPJSTK reports it (topic 5). Raises VendorFailed."""
    if not isinstance(told, Mapping):
        raise VendorFailed(UNREADABLE, "The vendor's statement is none.")
    try:
        found = Statement.of_told(IncomeBody(unknown=EXCLUDE).load(dict(told)))
    except ValidationError as fault:
        raise VendorFailed(
            UNREADABLE, "The vendor's statement cannot be read."
        ) from fault
    if found.month > clock.business_date():
        raise VendorFailed(CONTRADICTORY, "The vendor knows a wage of the future.")
    return found
