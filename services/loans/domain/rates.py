"""What a loan costs in a year, and the cap on it (R114, Permenkop 8/2023 art. 27; C14).

The effective rate is shown to people and compared with a cap; no money is computed
from it, so it may be a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.loans.domain import schedules
from services.loans.domain.schedules import Instalment

CAP_BPS: Final = 2400
"""24 % a year. The regulation does not say on which basis; nominal by default (C14)."""

NOMINAL: Final = "nominal"
EFFECTIVE: Final = "effective"
CAP_BASES: Final = (NOMINAL, EFFECTIVE)

_STEPS: Final = 200
_CLOSE_ENOUGH: Final = 1e-12


def effective_bps(
    instalments: Sequence[Instalment], received: int, frequency: str
) -> int:
    """The effective rate per year in basis points: IRR of one, times periods.

    ``received`` is what the borrower gets in hand, after everything that is deducted.
    Due days that were shifted are not looked at: every period is as long as the next.
    """
    payments = [one.amount for one in instalments]
    part, whole = schedules.PERIODS[frequency]
    return round(_internal_rate(payments, received) * whole / part * 10_000)


def is_over_cap(
    *, rate_bps: int, effective_rate_bps: int, basis: str, cap_bps: int = CAP_BPS
) -> bool:
    """Whether a loan costs more than is allowed, on the cooperative's basis."""
    return (effective_rate_bps if basis == EFFECTIVE else rate_bps) > cap_bps


def _internal_rate(payments: Sequence[int], received: int) -> float:
    """The rate of a period at which the payments are worth what was received.

    Bisection: the worth falls with the rate, so it cannot miss.
    """
    if received <= 0:
        message = "Nothing was received."
        raise ValueError(message)
    if sum(payments) <= received:
        return 0.0
    low, high = 0.0, 1.0
    while _worth(payments, high) > received:
        low, high = high, high * 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _worth(payments, middle) > received:
            low = middle
        else:
            high = middle
        if high - low < _CLOSE_ENOUGH:
            break
    return (low + high) / 2


def _worth(payments: Sequence[int], rate: float) -> float:
    worth = 0.0
    for payment in reversed(payments):
        worth = (worth + payment) / (1 + rate)
    return worth
