"""May this journal take effect, and what are the balances when it has?"""

from copy import deepcopy
from datetime import date

import pytest

from services.ledger.domain.accounts import COUNTER_MAX, Account
from services.ledger.domain.balances import Books, HeldPosting, Line
from services.ledger.domain.journals import Journal, Posting, Refusal

DAY = date(2026, 11, 22)


def account(id_: int, key: str, **more: object) -> Account:
    given = {"cooperative_id": "coop_a", "is_debit_normal": False} | more
    return Account(id=id_, key=key, **given)  # type: ignore[arg-type]


def journal(*postings: Posting, day: date = DAY) -> Journal:
    return Journal(
        id="jrn_1", kind="uji", description="", business_date=day, postings=postings
    )


def code(outcome: list[Line] | Refusal) -> str:
    assert isinstance(outcome, Refusal)
    return outcome.code


def some_books() -> Books:
    hub = {"cooperative_id": "hub"}
    return Books(
        [
            account(1, "kas", is_debit_normal=True),
            account(2, "budi", credits_posted=100, minimum_balance=0),
            account(3, "siti", minimum_balance=0),
            account(4, "beku", status="frozen"),
            account(5, "liquidity", credits_posted=100, minimum_balance=0, **hub),
            account(6, "position", minimum_balance=-80, covered_by=5, **hub),
            account(7, "other", **hub),
            account(8, "line", minimum_balance=-50),
        ],
        {"coop_a": date(2026, 11, 20)},
    )


def test_a_posting_moves_both_counters_and_tells_both_balances() -> None:
    books = some_books()

    lines = books.post(journal(("kas", "budi", 40)))

    assert isinstance(lines, list)
    [line] = lines
    assert (line.debit_balance_after, line.credit_balance_after) == (40, 140)
    assert (line.debit.debits_posted, line.credit.credits_posted) == (40, 140)
    assert books.touched == {1, 2}


@pytest.mark.parametrize(
    ("postings", "day", "refused"),
    [
        ([("budi", "nobody", 500), ("beku", "kas", 1)], DAY, "account_not_found"),
        ([("budi", "beku", 500), ("budi", "other", 1)], DAY, "account_not_active"),
        ([("budi", "other", 500)], date(2026, 11, 20), "wrong_cooperative"),
        ([("budi", "siti", 500)], date(2026, 11, 20), "period_closed"),
        ([("budi", "siti", 101)], DAY, "insufficient_funds"),
        (
            [("budi", "siti", 101), ("position", "other", 999)],
            DAY,
            "insufficient_funds",
        ),
        ([("position", "other", 101)], DAY, "insufficient_liquidity"),
        ([("position", "other", 81)], DAY, "net_debit_cap_exceeded"),
        ([("liquidity", "other", 101)], DAY, "insufficient_liquidity"),
        ([("line", "siti", 51)], DAY, "limit_exceeded"),
        ([("kas", "siti", COUNTER_MAX + 1)], DAY, "limit_exceeded"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_refusals_come_in_a_fixed_order(
    postings: list[Posting], day: date, refused: str
) -> None:
    books = some_books()
    before = deepcopy(books.by_id)

    assert code(books.post(journal(*postings, day=day))) == refused
    assert books.by_id == before
    assert not books.touched
    assert code(books.hold(journal(*postings, day=day))) == refused
    assert books.by_id == before


def test_the_day_after_the_last_closed_one_is_open() -> None:
    outcome = some_books().post(journal(("kas", "siti", 1), day=date(2026, 11, 21)))

    assert isinstance(outcome, list)


def test_a_limit_is_judged_when_the_whole_journal_is_applied() -> None:
    books = some_books()

    lines = books.post(journal(("siti", "kas", 70), ("budi", "siti", 70)))

    assert isinstance(lines, list)
    assert books.by_key["siti"].balance == 0


def test_ten_payments_of_60_against_a_cap_of_100_accept_exactly_one() -> None:
    books = Books([account(1, "pot", minimum_balance=-100), account(2, "sink")])

    outcomes = [books.post(journal(("pot", "sink", 60))) for _ in range(10)]

    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1


def test_what_is_held_counts_against_the_limit_but_not_what_may_come_in() -> None:
    books = some_books()

    assert isinstance(books.hold(journal(("budi", "siti", 60))), list)

    assert code(books.post(journal(("budi", "siti", 41)))) == "insufficient_funds"
    assert code(books.post(journal(("siti", "budi", 1)))) == "insufficient_funds"
    assert books.by_key["budi"].available == 40
    assert books.by_key["budi"].balance == 100


def test_moving_cover_away_from_a_position_that_owes_is_refused() -> None:
    books = some_books()
    books.post(journal(("position", "other", 70)))

    assert code(books.post(journal(("liquidity", "other", 31)))) == (
        "insufficient_liquidity"
    )
    assert isinstance(books.post(journal(("liquidity", "other", 30))), list)


def test_a_part_of_a_hold_is_posted_and_the_rest_returns() -> None:
    books = some_books()
    books.hold(journal(("budi", "siti", 60)))

    [line] = books.post_held([HeldPosting(debit=2, credit=3, amount=60)], part=25)

    assert line.amount == 25
    assert (books.by_key["budi"].balance, books.by_key["siti"].balance) == (75, 25)
    assert books.by_key["budi"].pending == books.by_key["siti"].credits_pending == 0


def test_releasing_a_hold_restores_what_was_there() -> None:
    books = some_books()
    before = deepcopy(books.by_id)
    books.hold(journal(("budi", "siti", 60)))

    books.release([HeldPosting(debit=2, credit=3, amount=60)])

    assert books.by_id == before
