"""What a deposit or a withdrawal is in the cooperative's book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEPOSIT: Final = "deposit"
WITHDRAWAL: Final = "withdrawal"

# Where the money comes from or goes to: kas, or the cooperative's own bank account.
CHANNEL_CODES: Final = {"cash": "1-1000", "bank": "1-1010"}
DESCRIPTIONS: Final = {
    (DEPOSIT, "cash"): "Setoran tunai",
    (DEPOSIT, "bank"): "Setoran melalui bank",
    (WITHDRAWAL, "cash"): "Penarikan tunai",
    (WITHDRAWAL, "bank"): "Penarikan melalui bank",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that a member brings (deposit) or takes (withdrawal), in whole rupiah."""

    kind: str
    cooperative_id: str
    number: str
    amount: int
    channel: str
    reference: str | None = None

    @property
    def description(self) -> str:
        """What the member reads on the statement."""
        return DESCRIPTIONS[self.kind, self.channel]

    @property
    def posting(self) -> tuple[str, str, int]:
        """Debit account, credit account, amount.

        Savings are what the cooperative owes: a deposit credits them.
        """
        contra = f"{self.cooperative_id}:{CHANNEL_CODES[self.channel]}"
        if self.kind == DEPOSIT:
            return contra, self.number, self.amount
        return self.number, contra, self.amount
