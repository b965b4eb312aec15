"""How a cooperative recovers loans that failed, and what that is in its book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

PLANNED: Final = "planned"
POSTED: Final = "posted"

RESTRUCTURING: Final = "loan_restructuring"
WRITE_OFF: Final = "loan_write_off"
REMAINDER: Final = "loan_remainder"
SURPLUS: Final = "loan_surplus"
REBATE: Final = "loan_rebate"

FOR_MEMBERS: Final = frozenset({SURPLUS, REBATE})
"""Money for a member's savings; where there are none, it is owed."""

# Codes of the chart of accounts (domain.md, topic 6).
BANK: Final = "1-1010"
INTEREST_RECEIVABLE: Final = "1-1110"
ALLOWANCE: Final = "1-1190"
PAYABLES: Final = "2-1100"
SHARES: Final = "1-1600"
INTEREST_INCOME: Final = "4-1000"
PROVISION_EXPENSE: Final = "5-3000"

BASIS_POINTS: Final = 10_000

Lines = list[list[Any]]
"""Debit, credit and amount of each line of a journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A cooperative's own bounds; the defaults are those of R49, R155 and topic 7.

    ``claim_after_days`` past due the insurer is claimed on; ``floor_price_bps`` of the
    market value is the lowest price of collateral; below ``auction_from`` rupiah an
    auction by the state (KPKNL) does not pay; a loan is in arrears for
    ``write_off_after_months`` before it may be written off.
    """

    claim_after_days: int = 90
    floor_price_bps: int = 7000
    auction_from: int = 50_000_000
    write_off_after_months: int = 12


def restructured(
    cooperative_id: str,
    *,
    before: str,
    after: str,
    principal: int,
    capitalised: int,
    receivable: int,
) -> Lines:
    """One loan becomes another; interest that is added to it was earned.

    ``receivable`` of the ``capitalised`` interest stood in the book already.
    """
    return _lines(
        (after, before, principal),
        (after, f"{cooperative_id}:{INTEREST_RECEIVABLE}", receivable),
        (after, f"{cooperative_id}:{INTEREST_INCOME}", capitalised - receivable),
    )


def converted(cooperative_id: str, *, before: str, principal: int) -> Lines:
    """A loan becomes modal penyertaan: what was lent is now held as a share."""
    return _lines((f"{cooperative_id}:{SHARES}", before, principal))


def written_off(
    cooperative_id: str,
    *,
    loan: str,
    principal: int,
    provision: int,
    receivable: int,
) -> Lines:
    """A loan leaves the balance sheet; interest that nobody will pay is no income.

    What was set aside beyond the principal is given back to the costs.
    """
    return _lines(
        (f"{cooperative_id}:{ALLOWANCE}", loan, principal),
        (
            f"{cooperative_id}:{ALLOWANCE}",
            f"{cooperative_id}:{PROVISION_EXPENSE}",
            provision - principal,
        ),
        (
            f"{cooperative_id}:{INTEREST_INCOME}",
            f"{cooperative_id}:{INTEREST_RECEIVABLE}",
            receivable,
        ),
    )


def surplus(cooperative_id: str, *, to: str | None, amount: int) -> Lines:
    """What is over belongs to the member: to savings, else it is owed to whom it is."""
    payee = to or f"{cooperative_id}:{PAYABLES}"
    return _lines((f"{cooperative_id}:{BANK}", payee, amount))


def rebate(cooperative_id: str, *, to: str | None, amount: int) -> Lines:
    """Interest that comes back to who has paid in time (R158): it is no income."""
    payee = to or f"{cooperative_id}:{PAYABLES}"
    return _lines((f"{cooperative_id}:{INTEREST_INCOME}", payee, amount))


def owed(cooperative_id: str, postings: Lines) -> Lines:
    """The same money, owed to whom it belongs instead of being on an account."""
    return [
        [debit, f"{cooperative_id}:{PAYABLES}", amount] for debit, _, amount in postings
    ]


def amount_of(postings: Lines) -> int:
    """What is moved altogether, in whole rupiah."""
    return sum(line[2] for line in postings)


def is_below_floor(price: int, market_value: int, floor_price_bps: int) -> bool:
    """Whether collateral is sold for less than it may be (R155)."""
    return price * BASIS_POINTS < market_value * floor_price_bps


def _lines(*lines: tuple[str, str, int]) -> Lines:
    return [list(line) for line in lines if line[2]]
