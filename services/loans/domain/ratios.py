"""What the health of a portfolio is read from (R144, R149 to R151, R160, R161; C2).

Ratios are basis points. Every bound is a cooperative's own policy: none of them is
printed as law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

BASIS_POINTS: Final = 10_000

GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"
UNKNOWN: Final = "unknown"
"""There is nothing to divide by."""

# R161: the highest NPF of each band; 4,0 % is still low (C18).
_BANDS: Final = ((400, "Rendah"), (600, "Sedang"), (900, "Tinggi"))
_HIGHEST_BAND: Final = "Sangat Tinggi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where a ratio turns green and red, in basis points; between them it is yellow.

    The seed has several of each (C2): NPF 5/10 %, coverage 80/60 %, LDR between 75 and
    85 % and bad above 90 %, ROA 2,5/1 %. ``npf_plan_bps`` is the NPF above which the
    policy asks for an audit and a plan, and ``npf_licence_bps`` that above which the
    licence is at risk (R160). ``savings_fall_bps`` is the fall of what a borrower has
    saved, month against month, that is an early warning.
    """

    npf_green_bps: int = 500
    npf_red_bps: int = 1000
    npf_plan_bps: int = 1000
    npf_licence_bps: int = 1500
    coverage_green_bps: int = 8000
    coverage_red_bps: int = 6000
    ldr_low_bps: int = 7500
    ldr_high_bps: int = 8500
    ldr_red_bps: int = 9000
    roa_green_bps: int = 250
    roa_red_bps: int = 100
    savings_fall_bps: int = 5000


def ratio_bps(part: int, whole: int) -> int | None:
    """``part`` of ``whole`` in basis points, half up; None when there is no whole."""
    if whole <= 0:
        return None
    return (2 * part * BASIS_POINTS + whole) // (2 * whole)


def npf_light(npf_bps: int | None, bounds: Bounds) -> str:
    """Low is good: green up to the bound, red above the other."""
    if npf_bps is None:
        return UNKNOWN
    if npf_bps <= bounds.npf_green_bps:
        return GREEN
    return RED if npf_bps > bounds.npf_red_bps else YELLOW


def coverage_light(coverage_bps: int | None, bounds: Bounds) -> str:
    """How much of what is non-performing is set aside: high is good.

    Without any NPF there is nothing to cover, which is green.
    """
    if coverage_bps is None:
        return GREEN
    return _rising(coverage_bps, bounds.coverage_green_bps, bounds.coverage_red_bps)


def roa_light(roa_bps: int | None, bounds: Bounds) -> str:
    """High is good."""
    if roa_bps is None:
        return UNKNOWN
    return _rising(roa_bps, bounds.roa_green_bps, bounds.roa_red_bps)


def ldr_light(ldr_bps: int | None, bounds: Bounds) -> str:
    """Neither idle savings nor too much lent: green between, red far above."""
    if ldr_bps is None:
        return UNKNOWN
    if bounds.ldr_low_bps <= ldr_bps <= bounds.ldr_high_bps:
        return GREEN
    return RED if ldr_bps > bounds.ldr_red_bps else YELLOW


def band_of(npf_bps: int) -> str:
    """The band of R161 (test vector 13: 6,20 % is Tinggi)."""
    for highest, band in _BANDS:
        if npf_bps <= highest:
            return band
    return _HIGHEST_BAND


def annualised(amount: int, day: date) -> int:
    """What a year to date becomes by the year's end if it goes on like this."""
    days = (day - date(day.year, 1, 1)).days + 1
    whole = (date(day.year + 1, 1, 1) - date(day.year, 1, 1)).days
    return amount * whole // days


def has_fallen(before: int, now: int, fall_bps: int) -> bool:
    """Whether so much less is there than before; what was nothing cannot fall."""
    return before > 0 and (before - now) * BASIS_POINTS >= before * fall_bps


def _rising(value: int, green: int, red: int) -> str:
    if value >= green:
        return GREEN
    return RED if value < red else YELLOW
