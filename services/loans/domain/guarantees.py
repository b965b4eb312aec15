"""What of a guarantee is held while its loan is paid back, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from services.shared.errors import ServiceError
from services.shared.identity import HUB

PARTS: Final = 4
"""Into so many holds a guarantee is split: the ledger gives up only whole ones."""

AGREED: Final = "agreed"
HELD: Final = "held"
RELEASED: Final = "released"
WITHDRAWN: Final = "withdrawn"

PLACING: Final = "placing"
REFUSED: Final = "refused"
RELEASING: Final = "releasing"
POSTING: Final = "posting"
POSTED: Final = "posted"

PROPOSED: Final = "proposed"
REJECTED: Final = "rejected"
PAYING: Final = "paying"
PAID: Final = "paid"
RETURNING: Final = "returning"
RETURNED: Final = "returned"

MOVING_CALLS: Final = (POSTING, PAYING, RETURNING)
OPEN_CALLS: Final = (PROPOSED, *MOVING_CALLS)

KIND: Final = "loan_guarantee"
DESCRIPTION: Final = "Jaminan pinjaman anggota"
RETURN_KIND: Final = "loan_guarantee_return"
RETURN_DESCRIPTION: Final = "Pengembalian dana penjamin"


class BatchedCalls(Protocol):
    """One batched method of the ledger; faults of single calls come as values."""

    def call_many(
        self, payloads: list[dict[str, Any]]
    ) -> list[dict[str, Any] | ServiceError]:
        """Many calls at once; their outcomes in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The ledger's holds: journals that are reserved now and posted or voided later."""

    places: BatchedCalls
    resolves: BatchedCalls


def held_payments(cooperative_id: str) -> str:
    """Where called money waits until it pays the loan: titipan setoran."""
    if cooperative_id == HUB:
        message = "The hub lends nothing."
        raise ValueError(message)
    return f"{cooperative_id}:2-1350"


def parts_of(amount: int) -> list[int]:
    """A guarantee in parts of whole rupiah, the larger ones first."""
    count = min(PARTS, amount)
    share, rest = divmod(amount, count)
    return [share + (number < rest) for number in range(count)]


def needed(amount: int, outstanding: int, principal: int) -> int:
    """What has to be held yet: as much of the guarantee as is owed of the loan."""
    return -(-amount * outstanding // principal)


def to_release(held: Sequence[int], wanted: int) -> int:
    """How many of the held parts, from the first on, may go without holding less."""
    left, count = sum(held), 0
    for part in held:
        if left - part < wanted:
            break
        left -= part
        count += 1
    return count


def to_call(held: Sequence[int], amount: int) -> list[int]:
    """How much is taken of each held part, from the first on; Σ is ``amount``."""
    taken, left = [], amount
    for part in held:
        if left <= 0:
            break
        taken.append(min(part, left))
        left -= part
    return taken
