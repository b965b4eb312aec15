"""What comes back of the interest to who has always paid in time (R158)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.loans.domain.loans import Rules

BASIS_POINTS: Final = 10_000


class Paid(NamedTuple):
    """An instalment: when it fell due (shifted by holidays) and what came of it."""

    due_on: date
    settled_on: date | None
    interest_paid: int
    penalty: int


def rebate_of(instalments: Sequence[Paid], rules: Rules) -> int:
    """What comes back, in whole rupiah, rounded down; nothing for who was late once.

    Late is who paid after the due day and the days of grace, or was ever charged a
    penalty, forgiven or not. At most the interest that was paid comes back.
    """
    grace = timedelta(days=rules.rebate_grace_days)
    is_in_time = all(
        one.settled_on is not None
        and one.settled_on <= one.due_on + grace
        and not one.penalty
        for one in instalments
    )
    if not is_in_time:
        return 0
    interest = sum(one.interest_paid for one in instalments)
    return interest * rules.rebate_bps // BASIS_POINTS
