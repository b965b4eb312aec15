"""How much may be lent to whom (R136-R138, Permenkop 8/2023 art. 42-45; C4).

Amounts are whole rupiah, shares basis points. Comparisons multiply and never divide,
so that a rupiah over the limit is over it; shown shares are rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

BASIS_POINTS: Final = 10_000

SERVICE_RATIO: Final = "service_ratio"
TURNOVER: Final = "turnover"
RELATED_LIMIT: Final = "related_limit"
OTHER_LIMIT: Final = "other_limit"
OWN_CAPITAL: Final = "own_capital"
PENGURUS_CONSENT: Final = "pengurus_consent"
PENGAWAS_CONSENT: Final = "pengawas_consent"
CONSENTS: Final = (PENGURUS_CONSENT, PENGAWAS_CONSENT)

OWN_CAPITAL_CODES: Final = frozenset({"3-1000", "3-1100", "3-2000", "3-4000", "3-6000"})
"""Pokok, wajib, cadangan, hibah, modal tetap: not penyertaan, not this year's SHU
(Permenkop 8/2023 art. 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRatio:
    """What goes out a month on debts, of what comes in (R137)."""

    instalment: int
    obligations: int
    income: int
    limit_bps: int

    @property
    def ratio_bps(self) -> int:
        """The share, rounded up."""
        paid = (self.instalment + self.obligations) * BASIS_POINTS
        return -(-paid // self.income)

    @property
    def is_within(self) -> bool:
        """Whether the income carries it."""
        paid = self.instalment + self.obligations
        return paid * BASIS_POINTS <= self.income * self.limit_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """What a business can carry: half of a month's turnover by default (R136)."""

    amount: int
    monthly_turnover: int
    limit_bps: int

    @property
    def highest(self) -> int:
        """The largest loan that it carries."""
        return self.monthly_turnover * self.limit_bps // BASIS_POINTS

    @property
    def is_within(self) -> bool:
        """Whether this one is no larger."""
        return self.amount * BASIS_POINTS <= self.monthly_turnover * self.limit_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingLimit:
    """BMPP: principal balances of one borrower, the new loan included (art. 42)."""

    is_related: bool
    own_capital: int
    outstanding: int
    amount: int
    limit_bps: int

    @property
    def exposure(self) -> int:
        """What the borrower would owe in all."""
        return self.outstanding + self.amount

    @property
    def highest(self) -> int:
        """What one borrower may owe."""
        return max(self.own_capital, 0) * self.limit_bps // BASIS_POINTS

    @property
    def is_within(self) -> bool:
        """Whether it is no more than that."""
        return self.exposure <= self.highest


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All limits of one application; None where nothing is known to compare."""

    service_ratio: ServiceRatio | None
    turnover: Turnover | None
    lending_limit: LendingLimit
    service_ratio_is_hard: bool

    @property
    def breaches(self) -> list[str]:
        """What nobody can let pass."""
        found = []
        is_heavy = self.service_ratio is not None and not self.service_ratio.is_within
        if is_heavy and self.service_ratio_is_hard:
            found.append(SERVICE_RATIO)
        if self.turnover is not None and not self.turnover.is_within:
            found.append(TURNOVER)
        if self.lending_limit.own_capital <= 0:
            found.append(OWN_CAPITAL)
        elif self.lending_limit.is_related and not self.lending_limit.is_within:
            found.append(RELATED_LIMIT)
        return found

    @property
    def warnings(self) -> list[str]:
        """What asks for somebody's word."""
        found = []
        is_heavy = self.service_ratio is not None and not self.service_ratio.is_within
        if is_heavy and not self.service_ratio_is_hard:
            found.append(SERVICE_RATIO)
        if self.lending_limit.is_related:
            # Art. 44: both agree to every loan to somebody of their own.
            found += CONSENTS
        elif self.lending_limit.own_capital > 0 and not self.lending_limit.is_within:
            found.append(OTHER_LIMIT)
        return found

    def figures(self) -> dict[str, Any]:
        """Everything in JSON primitives, as it is kept and shown."""
        return {
            "service_ratio": _shown(self.service_ratio, "ratio_bps", "is_within"),
            "turnover": _shown(self.turnover, "highest", "is_within"),
            "lending_limit": _shown(
                self.lending_limit, "exposure", "highest", "is_within"
            ),
        }


def own_capital(trial_balance: Iterable[Mapping[str, Any]]) -> int:
    """The cooperative's own capital, out of the lines of its trial balance."""
    return sum(
        line["credit"] - line["debit"]
        for line in trial_balance
        if line["code"] in OWN_CAPITAL_CODES
    )


def a_month(amount: int, frequency: str) -> int:
    """What so much in every period comes to in a month, rounded up."""
    periods, months = {"monthly": (1, 1), "weekly": (365, 84), "daily": (365, 12)}[
        frequency
    ]
    return -(-amount * periods // months)


def _shown(value: Any, *properties: str) -> dict[str, Any] | None:
    if value is None:
        return None
    return asdict(value) | {name: getattr(value, name) for name in properties}
