"""Ratios as traffic lights, and the bands of R161."""

from __future__ import annotations

from datetime import date

import pytest

from services.loans.domain import ratios
from services.loans.domain.ratios import GREEN, RED, UNKNOWN, YELLOW, Bounds

BOUNDS = Bounds()


@pytest.mark.parametrize(
    ("npf_bps", "band"),
    [
        (0, "Rendah"),
        (400, "Rendah"),
        (401, "Sedang"),
        (600, "Sedang"),
        (620, "Tinggi"),
        (900, "Tinggi"),
        (901, "Sangat Tinggi"),
    ],
)
def test_the_bands_end_where_the_rule_says(npf_bps: int, band: str) -> None:
    # C18: 4,0 % itself is low.
    assert ratios.band_of(npf_bps) == band


def test_test_vector_13() -> None:
    npf = ratios.ratio_bps(62_000_000, 1_000_000_000)
    assert npf == 620
    assert ratios.band_of(npf) == "Tinggi"


def test_lights_turn_at_their_bounds() -> None:
    npf = [ratios.npf_light(bps, BOUNDS) for bps in (500, 501, 1000, 1001)]
    assert npf == [GREEN, YELLOW, YELLOW, RED]
    coverage = [ratios.coverage_light(bps, BOUNDS) for bps in (8000, 7999, 6000, 5999)]
    assert coverage == [GREEN, YELLOW, YELLOW, RED]
    ldr = [ratios.ldr_light(bps, BOUNDS) for bps in (7499, 7500, 8500, 8501, 9001)]
    assert ldr == [YELLOW, GREEN, GREEN, YELLOW, RED]
    roa = [ratios.roa_light(bps, BOUNDS) for bps in (250, 249, 100, 99)]
    assert roa == [GREEN, YELLOW, YELLOW, RED]


def test_nothing_lent_is_no_ratio() -> None:
    assert ratios.ratio_bps(0, 0) is None
    assert ratios.npf_light(None, BOUNDS) == ratios.ldr_light(None, BOUNDS) == UNKNOWN
    # Where nothing is non-performing, there is nothing to cover.
    assert ratios.coverage_light(None, BOUNDS) == GREEN


def test_a_year_to_date_is_stretched_to_the_year() -> None:
    assert ratios.annualised(100, date(2026, 12, 31)) == 100
    assert ratios.annualised(73, date(2026, 1, 1)) == 73 * 365
