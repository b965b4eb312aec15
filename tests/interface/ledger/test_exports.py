"""Everything that was posted in a book, given out page by page."""

from __future__ import annotations

import pytest

from services.ledger.operations import exports
from services.shared.contracts.paging import InvalidCursor
from tests.factories.ledger import Ledger, a_journal


def everything(ledger: Ledger, book: str, limit: int) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    cursor = None
    while True:
        page = exports.list_postings(ledger.database, book, limit=limit, cursor=cursor)
        assert len(page["items"]) <= limit
        found += [(one.debit_key, one.credit_key, one.amount) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_any_size_give_every_posting_once(ledger: Ledger, limit: int) -> None:
    book, other = ledger.cooperative(), ledger.cooperative()
    budi = ledger.savings(book, 100)
    ledger.savings(other, 70)
    sari = ledger.savings(book, 40)
    cash = ledger.cash(book)
    ledger.post_one(a_journal((budi, sari, 30), (budi, cash, 5), (sari, cash, 7)))

    assert sorted(everything(ledger, book, limit)) == sorted(
        [
            (cash, budi, 100),
            (cash, sari, 40),
            (budi, sari, 30),
            (budi, cash, 5),
            (sari, cash, 7),
        ]
    )


def test_a_book_without_postings_has_one_empty_page(ledger: Ledger) -> None:
    assert everything(ledger, ledger.cooperative(), 10) == []


def test_a_cursor_that_was_not_made_here_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidCursor):
        exports.list_postings(
            ledger.database, ledger.cooperative(), limit=10, cursor="bukan-kursor"
        )
