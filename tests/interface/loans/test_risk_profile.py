"""How risky a cooperative finds itself, and how its staff learns (R162, R163)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.shared.contracts import files
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.errors import MalformedError, NotAllowed
from services.shared.presentation import sheets
from tests.factories.loans import Lender, part
from tests.factories.savings import Calendar, calendar_at

TOLD = {"certified_staff": 4, "location": "remote", "founded_on": "2024-05-01"}
TRAINING = {
    "topic": "Manajemen risiko",
    "provider": "Dinas Koperasi",
    "held_on": "2026-03-10",
    "participants": 5,
}


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", "2026-09-15") as calendar:
        yield calendar


def levels(sheet: dict[str, Any]) -> dict[str, tuple[str | None, str]]:
    return {one["factor"]: (one["value"], one["level"]) for one in sheet["factors"]}


def train(lender: Lender, **more: Any) -> dict[str, Any]:
    command = TRAINING | {"idempotency": part()} | more
    return lender.call(lender.staff("pengurus"), "record_staff_training", command)


def test_what_nobody_has_told_is_unknown(lender: Lender) -> None:
    sheet = lender.call(lender.staff("pengawas"), "get_risk_profile")
    found = levels(sheet)
    assert found["own_capital"][1] == "high"
    assert [found[one] for one in ("certified_staff", "sector", "location", "age")] == [
        (None, "unknown")
    ] * 4
    assert (sheet["sector_share_bps"], sheet["changed_at"]) == (None, None)


def test_the_books_tell_capital_and_sector_and_staff_the_rest(
    lender: Lender, neighbour: Lender
) -> None:
    member, product = lender.member(), lender.product()
    lender.loan(member, product, principal=3_000_000, sector="pertanian")
    lender.loan(member, product, principal=1_000_000, sector="perdagangan")
    before = int(
        levels(lender.call(lender.staff("pengawas"), "get_risk_profile"))[
            "own_capital"
        ][0]
        or 0
    )
    lender.post((lender.key("1-1010"), lender.key("3-2000"), 2_000_000_000))
    # Penyertaan is no own capital.
    lender.post((lender.key("1-1010"), lender.key("3-3000"), 700_000_000))
    chair = lender.staff("pengurus")
    sheet = lender.call(chair, "put_risk_profile", TOLD)

    assert levels(sheet) == {
        "own_capital": (str(before + 2_000_000_000), "low"),
        "certified_staff": ("4", "low"),
        "sector": ("farming", "high"),
        "location": ("remote", "high"),
        "age": ("2024-05-01", "high"),
    }
    assert sheet["sector_share_bps"] == 7500
    assert sheet["changed_by"] == chair.subject
    assert sheet == lender.call(lender.staff("pengawas"), "get_risk_profile")
    other = neighbour.call(neighbour.staff("pengawas"), "get_risk_profile")
    assert levels(other)["location"] == (None, "unknown")
    # What is told anew replaces all of it.
    again = lender.call(chair, "put_risk_profile", TOLD | {"location": None})
    assert levels(again)["location"] == (None, "unknown")


def test_legality_data_go_before_what_was_entered(lender: Lender) -> None:
    lender.call(lender.staff("pengurus"), "put_risk_profile", TOLD)
    lender.members.answers["get_legality"] = {"business_since": "2015-06-01"}
    sheet = lender.call(lender.staff("komite"), "get_risk_profile")
    assert sheet["factors"][-1] == {
        "factor": "age",
        "value": "2015-06-01",
        "level": "low",
        "is_entered": False,
    }


def test_only_who_runs_the_cooperative_tells_and_nothing_of_tomorrow(
    lender: Lender,
) -> None:
    with pytest.raises(NotAllowed):
        lender.call(lender.staff("pengawas"), "put_risk_profile", TOLD)
    chair = lender.staff("pengurus")
    with pytest.raises(DateInTheFuture):
        lender.call(chair, "put_risk_profile", TOLD | {"founded_on": "2026-09-16"})
    with pytest.raises(MalformedError):
        lender.call(chair, "put_risk_profile", TOLD | {"certified_staff": -1})
    with pytest.raises(DateInTheFuture):
        train(lender, held_on="2026-09-16")
    with pytest.raises(NotAllowed):
        lender.call(
            lender.staff("pengawas"),
            "record_staff_training",
            TRAINING | {"idempotency": part()},
        )


def test_trainings_count_by_calendar_year_and_once(
    lender: Lender, neighbour: Lender
) -> None:
    key = part()
    first = train(lender, idempotency=key)
    assert train(lender, idempotency=key)["id"] == first["id"]
    second = train(lender, held_on="2026-09-15")
    old = train(lender, held_on="2025-12-31", document="SERT-1")
    train(neighbour)
    reader = lender.staff("pengawas")
    sheet = lender.call(reader, "get_risk_profile")
    assert sheet["trainings"] == {"year": 2026, "held": 2, "target": 4}

    page = lender.call(reader, "list_staff_trainings", {"limit": 2})
    rest = lender.call(
        reader, "list_staff_trainings", {"limit": 2, "cursor": page["next_cursor"]}
    )
    found = [one["id"] for one in (*page["items"], *rest["items"])]
    assert found == [second["id"], first["id"], old["id"]]
    assert rest["items"][0]["document"] == "SERT-1"
    of_year = lender.call(reader, "list_staff_trainings", {"year": 2025})["items"]
    assert [one["id"] for one in of_year] == [old["id"]]


def test_the_sheet_is_a_paper_and_a_workbook_too(lender: Lender) -> None:
    lender.call(lender.staff("pengurus"), "put_risk_profile", TOLD)
    reader = lender.staff("pengawas")
    paper = lender.call(reader, "get_risk_profile", {"format": "pdf"})
    assert files.content_of(paper).startswith(b"%PDF")
    book = lender.call(reader, "get_risk_profile", {"format": "xlsx"})
    rows = list(sheets.read(files.content_of(book)))
    assert rows[2] == [
        "Pengelola bersertifikat",
        "4",
        "> 3 orang",
        "< 2 orang",
        "Rendah",
    ]
    assert rows[4][1] == "Terpencil"
    assert rows[6] == ["Pelatihan pengelola 2026", "0 dari 4"]


def test_who_fills_in_the_sheet_may_look_at_it(lender: Lender) -> None:
    admin = lender.staff("admin")
    told = lender.call(admin, "put_risk_profile", TOLD)
    one = lender.call(
        admin, "record_staff_training", TRAINING | {"idempotency": part()}
    )
    sheet = lender.call(admin, "get_risk_profile")
    assert (sheet["factors"], sheet["trainings"]["held"]) == (told["factors"], 1)
    assert lender.call(admin, "list_staff_trainings")["items"][0]["id"] == one["id"]
    with pytest.raises(NotAllowed):
        lender.call(lender.staff("anggota"), "get_risk_profile")
