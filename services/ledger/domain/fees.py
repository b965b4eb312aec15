"""What a service of the hub costs a cooperative (R35, R36, R39 to R42)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

CHARGE: Final = "charge"
MONTH: Final = "month"
YEAR: Final = "year"

BASIS_POINTS: Final = 10_000
MONTHS_OF_YEAR: Final = 12


class BaseMissing(ValueError):
    """The fee is a share of an amount, or runs for months, that was not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRate:
    """One dated price: ``fixed_amount`` in rupiah, or ``rate_bps`` of a base.

    The row is for bases over ``base_over`` up to and including ``base_through``. A
    price per month or year is taken for the months of the charge.
    """

    kind: str
    rule: str
    valid_from: date
    valid_until: date | None = None
    base_over: int | None = None
    base_through: int | None = None
    fixed_amount: int | None = None
    rate_bps: int | None = None
    per: str = CHARGE

    def is_valid_on(self, day: date) -> bool:
        """Whether the price is in force; ``valid_until`` is its last day."""
        return self.valid_from <= day and (
            self.valid_until is None or day <= self.valid_until
        )

    def is_for(self, base_amount: int | None) -> bool:
        """Whether a charge on this base falls into this row.

        Without a base every row is taken; `amount` then says what is missing.
        """
        if base_amount is None:
            return True
        return (self.base_over is None or base_amount > self.base_over) and (
            self.base_through is None or base_amount <= self.base_through
        )

    def amount(self, *, base_amount: int | None, months: int | None) -> int:
        """The fee in whole rupiah, half a rupiah rounded up.

        Raises BaseMissing when the price needs a base or months that are not given.
        """
        if self.rate_bps is None:
            per_unit, divisor = self.fixed_amount or 0, 1
        elif base_amount is None:
            raise BaseMissing("base_amount")
        else:
            per_unit, divisor = base_amount * self.rate_bps, BASIS_POINTS
        if self.per == MONTH:
            per_unit *= months or 1
        elif self.per == YEAR:
            if months is None:
                raise BaseMissing("months")
            per_unit, divisor = per_unit * months, divisor * MONTHS_OF_YEAR
        return rounded_half_up(per_unit, divisor)


def rounded_half_up(numerator: int, divisor: int) -> int:
    """``numerator / divisor`` to the nearest whole, halves up, without floats."""
    return (2 * numerator + divisor) // (2 * divisor)


def rate_for(
    rates: Iterable[FeeRate], *, kind: str, day: date, base_amount: int | None
) -> FeeRate | None:
    """The price in force, or None when the schedule has none; the newest row wins."""
    matching = [
        rate
        for rate in rates
        if rate.kind == kind and rate.is_valid_on(day) and rate.is_for(base_amount)
    ]
    return max(matching, key=lambda rate: rate.valid_from, default=None)
