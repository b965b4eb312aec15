"""The tax on members' interest: PP 15/2009, withheld at payment (PMK 112/2010).

Up to Rp 240.000 in a calendar month nothing; above, 10 % of the whole amount. All
interest that one cooperative pays to one member in the month counts together.
"""

from __future__ import annotations

from typing import Final

FREE_PER_MONTH: Final = 240_000
TENTH: Final = 10


def tax_of(gross: int) -> int:
    """The tax on a month's interest in whole rupiah, rounded down."""
    return gross // TENTH if gross > FREE_PER_MONTH else 0


def to_withhold(*, gross_before: int, withheld_before: int, gross: int) -> int:
    """What to take of a payment of ``gross``, so that the month's total is right.

    Earlier payments of the month may have been free until this one passed the limit:
    then their tax is taken now too, but never more than is paid.
    """
    missing = tax_of(gross_before + gross) - withheld_before
    return min(max(missing, 0), gross)


def shared_out(tax: int, grosses: dict[str, int]) -> dict[str, int]:
    """How much of ``tax`` each account bears: in order, each up to its own interest."""
    shares: dict[str, int] = {}
    for account, gross in grosses.items():
        shares[account] = min(tax, gross)
        tax -= shares[account]
    return shares
