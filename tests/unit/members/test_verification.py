"""How long codes are good, and how often they may be tried or asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.members.domain import verification

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def ago(**delta: float) -> datetime:
    return NOW - timedelta(**delta)


@pytest.mark.parametrize(
    ("sent_at", "seconds"),
    [
        pytest.param([], 0, id="never"),
        pytest.param([ago(seconds=60)], 0, id="a minute ago"),
        pytest.param([ago(seconds=59)], 1, id="a moment ago"),
        pytest.param([ago(seconds=59.5)], 1, id="rounded up"),
        pytest.param([NOW], 60, id="just now"),
        pytest.param([ago(hours=one) for one in range(1, 5)], 0, id="four today"),
        pytest.param(
            [ago(hours=one) for one in range(1, 6)], 19 * 3600, id="five today"
        ),
    ],
)
def test_codes_are_a_minute_apart_and_five_a_day(
    sent_at: list[datetime], seconds: int
) -> None:
    assert verification.seconds_to_wait(sent_at, NOW) == seconds


def test_a_code_is_tried_five_times_within_ten_minutes() -> None:
    until = NOW + timedelta(seconds=1)

    assert verification.may_be_tried(4, until, NOW)
    assert not verification.may_be_tried(5, until, NOW)
    assert not verification.may_be_tried(0, NOW, NOW)
    assert timedelta(minutes=10) == verification.LIFETIME


@pytest.mark.parametrize(("number", "code"), [(0, "000000"), (999_999, "999999")])
def test_a_code_has_six_digits(number: int, code: str) -> None:
    assert verification.spelled(number) == code
