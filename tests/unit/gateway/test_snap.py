"""How SNAP requests are signed and refused, by the vectors that are written down."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import snap
from services.gateway.http.requests import Request
from services.shared import clock, crypto, errors
from services.shared.contracts import transfers
from services.shared.errors import ServiceError

BODY = (
    b'{"partnerReferenceNo":"20261122000000001","amount":{"value":"150000.00",'
    b'"currency":"IDR"},"beneficiaryAccountNo":"1000000002","sourceAccountNo":'
    b'"1000000001","transactionDate":"2026-11-22T16:15:03+07:00"}'
)
DIGEST = "acb32da57251304e854ee820a0028ea23434bab9c939d911d2e769f89bc1464e"
SIGNATURE = (
    "47l5kWUgNBfrsUMIayYd1zhxK8PKYpuKP1kwFd4DN1JJvGxkI7e4+4vTWCuV7f0Bv+cDnX0WkQKzSsTa"
    "EDddSg=="
)


def test_the_string_to_sign_is_that_of_the_vector() -> None:
    text = snap.string_to_sign(
        "POST",
        "/api/v1.0/transfer-intrabank",
        "TOKEN123",
        json.dumps(json.loads(BODY), indent=2).encode(),
        "2026-11-22T16:15:03+07:00",
    )

    assert text == (
        f"POST:/api/v1.0/transfer-intrabank:TOKEN123:{DIGEST}:2026-11-22T16:15:03+07:00"
    )
    signed = crypto.hmac_sha512(b"rahasia-uji", text.encode())
    assert base64.b64encode(signed).decode() == SIGNATURE


def test_an_empty_body_is_the_hash_of_nothing() -> None:
    text = snap.string_to_sign("POST", "/p", "t", b"", "now")

    assert text == f"POST:/p:t:{hashlib.sha256(b'').hexdigest()}:now"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{ "b" : 1,\r\n\t"a" : "x  y" }', b'{"b":1,"a":"x  y"}'),
        (rb'{"a": "quote \" and  space"}', rb'{"a":"quote \" and  space"}'),
        (rb'{"a": "back\\", "b": " "}', rb'{"a":"back\\","b":" "}'),
    ],
)
def test_minifying_takes_only_space_between_tokens(
    body: bytes, expected: bytes
) -> None:
    assert snap.minified(body) == expected


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _json))
def test_minified_json_means_the_same_and_is_as_compact_as_can_be(
    value: dict[str, object],
) -> None:
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    spread = json.dumps(value, indent=3, ensure_ascii=False)

    assert snap.minified(spread.encode(errors="replace")) == compact.encode(
        errors="replace"
    )


@pytest.mark.parametrize(
    ("text", "amount"), [("10000.00", 10_000), ("1.00", 1), ("150000.00", 150_000)]
)
def test_amounts_have_two_decimals(text: str, amount: int) -> None:
    assert snap.rupiah(text) == amount
    assert snap.amount_of(amount) == {"value": text, "currency": "IDR"}


@pytest.mark.parametrize(
    "text",
    ["10000", "10000.0", "10000.50", "0.00", "-1.00", "01.00", "1e3.00", "\u0661.00",
     "1000000000000001.00", "10000.00\n", ""],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        snap.rupiah(text)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (transfers.InsufficientFunds(), "4031714"),
        (transfers.AccountNotFound(), "4041711"),
        (transfers.AccountNotActive(), "4031718"),
        (transfers.TransferExpired(), "4031700"),
        (errors.IdempotencyKeyReused(), "4041718"),
        (errors.NotAllowed(), "4031701"),
        (errors.DeadlinePassed(), "5041700"),
        (errors.ServiceBusy(), "5001700"),
        (errors.RemoteFault(), "5001700"),
        (
            errors.Malformed(
                "x", {"errors": [{"field": "amount", "code": "required"}]}
            ),
            "4001702",
        ),
        (
            errors.Malformed(
                "x", {"errors": [{"field": "amount.value", "code": "invalid"}]}
            ),
            "4001701",
        ),
    ],
)
def test_every_fault_has_a_code_of_seven_digits(error: ServiceError, code: str) -> None:
    answer = snap.refusal(snap.TRANSFER, error, Request("POST", "/", {}))

    assert snap.code_of(answer) == code
    assert answer.status == int(code[:3])


@pytest.mark.parametrize("refusal", transfers.TRANSFER_REFUSALS.values())
def test_every_refusal_of_a_transfer_has_a_case_of_its_own(
    refusal: type[ServiceError],
) -> None:
    answer = snap.refusal(snap.TRANSFER, refusal(), Request("POST", "/", {}))

    assert answer.status in {403, 404}
    assert snap.code_of(answer).isdecimal()


def test_a_history_is_a_month_and_no_older_than_a_year() -> None:
    now = clock.now()
    since, until = snap.bounds(None, None)
    assert until - since == timedelta(days=31)

    for begin, end in (
        (now - timedelta(days=40), now),
        (now, now - timedelta(days=1)),
        (now - timedelta(days=400), now - timedelta(days=380)),
    ):
        with pytest.raises(snap.Refused):
            snap.bounds(begin.isoformat(), end.isoformat())
    with pytest.raises(snap.Refused):
        snap.bounds("2026-11-22T16:15:03", None)
    with pytest.raises(snap.Refused):
        snap.bounds("yesterday", None)


def test_moments_are_written_in_jakarta() -> None:
    moment = datetime(2026, 11, 22, 9, 15, 3, 999, tzinfo=UTC).isoformat()

    assert snap.moment_of(moment) == "2026-11-22T16:15:03+07:00"


def test_of_a_body_only_what_is_harmless_is_kept() -> None:
    body = {
        "partnerReferenceNo": "20261122000000001",
        "amount": {"value": "150000.00", "currency": "IDR", "note": "Budi"},
        "beneficiaryAccountNo": "0101100000000016",
        "sourceAccountNo": "0102100000000018",
        "beneficiaryEmail": "budi@contoh.id",
        "remark": "Bayar beras Budi",
        "additionalInfo": {"customerName": "Budi Santoso"},
        "originatorInfos": [{"originatorCustomerName": "Budi"}],
    }

    assert snap.kept_of(body) == {
        "partnerReferenceNo": "20261122000000001",
        "amount": {"value": "150000.00", "currency": "IDR"},
        "beneficiaryAccountNo": "••••••••••••0016",
        "sourceAccountNo": "••••••••••••0018",
    }


def test_a_short_account_number_is_not_shown_whole() -> None:
    kept = snap.kept_of({"accountNo": "1234"})

    assert kept == {"accountNo": "••••"}


def test_nothing_deep_and_nothing_long_is_kept() -> None:
    deep: dict[str, object] = {}
    for _ in range(5000):
        deep = {"amount": deep}

    assert snap.kept_of(deep) == {"amount": {}}
    assert snap.kept_of({"transactionDate": "9" * 65, "pageSize": 10}) == {}
