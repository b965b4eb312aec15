"""Statements, trial balances and periods: true for a moment, and so for ever."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.ledger.operations import periods, statements
from services.shared.contracts import ledger as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import HUB
from tests.factories.ledger import Ledger, a_journal, a_tenant, a_transfer, today


def statement(
    ledger: Ledger, cooperative_id: str, key: str, **more: Any
) -> dict[str, Any]:
    given = {"from_": None, "to": None, "limit": 50, "cursor": None} | more
    return statements.get_statement(
        ledger.database, a_tenant(cooperative_id), key=key, **given
    )


def moved(answer: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [
        (line["debit"], line["credit"], line["balance"]) for line in answer["items"]
    ]


def test_a_statement_has_a_running_balance(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    ledger.post_one(a_journal((budi, ledger.cash(one), 30)))
    ledger.deposit(budi, one, 5)

    answer = statement(ledger, one, budi)

    assert moved(answer) == [(0, 100, 100), (30, 0, 70), (0, 5, 75)]
    assert (answer["opening_balance"], answer["closing_balance"]) == (0, 75)
    assert answer["next_cursor"] is None


def test_an_asset_grows_on_its_debit_lines(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    ledger.post_one(a_journal((budi, ledger.cash(one), 30)))

    assert moved(statement(ledger, one, ledger.cash(one))) == [
        (100, 0, 100),
        (0, 30, 70),
    ]


def test_two_lines_of_one_batch_keep_their_order(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    ledger.post(
        *[a_journal((ledger.cash(one), budi, amount)) for amount in (1, 2, 3, 4)]
    )

    assert [line[2] for line in moved(statement(ledger, one, budi))] == [1, 3, 6, 10]


def test_pages_fit_each_other_while_postings_go_on(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    for amount in range(1, 6):
        ledger.deposit(budi, one, amount)

    pages = [statement(ledger, one, budi, limit=2)]
    ledger.deposit(budi, one, 1_000)
    while pages[-1]["next_cursor"]:
        pages.append(
            statement(ledger, one, budi, limit=2, cursor=pages[-1]["next_cursor"])
        )

    assert [moved(page) for page in pages] == [
        [(0, 1, 1), (0, 2, 3)],
        [(0, 3, 6), (0, 4, 10)],
        [(0, 5, 15)],
    ]
    assert {page["closing_balance"] for page in pages} == {15}


def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    moments = [ledger.deposit(budi, one, amount).posted_at for amount in (1, 2, 4, 8)]

    answer = statement(ledger, one, budi, from_=moments[1], to=moments[3])

    assert moved(answer) == [(0, 2, 3), (0, 4, 7)]
    assert (answer["opening_balance"], answer["closing_balance"]) == (1, 7)
    whole_day = statement(ledger, one, budi, from_=today(), to=today())
    assert len(whole_day["items"]) == 4
    before = statement(ledger, one, budi, to=today() - timedelta(1))
    assert (before["items"], before["closing_balance"]) == ([], 0)
    backwards = statement(ledger, one, budi, from_=moments[3], to=moments[1])
    assert (backwards["items"], backwards["opening_balance"]) == ([], 7)


def test_another_tenants_account_has_no_statement(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi = ledger.savings(one, 100)

    for key in (budi, "0000", "hub:1-1010", f"hub:position:{two}"):
        with pytest.raises(NotFound):
            statement(ledger, two, key)


@pytest.mark.parametrize(
    "cursor", ["", "x", "W10=", "WyJ4IiwxLCJ4Il0=", "é", "bnVsbA==", "WzEsMiwzXQ=="]
)
def test_an_invented_cursor_is_refused(ledger: Ledger, cursor: str) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)

    with pytest.raises(InvalidCursor):
        statement(ledger, one, budi, cursor=cursor)


def lines(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        line["code"]: (line["debit"], line["credit"])
        for line in answer["accounts"]
        if line["debit"] or line["credit"]
    }


def test_a_trial_balance_balances_and_can_be_asked_for_any_moment(
    ledger: Ledger,
) -> None:
    one, two = ledger.cooperative(liquidity=500, cap=500), ledger.cooperative()
    budi, siti = ledger.savings(one, 300), ledger.savings(two)
    before = statements.get_trial_balance(ledger.database, one, None)
    payment = ledger.post_one(a_transfer(budi, one, siti, two, 200))
    after = statements.get_trial_balance(ledger.database, one, None)

    assert lines(before) == {"1-1000": (300, 0), "2-1000": (0, 300)}
    assert lines(after) == {
        "1-1000": (300, 0),
        "2-1000": (0, 100),
        "2-1200": (0, 200),
    }
    assert after["debit_total"] == after["credit_total"] == 300
    assert [line["name"] for line in after["accounts"]][:2] == ["Kas", "Bank"]
    assert statements.get_trial_balance(ledger.database, one, before["as_of"]) == before
    assert statements.get_trial_balance(ledger.database, one, after["as_of"]) == after
    at_posting = statements.get_trial_balance(ledger.database, one, payment.posted_at)
    assert lines(at_posting) == lines(after)
    hub = statements.get_trial_balance(ledger.database, HUB, None)
    assert hub["debit_total"] == hub["credit_total"] >= 500


def test_a_moment_to_come_is_taken_as_now(ledger: Ledger) -> None:
    one = ledger.cooperative()

    answer = statements.get_trial_balance(ledger.database, one, date(2999, 1, 1))

    assert answer["as_of"] <= datetime.now(UTC) + timedelta(seconds=5)
    with pytest.raises(contract.BookNotOpen):
        statements.get_trial_balance(ledger.database, "coop_none", None)


def test_a_trial_balance_never_changes_while_batches_are_in_flight(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    savings = [ledger.savings(one) for _ in range(4)]
    is_over = threading.Event()

    def pay(key: str) -> None:
        while not is_over.is_set():
            ledger.post(*[a_journal((ledger.cash(one), key, 1)) for _ in range(20)])

    threads = [threading.Thread(target=pay, args=(key,)) for key in savings]
    for thread in threads:
        thread.start()
    taken = [
        statements.get_trial_balance(ledger.database, one, None) for _ in range(15)
    ]
    is_over.set()
    for thread in threads:
        thread.join()

    for answer in taken:
        assert answer["debit_total"] == answer["credit_total"]
        asked_again = statements.get_trial_balance(
            ledger.database, one, answer["as_of"]
        )
        assert asked_again == answer


def test_nothing_is_posted_into_a_closed_day(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi, siti = ledger.savings(one), ledger.savings(two)
    yesterday = today() - timedelta(1)

    period = periods.close_period(ledger.database, one, yesterday)

    assert period == {"cooperative_id": one, "closed_through": yesterday}
    assert periods.get_period(ledger.database, one) == period
    into_closed = a_journal((ledger.cash(one), budi, 1), business_date=yesterday)
    [refused] = ledger.post(into_closed)
    assert isinstance(refused, contract.PeriodClosed)
    assert refused.details == {"business_date": yesterday.isoformat()}
    # Another book's day is still open, and so is today.
    ledger.post_one(a_journal((ledger.cash(two), siti, 1), business_date=yesterday))
    ledger.deposit(budi, one, 1)


def test_only_days_that_are_over_are_closed_and_they_stay_so(ledger: Ledger) -> None:
    one = ledger.cooperative()
    yesterday = today() - timedelta(1)

    with pytest.raises(contract.PeriodNotOver):
        periods.close_period(ledger.database, one, today())
    periods.close_period(ledger.database, one, yesterday)
    earlier = periods.close_period(ledger.database, one, yesterday - timedelta(9))

    assert earlier["closed_through"] == yesterday
    with pytest.raises(contract.BookNotOpen):
        periods.close_period(ledger.database, "coop_none", yesterday)
    with pytest.raises(contract.BookNotOpen):
        periods.get_period(ledger.database, "coop_none")
