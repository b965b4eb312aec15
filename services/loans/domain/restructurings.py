"""New terms for a loan that cannot be paid on its old ones (R152).

Whatever is done, nothing that was owed disappears: principal goes into the new loan,
interest and penalties either with it (capitalised) or beside it (deferred), to be paid
after everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final

from services.loans.domain import schedules
from services.loans.domain.schedules import Instalment, Terms

LONGER_TENOR: Final = "longer_tenor"
LOWER_INSTALMENT: Final = "lower_instalment"
GRACE_PERIOD: Final = "grace_period"
PRINCIPAL_FIRST: Final = "principal_first"
SEASONAL: Final = "seasonal"
CAPITALISE_INTEREST: Final = "capitalise_interest"
LOWER_RATE: Final = "lower_rate"
CONVERT_PRODUCT: Final = "convert_product"
EXTRA_COLLATERAL: Final = "extra_collateral"
CONVERT_TO_EQUITY: Final = "convert_to_equity"

METHOD_NAMES: Final = {
    LONGER_TENOR: "Perpanjangan jangka waktu",
    LOWER_INSTALMENT: "Penurunan angsuran sementara",
    GRACE_PERIOD: "Masa tenggang pokok",
    PRINCIPAL_FIRST: "Pembayaran pokok lebih dahulu, bunga ditangguhkan",
    SEASONAL: "Jadwal musiman menurut panen",
    CAPITALISE_INTEREST: "Tunggakan bunga ditambahkan ke pokok",
    LOWER_RATE: "Penurunan suku bunga",
    CONVERT_PRODUCT: "Pengalihan ke produk pinjaman lain",
    EXTRA_COLLATERAL: "Penambahan jaminan",
    CONVERT_TO_EQUITY: "Pengalihan menjadi modal penyertaan",
}

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
CARRIED_OUT: Final = "carried_out"

EXTENSION_YEARS: Final = 2
"""All extensions of a loan together, against its first maturity (R152)."""

REPORT_DAYS: Final = 7
"""After the akad (R154)."""


class UnfitTerms(ValueError):
    """What is wanted does not make this kind of restructuring; ``what`` is missing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This restructuring needs another {what}.")
        self.what = what


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to change; what is None stays as it was.

    The first ``reduced_count`` instalments are of ``reduced_amount`` rupiah, or at
    ``rate_bps``; without a count all of them are.
    """

    count: int | None = None
    rate_bps: int | None = None
    grace_count: int | None = None
    harvest_every: int | None = None
    reduced_count: int | None = None
    reduced_amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrears:
    """What is owed beside the principal up to a day; whole rupiah."""

    interest: int
    penalty: int
    deferred: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The loan that takes the place of the old one.

    ``capitalised`` is the interest that went into its principal, ``deferred`` what is
    paid after its last instalment.
    """

    terms: Terms
    instalments: tuple[Instalment, ...]
    capitalised: int
    deferred: int


def plan(
    method: str, wanted: Wanted, terms: Terms, arrears: Arrears, first_due_on: date
) -> Plan:
    """The new loan, from ``terms``: what is left of the old one, unchanged.

    Raises UnfitTerms and `schedules.ImpossibleSchedule`.
    """
    made = _MADE[method](wanted, terms, arrears, first_due_on)
    kept = arrears.interest - made.capitalised + arrears.penalty + arrears.deferred
    return replace(made, deferred=made.deferred + kept)


def latest_maturity(first: date) -> date:
    """The last day on which the last instalment may fall due."""
    year = first.year + EXTENSION_YEARS
    try:
        return first.replace(year=year)
    except ValueError:
        # 29 February in a year without one.
        return first.replace(year=year, day=28)


def third_paid(instalments: Sequence[Instalment], count: int) -> int | None:
    """The number of the instalment until which the class is kept (topic 7).

    Instalments that ask for nothing do not count as paid; None for no such rule.
    """
    asked = [one.number for one in instalments if one.amount]
    if not count or not asked:
        return None
    return asked[min(count, len(asked)) - 1]


def _plain(terms: Terms, first_due_on: date, *, capitalised: int = 0) -> Plan:
    return Plan(
        terms=terms,
        instalments=tuple(schedules.schedule(terms, first_due_on)),
        capitalised=capitalised,
        deferred=0,
    )


def _with_count(wanted: Wanted, terms: Terms) -> Terms:
    return terms if wanted.count is None else replace(terms, count=wanted.count)


def _longer(wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date) -> Plan:
    if wanted.count is None or wanted.count <= terms.count:
        raise UnfitTerms("count")
    return _plain(_with_count(wanted, terms), first_due_on)


def _grace(wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date) -> Plan:
    if not wanted.grace_count:
        raise UnfitTerms("grace_count")
    count = wanted.count or terms.count + wanted.grace_count
    if wanted.grace_count >= count:
        raise UnfitTerms("count")
    longer = replace(terms, count=count, grace_count=wanted.grace_count)
    return _plain(longer, first_due_on)


def _principal_first(
    wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date
) -> Plan:
    asked = _with_count(wanted, terms)
    interest = schedules.total_interest(schedules.schedule(asked, first_due_on))
    made = _plain(replace(asked, rate_bps=0), first_due_on)
    return replace(made, deferred=interest)


def _seasonal(wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date) -> Plan:
    asked = _with_count(wanted, terms)
    if not wanted.harvest_every or wanted.harvest_every > asked.count:
        raise UnfitTerms("harvest_every")
    made = replace(asked, method=schedules.SEASONAL, harvest_every=wanted.harvest_every)
    return _plain(made, first_due_on)


def _capitalised(
    wanted: Wanted, terms: Terms, arrears: Arrears, first_due_on: date
) -> Plan:
    if not arrears.interest:
        raise UnfitTerms("interest")
    more = replace(
        _with_count(wanted, terms), principal=terms.principal + arrears.interest
    )
    return _plain(more, first_due_on, capitalised=arrears.interest)


def _lower_rate(wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date) -> Plan:
    if wanted.rate_bps is None or wanted.rate_bps >= terms.rate_bps:
        raise UnfitTerms("rate_bps")
    asked = _with_count(wanted, terms)
    lower = replace(asked, rate_bps=wanted.rate_bps)
    if wanted.reduced_count is None:
        return _plain(lower, first_due_on)
    if not 0 < wanted.reduced_count < asked.count:
        raise UnfitTerms("reduced_count")
    begin = schedules.schedule(lower, first_due_on)[: wanted.reduced_count]
    parts = [(one.principal, one.interest) for one in begin]
    return _joined(asked, parts, first_due_on)


def _lower_instalment(
    wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date
) -> Plan:
    asked = _with_count(wanted, terms)
    if not wanted.reduced_amount:
        raise UnfitTerms("reduced_amount")
    if wanted.reduced_count is None or not 0 < wanted.reduced_count < asked.count:
        raise UnfitTerms("reduced_count")
    if wanted.reduced_amount >= schedules.schedule(asked, first_due_on)[0].amount:
        raise UnfitTerms("reduced_amount")
    balance, put_off, parts = asked.principal, 0, []
    for _number in range(wanted.reduced_count):
        base = asked.principal if asked.method == schedules.FLAT else balance
        interest = schedules.interest_of(base, asked.rate_bps, asked.frequency)
        paid = min(interest, wanted.reduced_amount)
        principal = min(wanted.reduced_amount - paid, balance)
        put_off += interest - paid
        balance -= principal
        parts.append((principal, paid))
    return replace(_joined(asked, parts, first_due_on), deferred=put_off)


def _same(wanted: Wanted, terms: Terms, _: Arrears, first_due_on: date) -> Plan:
    return _plain(_with_count(wanted, terms), first_due_on)


def _joined(terms: Terms, begin: Sequence[tuple[int, int]], first_due_on: date) -> Plan:
    """These instalments first, and the rest of the loan as its terms say."""
    left = terms.principal - sum(principal for principal, _ in begin)
    if left <= 0:
        raise UnfitTerms("reduced_amount")
    count = terms.count - len(begin)
    rest = replace(
        terms,
        principal=left,
        count=count,
        grace_count=0,
        harvest_every=min(terms.harvest_every, count),
    )
    days = list(islice(schedules.due_dates(terms, first_due_on), terms.count))
    following = schedules.schedule(rest, days[len(begin)])
    parts = [*begin, *((one.principal, one.interest) for one in following)]
    return Plan(
        terms=terms,
        instalments=tuple(
            Instalment(number, day, principal, interest)
            for number, (day, (principal, interest)) in enumerate(
                zip(days, parts, strict=True), start=1
            )
        ),
        capitalised=0,
        deferred=0,
    )


_MADE: Final[dict[str, Callable[[Wanted, Terms, Arrears, date], Plan]]] = {
    LONGER_TENOR: _longer,
    LOWER_INSTALMENT: _lower_instalment,
    GRACE_PERIOD: _grace,
    PRINCIPAL_FIRST: _principal_first,
    SEASONAL: _seasonal,
    CAPITALISE_INTEREST: _capitalised,
    LOWER_RATE: _lower_rate,
    CONVERT_PRODUCT: _same,
    EXTRA_COLLATERAL: _same,
}
"""Every kind that makes a new loan; `CONVERT_TO_EQUITY` makes none."""
