"""What an iDEB comes to: the worst of everything it tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kyc.domain import bureau

NIK = "5171011708900001"
QUALITY = st.integers(1, 5)


def report(*facilities: dict[str, Any], **more: Any) -> dict[str, Any]:
    individual = {
        "nomorLaporan": "1/IDEB/2026",
        "dataPokokDebitur": [{"noIdentitas": f" {NIK} "}, {"noIdentitas": "x"}],
        "fasilitas": {"kreditPembiayan": list(facilities)},
    }
    return {"header": {"tanggalHasil": "20261031"}, "individual": individual | more}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.integers(1, 24), QUALITY), max_size=4), QUALITY)
def test_the_worst_of_24_months_of_every_loan_counts(
    histories: list[dict[int, int]], now: int
) -> None:
    told = [
        {f"tahunBulan{month:02d}Kol": str(one) for month, one in history.items()}
        | {"kualitas": now, "bakiDebet": "1000000.00"}
        for history in histories
    ]

    summary, numbers = bureau.read(report(*told))

    every = [one for history in histories for one in history.values()]
    expected = max([*every, *([now] if histories else [])], default=1)
    assert summary.worst_quality == expected
    assert summary.score == {1: 100, 2: 70, 3: 40, 4: 15, 5: 0}[expected]
    assert summary.outstanding == 1_000_000 * len(histories)
    assert summary.facilities == len(histories)
    assert NIK in numbers


def test_what_the_overview_and_guarantees_tell_counts_too() -> None:
    overview = {"kualitasTerburuk": "4"}
    assert bureau.read(report(ringkasanFasilitas=overview))[0].worst_quality == 4
    others = {"kreditPembiayan": None, "garansiYgDiberikan": [{"kualitas": "3"}]}
    assert bureau.read(report(fasilitas=others))[0].worst_quality == 3


@pytest.mark.parametrize(
    ("value", "rupiah"),
    [("1000000", 1_000_000), (2, 2), (Decimal("10.01"), 11), ("", 0), (None, 0)],
)
def test_amounts_come_in_many_forms(value: object, rupiah: int) -> None:
    assert bureau.read(report({"bakiDebet": value}))[0].outstanding == rupiah


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        report({"bakiDebet": "-1"}),
        report({"bakiDebet": "NaN"}),
        report({"bakiDebet": True}),
        report({"tahunBulan01Kol": "0"}),
        report(fasilitas={"kreditPembiayan": "tidak ada"}),
        report() | {"header": {"tanggalHasil": "kemarin"}},
        {"header": {"tanggalHasil": "20261031"}},
    ],
)
def test_what_cannot_be_understood_is_not_overlooked(broken: object) -> None:
    with pytest.raises(bureau.Unreadable):
        bureau.read(broken)
