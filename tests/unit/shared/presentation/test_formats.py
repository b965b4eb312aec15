"""Amounts, dates and rates as people in Indonesia write them (domain.md, topic 9)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.presentation import formats

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


@pytest.mark.parametrize(
    ("amount", "screen", "report"),
    [
        (0, "Rp 0", "0"),
        (999, "Rp 999", "999"),
        (1_250_000, "Rp 1.250.000", "1.250.000"),
        (-1_000_000, "-Rp 1.000.000", "(1.000.000)"),
        (10**15, "Rp 1.000.000.000.000.000", "1.000.000.000.000.000"),
    ],
)
def test_rupiah_have_dots_and_no_decimals(
    amount: int, screen: str, report: str
) -> None:
    assert formats.rupiah(amount) == screen
    assert formats.column(amount) == report


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(0, "0%"), (900, "9%"), (1250, "12,5%"), (1, "0,01%"), (10_000, "100%")],
)
def test_a_rate_is_shown_in_percent(rate: int, shown: str) -> None:
    assert formats.percent_bps(rate) == shown


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "nol rupiah"),
        (11, "sebelas rupiah"),
        (100, "seratus rupiah"),
        (1_000, "seribu rupiah"),
        (1_250_000, "satu juta dua ratus lima puluh ribu rupiah"),
        (21_000, "dua puluh satu ribu rupiah"),
        (1_001_000, "satu juta seribu rupiah"),
        (2_001_001_001, "dua miliar satu juta seribu satu rupiah"),
        (101_000, "seratus satu ribu rupiah"),
        (1_101_000, "satu juta seratus satu ribu rupiah"),
        (10**12, "satu triliun rupiah"),
        (-5_000, "minus lima ribu rupiah"),
    ],
)
def test_an_amount_is_written_out(amount: int, words: str) -> None:
    assert formats.terbilang(amount) == words


def test_dates_are_written_in_indonesian() -> None:
    day = date(2026, 11, 2)

    assert formats.date_long(day) == "2 November 2026"
    assert formats.date_short(day) == "02/11/2026"
    assert formats.month(date(2026, 8, 1)) == "Agustus 2026"


def test_a_moment_is_shown_in_the_zone_of_the_branch() -> None:
    at = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)

    assert formats.moment(at) == "23/11/2026 00.05 WIB"
    assert formats.moment(at, ZoneInfo("Asia/Jayapura")) == "23/11/2026 02.05 WIT"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1000000", 1_000_000),
        ("1.000.000", 1_000_000),
        ("Rp 1.000.000", 1_000_000),
        ("Rp500.000.000,00", 500_000_000),
        ("Rp. 750.000.000,00", 750_000_000),
        ("  rp 25.000,0 ", 25_000),
        ("Rp\u00a025.000", 25_000),
        ("-1.000", -1_000),
        ("-Rp 1.000", -1_000),
        ("Rp -1.000", -1_000),
        ("(1.000)", -1_000),
        ("(Rp 1.000)", -1_000),
        ("0", 0),
    ],
)
def test_the_usual_ways_to_write_an_amount_are_read(text: str, amount: int) -> None:
    assert formats.parse_rupiah(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "Rp",
        "1000.50",
        "1000.5",
        "1.000.000,50",
        "1,000",
        "1,000,000",
        "1.00",
        "10.00.000",
        "1e6",
        "1_000",
        "--5",
        "-(5)",
        "-Rp -5",
        "1000000 rupiah",
        "\u0661\u0662\u0663",
        "9" * 40,
    ],
)
def test_an_amount_with_cents_or_two_meanings_is_refused(text: str) -> None:
    with pytest.raises(formats.UnreadableAmount):
        formats.parse_rupiah(text)


@given(AMOUNTS)
def test_every_amount_we_show_can_be_read_again(amount: int) -> None:
    assert formats.parse_rupiah(formats.rupiah(amount)) == amount
    assert formats.parse_rupiah(formats.column(amount)) == amount


@given(st.text(max_size=30))
def test_reading_an_amount_fails_in_one_way_only(text: str) -> None:
    with suppress(formats.UnreadableAmount):
        formats.parse_rupiah(text)


@pytest.mark.parametrize("text", ["22/11/2026", "2026-11-22", " 22/11/2026 "])
def test_both_ways_to_write_a_date_are_read(text: str) -> None:
    assert formats.parse_date(text) == date(2026, 11, 22)


@pytest.mark.parametrize(
    "text", ["", "31/02/2026", "2026-13-01", "11/22/2026", "22/11/26", "22.11.2026"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(formats.UnreadableDate):
        formats.parse_date(text)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_date_we_show_can_be_read_again(day: date) -> None:
    assert formats.parse_date(formats.date_short(day)) == day
