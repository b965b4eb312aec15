"""Posting journals in batches and one by one, with their refusals and repetitions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.ledger.domain.journals import Posted
from services.ledger.operations import books, journals
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from tests.factories.ledger import (
    BANK_OF_HUB,
    Ledger,
    a_journal,
    a_tenant,
    a_transfer,
    today,
)


def codes(outcomes: list[Posted | ServiceError]) -> list[str]:
    return [
        outcome.code if isinstance(outcome, ServiceError) else "posted"
        for outcome in outcomes
    ]


def test_a_payment_moves_all_three_books_at_once(ledger: Ledger) -> None:
    one = ledger.cooperative(liquidity=1_000, cap=1_000)
    two = ledger.cooperative()
    budi, siti = ledger.savings(one, 500), ledger.savings(two)

    posted = ledger.post_one(a_transfer(budi, one, siti, two, 200))

    assert posted.balances == {
        budi: 300,
        f"{one}:2-1200": 200,
        f"hub:position:{one}": -200,
        f"hub:position:{two}": 200,
        f"{two}:1-1300": 200,
        siti: 200,
    }
    assert not posted.replayed
    assert {key: ledger.balance(key) for key in posted.balances} == posted.balances


def test_ten_payments_of_60_against_a_cap_of_100_accept_exactly_one(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative(liquidity=1_000, cap=100)
    two = ledger.cooperative()
    budi, siti = ledger.savings(one, 10_000), ledger.savings(two)

    outcomes = ledger.post(*[a_transfer(budi, one, siti, two, 60) for _ in range(10)])

    assert codes(outcomes) == ["posted"] + ["net_debit_cap_exceeded"] * 9
    assert ledger.balance(contract.position_account(one)) == -60
    assert ledger.balance(siti) == 60


def test_the_payer_is_asked_before_the_cover_and_the_cover_before_the_cap(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative(liquidity=300, cap=200)
    two = ledger.cooperative()
    budi, siti = ledger.savings(one, 400), ledger.savings(two)

    outcomes = ledger.post(
        *[a_transfer(budi, one, siti, two, amount) for amount in (401, 301, 201, 200)]
    )

    assert codes(outcomes) == [
        "insufficient_funds",
        "insufficient_liquidity",
        "net_debit_cap_exceeded",
        "posted",
    ]


def test_a_payment_back_makes_room_for_the_next_in_the_same_batch(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative(liquidity=100, cap=100)
    two = ledger.cooperative(liquidity=100, cap=100)
    budi, siti = ledger.savings(one, 500), ledger.savings(two, 500)

    outcomes = ledger.post(
        a_transfer(budi, one, siti, two, 100),
        a_transfer(budi, one, siti, two, 100),
        a_transfer(siti, two, budi, one, 100),
        a_transfer(budi, one, siti, two, 100),
    )

    assert codes(outcomes) == [
        "posted",
        "insufficient_liquidity",
        "posted",
        "posted",
    ]


def test_refusals_before_limits_come_in_their_order(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi, siti = ledger.savings(one), ledger.savings(two)
    frozen = ledger.savings(one)
    books.set_status(ledger.database, one, frozen, "frozen")

    outcomes = ledger.post(
        a_journal((frozen, siti, 1), (budi, "0000", 1)),
        a_journal((budi, siti, 1), (frozen, budi, 1)),
        a_journal((budi, siti, 1)),
    )

    assert codes(outcomes) == [
        "account_not_found",
        "account_not_active",
        "wrong_cooperative",
    ]
    [missing, *_] = outcomes
    assert isinstance(missing, ServiceError)
    assert missing.details == {"account": "0000"}


def test_the_same_journal_again_gets_the_stored_outcome(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((budi, ledger.cash(one), 70))
    first = ledger.post_one(journal)
    ledger.deposit(budi, one, 1_000)

    again = ledger.post_one(
        replace(journal, business_date=today() + timedelta(1), request_id="req_2")
    )

    assert again == replace(first, replayed=True)
    assert ledger.balance(budi) == 1_030


def test_a_refusal_is_remembered_even_when_it_would_now_succeed(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 10)
    journal = a_journal((budi, ledger.cash(one), 70))
    [first] = ledger.post(journal)
    ledger.deposit(budi, one, 1_000)

    [again] = ledger.post(journal)

    assert isinstance(first, contract.InsufficientFunds)
    assert isinstance(again, contract.InsufficientFunds)
    assert first.details == {"account": budi}
    assert again.details == {"account": budi, "replayed": True}
    assert ledger.balance(budi) == 1_010


def test_an_id_with_other_content_is_refused(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((budi, ledger.cash(one), 70))
    other = replace(journal, description="Lain")

    assert codes(ledger.post(journal, other)) == ["posted", "journal_id_reused"]
    assert codes(ledger.post(other)) == ["journal_id_reused"]
    assert ledger.balance(budi) == 30


def test_a_journal_repeated_inside_a_batch_takes_effect_once(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((budi, ledger.cash(one), 70))
    refused = a_journal((budi, ledger.cash(one), 700))

    first, second, *others = ledger.post(journal, journal, refused, refused)

    assert isinstance(first, Posted)
    assert second == replace(first, replayed=True)
    assert [
        isinstance(one, ServiceError) and one.details.get("replayed") for one in others
    ] == [None, True]
    assert ledger.balance(budi) == 30


def test_an_empty_batch_has_no_outcome(ledger: Ledger) -> None:
    assert ledger.post() == []


def test_a_single_journal_is_posted_under_the_eyes_of_its_tenant(
    ledger: Ledger,
) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi, siti = ledger.savings(one), ledger.savings(two, 100)
    journal = a_journal((ledger.cash(one), budi, 70))

    posted = journals.post_journal(ledger.database, one, journal)
    again = journals.post_journal(ledger.database, one, journal)

    assert posted.balances == {ledger.cash(one): 70, budi: 70}
    assert again == replace(posted, replayed=True)
    # Another cooperative's account does not even exist for it.
    with pytest.raises(contract.AccountNotFound):
        journals.post_journal(
            ledger.database, one, a_journal((siti, ledger.cash(two), 1))
        )
    with pytest.raises(contract.AccountNotFound):
        journals.post_journal(
            ledger.database, one, a_journal((BANK_OF_HUB, "hub:4-2000", 1))
        )
    assert ledger.balance(siti) == 100


def test_a_refusal_of_a_single_journal_is_stored_too(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    journal = a_journal((budi, ledger.cash(one), 70))

    for details in ({"account": budi}, {"account": budi, "replayed": True}):
        with pytest.raises(contract.InsufficientFunds) as refusal:
            journals.post_journal(ledger.database, one, journal)
        assert refusal.value.details == details

    stored = journals.get_journal(ledger.database, one, journal.id)
    assert stored["state"] == "refused"
    assert stored["refusal"] == {
        "code": "insufficient_funds",
        "details": {"account": budi},
    }


def test_an_id_of_another_tenant_is_taken_but_tells_nothing(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi, siti = ledger.savings(one), ledger.savings(two)
    journal = a_journal((ledger.cash(one), budi, 70))
    ledger.post_one(journal)

    with pytest.raises(ServiceError):
        journals.post_journal(
            ledger.database,
            two,
            a_journal((ledger.cash(two), siti, 1), journal_id=journal.id),
        )

    assert ledger.balance(siti) == 0


def test_balances_count_what_is_pending_and_the_limit(ledger: Ledger) -> None:
    one = ledger.cooperative(liquidity=1_000, cap=600)
    two = ledger.cooperative()
    budi, siti = ledger.savings(one, 500), ledger.savings(two)
    ledger.post_one(a_transfer(budi, one, siti, two, 200))

    assert ledger.standing(contract.position_account(one)) == {
        "balance": -200,
        "pending": 0,
        "available": 400,
    }


def test_a_tenant_sees_balances_of_its_own_book_only(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi, siti = ledger.savings(one, 5), ledger.savings(two, 7)

    found = books.get_balances(
        ledger.database, a_tenant(one), [budi, siti, "hub:1-1010", "0000"]
    )

    assert list(found) == [budi]


def test_a_limit_that_is_passed_already_is_refused(ledger: Ledger) -> None:
    one = ledger.cooperative(liquidity=1_000, cap=600)
    two = ledger.cooperative()
    budi, siti = ledger.savings(one, 500), ledger.savings(two)
    ledger.post_one(a_transfer(budi, one, siti, two, 200))
    position = contract.position_account(one)

    with pytest.raises(contract.NetDebitCapExceeded):
        books.set_limit(ledger.database, position, -199)
    with pytest.raises(contract.InsufficientFunds):
        books.set_limit(ledger.database, budi, 301)
    with pytest.raises(contract.AccountNotFound):
        books.set_limit(ledger.database, "0000", 0)

    assert books.set_limit(ledger.database, position, -200)["available"] == 0


def test_an_account_is_closed_only_when_empty_and_stays_closed(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 5)

    with pytest.raises(contract.AccountNotEmpty):
        books.set_status(ledger.database, one, budi, "closed")
    ledger.post_one(a_journal((budi, ledger.cash(one), 5)))
    books.set_status(ledger.database, one, budi, "closed")
    with pytest.raises(contract.AccountClosed):
        books.set_status(ledger.database, one, budi, "active")

    assert codes(ledger.post(a_journal((ledger.cash(one), budi, 5)))) == [
        "account_not_active"
    ]


def test_opening_again_changes_nothing(ledger: Ledger) -> None:
    one = ledger.cooperative(liquidity=50, cap=40)
    budi = ledger.savings(one, 5)
    account = {"key": budi, "code": "2-1000", "name": "Lain", "minimum_balance": 0}

    books.open_book(ledger.database, one)
    assert books.open_accounts(ledger.database, one, [account]) == [budi]

    assert ledger.balance(budi) == 5
    assert ledger.standing(contract.position_account(one))["available"] == 40


def test_a_key_cannot_be_taken_from_another_book(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi = ledger.savings(one)
    account = {"key": budi, "code": "2-1000", "name": "X", "minimum_balance": 0}

    with pytest.raises(contract.AccountKeyTaken):
        books.open_accounts(ledger.database, two, [account])
    with pytest.raises(contract.AccountKeyTaken):
        books.open_accounts(ledger.database, one, [account | {"code": "2-1010"}])
    for wrong in ({"key": f"{one}:x"}, {"key": "k", "code": "7-1000"}):
        with pytest.raises(ServiceError):
            books.open_accounts(ledger.database, two, [account | wrong])
    with pytest.raises(contract.BookNotOpen):
        books.open_accounts(ledger.database, "coop_none", [account | {"key": "k2"}])
