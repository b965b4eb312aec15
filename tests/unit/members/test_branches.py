"""What each kind of office needs (R69-R72)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.members.domain import branches
from services.members.domain.branches import Facts
from services.shared.contracts.members import branches as contract

FACTS = Facts(
    today=date(2026, 11, 22),
    licence_number="9120001234567",
    licence_expires_on=date(2028, 7, 9),
    business_since=date(2015, 6, 1),
    report_years=frozenset({2024, 2025}),
    working_capital=3_000_000_000,
    members_in_area=500,
)


def unmet(kind: str = "cabang", **changes: Any) -> list[str]:
    found = branches.preconditions(kind, replace(FACTS, **changes))
    return [one.code for one in found if not one.is_met]


@pytest.mark.parametrize(
    ("kind", "capital", "members"),
    [
        pytest.param("cabang", 2_500_000_000, 100, id="R70"),
        pytest.param("cabang_pembantu", 2_000_000_000, 50, id="R71"),
        pytest.param("kantor_kas", 1_500_000_000, 25, id="R72"),
    ],
)
def test_an_office_may_open_from_the_minimum_on(
    kind: str, capital: int, members: int
) -> None:
    assert unmet(kind, working_capital=capital, members_in_area=members) == []
    assert unmet(kind, working_capital=capital - 1, members_in_area=members) == [
        "working_capital"
    ]
    assert unmet(kind, working_capital=capital, members_in_area=members - 1) == [
        "members_in_area"
    ]


def test_a_head_office_needs_nothing() -> None:
    assert branches.preconditions("pusat", FACTS) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"licence_number": None}, ["business_licence"], id="none"),
        pytest.param(
            {"licence_expires_on": date(2026, 11, 21)},
            ["business_licence"],
            id="expired",
        ),
        pytest.param({"licence_expires_on": None}, [], id="without end"),
        pytest.param({"business_since": date(2024, 11, 22)}, [], id="two years today"),
        pytest.param(
            {"business_since": date(2024, 11, 23)},
            ["two_years_of_business"],
            id="two years tomorrow",
        ),
        pytest.param({"business_since": None}, ["two_years_of_business"], id="unknown"),
        pytest.param(
            {"report_years": frozenset({2025})}, ["annual_reports"], id="one year"
        ),
        pytest.param(
            {"report_years": frozenset({2023, 2025})}, ["annual_reports"], id="a gap"
        ),
        pytest.param(
            {"report_years": frozenset({2023, 2024})}, ["annual_reports"], id="overdue"
        ),
        pytest.param(
            {"report_years": frozenset()}, ["annual_reports"], id="no reports"
        ),
        pytest.param({"working_capital": None}, ["working_capital"], id="no capital"),
    ],
)
def test_each_precondition_is_checked_for_itself(
    changes: dict[str, Any], expected: list[str]
) -> None:
    assert unmet(**changes) == expected


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 6, 30), (2024, 2023)),
        (date(2026, 7, 1), (2025, 2024)),
        (date(2026, 1, 1), (2024, 2023)),
    ],
)
def test_a_report_is_due_half_a_year_after_its_year(
    today: date, years: tuple[int, int]
) -> None:
    assert branches.required_report_years(today) == years


def test_a_report_that_came_before_it_was_due_counts() -> None:
    spring = date(2026, 3, 20)

    assert unmet(today=spring, report_years=frozenset({2024, 2025})) == []
    assert unmet(today=spring, report_years=frozenset({2023, 2024})) == []


def test_two_years_before_the_29th_of_february_is_the_28th() -> None:
    leap = date(2028, 2, 29)
    reports = frozenset({2026, 2025})

    assert (
        unmet(today=leap, business_since=date(2026, 2, 28), report_years=reports) == []
    )


def test_the_contract_knows_the_same_offices() -> None:
    assert contract.BRANCH_KINDS == branches.KINDS
    assert contract.BRANCH_STATUSES == branches.STATES
    assert set(contract.TIME_ZONES) == branches.TIME_ZONES.keys()
