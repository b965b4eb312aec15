"""How a loan is paid out: which steps, and what is posted (R124, C21).

An attempt passes `RESERVING`, `POSTING`, the ledger's decision, and `FINISHING`; or,
refused at any point before the money moved, `UNDOING`. Everything before the journal
can be undone, everything after it has to succeed in the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.loans.domain import costs
from services.loans.domain.costs import Costs

# Codes of the chart of accounts (domain.md, topic 6).
CASH: Final = "1-1000"
BANK: Final = "1-1010"
PREMIUMS_HELD: Final = "2-1300"
ADMINISTRATION_INCOME: Final = "4-2000"
PLATFORM_COSTS: Final = "5-2200"

RESERVING: Final = "reserving"
"""Accounts, cover and guarantees are made ready: nothing of it moves money."""

POSTING: Final = "posting"
"""The ledger is asked, once and for all, under the attempt's journal id."""

FINISHING: Final = "finishing"
"""Paid out and in the book; the insurer is told until it knows."""

UNDOING: Final = "undoing"
"""Refused; what was reserved is being given back."""

DONE: Final = "done"
REFUSED: Final = "refused"

STATUSES: Final = (RESERVING, POSTING, FINISHING, DONE, UNDOING, REFUSED)
UNFINISHED: Final = frozenset({RESERVING, POSTING, FINISHING, UNDOING})
PAID: Final = frozenset({FINISHING, DONE})

KIND: Final = "loan_disbursement"
DESCRIPTION: Final = "Pencairan pinjaman"


def postings(
    cooperative_id: str, *, loan: str, savings: str, agreed: Costs
) -> list[list[Any]]:
    """The cooperative's own side of the journal: what the member gets and pays.

    The ledger adds those of the fees. A passed-on fee of the hub is income that meets
    the cost; a passed-on premium is held for the insurer. What the borrower does not
    bear of a premium that it pays in part is the cooperative's cost.
    """

    def chart(code: str) -> str:
        return f"{cooperative_id}:{code}"

    held = chart(PREMIUMS_HELD)
    income = agreed.administration + agreed.passed_fee
    own_part = agreed.premium - agreed.passed_premium if agreed.passed_premium else 0
    lines = [
        [loan, savings, agreed.principal],
        [savings, chart(ADMINISTRATION_INCOME), income],
        [savings, held, agreed.passed_premium],
        [chart(PLATFORM_COSTS), held, own_part],
    ]
    return [line for line in lines if line[2]]


def fees(loan_id: str, agreed: Costs, months: int | None) -> list[dict[str, Any]]:
    """The fees that the ledger takes out of the wallet in the same journal.

    ``months`` are those that the premium was quoted for.
    """
    charged = [
        {
            "kind": costs.DISBURSEMENT,
            "base_amount": agreed.principal,
            "months": None,
            "amount": agreed.fee,
            "reference": loan_id,
            "borne_by": "cooperative",
        }
    ]
    if agreed.premium:
        charged.append(
            {
                "kind": costs.PREMIUM,
                "base_amount": agreed.principal,
                "months": months,
                "amount": agreed.premium,
                "reference": loan_id,
                "borne_by": (
                    "premiums_held" if agreed.passed_premium else "cooperative"
                ),
            }
        )
    return charged


def available_cash(
    trial_balance: Mapping[str, Any], *, reserve: int, promised: int
) -> int:
    """What may be lent today: cash and bank, less the reserve and what is promised.

    Members draw out what they were lent, so that today's other loans count although
    they are still in the members' savings.
    """
    held = sum(
        line["debit"] - line["credit"]
        for line in trial_balance["accounts"]
        if line["code"] in {CASH, BANK}
    )
    return int(held) - reserve - promised
