"""How a check is judged, at the edges of what passes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.kyc.domain import checks
from services.kyc.domain.bureau import Summary
from services.kyc.domain.checks import Person, Thresholds
from services.kyc.domain.income import Statement
from services.kyc.domain.vendors import Answer, FieldMatch
from services.shared import clock

TODAY = date(2026, 11, 22)
PERSON = Person(
    name="Budi Santoso",
    nik="5171011708900001",
    birth_date=date(1990, 8, 17),
    gender="male",
    has_ktp=True,
)


def answer(name: FieldMatch, face: int | None = 93, **fields: FieldMatch) -> Answer:
    told = {"name": name, "birth_date": FieldMatch(is_match=True)} | fields
    return Answer(
        vendor="uji",
        vendor_ref="1",
        checked_at=clock.now(),
        is_nik_found=True,
        fields=told,
        face_score=face,
    )


def scored(score: int) -> FieldMatch:
    return FieldMatch(is_match=False, score=score)


@pytest.mark.parametrize(
    ("score", "result"),
    [(100, "LOLOS"), (75, "LOLOS"), (74, "TINJAU"), (60, "TINJAU"), (59, "GAGAL")],
)
def test_names_and_faces_pass_by_their_scores(score: int, result: str) -> None:
    by_name = checks.judged_dukcapil(answer(scored(score)), Thresholds())
    by_face = checks.judged_dukcapil(answer(scored(100), score), Thresholds())

    assert (by_name.result, by_face.result) == (result, result)
    assert (by_name.score, by_face.score) == (min(score, 93), score)


@pytest.mark.parametrize(
    ("change", "thresholds", "result"),
    [
        ({"address": FieldMatch(is_match=False)}, {}, "TINJAU"),
        ({"birth_date": FieldMatch(is_match=False)}, {}, "GAGAL"),
        ({"face": None}, {}, "TINJAU"),
        ({"face": None}, {"are_photos_required": False}, "LOLOS"),
        ({"name": FieldMatch(is_match=False)}, {}, "GAGAL"),
    ],
)
def test_what_differs_is_told(
    change: dict[str, Any], thresholds: dict[str, Any], result: str
) -> None:
    given = {"name": FieldMatch(is_match=True)} | change
    part = checks.judged_dukcapil(answer(**given), Thresholds(**thresholds))
    assert part.result == result
    assert ("reason" in part.detail) is (result != "LOLOS")


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({}, "LOLOS"),
        ({"birth_date": date(1990, 8, 18)}, "GAGAL"),
        ({"gender": "female"}, "GAGAL"),
        ({"nik": "9971011708900001"}, "GAGAL"),
        ({"has_ktp": False}, "TINJAU"),
    ],
)
def test_a_nik_is_held_against_the_person(change: dict[str, Any], result: str) -> None:
    person = Person(**{name: getattr(PERSON, name) for name in _FIELDS} | change)
    assert checks.judged_ektp(person, Thresholds(), TODAY).result == result


_FIELDS = ("name", "nik", "birth_date", "gender", "has_ktp")


@pytest.mark.parametrize(
    ("quality", "report_date", "result", "score"),
    [
        (1, date(2026, 10, 31), "LOLOS", 100),
        (2, date(2026, 8, 24), "LOLOS", 70),
        (2, date(2026, 8, 23), "TINJAU", 70),
        (3, date(2026, 10, 31), "TINJAU", 40),
        (4, date(2026, 10, 31), "TINJAU", 15),
        (5, date(2026, 10, 31), "TINJAU", 0),
    ],
)
def test_a_report_passes_by_its_worst_quality_and_age(
    quality: int, report_date: date, result: str, score: int
) -> None:
    summary = Summary(
        report_number=None,
        report_date=report_date,
        worst_quality=quality,
        outstanding=0,
        facilities=1,
        days_in_arrears=0,
    )
    part = checks.judged_slik(summary, TODAY)
    assert (part.result, part.score) == (result, score)


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({}, "LOLOS"),
        ({"month": date(2026, 8, 1)}, "LOLOS"),
        ({"month": date(2026, 7, 1)}, "TINJAU"),
        ({"is_active": False}, "TINJAU"),
        ({"name": "Siti Aminah"}, "TINJAU"),
    ],
)
def test_an_income_passes_while_it_speaks_for_the_present(
    change: dict[str, Any], result: str
) -> None:
    told: dict[str, Any] = {
        "kpj": "19023456789",
        "name": "BUDI SANTOSO",
        "employer": "PT Kopi",
        "wage": 6_250_000,
        "month": date(2026, 10, 1),
        "months_paid": 48,
        "is_active": True,
        "programmes": ("JHT",),
    }
    statement = Statement(**told | change)
    part = checks.judged_income(PERSON, statement, "upload", Thresholds(), TODAY)
    assert part.result == result
    assert Statement.of_told(statement.told) == statement


def test_the_worst_part_is_the_result() -> None:
    parts = [
        checks.Part(kind="ektp", result=result, score=None, detail={})
        for result in ("LOLOS", "TINJAU", "GAGAL")
    ]
    assert [checks.overall(parts[:count]) for count in (1, 2, 3)] == [
        "LOLOS",
        "TINJAU",
        "GAGAL",
    ]
