"""What a loan is in the book, and the rules that it keeps for its whole life."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from services.shared.identity import HUB

LOAN: Final = "loan"
REMAINDER: Final = "remainder"
"""What was left after collateral was sold: a receivable of its own (R156)."""

ACTIVE: Final = "active"
SETTLED: Final = "settled"
RESTRUCTURED: Final = "restructured"
"""Replaced by a loan on new terms, which names this one."""

WRITTEN_OFF: Final = "written_off"
"""Off the balance sheet, but still collected."""

OWING: Final = frozenset({ACTIVE, WRITTEN_OFF})
"""Loans of which something is still to be paid."""

CODES: Final = {LOAN: "1-1100", REMAINDER: "1-1500"}

COOPERATIVE: Final = "cooperative"
BORROWER: Final = "borrower"

PENALTY: Final = "penalty"
INTEREST: Final = "interest"
PRINCIPAL: Final = "principal"
ALLOCATION: Final = (PENALTY, INTEREST, PRINCIPAL)

FORWARD: Final = "forward"
"""Overpayment pays the next instalments before they are due."""


def account_key(cooperative_id: str, kind: str, loan_id: str) -> str:
    """The ledger's account of the principal of one loan."""
    if cooperative_id == HUB:
        message = "The hub lends nothing."
        raise ValueError(message)
    return f"{cooperative_id}:{CODES[kind]}:{loan_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the akad says of payments; stored with the loan as it was signed."""

    allocation: tuple[str, ...] = ALLOCATION
    overpayment: str = FORWARD
    penalty_bps_per_day: int = 0
    penalty_grace_days: int = 0
    penalty_cap_bps_per_month: int = 100
    settlement_fee_months: int = 0
    rebate_bps: int = 0
    rebate_grace_days: int = 0
    fee_payer: str = COOPERATIVE
    premium_payer: str = COOPERATIVE

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self) | {"allocation": list(self.allocation)}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Rules:
        """The rules of a stored loan."""
        return cls(**(stored | {"allocation": tuple(stored["allocation"])}))
