"""What a service of the hub costs a cooperative (domain.md, part D, vector 1)."""

from datetime import date

import pytest

from services.ledger.domain.fees import (
    BaseMissing,
    FeeRate,
    rate_for,
    rounded_half_up,
)

DAY = date(2026, 11, 22)


def rate(kind: str, rule: str, **more: object) -> FeeRate:
    given = {"valid_from": date(2024, 1, 1)} | more
    return FeeRate(kind=kind, rule=rule, **given)  # type: ignore[arg-type]


SCHEDULE = [
    rate("ekyc_check", "R35", fixed_amount=5_000),
    rate("disbursement", "R36", base_through=10_000_000, rate_bps=50),
    rate(
        "disbursement",
        "R39",
        base_over=10_000_000,
        base_through=50_000_000,
        rate_bps=100,
    ),
    rate("disbursement", "R40", base_over=50_000_000, rate_bps=150),
    rate("whatsapp_bot", "R41", fixed_amount=1_000_000, per="month"),
    rate("default_insurance", "R42", rate_bps=450, per="year"),
]


def fee(kind: str, base_amount: int | None = None, months: int | None = None) -> int:
    found = rate_for(SCHEDULE, kind=kind, day=DAY, base_amount=base_amount)
    assert found is not None
    return found.amount(base_amount=base_amount, months=months)


@pytest.mark.parametrize(
    ("kind", "base_amount", "months", "expected"),
    [
        ("ekyc_check", None, None, 5_000),
        ("disbursement", 10_000_000, None, 50_000),
        ("disbursement", 10_000_001, None, 100_000),
        ("disbursement", 50_000_000, None, 500_000),
        ("disbursement", 50_000_001, None, 750_000),
        ("disbursement", 75_000_000, None, 1_125_000),
        ("disbursement", 99, None, 0),
        ("disbursement", 100, None, 1),
        ("whatsapp_bot", None, None, 1_000_000),
        ("whatsapp_bot", None, 3, 3_000_000),
        ("default_insurance", 10_000_000, 12, 450_000),
        ("default_insurance", 10_000_000, 18, 675_000),
        ("default_insurance", 10_000_000, 24, 900_000),
        ("default_insurance", 1, 1, 0),
    ],
)
def test_fees_are_those_of_the_source_documents(
    kind: str, base_amount: int | None, months: int | None, expected: int
) -> None:
    assert fee(kind, base_amount, months) == expected


@pytest.mark.parametrize(
    ("kind", "base_amount", "missing"),
    [
        ("disbursement", None, "base_amount"),
        ("default_insurance", None, "base_amount"),
        ("default_insurance", 10_000_000, "months"),
    ],
)
def test_a_share_needs_its_base(
    kind: str, base_amount: int | None, missing: str
) -> None:
    with pytest.raises(BaseMissing, match=missing):
        fee(kind, base_amount)


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (date(2023, 12, 31), None),
        (date(2024, 1, 1), "old"),
        (date(2026, 6, 30), "old"),
        (date(2026, 7, 1), "new"),
    ],
)
def test_the_price_is_that_of_the_day(day: date, rule: str | None) -> None:
    schedule = [
        rate("ekyc_check", "old", fixed_amount=1, valid_until=date(2026, 6, 30)),
        rate("ekyc_check", "new", fixed_amount=2, valid_from=date(2026, 7, 1)),
    ]

    found = rate_for(schedule, kind="ekyc_check", day=day, base_amount=None)

    assert (found.rule if found else None) == rule


@pytest.mark.parametrize(
    ("numerator", "divisor", "expected"),
    [(0, 2, 0), (1, 2, 1), (1, 3, 0), (2, 3, 1), (3, 2, 2), (49, 100, 0), (5, 10, 1)],
)
def test_halves_are_rounded_up(numerator: int, divisor: int, expected: int) -> None:
    assert rounded_half_up(numerator, divisor) == expected
