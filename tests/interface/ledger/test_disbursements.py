"""Loans are paid out with their fees in one journal; fees are given back once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.ledger.operations import books, disbursements, wallets
from services.ledger.operations.disbursements import AgreedFee
from services.shared import identifiers
from services.shared.contracts import ledger as contract
from services.shared.identity import HUB
from tests.factories.ledger import Ledger, a_journal, today
from tests.interface.ledger.test_wallets import asked, books_of, charge, top_up

PRINCIPAL = 3_000_000
FEE = AgreedFee(
    kind="disbursement",
    base_amount=PRINCIPAL,
    months=None,
    amount=15_000,
    reference="loa_1",
    borne_by="cooperative",
)
PREMIUM = AgreedFee(
    kind="default_insurance",
    base_amount=PRINCIPAL,
    months=12,
    amount=135_000,
    reference="loa_1",
    borne_by="premiums_held",
)


def a_loan(ledger: Ledger, cooperative_id: str) -> tuple[str, str]:
    """The accounts of a loan and of the borrower's savings."""
    loan = f"{cooperative_id}:1-1100:{identifiers.new('loa')}"
    books.open_accounts(
        ledger.database,
        cooperative_id,
        [{"key": loan, "code": "1-1100", "name": "Pinjaman", "minimum_balance": 0}],
    )
    return loan, ledger.savings(cooperative_id)


def journal_of(cooperative_id: str, loan: str, savings: str, **more: Any) -> Any:
    held = contract.chart_account(cooperative_id, contract.PREMIUMS_HELD)
    return a_journal(
        (loan, savings, PRINCIPAL),
        (savings, held, PREMIUM.amount),
        kind="loan_disbursement",
        **more,
    )


def test_a_loan_and_its_fees_are_one_journal(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 200_000)
    before = books_of(ledger, HUB)
    loan, savings = a_loan(ledger, one)
    journal = journal_of(one, loan, savings)

    posted = disbursements.post_disbursement(
        ledger.database, one, journal, [FEE, PREMIUM]
    )
    again = disbursements.post_disbursement(
        ledger.database, one, journal, [FEE, PREMIUM]
    )

    assert again == replace(posted, replayed=True)
    assert books_of(ledger, one) == {
        "1-1010": -200_000,
        "1-1020": 200_000 - 15_000 - 135_000,
        "1-1100": PRINCIPAL,
        "2-1000": -(PRINCIPAL - 135_000),
        "5-2200": 15_000,
    }
    after = books_of(ledger, HUB)
    moved = {code: after.get(code, 0) - before.get(code, 0) for code in after | before}
    assert moved["2-1300"] == -135_000
    assert moved["4-2000"] == -15_000
    fees = wallets.list_fees(ledger.database, one, limit=10, cursor=None)["items"]
    assert {(fee["kind"], fee["amount"], fee["journal_id"]) for fee in fees} == {
        ("disbursement", 15_000, journal.id),
        ("default_insurance", 135_000, journal.id),
    }


def test_a_short_wallet_refuses_all_of_it_for_good(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)
    loan, savings = a_loan(ledger, one)
    journal = journal_of(one, loan, savings)

    for _ in range(2):
        with pytest.raises(contract.InsufficientWalletBalance):
            disbursements.post_disbursement(
                ledger.database, one, journal, [FEE, PREMIUM]
            )
        # What was refused stays so: the saga has long given it up.
        top_up(ledger, one, 100_000)

    assert books_of(ledger, one) == {"1-1010": -300_000, "1-1020": 300_000}
    another = replace(journal, id=identifiers.new("jrn"))
    disbursements.post_disbursement(ledger.database, one, another, [FEE, PREMIUM])


def test_another_price_than_agreed_is_refused(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 500_000)
    loan, savings = a_loan(ledger, one)

    with pytest.raises(contract.FeeChanged) as refusal:
        disbursements.post_disbursement(
            ledger.database,
            one,
            journal_of(one, loan, savings),
            [replace(FEE, amount=14_999)],
        )

    assert refusal.value.details["amount"] == 15_000
    assert "1-1100" not in books_of(ledger, one)


def test_a_premium_costs_what_the_insurer_asks(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 500_000)
    loan, savings = a_loan(ledger, one)
    journal = a_journal((loan, savings, PRINCIPAL), kind="loan_disbursement")
    # 3,25 % a year, not the schedule's 4,5 %.
    premium = replace(PREMIUM, amount=97_500, borne_by="cooperative")

    disbursements.post_disbursement(ledger.database, one, journal, [FEE, premium])

    assert books_of(ledger, one)["5-2200"] == 15_000 + 97_500
    fees = wallets.list_fees(ledger.database, one, limit=10, cursor=None)["items"]
    [charged] = [fee for fee in fees if fee["kind"] == "default_insurance"]
    assert (charged["amount"], charged["rule"]) == (97_500, "R42")
    # What of it goes back is bounded by what was charged, not by the schedule.
    with pytest.raises(contract.RefundExceedsFee):
        refund(ledger, one, kind="default_insurance", reference="loa_1", amount=97_501)


@pytest.mark.parametrize("amount", [0, PRINCIPAL + 1])
def test_a_premium_of_nothing_or_of_more_than_the_loan_is_refused(
    ledger: Ledger, amount: int
) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 10_000_000)
    loan, savings = a_loan(ledger, one)
    premium = replace(PREMIUM, amount=amount, borne_by="cooperative")

    with pytest.raises(contract.PremiumOutOfBounds):
        disbursements.post_disbursement(
            ledger.database,
            one,
            a_journal((loan, savings, PRINCIPAL), kind="loan_disbursement"),
            [FEE, premium],
        )

    assert "1-1100" not in books_of(ledger, one)


def test_a_fee_is_charged_by_one_journal(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 500_000)
    loan, savings = a_loan(ledger, one)
    first = journal_of(one, loan, savings)
    disbursements.post_disbursement(ledger.database, one, first, [FEE])

    with pytest.raises(contract.FeeAlreadyCharged):
        second = journal_of(one, loan, savings)
        disbursements.post_disbursement(ledger.database, one, second, [FEE])


def test_nothing_is_posted_in_another_book(ledger: Ledger) -> None:
    one, other = ledger.cooperative(), ledger.cooperative()
    loan, _ = a_loan(ledger, one)
    _, foreign = a_loan(ledger, other)

    with pytest.raises(contract.WrongCooperative):
        disbursements.post_disbursement(
            ledger.database, one, a_journal((loan, foreign, 1_000)), []
        )


def refund(ledger: Ledger, cooperative_id: str, **more: Any) -> dict[str, Any]:
    given = {
        "cooperative_id": cooperative_id,
        "kind": "ekyc_check",
        "reference": "ref_1",
        "refund_reference": "gagal",
        "amount": None,
        "reason": "Vendor gagal",
    }
    return disbursements.refund_fee(ledger.database, given | more)


def test_a_fee_is_given_back_once(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)
    before = books_of(ledger, one)
    charge(ledger, asked(one))

    given = refund(ledger, one)

    assert refund(ledger, one) == given | {"replayed": True}
    assert given["amount"] == 5_000
    assert books_of(ledger, one) == before
    with pytest.raises(contract.RefundExceedsFee):
        refund(ledger, one, refund_reference="lagi")
    [fee] = wallets.list_fees(ledger.database, one, limit=10, cursor=None)["items"]
    assert (fee["amount"], fee["refunded"]) == (5_000, 5_000)


def test_parts_never_come_to_more_than_the_fee(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)
    charge(ledger, asked(one))

    refund(ledger, one, refund_reference="satu", amount=3_000)
    with pytest.raises(contract.RefundExceedsFee):
        refund(ledger, one, refund_reference="dua", amount=2_001)

    assert refund(ledger, one, refund_reference="dua")["amount"] == 2_000
    with pytest.raises(contract.FeeNotCharged):
        refund(ledger, one, reference="lain")


def test_another_amount_under_the_reference_of_a_refund_is_refused(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)
    charge(ledger, asked(one))
    given = refund(ledger, one, amount=3_000)
    before = books_of(ledger, one)

    for amount in (2_000, 3_001, None):
        with pytest.raises(contract.RefundReferenceReused) as refusal:
            refund(ledger, one, amount=amount)
        assert refusal.value.details == {"amount": 3_000}

    assert refund(ledger, one, amount=3_000) == given | {"replayed": True}
    assert books_of(ledger, one) == before


def test_a_repeated_disbursement_may_come_after_midnight(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 500_000)
    loan, savings = a_loan(ledger, one)
    journal = journal_of(one, loan, savings)
    disbursements.post_disbursement(ledger.database, one, journal, [FEE])

    later = replace(journal, business_date=today() + timedelta(days=1))

    posted = disbursements.post_disbursement(ledger.database, one, later, [FEE])
    assert posted.replayed
