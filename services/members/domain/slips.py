"""What a slip of the counter records: one movement of money, from intent to number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.members.domain import movements

PREFIX: Final = "SLIP"

# States of a slip.
PENDING: Final = "pending"
"""Stored; whether the ledger has posted it is not known here yet."""

POSTED: Final = "posted"
REFUSED: Final = "refused"
VOID: Final = "void"
"""Never reached the ledger; a repeated request begins it anew."""

# Kinds beside deposit and withdrawal.
PLACEMENT: Final = "deposit_placement"
CONTRIBUTION: Final = "contribution"
CONTRIBUTION_CANCELLED: Final = "contribution_cancelled"
DRAWER_IN: Final = "drawer_in"
DRAWER_OUT: Final = "drawer_out"
DRAWER_VARIANCE: Final = "drawer_variance"
LOAN_REPAYMENT: Final = "loan_repayment"
LOAN_SETTLEMENT: Final = "loan_settlement"
"""A repayment that pays the loan off before its time."""

OF_LOANS: Final = frozenset({LOAN_REPAYMENT, LOAN_SETTLEMENT})
"""Kinds whose journal the loans service posts."""

SEEN_TO: Final = OF_LOANS | {PLACEMENT, CONTRIBUTION, CONTRIBUTION_CANCELLED}
"""Kinds that are finished by whoever accounts for them, and not by their slip alone.

Their account may have to be opened first: without it the ledger would refuse them.
"""

TITLES: Final = {
    movements.DEPOSIT: "Slip Setoran",
    movements.WITHDRAWAL: "Slip Penarikan",
    PLACEMENT: "Slip Penempatan Simpanan Berjangka",
    CONTRIBUTION: "Slip Setoran",
    CONTRIBUTION_CANCELLED: "Slip Pembatalan Setoran",
    DRAWER_IN: "Bukti Serah Terima Kas",
    DRAWER_OUT: "Bukti Serah Terima Kas",
    DRAWER_VARIANCE: "Bukti Selisih Kas",
    LOAN_REPAYMENT: "Slip Angsuran Pinjaman",
    LOAN_SETTLEMENT: "Slip Pelunasan Pinjaman",
}
VAULT: Final = "vault"
CHANNEL_NAMES: Final = {
    "cash": "Tunai",
    "bank": "Bank",
    "savings": "Rekening simpanan",
    VAULT: "Brankas",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A movement as it is wanted; ``posting`` is debit, credit and whole rupiah.

    ``account`` is whose slip it is: the key of the account whose balance is printed.
    ``shift_id`` and ``branch_code`` are given where they are known; cash of a teller
    finds them by the drawer that is open.
    """

    journal_id: str
    kind: str
    description: str
    account: str
    channel: str
    posting: tuple[str, str, int]
    reference: str | None = None
    shift_id: str | None = None
    branch_code: str = ""


def signers(kind: str) -> tuple[str, str]:
    """In which roles a slip is signed: who gave the money, and who took it."""
    if kind in {movements.DEPOSIT, CONTRIBUTION} | OF_LOANS:
        return "Penyetor", "Teller"
    if kind in {movements.WITHDRAWAL, CONTRIBUTION_CANCELLED}:
        return "Penerima", "Teller"
    if kind == PLACEMENT:
        return "Anggota", "Petugas"
    return "Petugas Brankas", "Teller"


DESCRIPTIONS: Final = {
    DRAWER_IN: "Kas dari brankas ke laci",
    DRAWER_OUT: "Kas dari laci ke brankas",
    DRAWER_VARIANCE: "Selisih kas laci",
}
