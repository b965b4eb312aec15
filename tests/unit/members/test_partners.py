"""What makes a SNAP request trustworthy."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.members.domain import partners

NOW = datetime(2026, 11, 22, 9, 15, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-11-22T16:15:03+07:00", True),
        ("2026-11-22T09:15:03Z", True),
        ("2026-11-22T16:20:03+07:00", True),
        ("2026-11-22T16:20:04+07:00", False),
        ("2026-11-22T16:10:03+07:00", True),
        ("2026-11-22T16:10:02+07:00", False),
        ("2026-11-22T16:15:03", False),
        ("2026-11-22", False),
        ("now", False),
        ("", False),
    ],
)
def test_a_timestamp_is_good_for_five_minutes_either_way(
    timestamp: str, *, expected: bool
) -> None:
    assert partners.is_fresh(timestamp, NOW) is expected


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_is_read_in_both_spellings(signed: bytes) -> None:
    assert partners.decoded_signature(base64.b64encode(signed).decode()) == signed
    assert partners.decoded_signature(signed.hex()) == signed
    assert partners.decoded_signature(signed.hex().upper()) == signed


@pytest.mark.parametrize("text", ["", "not base64", "äöü", "AAA", "A" * 127])
def test_what_is_no_signature_equals_none(text: str) -> None:
    assert partners.decoded_signature(text) == b""


@pytest.mark.parametrize(
    ("allowed", "address", "expected"),
    [
        ([], "203.0.113.7", True),
        ([], "", True),
        (["203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.8", False),
        (["203.0.113.0/24"], "203.0.113.250", True),
        (["203.0.113.9/24"], "203.0.113.250", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.5", True),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "203.0.113.7", False),
        (["203.0.113.7"], "", False),
        (["203.0.113.7"], "unix", False),
    ],
)
def test_a_partner_calls_from_its_networks(
    allowed: list[str], address: str, *, expected: bool
) -> None:
    assert partners.may_call_from(allowed, address) is expected


def test_the_tolerance_is_as_documented() -> None:
    assert timedelta(minutes=5) == partners.TOLERANCE
