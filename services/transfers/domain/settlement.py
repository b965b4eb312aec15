"""How the nets of settlement windows become postings that bring positions back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.transfers.domain import transfer
from services.transfers.domain.transfer import OWED_BY_HUB, OWED_TO_HUB

PENDING: Final = "pending"
SETTLING: Final = "settling"
SETTLED: Final = "settled"
CANCELLED: Final = "cancelled"

FUNDS_AT_HUB: Final = "1-1030"
BANK: Final = "1-1010"
HUB_BANK: Final = "hub:1-1010"
PLATFORM_WALLET: Final = "1-1020"
HUB_WALLETS_MONEY: Final = "hub:1-1020"

POSTING_MAX: Final = 10**15
"""The largest amount of one posting, in whole rupiah."""


def public_state(state: str) -> str:
    """The state that callers see: that a journal is under way is our business."""
    return PENDING if state == SETTLING else state


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A cooperative's part of a settlement; `net` above zero is owed to the hub.

    `book_paid` and `book_received` stand in its own book as owed to and by the hub.
    """

    cooperative_id: str
    net: int
    book_paid: int
    book_received: int


def postings(shares: Iterable[Share]) -> list[list[Any]]:
    """The postings that settle ``shares``, debtors before creditors.

    What a debtor's liquidity cannot pay is refused before anything is credited. In
    each cooperative's own book what it owes and what it is owed is offset, and the
    rest is taken from or added to its funds at the hub.
    """
    ordered = sorted(shares, key=lambda share: (-share.net, share.cooperative_id))
    lines: list[list[Any]] = []
    for share in ordered:
        lines += _hub_postings(share) + _book_postings(share)
    return [part for line in lines for part in _parts(*line)]


def _parts(debit: str, credit: str, amount: int) -> Iterator[list[Any]]:
    """A posting in parts that the ledger takes: sums of payments know no bound."""
    while amount > POSTING_MAX:
        yield [debit, credit, POSTING_MAX]
        amount -= POSTING_MAX
    yield [debit, credit, amount]


def _hub_postings(share: Share) -> list[list[Any]]:
    position = transfer.position(share.cooperative_id)
    liquidity = transfer.liquidity(share.cooperative_id)
    if share.net > 0:
        return [[liquidity, position, share.net]]
    return [[position, liquidity, -share.net]] if share.net < 0 else []


def _book_postings(share: Share) -> list[list[Any]]:
    owed_to_hub, owed_by_hub, funds = (
        _book(share.cooperative_id, code)
        for code in (OWED_TO_HUB, OWED_BY_HUB, FUNDS_AT_HUB)
    )
    offset = min(share.book_paid, share.book_received)
    rest = share.book_paid - share.book_received
    lines: list[list[Any]] = []
    if offset:
        lines.append([owed_to_hub, owed_by_hub, offset])
    if rest > 0:
        lines.append([owed_to_hub, funds, rest])
    elif rest < 0:
        lines.append([funds, owed_by_hub, -rest])
    return lines


def journal(
    journal_id: str, settlement_id: str, shares: Iterable[Share], on: date
) -> dict[str, Any] | None:
    """The journal that settles ``shares``; None when there is nothing to post."""
    lines = postings(shares)
    if not lines:
        return None
    return {
        "id": journal_id,
        "kind": "settlement",
        "description": f"Settlement {settlement_id}",
        "reference": settlement_id,
        "business_date": on.isoformat(),
        "postings": lines,
    }


def funds_postings(cooperative_id: str, direction: str, amount: int) -> list[list[Any]]:
    """Liquidity that comes in through the bank, or goes ``out`` again."""
    at_hub = [HUB_BANK, transfer.liquidity(cooperative_id)]
    at_home = [_book(cooperative_id, FUNDS_AT_HUB), _book(cooperative_id, BANK)]
    if direction == "out":
        at_hub.reverse()
        at_home.reverse()
    return [[*at_hub, amount], [*at_home, amount]]


def payout_postings(
    cooperative_id: str, *, liquidity: int, wallet: int
) -> list[list[Any]]:
    """What gives a cooperative that leaves its funds back, in both books."""
    lines: list[list[Any]] = []
    if liquidity:
        lines += funds_postings(cooperative_id, "out", liquidity)
    if wallet:
        bank = _book(cooperative_id, BANK)
        lines.append([f"hub:wallet:{cooperative_id}", HUB_WALLETS_MONEY, wallet])
        lines.append([bank, _book(cooperative_id, PLATFORM_WALLET), wallet])
    return lines


def _book(cooperative_id: str, code: str) -> str:
    return transfer.chart_account(cooperative_id, code)
