"""How a loan is paid out: all that belongs to it happens, or none of it (R124, C21).

An attempt is stored before anything is done and passes through the states of
`domain/disbursements.py`. Before the ledger's journal, the pivot, everything can be
undone: cover that is only reserved, savings that are only held (`reserving`). The
journal carries the loan, what is deducted and the hub's fees in one piece. After it
nothing may fail for good any more: the loan gets into the book, and the insurer is told
until it knows (`posting`). Whoever dies in between is carried on by `finish_due`.
"""

from __future__ import annotations

from services.loans.operations.disbursements.driving import disburse, finish_due
from services.loans.operations.disbursements.views import (
    get_loan_disbursement,
    list_disbursements,
)

__all__ = [
    "disburse",
    "finish_due",
    "get_loan_disbursement",
    "list_disbursements",
]
