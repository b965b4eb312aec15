"""Undoing a journal: by its mirror image, once, inside one's own book."""

from typing import Any

import pytest

from services.ledger.operations import journals, periods
from services.loans.domain import guarantees, recovery, takeovers
from services.shared.contracts import ledger as contract
from services.shared.errors import IdempotencyKeyReused
from tests.factories.ledger import Ledger, a_journal, a_transfer, today


def reverse(
    ledger: Ledger,
    cooperative_id: str,
    journal_id: str,
    *,
    key: str = "k1",
    **more: Any,
) -> dict[str, Any]:
    part = {"operation": f"POST /v1/journals/{journal_id}/reverse", "key": key}
    given = {"reason": "Salah setor"} | more
    return journals.reverse_journal(
        ledger.database,
        cooperative_id,
        journal_id=journal_id,
        idempotency=part | {"request_hash": ""},
        **given,
    )


def test_a_reversal_restores_the_balances_and_names_the_original(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    deposit = ledger.deposit(budi, one, 70)

    reversal = reverse(ledger, one, deposit.journal_id)

    assert reversal["balances"] == {budi: 0, ledger.cash(one): 0}
    original = journals.get_journal(ledger.database, one, deposit.journal_id)
    undone = journals.get_journal(ledger.database, one, reversal["journal_id"])
    assert original["reversed_by"] == undone["journal_id"]
    assert undone["reverses"] == deposit.journal_id
    assert undone["description"] == "Salah setor"
    assert undone["business_date"] == today()
    assert undone["postings"] == [
        {"debit_account": budi, "credit_account": ledger.cash(one), "amount": 70}
    ]


def test_the_same_key_gets_the_same_reversal_again(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    deposit = ledger.deposit(budi, one, 70)

    first = reverse(ledger, one, deposit.journal_id)
    again = reverse(ledger, one, deposit.journal_id)

    assert again == first | {"replayed": True}
    with pytest.raises(IdempotencyKeyReused):
        reverse(ledger, one, deposit.journal_id, reason="Lain")
    with pytest.raises(contract.AlreadyReversed):
        reverse(ledger, one, deposit.journal_id, key="k2")


def test_limits_apply_to_a_reversal_too(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    deposit = ledger.deposit(budi, one, 70)
    ledger.post_one(a_journal((budi, ledger.cash(one), 50)))

    with pytest.raises(contract.InsufficientFunds):
        reverse(ledger, one, deposit.journal_id)
    # A refusal has not reversed it: with another key, and money, it can be.
    ledger.deposit(budi, one, 50)
    assert reverse(ledger, one, deposit.journal_id, key="k2")["balances"][budi] == 0


def test_a_refused_reversal_stays_refused_under_its_key(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one)
    deposit = ledger.deposit(budi, one, 70)
    ledger.post_one(a_journal((budi, ledger.cash(one), 50)))
    with pytest.raises(contract.InsufficientFunds):
        reverse(ledger, one, deposit.journal_id)
    ledger.deposit(budi, one, 50)
    reverse(ledger, one, deposit.journal_id, key="k2")

    with pytest.raises(contract.InsufficientFunds) as again:
        reverse(ledger, one, deposit.journal_id)
    assert again.value.details["replayed"]


@pytest.mark.parametrize("kind", ["transfer", "return"])
def test_a_payment_inside_one_cooperative_is_undone_by_a_return_only(
    ledger: Ledger, kind: str
) -> None:
    one = ledger.cooperative()
    budi, siti = ledger.savings(one, 99), ledger.savings(one)
    payment = ledger.post_one(a_journal((budi, siti, 9), kind=kind))

    with pytest.raises(contract.JournalSpansBooks):
        reverse(ledger, one, payment.journal_id)


@pytest.mark.parametrize(
    "kind",
    [
        "opening_balance",
        "payment_allocated",
        guarantees.KIND,
        guarantees.RETURN_KIND,
        recovery.REMAINDER,
        recovery.SURPLUS,
        takeovers.KIND,
    ],
)
def test_what_other_tables_account_for_is_not_reversed_behind_their_back(
    ledger: Ledger, kind: str
) -> None:
    """Simpanan pokok would leave members who stay; held money would be of nobody."""
    one = ledger.cooperative()
    budi = ledger.savings(one, 99)
    made = ledger.post_one(a_journal((ledger.cash(one), budi, 9), kind=kind))

    with pytest.raises(contract.JournalUndoneElsewhere):
        reverse(ledger, one, made.journal_id)


def test_a_journal_that_spans_books_is_not_reversed_by_one_of_them(
    ledger: Ledger,
) -> None:
    one, two = ledger.cooperative(liquidity=99, cap=99), ledger.cooperative()
    budi, siti = ledger.savings(one, 99), ledger.savings(two)
    payment = ledger.post_one(a_transfer(budi, one, siti, two, 9))

    for cooperative_id in (one, two):
        with pytest.raises(contract.JournalSpansBooks):
            reverse(ledger, cooperative_id, payment.journal_id)


def test_what_is_not_there_or_was_refused_cannot_be_reversed(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    budi = ledger.savings(one)
    deposit = ledger.deposit(budi, one, 70)
    refused = a_journal((budi, ledger.cash(one), 71))
    ledger.post(refused)

    with pytest.raises(contract.JournalNotFound):
        reverse(ledger, two, deposit.journal_id)
    with pytest.raises(contract.JournalNotFound):
        reverse(ledger, one, "jrn_none")
    with pytest.raises(contract.JournalNotPosted):
        reverse(ledger, one, refused.id)


def test_a_journal_of_a_closed_day_is_reversed_into_today(ledger: Ledger) -> None:
    from datetime import timedelta

    one = ledger.cooperative()
    budi = ledger.savings(one)
    yesterday = today() - timedelta(1)
    old = ledger.post_one(
        a_journal((ledger.cash(one), budi, 70), business_date=yesterday)
    )
    periods.close_period(ledger.database, one, yesterday)

    reversal = reverse(ledger, one, old.journal_id)

    assert reversal["balances"][budi] == 0


def test_a_tenant_sees_only_its_side_of_a_payment(ledger: Ledger) -> None:
    one, two = ledger.cooperative(liquidity=99, cap=99), ledger.cooperative()
    other = ledger.cooperative()
    budi, siti = ledger.savings(one, 99), ledger.savings(two)
    payment = ledger.post_one(a_transfer(budi, one, siti, two, 9))

    seen = journals.get_journal(ledger.database, two, payment.journal_id)

    assert seen["postings"] == [
        {"debit_account": f"{two}:1-1300", "credit_account": siti, "amount": 9}
    ]
    with pytest.raises(contract.JournalNotFound):
        journals.get_journal(ledger.database, other, payment.journal_id)


def test_only_the_payer_hears_of_a_refused_payment(ledger: Ledger) -> None:
    one, two = ledger.cooperative(liquidity=99, cap=99), ledger.cooperative()
    budi, siti = ledger.savings(one, 5), ledger.savings(two)
    payment = a_transfer(budi, one, siti, two, 9)
    ledger.post(payment)

    seen = journals.get_journal(ledger.database, one, payment.id)

    assert (seen["state"], seen["postings"]) == ("refused", [])
    with pytest.raises(contract.JournalNotFound):
        journals.get_journal(ledger.database, two, payment.id)
