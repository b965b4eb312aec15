"""What an iDEB says: the report of OJK's SLIK about somebody's loans (topic 5).

The JSON is of no published schema; what is read here is what several readers of it
agree on, down to its odd spelling `kreditPembiayan`. What is not there is taken as not
known, what is there and cannot be read makes the report unreadable: to skip it would be
to overlook a bad loan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

MONTHS: Final = 24
QUALITIES: Final = (1, 2, 3, 4, 5)
QUALITY_WORST: Final = 5
SCORES: Final = {1: 100, 2: 70, 3: 40, 4: 15, 5: 0}
"""By the worst quality over 24 months: a proposal of topic 5."""

PASSING_QUALITY_MAX: Final = 2
"""Up to here a report passes by itself; behind it a person looks, above all at 5."""

DAYS_FRESH: Final = 90
"""How old a report may be and still speak for the present."""

AMOUNT_MAX: Final = 10**15
DIGITS_MAX: Final = 30
FACILITIES_MAX: Final = 2000
KINDS: Final = ("kreditPembiayan", "lc", "garansiYgDiberikan", "fasilitasLain")


class Unreadable(Exception):
    """The report is none, or says something that cannot be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A report in numbers: rupiah, days, and quality from 1 (lancar) to 5 (macet).

    Without any facility nothing is known that is bad: quality 1.
    """

    report_number: str | None
    report_date: date
    worst_quality: int
    outstanding: int
    facilities: int
    days_in_arrears: int

    @property
    def score(self) -> int:
        """What the worst quality is worth, 0 to 100."""
        return SCORES[self.worst_quality]


def read(report: object) -> tuple[Summary, frozenset[str]]:
    """A report's summary, and the identity numbers it says it is about.

    Raises Unreadable.
    """
    header, individual = _part(report, "header"), _part(report, "individual")
    debtors = _list(individual, "dataPokokDebitur")
    overview = _optional_part(individual, "ringkasanFasilitas")
    facilities = _optional_part(individual, "fasilitas")
    credits_ = _list(facilities, "kreditPembiayan")
    listed = [one for kind in KINDS for one in _list(facilities, kind)]
    if len(listed) > FACILITIES_MAX:
        raise Unreadable("more facilities than anybody has")
    qualities = [
        *(one for facility in listed for one in _qualities(facility)),
        *_quality(overview.get("kualitasTerburuk")),
    ]
    found = individual.get("nomorLaporan")
    summary = Summary(
        report_number=str(found)[:100] if found else None,
        report_date=_day(header.get("tanggalHasil")),
        worst_quality=max(qualities, default=1),
        outstanding=sum(_amount(one.get("bakiDebet")) for one in credits_),
        facilities=len(credits_),
        days_in_arrears=max(
            (_amount(one.get("jumlahHariTunggakan")) for one in credits_), default=0
        ),
    )
    if summary.outstanding > AMOUNT_MAX:
        raise Unreadable("more debt than there is money")
    numbers = frozenset(str(one.get("noIdentitas", "")).strip() for one in debtors)
    return summary, numbers


def _qualities(facility: Mapping[str, Any]) -> Iterator[int]:
    """The quality now, and of each of the 24 months that the report tells."""
    yield from _quality(facility.get("kualitas"))
    for month in range(1, MONTHS + 1):
        yield from _quality(facility.get(f"tahunBulan{month:02d}Kol"))


def _quality(value: object) -> Iterator[int]:
    """A collectibility, if one is told."""
    if value is None or str(value).strip() in {"", "-"}:
        return
    text = str(value).strip()
    if isinstance(value, bool) or text not in {"1", "2", "3", "4", "5"}:
        raise Unreadable("a quality that is none of 1 to 5")
    yield int(text)


def _amount(value: object) -> int:
    """Whole rupiah or days, out of a number or a text; what is not told is nothing."""
    if value is None or value == "":
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise Unreadable("an amount that is no number")
    if len(str(value)) > DIGITS_MAX:
        raise Unreadable("an amount that is too long")
    try:
        amount = Decimal(value)
    except InvalidOperation as fault:
        raise Unreadable("an amount that is no number") from fault
    if not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX:
        raise Unreadable("an amount that cannot be")
    # A fraction of a rupiah that is owed is owed: rounded up, never away.
    return int(amount.to_integral_value(rounding="ROUND_CEILING"))


def _day(value: object) -> date:
    """A date as the report writes it: `20261031`, with a time behind it or without."""
    digits = "".join(one for one in str(value or "")[:10] if one.isdigit())[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as fault:
        raise Unreadable("no date of the result") from fault


def _part(value: object, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise Unreadable(f"no {name}")
    return found


def _optional_part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {} if value.get(name) is None else _part(value, name)


def _list(value: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(x, Mapping) for x in found):
        raise Unreadable(f"{name} is no list")
    return found
