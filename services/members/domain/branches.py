"""Which offices a cooperative may have, and what it must prove for each (R69-R72)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.members.domain import legality

HEAD_OFFICE: Final = "pusat"
BRANCH: Final = "cabang"
SUB_BRANCH: Final = "cabang_pembantu"
CASH_OFFICE: Final = "kantor_kas"
KINDS: Final = (HEAD_OFFICE, BRANCH, SUB_BRANCH, CASH_OFFICE)

PLANNED: Final = "planned"
OPEN: Final = "open"
CLOSED: Final = "closed"
STATES: Final = (PLANNED, OPEN, CLOSED)

TIME_ZONES: Final[Mapping[str, str]] = {
    "WIB": "Asia/Jakarta",
    "WITA": "Asia/Makassar",
    "WIT": "Asia/Jayapura",
}
"""What "today" is in a branch's own counter; the books keep Jakarta's date."""

BUSINESS_YEARS_MIN: Final = 2
REPORT_YEARS_MIN: Final = 2
REPORT_DUE_MONTH: Final = 7
"""A year's report is accepted within six months after it (UU 25/1992, article 26)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one kind of office asks for; working capital in whole rupiah."""

    working_capital: int
    members_in_area: int


REQUIREMENTS: Final[Mapping[str, Requirement]] = {
    BRANCH: Requirement(working_capital=2_500_000_000, members_in_area=100),
    SUB_BRANCH: Requirement(working_capital=2_000_000_000, members_in_area=50),
    CASH_OFFICE: Requirement(working_capital=1_500_000_000, members_in_area=25),
}
"""R70, R71 and R72; the head office needs none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a cooperative on the day that an office is to be opened.

    ``members_in_area`` is what it declares, never more than its members in the hub.
    """

    today: date
    licence_number: str | None
    licence_expires_on: date | None
    business_since: date | None
    report_years: frozenset[int]
    working_capital: int | None
    members_in_area: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """One precondition of an office: what is asked for, what there is."""

    code: str
    is_met: bool
    required: str
    actual: str | None


def code_of(number: int) -> str:
    """The number of an office as its code, such as ``001``."""
    return f"{number:03d}"


def preconditions(kind: str, facts: Facts) -> list[Precondition]:
    """Everything that ``kind`` needs, met or not; nothing for the head office."""
    if kind == HEAD_OFFICE:
        return []
    needed = REQUIREMENTS[kind]
    return [
        _licence(facts),
        _business(facts),
        _reports(facts),
        _at_least("working_capital", facts.working_capital, needed.working_capital),
        _at_least("members_in_area", facts.members_in_area, needed.members_in_area),
    ]


def required_report_years(today: date) -> tuple[int, int]:
    """The two last years whose reports are due by ``today``, the later one first."""
    is_last_year_due = today.month >= REPORT_DUE_MONTH
    latest = today.year - (1 if is_last_year_due else 2)
    return latest, latest - 1


def _licence(facts: Facts) -> Precondition:
    is_met = facts.licence_number is not None and legality.is_licence_valid(
        facts.licence_expires_on, facts.today
    )
    expires_on = facts.licence_expires_on
    return Precondition(
        code="business_licence",
        is_met=is_met,
        required=f"valid on {facts.today.isoformat()}",
        actual=None
        if facts.licence_number is None
        else f"valid until {expires_on.isoformat()}"
        if expires_on
        else "valid without end",
    )


def _business(facts: Facts) -> Precondition:
    latest = _years_before(facts.today, BUSINESS_YEARS_MIN)
    since = facts.business_since
    return Precondition(
        code="two_years_of_business",
        is_met=since is not None and since <= latest,
        required=f"since {latest.isoformat()}",
        actual=f"since {since.isoformat()}" if since else None,
    )


def _reports(facts: Facts) -> Precondition:
    """Two years without a gap, the later of them no older than what is due."""
    due = required_report_years(facts.today)
    newest = max(facts.report_years, default=0)
    has_due = set(due) <= facts.report_years
    has_newer = newest > due[0] and newest - 1 in facts.report_years
    return Precondition(
        code="annual_reports",
        is_met=has_due or has_newer,
        required=f"{due[1]}, {due[0]}",
        actual=", ".join(str(year) for year in sorted(facts.report_years)) or None,
    )


def _at_least(code: str, actual: int | None, required: int) -> Precondition:
    return Precondition(
        code=code,
        is_met=actual is not None and actual >= required,
        required=str(required),
        actual=None if actual is None else str(actual),
    )


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # There is no 29 February in that year.
        return day.replace(year=day.year - years, day=28)
