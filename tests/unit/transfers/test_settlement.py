"""The journal of a settlement is one that the ledger takes, however large it is."""

from __future__ import annotations

import pytest

from services.shared.contracts import ledger as contract
from services.shared.contracts.fields import AMOUNT_MAX
from services.transfers.domain import settlement
from services.transfers.domain.settlement import Share
from tests.factories.ledger import today


def settled(shares: list[Share]) -> list[tuple[str, str, int]]:
    journal = settlement.journal("stl_1", "stl_1", shares, today()) or {}
    postings: list[tuple[str, str, int]] = contract.PostJournal().load(journal)[
        "postings"
    ]
    return postings


def test_as_many_cooperatives_settle_at_once_as_there_are() -> None:
    shares = [
        Share(
            cooperative_id=f"coop_{number}",
            net=net,
            book_paid=10 + net,
            book_received=10,
        )
        for number, net in enumerate([5, -5] * 5_000)
    ]
    assert len(settled(shares)) == 3 * len(shares)


@pytest.mark.parametrize("gross", [AMOUNT_MAX, AMOUNT_MAX + 1, 3 * AMOUNT_MAX])
def test_a_sum_of_payments_may_exceed_the_largest_of_them(gross: int) -> None:
    share = Share(
        cooperative_id="coop_1", net=gross, book_paid=2 * gross, book_received=gross
    )
    moved: dict[tuple[str, str], int] = {}
    for debit, credit, amount in settled([share]):
        moved[debit, credit] = moved.get((debit, credit), 0) + amount
    assert set(moved.values()) == {gross}
    assert len(moved) == 3
