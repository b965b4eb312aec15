"""What a cooperative must prove before it may take part (R3, R65-R68, R82, C3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.members.domain import cooperatives

DISTRICT: Final = "kabupaten_kota"
PROVINCE: Final = "provinsi"
NATIONAL: Final = "nasional"
AREAS: Final = (DISTRICT, PROVINCE, NATIONAL)

KBLI_CODES: Final = tuple(str(code) for code in range(64141, 64149))
"""Classes of savings-and-loan business that a licence may name (R82)."""

MILLION: Final = 1_000_000

CAPITAL_MINIMUMS: Final[Mapping[str, Mapping[str, int]]] = {
    # R65
    cooperatives.KSP_PRIMER: {
        DISTRICT: 500 * MILLION,
        PROVINCE: 1_000 * MILLION,
        NATIONAL: 2_000 * MILLION,
    },
    # R66
    cooperatives.KSP_SEKUNDER: {
        DISTRICT: 750 * MILLION,
        PROVINCE: 1_500 * MILLION,
        NATIONAL: 3_000 * MILLION,
    },
    # R68: the savings-and-loan unit of a KSU, wherever its members live.
    cooperatives.KSU: dict.fromkeys(AREAS, 500 * MILLION),
}
"""The least initial capital in whole rupiah, by kind and area of membership."""

FOUNDERS_MINIMUMS: Final[Mapping[str, int]] = {
    cooperatives.KSP_PRIMER: 9,
    cooperatives.KSP_SEKUNDER: 3,
    cooperatives.KSU: 9,
}
"""Persons, or cooperatives for a secondary one, that must found it (C3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Legality:
    """What a cooperative says of its legal standing; capital in whole rupiah."""

    kind: str
    legal_entity_number: str
    legal_entity_on: date
    licence_number: str
    licence_issued_on: date
    licence_expires_on: date | None
    kbli: str
    area: str
    initial_capital: int
    founder_count: int
    business_since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that stands against a cooperative's activation, by field."""

    field: str
    code: str
    detail: str


def capital_minimum(kind: str, area: str) -> int:
    """The least initial capital of a cooperative, in whole rupiah (R65, R66, R68)."""
    return CAPITAL_MINIMUMS[kind][area]


def is_licence_valid(expires_on: date | None, today: date) -> bool:
    """Whether a licence is in force; without a last day it always is."""
    return expires_on is None or expires_on >= today


def findings(given: Legality, today: date) -> list[Finding]:
    """Everything that stands against ``given``; empty when nothing does."""
    return [*_of_dates(given, today), *_of_amounts(given)]


def _of_dates(given: Legality, today: date) -> list[Finding]:
    found = [
        Finding(field=field, code="in_the_future", detail="Lies in the future.")
        for field, day in (
            ("legal_entity_on", given.legal_entity_on),
            ("licence_issued_on", given.licence_issued_on),
            ("business_since", given.business_since),
        )
        if day > today
    ]
    expires_on = given.licence_expires_on
    if expires_on is not None and expires_on <= given.licence_issued_on:
        found.append(
            Finding(
                field="licence_expires_on",
                code="before_issue",
                detail="A licence expires after it was issued.",
            )
        )
    elif not is_licence_valid(expires_on, today):
        found.append(
            Finding(
                field="licence_expires_on",
                code="licence_expired",
                detail="The licence has expired.",
            )
        )
    return found


def _of_amounts(given: Legality) -> list[Finding]:
    found = []
    capital = capital_minimum(given.kind, given.area)
    if given.initial_capital < capital:
        found.append(
            Finding(
                field="initial_capital",
                code="capital_below_minimum",
                detail=f"The initial capital must be at least {capital} rupiah.",
            )
        )
    founders = FOUNDERS_MINIMUMS[given.kind]
    if given.founder_count < founders:
        found.append(
            Finding(
                field="founder_count",
                code="too_few_founders",
                detail=f"There must be at least {founders} founders.",
            )
        )
    return found
