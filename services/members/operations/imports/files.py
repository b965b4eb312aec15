"""Which rows an uploaded file has: CSV or XLSX, one row after the other as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from services.members.domain.imports.sheets import Sheet
from services.shared.contracts.members import imports as contract
from services.shared.presentation import apart
from services.shared.presentation import sheets as workbooks

ROWS_MAX: Final = 400_000
"""Per sheet; all savings together are one journal, which has an end as well."""

DELIMITERS: Final = ";,\t"
CELL_LENGTH_MAX: Final = 10_000

Row = tuple[int, list[str]]
"""The number that a spreadsheet shows beside the row, and its cells."""


class UnreadableFile(Exception):
    """The file is not what it should be; the message says why, in one sentence."""


def rows_of(content: bytes, media_type: str, sheet: Sheet) -> Iterator[Row]:
    """The rows of a file that was uploaded for one sheet, header included.

    Of a workbook it is the tab of that name, else the first. Raises UnreadableFile,
    also in the middle of reading.
    """
    if media_type == contract.CSV:
        return _csv_rows(content)
    return (row for _, row in _tabs(content, [sheet.name, apart.FIRST]))


def rows_of_workbook(
    content: bytes, media_type: str, sheets: Sequence[Sheet]
) -> Iterator[tuple[str, Iterator[Row]]]:
    """The rows of those of the sheets that a workbook has, by name, in this order.

    Raises UnreadableFile, also in the middle of reading.
    """
    if media_type != contract.XLSX:
        raise UnreadableFile("a workbook must be an XLSX file.")
    rows = _tabs(content, [sheet.name for sheet in sheets])
    is_empty = True
    for name, found in groupby(rows, key=itemgetter(0)):
        is_empty = False
        yield name, (row for _, row in found)
    if is_empty and len(sheets) > 1:
        raise UnreadableFile("it has none of the sheets of the template.")


def _csv_rows(content: bytes) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile("it is not UTF-8 text.") from error
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


def _tabs(content: bytes, wanted: Sequence[str]) -> Iterator[tuple[str, Row]]:
    try:
        for name, row, cells in apart.read(content, wanted):
            if row > ROWS_MAX:
                raise UnreadableFile(f"it has more than {ROWS_MAX} rows.")
            yield name, (row, cells)
    except workbooks.UnreadableWorkbook as error:
        text = str(error)
        raise UnreadableFile(text[:1].lower() + text[1:]) from error
