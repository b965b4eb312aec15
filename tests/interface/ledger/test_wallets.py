"""Wallets and fees: topped up, drawn on by the schedule, once per reference."""

from typing import Any

import pytest

from services.ledger.operations import statements, wallets
from services.shared import identifiers
from services.shared.contracts import ledger as contract
from services.shared.contracts.idempotency import request_hash
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import IdempotencyKeyReused, Malformed
from services.shared.identity import HUB
from services.shared.persistence import outbox
from tests.factories.ledger import Ledger


def part(key: str, body: str = "") -> dict[str, str]:
    return {
        "operation": "POST /v1/cooperatives/x/fees",
        "key": key,
        "request_hash": request_hash({"body": body}),
    }


def top_up(
    ledger: Ledger, cooperative_id: str, amount: int, **more: Any
) -> dict[str, Any]:
    given = {"reference": "VA-1", "idempotency": part(identifiers.new("key"))} | more
    return wallets.top_up_wallet(
        ledger.database, cooperative_id=cooperative_id, amount=amount, **given
    )


def asked(cooperative_id: str, kind: str = "ekyc_check", **more: Any) -> wallets.Asked:
    given = {"base_amount": None, "months": None, "reference": "ref_1"} | more
    return wallets.Asked(cooperative_id=cooperative_id, kind=kind, **given)


def charge(
    ledger: Ledger, request: wallets.Asked, key: dict[str, str] | None = None
) -> dict[str, Any]:
    return wallets.charge_fee(ledger.database, request, key)


def books_of(ledger: Ledger, book: str) -> dict[str, int]:
    answer = statements.get_trial_balance(ledger.database, book, None)
    return {
        line["code"]: line["debit"] - line["credit"]
        for line in answer["accounts"]
        if line["debit"] != line["credit"]
    }


def test_a_top_up_and_a_fee_are_booked_on_both_sides(ledger: Ledger) -> None:
    one = ledger.cooperative()
    before = books_of(ledger, HUB)

    assert top_up(ledger, one, 100_000)["balance"] == 100_000
    fee = charge(ledger, asked(one))

    assert (fee["amount"], fee["rule"], fee["kind"]) == (5_000, "R35", "ekyc_check")
    assert wallets.get_wallet(ledger.database, one) == {"balance": 95_000}
    assert books_of(ledger, one) == {
        "1-1010": -100_000,
        "1-1020": 95_000,
        "5-2200": 5_000,
    }
    after = books_of(ledger, HUB)
    assert {code: after[code] - before.get(code, 0) for code in after} == {
        code: {"1-1020": 100_000, "2-1600": -95_000, "4-2000": -5_000}.get(code, 0)
        for code in after
    }


def payment(cooperative_id: str, **more: Any) -> wallets.Payment:
    given: dict[str, Any] = {
        "id": identifiers.new("jrn"),
        "amount": 100_000,
        "target": "held",
        "description": "Pembayaran virtual account",
        "reference": "pay_1",
    } | more
    return wallets.Payment(cooperative_id=cooperative_id, **given)


def test_a_payment_raises_the_wallet_and_is_held_for_whoever_paid(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    received = payment(one)

    posted = wallets.receive_payment(ledger.database, received)
    again = wallets.receive_payment(ledger.database, received)

    assert posted.journal_id == again.journal_id == received.id
    assert (posted.replayed, again.replayed) == (False, True)
    assert wallets.get_wallet(ledger.database, one) == {"balance": 100_000}
    assert books_of(ledger, one) == {"1-1020": 100_000, "2-1350": -100_000}


def test_a_payment_of_the_cooperative_itself_comes_from_its_bank(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()

    wallets.receive_payment(ledger.database, payment(one, target="bank"))

    assert books_of(ledger, one) == {"1-1020": 100_000, "1-1010": -100_000}


def test_another_payment_under_the_same_id_is_refused(ledger: Ledger) -> None:
    one = ledger.cooperative()
    received = payment(one)
    wallets.receive_payment(ledger.database, received)

    with pytest.raises(contract.JournalIdReused):
        wallets.receive_payment(ledger.database, payment(one, id=received.id, amount=1))

    assert wallets.get_wallet(ledger.database, one) == {"balance": 100_000}


def test_without_a_book_no_payment_is_received(ledger: Ledger) -> None:
    received = payment("coop_without_book")

    with pytest.raises(contract.BookNotOpen):
        wallets.receive_payment(ledger.database, received)


def test_a_top_up_with_the_same_key_happens_once(ledger: Ledger) -> None:
    one = ledger.cooperative()

    first = top_up(ledger, one, 100_000, idempotency=part("k"))
    again = top_up(ledger, one, 100_000, idempotency=part("k"))

    assert again == first | {"replayed": True}
    with pytest.raises(IdempotencyKeyReused):
        top_up(ledger, one, 100_001, idempotency=part("k"))
    with pytest.raises(contract.BookNotOpen):
        top_up(ledger, "coop_none", 1)


@pytest.mark.parametrize(
    ("kind", "more", "amount"),
    [
        ("disbursement", {"base_amount": 75_000_000}, 1_125_000),
        ("whatsapp_bot", {}, 1_000_000),
        ("default_insurance", {"base_amount": 10_000_000, "months": 18}, 675_000),
        ("disbursement", {"base_amount": 99}, 0),
    ],
)
def test_fees_follow_the_schedule(
    ledger: Ledger, kind: str, more: dict[str, int], amount: int
) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 2_000_000)

    fee = charge(ledger, asked(one, kind, **more))

    assert fee["amount"] == amount
    assert (fee["journal_id"] is None) == (amount == 0)
    assert wallets.get_wallet(ledger.database, one)["balance"] == 2_000_000 - amount


def test_a_fee_is_charged_once_per_kind_and_reference(ledger: Ledger) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    top_up(ledger, one, 1_000_000)
    top_up(ledger, two, 1_000_000)
    loan = asked(one, "disbursement", base_amount=10_000_000)

    first = charge(ledger, loan)

    assert charge(ledger, loan) == first | {"replayed": True}
    with pytest.raises(contract.FeeAlreadyCharged):
        charge(ledger, asked(one, "disbursement", base_amount=10_000_001))
    # Another kind, and another cooperative's reference of the same name, are others.
    assert charge(ledger, asked(one))["amount"] == 5_000
    assert "replayed" not in charge(
        ledger, asked(two, "disbursement", base_amount=10_000_000)
    )


def test_a_fee_that_the_wallet_cannot_pay_leaves_nothing_behind(
    ledger: Ledger,
) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 4_999)

    with pytest.raises(contract.InsufficientWalletBalance) as refusal:
        charge(ledger, asked(one), part("k"))
    assert refusal.value.details == {"amount": 5_000}
    top_up(ledger, one, 1)

    assert charge(ledger, asked(one), part("k"))["amount"] == 5_000
    assert wallets.get_wallet(ledger.database, one) == {"balance": 0}


def test_an_operators_key_is_for_one_body(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)
    key = identifiers.new("key")

    first = charge(ledger, asked(one), part(key, "a"))

    assert charge(ledger, asked(one), part(key, "a")) == first | {"replayed": True}
    with pytest.raises(IdempotencyKeyReused):
        charge(ledger, asked(one, reference="ref_2"), part(key, "b"))
    assert wallets.get_wallet(ledger.database, one) == {"balance": 95_000}


def test_a_fee_says_what_it_needs(ledger: Ledger) -> None:
    one = ledger.cooperative()

    with pytest.raises(Malformed, match="base_amount"):
        charge(ledger, asked(one, "disbursement"))
    with pytest.raises(Malformed, match="months"):
        charge(ledger, asked(one, "default_insurance", base_amount=1_000))
    with pytest.raises(contract.FeeNotScheduled):
        charge(ledger, asked(one, "unknown"))
    with pytest.raises(contract.BookNotOpen):
        charge(ledger, asked("coop_none"))
    with pytest.raises(contract.BookNotOpen):
        wallets.get_wallet(ledger.database, "coop_none")


def test_fees_are_listed_newest_first_to_their_own_cooperative(
    ledger: Ledger,
) -> None:
    one, two = ledger.cooperative(), ledger.cooperative()
    top_up(ledger, one, 100_000)
    for number in range(3):
        charge(ledger, asked(one, reference=f"kyc_{number}"))

    page = wallets.list_fees(ledger.database, one, limit=2, cursor=None)
    rest = wallets.list_fees(ledger.database, one, limit=2, cursor=page["next_cursor"])

    assert [fee["reference"] for fee in page["items"]] == ["kyc_2", "kyc_1"]
    assert [fee["reference"] for fee in rest["items"]] == ["kyc_0"]
    assert rest["next_cursor"] is None
    assert wallets.list_fees(ledger.database, two, limit=2, cursor=None)["items"] == []
    with pytest.raises(InvalidCursor):
        wallets.list_fees(ledger.database, one, limit=2, cursor="x")


def test_the_schedule_can_be_read(ledger: Ledger) -> None:
    schedule = wallets.get_fee_schedule(ledger.database, None)

    rules = [rate["rule"] for rate in schedule["items"]]
    assert rules == ["R35", "R36", "R39", "R40", "R41", "R42"]
    assert contract.FeeSchedule().dump(schedule)["items"][0]["fixed_amount"] == 5_000


def test_a_charge_tells_the_others(ledger: Ledger) -> None:
    one = ledger.cooperative()
    top_up(ledger, one, 100_000)

    fee = charge(ledger, asked(one))
    charge(ledger, asked(one))

    with ledger.database.hub() as session:
        messages = outbox.take(session, 1_000)
    told = [message for message in messages if message.payload.get("id") == fee["id"]]
    assert [(message.name, message.payload) for message in told] == [
        (contract.FEE_CHARGED, fee)
    ]
