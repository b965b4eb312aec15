"""What a loan costs beside its interest, and who bears that (R36, R39, R40, C8, C21).

Everything is whole rupiah. Prices of the hub come out of the ledger's schedule; the
ledger refuses to charge another price than its own, so that the two cannot drift. The
premium is the insurance product's, as the insurer has reserved the policy for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from services.loans.domain.loans import BORROWER

DISBURSEMENT: Final = "disbursement"
"""The kind of the hub's fee on what is disbursed, in the ledger's schedule."""

PREMIUM: Final = "default_insurance"
"""The kind of an insurer's premium."""

BASIS_POINTS: Final = 10_000


class NoPrice(ValueError):
    """The schedule of fees has no price for this amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What is due when a loan of ``principal`` is paid out.

    ``fee`` is the hub's and ``premium`` the insurer's, whoever bears them;
    ``passed_fee`` and ``passed_premium`` are what the borrower bears of them (C21).
    """

    principal: int
    administration: int = 0
    fee: int = 0
    passed_fee: int = 0
    premium: int = 0
    passed_premium: int = 0

    def __post_init__(self) -> None:
        if not (
            0 <= self.passed_fee <= self.fee
            and 0 <= self.passed_premium <= self.premium
            and self.administration >= 0
        ):
            message = f"These are no costs of a loan: {self}"
            raise ValueError(message)

    @property
    def deducted(self) -> int:
        """What is taken out of the loan before the borrower may use it."""
        return self.administration + self.passed_fee + self.passed_premium

    @property
    def received(self) -> int:
        """What the borrower has in hand: the base of the effective rate."""
        return self.principal - self.deducted


def administration(principal: int, *, rate_bps: int, amount: int) -> int:
    """The cooperative's own fee: a share of the loan, half a rupiah up, and a part."""
    return _half_up(principal * rate_bps, BASIS_POINTS) + amount


def platform_fee(schedule: Iterable[Mapping[str, Any]], principal: int) -> int:
    """The hub's fee by what is disbursed, not by what was applied for (C8).

    ``schedule`` holds rows as the ledger's `get_fee_schedule` gives them. Raises
    NoPrice.
    """
    rows = [
        row
        for row in schedule
        if row["kind"] == DISBURSEMENT
        and (row["base_over"] is None or principal > row["base_over"])
        and (row["base_through"] is None or principal <= row["base_through"])
    ]
    if not rows:
        raise NoPrice(DISBURSEMENT)
    # The newest price wins, as in the ledger.
    row = max(rows, key=lambda one: one["valid_from"])
    if row["rate_bps"] is None:
        return int(row["fixed_amount"] or 0)
    return _half_up(principal * int(row["rate_bps"]), BASIS_POINTS)


def shared(
    *,
    principal: int,
    administration: int,
    fee: int,
    fee_payer: str,
    premium: int,
    premium_payer: str,
) -> Costs:
    """The costs of a loan, borne as its product says."""
    return Costs(
        principal=principal,
        administration=administration,
        fee=fee,
        passed_fee=fee if fee_payer == BORROWER else 0,
        premium=premium,
        passed_premium=premium if premium_payer == BORROWER else 0,
    )


def as_agreed(
    priced: Costs, *, administration: int, passed_fee: int, passed_premium: int
) -> Costs:
    """Today's prices, with no more out of the borrower's loan than was signed for.

    What has become dearer since then the cooperative bears; what has become cheaper
    is cheaper for the borrower too.
    """
    return replace(
        priced,
        administration=administration,
        passed_fee=min(passed_fee, priced.fee),
        passed_premium=min(passed_premium, priced.premium),
    )


def _half_up(numerator: int, divisor: int) -> int:
    return (2 * numerator + divisor) // (2 * divisor)
