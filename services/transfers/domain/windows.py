"""What the transfers of a settlement window add up to for each cooperative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.transfers.domain.transfer import HOSTED, Transfer

OPEN: Final = "open"
CLOSED: Final = "closed"
SETTLED: Final = "settled"


@dataclass(slots=True)
class Movement:
    """What one cooperative paid and was paid; `net` above zero is owed to the hub.

    The two `book` amounts are what also stands in its own book here: nothing for a
    cooperative that keeps its books in its own system.
    """

    cooperative_id: str
    net: int = 0
    paid_count: int = 0
    received_count: int = 0
    book_paid: int = 0
    book_received: int = 0


def movements(transfers: Iterable[Transfer]) -> list[Movement]:
    """The movements of cleared transfers, in the order of the cooperatives' ids.

    The order is the order in which the running nets are locked: the same everywhere,
    so that two processes committing at once cannot wait for each other in a circle.
    """
    found: dict[str, Movement] = {}
    for transfer in transfers:
        if not transfer.is_cleared or transfer.payee_cooperative_id is None:
            continue
        payer = found.setdefault(
            transfer.payer_cooperative_id, Movement(transfer.payer_cooperative_id)
        )
        payer.net += transfer.amount
        payer.paid_count += 1
        if transfer.payer_mode == HOSTED:
            payer.book_paid += transfer.amount
        payee = found.setdefault(
            transfer.payee_cooperative_id, Movement(transfer.payee_cooperative_id)
        )
        payee.net -= transfer.amount
        payee.received_count += 1
        if transfer.payee_mode == HOSTED:
            payee.book_received += transfer.amount
    return [found[cooperative] for cooperative in sorted(found)]
