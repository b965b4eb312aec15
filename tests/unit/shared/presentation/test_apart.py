"""Workbooks that a child process reads and writes are those of this one."""

from __future__ import annotations

import pytest

from services.shared.presentation import apart, sheets

BOOK = sheets.write_book(
    [
        sheets.Sheet(title="Petunjuk", header=["a"], rows=[["b"]]),
        sheets.Sheet(title="Aset Tetap", header=["kode"], rows=[["K-1"], [], ["K-2"]]),
        sheets.Sheet(title="ANGGOTA", header=["nama"], rows=[["Budi"]]),
    ]
)


def test_tabs_come_in_the_order_asked_for_whatever_their_titles_look_like() -> None:
    assert list(apart.read(BOOK, ["anggota", "neraca", "aset_tetap"])) == [
        ("anggota", 1, ["nama"]),
        ("anggota", 2, ["Budi"]),
        ("aset_tetap", 1, ["kode"]),
        ("aset_tetap", 2, ["K-1"]),
        ("aset_tetap", 4, ["K-2"]),
    ]


def test_the_first_tab_stands_in_for_one_that_is_not_there() -> None:
    rows = list(apart.read(BOOK, ["simpanan", apart.FIRST]))
    assert rows == [(apart.FIRST, 1, ["a"]), (apart.FIRST, 2, ["b"])]


def test_the_first_tab_is_not_needed_beside_the_one_asked_for() -> None:
    names = {name for name, _, _ in apart.read(BOOK, ["anggota", apart.FIRST])}
    assert names == {"anggota"}


def test_what_is_no_workbook_is_refused_as_in_this_process() -> None:
    with pytest.raises(sheets.UnreadableWorkbook, match="not an XLSX workbook"):
        list(apart.read(b"PK", ["anggota"]))


def test_a_reader_may_stop_in_the_middle() -> None:
    rows = apart.read(BOOK, ["anggota"])
    assert next(rows) == ("anggota", 1, ["nama"])
    rows.close()


def test_what_was_written_there_is_read_here() -> None:
    content = apart.write([["=1+1", 5], [None, "x"]], ["a", "b"], "Judul")
    assert sheets.titles(content) == ["Judul"]
    assert list(sheets.read(content)) == [["a", "b"], ["=1+1", "5"], ["", "x"]]
