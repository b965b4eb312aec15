"""What a teller's cash drawer is in the book, and which states a shift passes through.

A drawer has an account of its own under the code of kas. A shift is the time in which
one teller answers for one drawer: it begins with money out of the vault and ends with
a count, which somebody else compares and accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VAULT_CODE: Final = "1-1000"
SURPLUS_CODE: Final = "4-9100"
SHORTAGE_CODE: Final = "5-9000"

# States of a shift.
OPENING: Final = "opening"
"""Stored here; its float is on the way into the drawer."""

OPEN: Final = "open"
COUNTED: Final = "counted"
"""The teller has counted; nothing goes through the drawer until somebody decides."""

CLOSING: Final = "closing"
"""Accepted; variance and cash are on their way to their accounts."""

CLOSED: Final = "closed"
REFUSED: Final = "refused"
"""The ledger refused the float; the shift never began."""

STATES: Final = (OPENING, OPEN, COUNTED, CLOSING, CLOSED, REFUSED)
UNFINISHED: Final = (OPENING, OPEN, COUNTED, CLOSING)


def vault_key(cooperative_id: str) -> str:
    """The account of the cash that is in no drawer."""
    return f"{cooperative_id}:{VAULT_CODE}"


def drawer_key(cooperative_id: str, drawer_id: str) -> str:
    """The account of the cash in one drawer."""
    return f"{cooperative_id}:{VAULT_CODE}:{drawer_id}"


def counted_total(denominations: Mapping[int, int]) -> int:
    """What so many notes and coins of each kind are together."""
    return sum(value * pieces for value, pieces in denominations.items())


def variance_posting(
    cooperative_id: str, drawer_id: str, variance: int
) -> tuple[str, str, int]:
    """Debit, credit, amount of what was counted too much or too little.

    ``variance`` is counted less expected and not 0: a surplus is income, a shortage is
    an expense until it is made good.
    """
    drawer = drawer_key(cooperative_id, drawer_id)
    if variance > 0:
        return drawer, f"{cooperative_id}:{SURPLUS_CODE}", variance
    return f"{cooperative_id}:{SHORTAGE_CODE}", drawer, -variance
