"""The simple risk score of R141: membership, history, business, income cycle."""

from __future__ import annotations

from typing import Final

A: Final = "A"
"""Low: a member for more than two years with a stable business."""

B: Final = "B"
C: Final = "C"

MEMBER_MONTHS: Final = 24
NEW_MEMBER_MONTHS: Final = 12
STABLE_MONTHS: Final = 24
LATE_DAYS: Final = 30
BAD_DAYS: Final = 90
SEASONAL: Final = "seasonal"


def class_of(
    *,
    membership_months: int,
    worst_dpd: int | None,
    business_months: int | None,
    income_cycle: str | None,
) -> str:
    """A, B or C; None is not known and never counts in favour."""
    is_stable = (
        business_months is not None
        and business_months >= STABLE_MONTHS
        and income_cycle is not None
        and income_cycle != SEASONAL
    )
    late = worst_dpd or 0
    if late > BAD_DAYS or (membership_months < NEW_MEMBER_MONTHS and not is_stable):
        return C
    if membership_months > MEMBER_MONTHS and is_stable and late <= LATE_DAYS:
        return A
    return B
