"""When a payment is believed, what is thought of callbacks, and how iPaymu signs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hub.simulators import ipaymu as simulator
from services.members.adapters import ipaymu
from services.members.domain import payments
from services.members.domain.payments import Callback, Expected, Reading

NOW = datetime(2026, 11, 22, 9, 15, 3, tzinfo=UTC)
VA = "0000001225665555"


def expected(state: str = payments.PENDING, *, hours_left: int = 1) -> Expected:
    return Expected(
        transaction_id="4711",
        reference="pay_1",
        amount=100_000,
        state=state,
        expires_at=NOW + timedelta(hours=hours_left),
    )


def reading(status: int, **other: object) -> Reading:
    told = {"transaction_id": "4711", "reference": "pay_1", "amount": 100_000} | other
    return Reading(status=status, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (0, payments.PENDING),
        (1, payments.PAID),
        (2, payments.FAILED),
        (3, payments.FAILED),
        (4, payments.FAILED),
        (5, payments.FAILED),
        (6, payments.PAID),
        (7, payments.PENDING),
        (-2, payments.EXPIRED),
        (99, payments.FAILED),
    ],
)
def test_each_status_of_the_provider_means_one_thing(status: int, found: str) -> None:
    assert payments.judged(reading(status), expected(), NOW) == found


@pytest.mark.parametrize(
    "other",
    [
        {"amount": 99_999},
        {"amount": 100_001},
        {"amount": None},
        {"reference": "pay_2"},
        {"transaction_id": "4712"},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", [1, 6])
def test_what_was_paid_otherwise_is_disputed(
    status: int, other: dict[str, object]
) -> None:
    found = payments.judged(reading(status, **other), expected(), NOW)
    assert found == payments.DISPUTED


@pytest.mark.parametrize(
    ("hours_left", "found"), [(0, payments.PENDING), (-2, payments.EXPIRED)]
)
def test_an_open_one_is_over_after_some_grace(hours_left: int, found: str) -> None:
    open_one = expected(hours_left=hours_left)
    assert payments.judged(reading(0), open_one, NOW) == found


@pytest.mark.parametrize("state", [payments.EXPIRED, payments.FAILED])
def test_what_has_ended_and_is_still_open_there_stays_ended(state: str) -> None:
    assert payments.judged(reading(0), expected(state), NOW) == state
    assert payments.judged(reading(1), expected(state), NOW) == payments.PAID


@pytest.mark.parametrize(
    ("callback", "known", "thought"),
    [
        (Callback(), expected(), payments.UNREADABLE),
        (
            Callback(reference="pay_9", transaction_id="4711"),
            None,
            payments.UNKNOWN_REFERENCE,
        ),
        (
            Callback(reference="pay_1", transaction_id="1", amount=100_000),
            expected(),
            payments.WRONG_TRANSACTION,
        ),
        (
            Callback(reference="pay_1", transaction_id="4711", amount=1),
            expected(),
            payments.WRONG_AMOUNT,
        ),
        (
            Callback(reference="pay_1", transaction_id="4711", amount=100_000),
            expected(),
            payments.ACCEPTED,
        ),
        (
            Callback(reference="pay_1", transaction_id="4711", amount=100_000),
            expected(payments.CREDITED),
            payments.REPEATED,
        ),
    ],
    ids=["nothing", "unknown", "transaction", "amount", "true", "again"],
)
def test_what_is_thought_of_a_callback(
    callback: Callback, known: Expected | None, thought: str
) -> None:
    assert payments.verdict(callback, known) == thought


def test_looks_grow_apart_up_to_a_quarter_of_an_hour() -> None:
    pauses = [payments.pause_seconds(attempts) for attempts in range(9)]
    assert pauses == [15, 15, 30, 60, 120, 240, 480, 900, 900]
    assert payments.pause_seconds(10_000) == 900


def test_a_request_is_signed_as_the_documents_have_it() -> None:
    # Test vector 8.
    body = b'{"account":"0000001225665555"}'
    assert (
        ipaymu.signature(VA, "KUNCI-UJI", body)
        == "ac77ed281adb74348bbd3ed3d8ed5ba21e17733af6695a067438b83433fc4252"
    )


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (150_000, 150_000),
        ("150000", 150_000),
        ("150000.00", 150_000),
        (Decimal("150000.0"), 150_000),
        (0, 0),
        ("150000.50", None),
        ("150.000,00", None),
        (-1, None),
        (True, None),
        (None, None),
        ("", None),
        ("NaN", None),
        ("Infinity", None),
        ("1e400", None),
        ("9" * 40, None),
        (10**15 + 1, None),
        ([1], None),
    ],
)
def test_an_amount_is_whole_rupiah_or_nothing(
    value: object, amount: int | None
) -> None:
    assert ipaymu.rupiah(value) == amount


def test_a_form_signed_by_the_provider_is_signed() -> None:
    fields = {
        "trx_id": 4711,
        "reference_id": "pay_1",
        "status": "berhasil",
        "status_code": 1,
        "amount": "100000",
        "paid_off": 100000,
        "is_escrow": False,
        "additional_info": [],
    }
    signed = simulator.callback_signature(fields, VA)
    body = b"trx_id=4711&reference_id=pay_1&status=berhasil&status_code=1"
    body += b"&amount=100000&paid_off=100000&is_escrow=0"

    read = ipaymu.read_callback(body, ipaymu.FORM, signed, VA)

    assert read == Callback(
        transaction_id="4711",
        reference="pay_1",
        amount=100_000,
        status="berhasil",
        is_signed=True,
    )
    assert not ipaymu.read_callback(body, ipaymu.FORM, signed, "1").is_signed
    assert not ipaymu.read_callback(body, ipaymu.FORM, None, VA).is_signed


@given(st.binary(max_size=300), st.sampled_from([ipaymu.FORM, "application/json"]))
def test_no_callback_is_more_than_unreadable(body: bytes, media_type: str) -> None:
    read = ipaymu.read_callback(body, media_type, "ÿ", VA)
    assert not read.is_signed


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
        ),
    )
)
def test_whatever_json_a_field_holds_is_read_or_left_out(value: object) -> None:
    fields = dict.fromkeys(("trx_id", "reference_id", "amount", "is_escrow"), value)
    body = json.dumps(fields).encode()

    read = ipaymu.read_callback(body, "application/json", "x", VA)

    assert read.amount is None or read.amount >= 0
