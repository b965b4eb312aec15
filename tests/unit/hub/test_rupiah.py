"""Amounts are written as Indonesians write them."""

from __future__ import annotations

import pytest

from services.hub.rupiah import format_number, format_rupiah


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        pytest.param(0, "Rp 0", id="nothing"),
        pytest.param(999, "Rp 999", id="below a thousand"),
        pytest.param(1_000, "Rp 1.000", id="a thousand"),
        pytest.param(1_000_000, "Rp 1.000.000", id="a million"),
        pytest.param(-1_250_000, "-Rp 1.250.000", id="owed"),
        pytest.param(10**15, "Rp 1.000.000.000.000.000", id="the largest amount"),
    ],
)
def test_an_amount_has_a_space_dots_and_no_decimals(amount: int, written: str) -> None:
    assert format_rupiah(amount) == written


def test_a_number_has_dots_between_thousands() -> None:
    assert format_number(1_234_567) == "1.234.567"
