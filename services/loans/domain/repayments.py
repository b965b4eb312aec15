"""What a repayment is in the cooperative's book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

POSTING: Final = "posting"
POSTED: Final = "posted"
REFUSED: Final = "refused"

CASH: Final = "cash"
SAVINGS: Final = "savings"
VIRTUAL_ACCOUNT: Final = "va"
BANK: Final = "bank"
INSURANCE: Final = "insurance"
COLLATERAL: Final = "collateral"
GUARANTOR: Final = "guarantor"

OF_FAILURE: Final = frozenset({INSURANCE, COLLATERAL, GUARANTOR})
"""Money that comes because the loan has failed: the loan ends with it.

What is not due yet is paid as principal, whatever the akad says of overpayment, and
what covers everything settles the loan as of that day.
"""

KIND: Final = "loan_repayment"
PREFIX: Final = "rep_"

INSTALMENT_TEXT: Final = "Angsuran pinjaman"
SETTLEMENT_TEXT: Final = "Pelunasan pinjaman"
RECOVERY_TEXT: Final = "Penerimaan pinjaman hapus buku"

RECEIVABLE: Final = "1-1110"
INTEREST: Final = "4-1000"
ADMINISTRATION: Final = "4-2000"
PENALTIES: Final = "4-3000"
PROVISION: Final = "5-3000"


def journal_id(repayment_id: str) -> str:
    """The journal of a repayment; the slip of cash is found by it."""
    return f"jrn_{repayment_id.removeprefix(PREFIX)}"


def repayment_id(journal: str) -> str:
    """The repayment with this journal."""
    return f"{PREFIX}{journal.removeprefix('jrn_')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How an amount is divided in the book; whole rupiah.

    ``receivable`` is what of the interest stood as receivable in the book, and
    ``reversed_receivable`` what stands there beside and is dropped by a settlement.
    """

    penalty: int
    interest: int
    principal: int
    fee: int
    receivable: int
    reversed_receivable: int

    def postings(
        self, cooperative_id: str, source_key: str, loan_key: str
    ) -> list[tuple[str, str, int]]:
        """Debit, credit and amount (domain.md, topic 6)."""
        credits_ = (
            (PENALTIES, self.penalty),
            (RECEIVABLE, self.receivable),
            (INTEREST, self.interest - self.receivable),
            (ADMINISTRATION, self.fee),
        )
        lines = [
            (source_key, f"{cooperative_id}:{code}", amount)
            for code, amount in credits_
            if amount
        ]
        if self.principal:
            lines.append((source_key, loan_key, self.principal))
        if self.reversed_receivable:
            income = f"{cooperative_id}:{INTEREST}"
            receivable = f"{cooperative_id}:{RECEIVABLE}"
            lines.append((income, receivable, self.reversed_receivable))
        return lines

    def recovery(
        self, cooperative_id: str, source_key: str
    ) -> list[tuple[str, str, int]]:
        """The same of a loan that was written off: all of it is recovery."""
        total = self.penalty + self.interest + self.principal + self.fee
        return [(source_key, f"{cooperative_id}:{PROVISION}", total)]
