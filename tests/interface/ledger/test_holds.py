"""Holds: reserved, posted whole or in part, voided, expired, and only once."""

from dataclasses import replace
from datetime import timedelta

from services.ledger.domain.holds import Placed, Resolution, Resolved
from services.ledger.domain.journals import Journal
from services.ledger.operations import holds, periods
from services.shared import clock
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from tests.factories.ledger import Ledger, a_journal, a_transfer, today


def place(ledger: Ledger, *journals: Journal) -> list[Placed | ServiceError]:
    return holds.place_holds(ledger.database, journals)


def resolve(
    ledger: Ledger, hold_id: str, action: str, amount: int | None = None
) -> Resolved | ServiceError:
    [outcome] = holds.resolve_holds(
        ledger.database, [Resolution(hold_id=hold_id, action=action, amount=amount)]
    )
    return outcome


def code(outcome: object) -> str:
    assert isinstance(outcome, ServiceError), outcome
    return outcome.code


def a_hold(ledger: Ledger, amount: int = 60) -> tuple[Journal, str, str]:
    """A placed hold that would pay ``amount`` out of an account with 100."""
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((budi, ledger.cash(one), amount))
    [placed] = place(ledger, journal)
    assert isinstance(placed, Placed), placed
    return journal, budi, one


def test_a_hold_reserves_without_moving(ledger: Ledger) -> None:
    journal, budi, one = a_hold(ledger)

    assert ledger.standing(budi) == {"balance": 100, "pending": 60, "available": 40}
    [refused] = ledger.post(a_journal((budi, ledger.cash(one), 41)))
    assert code(refused) == "insufficient_funds"
    [again] = place(ledger, journal)
    assert isinstance(again, Placed)
    assert again.replayed
    assert ledger.standing(budi)["pending"] == 60


def test_holds_of_a_batch_respect_the_cap_one_after_the_other(ledger: Ledger) -> None:
    one, two = ledger.cooperative(liquidity=500, cap=100), ledger.cooperative()
    budi, siti = ledger.savings(one, 1_000), ledger.savings(two)
    payments = [a_transfer(budi, one, siti, two, 60) for _ in range(10)]

    outcomes = place(ledger, *payments)

    assert [isinstance(outcome, Placed) for outcome in outcomes] == [True] + [False] * 9
    assert {code(outcome) for outcome in outcomes[1:]} == {"net_debit_cap_exceeded"}
    [refused] = place(ledger, payments[1])
    assert isinstance(refused, ServiceError)
    assert refused.details["replayed"]


def test_a_posted_hold_becomes_the_journal_with_its_id(ledger: Ledger) -> None:
    journal, budi, _ = a_hold(ledger)

    resolved = resolve(ledger, journal.id, "post")

    assert isinstance(resolved, Resolved)
    assert (resolved.state, resolved.journal_id) == ("posted", journal.id)
    assert resolved.balances[budi] == 40
    assert ledger.standing(budi) == {"balance": 40, "pending": 0, "available": 40}
    assert resolve(ledger, journal.id, "post") == replace(resolved, replayed=True)
    assert code(resolve(ledger, journal.id, "void")) == "hold_already_posted"
    assert code(resolve(ledger, journal.id, "post", 10)) == "hold_already_posted"


def test_posting_a_part_returns_the_rest(ledger: Ledger) -> None:
    journal, budi, _ = a_hold(ledger)

    assert code(resolve(ledger, journal.id, "post", 61)) == "hold_amount_invalid"
    resolved = resolve(ledger, journal.id, "post", 25)

    assert isinstance(resolved, Resolved)
    assert ledger.standing(budi) == {"balance": 75, "pending": 0, "available": 75}
    again = resolve(ledger, journal.id, "post", 25)
    assert again == replace(resolved, replayed=True)


def test_a_voided_hold_returns_everything(ledger: Ledger) -> None:
    journal, budi, _ = a_hold(ledger)

    resolved = resolve(ledger, journal.id, "void")

    assert isinstance(resolved, Resolved)
    assert (resolved.state, resolved.journal_id) == ("voided", None)
    assert ledger.standing(budi) == {"balance": 100, "pending": 0, "available": 100}
    assert resolve(ledger, journal.id, "void") == replace(resolved, replayed=True)
    assert code(resolve(ledger, journal.id, "post")) == "hold_already_voided"


def test_a_hold_resolved_twice_in_one_batch_is_resolved_once(ledger: Ledger) -> None:
    journal, budi, _ = a_hold(ledger)
    post = Resolution(hold_id=journal.id, action="post")
    void = Resolution(hold_id=journal.id, action="void")

    first, second, third, unknown = holds.resolve_holds(
        ledger.database, [post, void, post, replace(post, hold_id="trf_none")]
    )

    assert isinstance(first, Resolved)
    assert code(second) == "hold_already_posted"
    assert third == replace(first, replayed=True)
    assert code(unknown) == "hold_not_found"
    assert ledger.balance(budi) == 40


def test_a_hold_expires_on_the_databases_time(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    due = a_journal(
        (budi, ledger.cash(one), 60), expires_at=clock.now() - timedelta(seconds=1)
    )
    later = a_journal(
        (budi, ledger.cash(one), 10), expires_at=clock.now() + timedelta(hours=1)
    )
    place(ledger, due, later)

    assert holds.expire_holds(ledger.database) == 1
    assert holds.expire_holds(ledger.database) == 0

    assert ledger.standing(budi) == {"balance": 100, "pending": 10, "available": 90}
    assert code(resolve(ledger, due.id, "post")) == "hold_expired"
    assert code(resolve(ledger, due.id, "void")) == "hold_expired"


def test_a_hold_is_over_when_its_time_is_even_if_the_sweep_is_late(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    due = a_journal(
        (budi, ledger.cash(one), 60), expires_at=clock.now() - timedelta(seconds=1)
    )
    place(ledger, due)

    assert code(resolve(ledger, due.id, "post")) == "hold_expired"
    assert ledger.standing(budi)["pending"] == 0


def test_a_hold_is_not_posted_into_a_closed_day_but_stays(ledger: Ledger) -> None:
    journal, budi, one = a_hold(ledger)
    yesterday = today() - timedelta(1)
    periods.close_period(ledger.database, one, yesterday)
    into_closed = Resolution(hold_id=journal.id, action="post", business_date=yesterday)

    [refused] = holds.resolve_holds(ledger.database, [into_closed])

    assert code(refused) == "period_closed"
    assert ledger.standing(budi)["pending"] == 60
    assert isinstance(resolve(ledger, journal.id, "post"), Resolved)


def test_ids_of_holds_and_journals_are_of_one_kind(ledger: Ledger) -> None:
    journal, budi, one = a_hold(ledger)
    posted = a_journal((budi, ledger.cash(one), 1))
    ledger.post_one(posted)

    assert code(ledger.post(journal)[0]) == "journal_id_reused"
    assert code(place(ledger, posted)[0]) == "journal_id_reused"
    other = replace(journal, description="Lain")
    assert code(place(ledger, other)[0]) == "journal_id_reused"
    resolve(ledger, journal.id, "post")
    assert code(ledger.post(journal)[0]) == "journal_id_reused"
    [again] = place(ledger, journal)
    assert isinstance(again, Placed)
    assert (again.state, again.replayed) == ("posted", True)


def test_a_promise_stands_when_the_account_is_frozen_meanwhile(
    ledger: Ledger,
) -> None:
    from services.ledger.operations import books

    journal, budi, one = a_hold(ledger)
    books.set_status(ledger.database, one, budi, "frozen")

    assert isinstance(resolve(ledger, journal.id, "post"), Resolved)


def test_an_account_with_holds_cannot_be_closed(ledger: Ledger) -> None:
    from services.ledger.operations import books

    one = ledger.cooperative()
    budi = ledger.savings(one)
    place(ledger, a_journal((ledger.cash(one), budi, 5)))

    try:
        books.set_status(ledger.database, one, budi, "closed")
    except contract.AccountNotEmpty:
        return
    raise AssertionError("closed with a hold on it")
