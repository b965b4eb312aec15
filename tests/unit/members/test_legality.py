"""What a cooperative must prove (R65, R66, R68, R82, C3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.members.domain import legality
from services.members.domain.legality import Legality
from services.shared.contracts.members import registration as contract

TODAY = date(2026, 11, 22)
GIVEN = Legality(
    kind="ksp_primer",
    legal_entity_number="AHU-0001234.AH.01.26",
    legal_entity_on=date(2015, 3, 2),
    licence_number="9120001234567",
    licence_issued_on=date(2023, 7, 10),
    licence_expires_on=date(2028, 7, 9),
    kbli="64141",
    area="provinsi",
    initial_capital=1_000_000_000,
    founder_count=9,
    business_since=date(2015, 6, 1),
)


def codes(**changes: Any) -> list[str]:
    found = legality.findings(replace(GIVEN, **changes), TODAY)
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("kind", "area", "minimum"),
    [
        # R65
        ("ksp_primer", "kabupaten_kota", 500_000_000),
        ("ksp_primer", "provinsi", 1_000_000_000),
        ("ksp_primer", "nasional", 2_000_000_000),
        # R66
        ("ksp_sekunder", "kabupaten_kota", 750_000_000),
        ("ksp_sekunder", "provinsi", 1_500_000_000),
        ("ksp_sekunder", "nasional", 3_000_000_000),
        # R68
        ("ksu", "kabupaten_kota", 500_000_000),
        ("ksu", "nasional", 500_000_000),
    ],
)
def test_capital_is_enough_from_the_minimum_on(
    kind: str, area: str, minimum: int
) -> None:
    assert legality.capital_minimum(kind, area) == minimum
    assert codes(kind=kind, area=area, initial_capital=minimum) == []
    assert codes(kind=kind, area=area, initial_capital=minimum - 1) == [
        "capital_below_minimum"
    ]


@pytest.mark.parametrize(
    ("kind", "founders"), [("ksp_primer", 9), ("ksp_sekunder", 3), ("ksu", 9)]
)
def test_founders_are_enough_from_the_minimum_on(kind: str, founders: int) -> None:
    capital = 3_000_000_000

    assert codes(kind=kind, founder_count=founders, initial_capital=capital) == []
    assert codes(kind=kind, founder_count=founders - 1, initial_capital=capital) == [
        "too_few_founders"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"licence_expires_on": TODAY}, [], id="last day"),
        pytest.param({"licence_expires_on": None}, [], id="without end"),
        pytest.param(
            {"licence_expires_on": date(2026, 11, 21)},
            ["licence_expired"],
            id="expired yesterday",
        ),
        pytest.param(
            {"licence_expires_on": date(2023, 7, 10)},
            ["before_issue"],
            id="expires on the day of issue",
        ),
        pytest.param(
            {"licence_issued_on": date(2026, 11, 23)},
            ["in_the_future"],
            id="issued tomorrow",
        ),
        pytest.param(
            {"legal_entity_on": date(2027, 1, 1), "business_since": date(2027, 1, 1)},
            ["in_the_future", "in_the_future"],
            id="founded next year",
        ),
    ],
)
def test_dates_fit_each_other(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(**changes) == expected


def test_the_contract_knows_the_same_areas() -> None:
    assert contract.AREAS == legality.AREAS
    assert len(legality.KBLI_CODES) == 8
