"""Loan agreements: drawn up, printed, signed (R124, C14, C21)."""

from __future__ import annotations

from services.loans.operations.akad.drawing import (
    Cover,
    approved_terms,
    cost_of,
    savings_account_of,
)
from services.loans.operations.akad.making import make_akad
from services.loans.operations.akad.signing import found, get_akad, sign_akad

__all__ = [
    "Cover",
    "approved_terms",
    "cost_of",
    "found",
    "get_akad",
    "make_akad",
    "savings_account_of",
    "sign_akad",
]
