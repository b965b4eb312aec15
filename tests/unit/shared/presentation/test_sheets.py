"""Spreadsheets: written safely, read warily."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

from services.shared.presentation import sheets
from services.shared.presentation.sheets import Sheet, UnreadableWorkbook

HEADER = ("no_lama", "nama", "saldo")


def book_with(fill: Callable[[Workbook], None]) -> bytes:
    """A workbook as somebody else's program would save it."""
    book = Workbook()
    fill(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The same archive with one part replaced."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for part in source.namelist():
            copy.writestr(part, data if part == name else source.read(part))
    return target.getvalue()


def test_what_is_written_is_read_again_as_text() -> None:
    rows = [("A-1", "Sari Dewi", 1_250_000), ("A-2", None, -5), ("", "", None)]

    content = sheets.write(rows, HEADER, "Simpanan")

    assert sheets.titles(content) == ["Simpanan"]
    assert list(sheets.read(content)) == [
        list(HEADER),
        ["A-1", "Sari Dewi", "1250000"],
        ["A-2", "", "-5"],
        [],
    ]


def test_dates_and_rates_are_read_as_people_would_type_them() -> None:
    content = sheets.write(
        [(date(2026, 11, 22), Decimal("12.5"), 10**15)], HEADER, "Anggota"
    )

    assert list(sheets.read(content))[1] == ["2026-11-22", "12,5", "1" + "0" * 15]


def test_each_sheet_is_read_by_its_title() -> None:
    content = sheets.write_book(
        Sheet(title=title, header=[title], rows=[]) for title in ("Anggota", "Neraca")
    )

    assert list(sheets.read(content, "Neraca")) == [["Neraca"]]
    with pytest.raises(UnreadableWorkbook, match="no sheet"):
        list(sheets.read(content, "Pinjaman"))


@pytest.mark.parametrize("name", ["=1+1", "+62812", "-cmd", "@SUM(A1)", "=HYPERLINK()"])
def test_text_that_looks_like_a_formula_stays_text(name: str) -> None:
    content = sheets.write([(name,)], ["nama"], "Anggota")

    cell = load_workbook(io.BytesIO(content))["Anggota"]["A2"]
    assert cell.data_type == "s"
    assert cell.value == name


def test_a_title_that_excel_refuses_is_made_acceptable() -> None:
    content = sheets.write([], ["a"], "Setor/Tarik: [2026] " + "x" * 50)

    assert sheets.titles(content) == ["Setor Tarik   2026  xxxxxxxxxxx"]


def test_control_characters_do_not_spoil_a_workbook() -> None:
    content = sheets.write([("Sari\x00\x0b Dewi",)], ["nama"], "Anggota")

    assert list(sheets.read(content))[1] == ["Sari Dewi"]


def test_a_row_is_found_at_its_own_position() -> None:
    def fill(book: Workbook) -> None:
        page = book.worksheets[0]
        page["A1"], page["B4"] = "no_lama", "x"

    assert list(sheets.read(book_with(fill))) == [["no_lama"], [], [], ["", "x"]]


def test_a_sheet_with_too_many_rows_is_refused() -> None:
    content = sheets.write([("x",)] * 5, ["a"], "Anggota")

    with pytest.raises(UnreadableWorkbook, match="more than 3 rows"):
        list(sheets.read(content, rows_max=3))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no_lama;nama\n1;Sari\n", id="csv"),
        pytest.param(b"PK\x03\x04" + b"\x00" * 100, id="a torn archive"),
    ],
)
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableWorkbook):
        list(sheets.read(content))


def test_a_zip_of_something_else_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("foto.jpg", b"x")

    with pytest.raises(UnreadableWorkbook):
        list(sheets.read(target.getvalue()))


def test_a_damaged_sheet_is_refused_in_the_middle_of_reading() -> None:
    content = sheets.write([("x",)], ["a"], "Anggota")
    torn = with_part(content, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData>")

    with pytest.raises(UnreadableWorkbook):
        list(sheets.read(torn))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "UNPACKED_BYTES_MAX", 1_000_000)
    content = sheets.write([("x",)], ["a"], "Anggota")
    bomb = with_part(content, "xl/worksheets/sheet1.xml", b" " * 2_000_000)

    with pytest.raises(UnreadableWorkbook, match="too big"):
        list(sheets.read(bomb))


def test_a_bomb_of_nested_entities_is_refused() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]><worksheet>&e11;</worksheet>'
    content = sheets.write([("x",)], ["a"], "Anggota")
    bomb = with_part(content, "xl/worksheets/sheet1.xml", xml.encode())

    with pytest.raises(UnreadableWorkbook):
        list(sheets.read(bomb))
