"""Which rows an uploaded file has: CSV or XLSX, one row after the other as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from services.members.domain.imports.sheets import Sheet, sheet_of_title
from services.shared.contracts.members import imports as contract
from services.shared.presentation import sheets as workbooks

ROWS_MAX: Final = 400_000
"""Per sheet; all savings together are one journal, which has an end as well."""

DELIMITERS: Final = ";,\t"
CELL_LENGTH_MAX: Final = 10_000

Row = tuple[int, list[str]]
"""The number that a spreadsheet shows beside the row, and its cells."""


class UnreadableFile(Exception):
    """The file is not what it should be; the message says why, in one sentence."""


def rows_of(content: bytes, media_type: str, sheet: Sheet) -> Iterator[Row] | None:
    """The rows of a sheet in a file, header included; None when it has no such sheet.

    Raises UnreadableFile, also in the middle of reading.
    """
    if media_type == contract.CSV:
        return _csv_rows(content)
    return _workbook_rows(content, sheet)


def single_sheet(content: bytes, media_type: str, sheet: Sheet) -> Iterator[Row]:
    """The rows of a file with one sheet, whatever its tab is called."""
    found = rows_of(content, media_type, sheet)
    return _numbered_rows(content, None) if found is None else found


def _csv_rows(content: bytes) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("it is not UTF-8 text.") from error
    return _parsed(text)


def _parsed(text: str) -> Iterator[Row]:
    first_line = text.lstrip().partition("\n")[0]
    # Where the decimal sign is a comma, spreadsheets separate cells by semicolons.
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row, cells in enumerate(reader, 1):
            if row > ROWS_MAX:
                raise UnreadableFile(f"it has more than {ROWS_MAX} rows.")
            yield row, [cell[:CELL_LENGTH_MAX] for cell in cells]
    except csv.Error as error:
        raise UnreadableFile(f"line {reader.line_num} is damaged.") from error


def _workbook_rows(content: bytes, sheet: Sheet) -> Iterator[Row] | None:
    try:
        titles = workbooks.titles(content)
    except workbooks.UnreadableWorkbook as error:
        raise UnreadableFile(_sentence(error)) from error
    for title in titles:
        if sheet_of_title(title) == sheet.name:
            return _numbered_rows(content, title)
    return None


def _numbered_rows(content: bytes, title: str | None) -> Iterator[Row]:
    try:
        rows = workbooks.read(content, title, rows_max=ROWS_MAX)
        yield from enumerate(rows, 1)
    except workbooks.UnreadableWorkbook as error:
        raise UnreadableFile(_sentence(error)) from error


def _sentence(error: workbooks.UnreadableWorkbook) -> str:
    text = str(error)
    return text[:1].lower() + text[1:]
