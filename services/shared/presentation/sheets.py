"""How rows become a spreadsheet, and how a spreadsheet of a stranger is read safely.

Every cell is read as text, whatever Excel made of it: rows out of a workbook then go
the same way as rows out of a CSV file, and one parser judges both.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | Decimal | date | datetime | None

UNPACKED_BYTES_MAX: Final = 512 * 1024 * 1024
"""What a workbook may unpack to in all; sheets are streamed."""

TABLE_BYTES_MAX: Final = 128 * 1024 * 1024
"""What its table of shared strings, which is held in memory, may unpack to."""

PARTS_MAX: Final = 500
COLUMNS_MAX: Final = 100
ROWS_MAX: Final = 1_000_000

_TITLE_LENGTH_MAX: Final = 31
_CELL_LENGTH_MAX: Final = 32_767
_AMOUNT_FORMAT: Final = "#,##0"
_FORBIDDEN_IN_TITLE: Final = re.compile(r"[\\/*?:\[\]]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


_DAMAGE: Final = (
    ParseError,
    zipfile.BadZipFile,
    InvalidFileException,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
)
"""What openpyxl lets through of a file that is not what it says it is."""


class UnreadableWorkbook(ValueError):
    """Not an XLSX workbook, damaged, or bigger inside than one may be."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One sheet to be written: its title, the header and the rows below it."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def write(rows: Iterable[Sequence[Cell]], header: Sequence[str], title: str) -> bytes:
    """A workbook with one sheet."""
    return write_book([Sheet(title=title, header=header, rows=rows)])


def write_book(sheets: Iterable[Sheet]) -> bytes:
    """A workbook of several sheets. Rows are streamed, not gathered.

    Text is written as text even where it looks like a formula, so that a name such as
    ``=HYPERLINK(…)`` stays a name on the screen of whoever opens the file.
    """
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(_title(sheet.title))
        page.append([_header_cell(page, name) for name in sheet.header])
        for row in sheet.rows:
            page.append([_cell(page, value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _title(title: str) -> str:
    return _FORBIDDEN_IN_TITLE.sub(" ", title)[:_TITLE_LENGTH_MAX] or "Sheet"


def _header_cell(page: WriteOnlyWorksheet, name: str) -> Any:
    cell = _cell(page, name)
    cell.font = Font(bold=True)
    return cell


def _cell(page: WriteOnlyWorksheet, value: Cell) -> Any:
    if isinstance(value, str):
        cell = WriteOnlyCell(page, _CONTROL.sub("", value)[:_CELL_LENGTH_MAX])
        # openpyxl takes a leading equals sign for a formula, unless told the type.
        cell.data_type = "s"
        return cell
    if isinstance(value, datetime):
        # A workbook's times have no zone; whoever writes one says which it is.
        value = value.replace(tzinfo=None)
    cell = WriteOnlyCell(page, value)  # type: ignore[arg-type]  # it takes them all
    if isinstance(value, int):
        cell.number_format = _AMOUNT_FORMAT
    return cell


def titles(content: bytes) -> list[str]:
    """The names of the sheets. Raises UnreadableWorkbook."""
    return list(_opened(content).sheetnames)


def read(
    content: bytes, title: str | None = None, *, rows_max: int = ROWS_MAX
) -> Iterator[list[str]]:
    """The rows of one sheet as text, by default of the first one.

    Whole numbers come as digits, dates as yyyy-mm-dd, empty cells as the empty string;
    empty cells at the end of a row are left out, empty rows are not, so that the n-th
    row is the sheet's n-th. Formulas give what was computed when the file was saved.
    Raises UnreadableWorkbook, also in the middle of reading.
    """
    with opened(content) as book:
        if title is not None and title not in book.titles:
            raise UnreadableWorkbook(f"There is no sheet {title!r}.")
        yield from book.rows(title or book.titles[0], rows_max=rows_max)


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that is being read: opening one takes long, so it is done once."""

    _book: Any

    @property
    def titles(self) -> list[str]:
        """The names of the sheets; there is at least one."""
        return list(self._book.sheetnames)

    def rows(self, title: str, *, rows_max: int = ROWS_MAX) -> Iterator[list[str]]:
        """The rows of one sheet; see `read`."""
        page = self._book[title]
        # What the file says of its size may be wrong in either direction.
        page.reset_dimensions()
        try:
            rows = page.iter_rows(values_only=True, max_col=COLUMNS_MAX)
            yield from _texts(rows, rows_max)
        except UnreadableWorkbook:
            raise
        except _DAMAGE as error:
            raise UnreadableWorkbook("The sheet is damaged.") from error


@contextmanager
def opened(content: bytes) -> Iterator[Book]:
    """A workbook, to read several of its sheets. Raises UnreadableWorkbook."""
    book = _opened(content)
    try:
        yield Book(book)
    finally:
        book.close()


def _texts(rows: Iterable[Sequence[Any]], rows_max: int) -> Iterator[list[str]]:
    for position, row in enumerate(rows):
        if position >= rows_max:
            raise UnreadableWorkbook(f"The sheet has more than {rows_max} rows.")
        yield _trimmed([_text(value) for value in row])


def _opened(content: bytes) -> Any:
    _refuse_bombs(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except _DAMAGE as error:
        raise UnreadableWorkbook("The file is not an XLSX workbook.") from error
    if not book.sheetnames:
        raise UnreadableWorkbook("The workbook has no sheet.")
    return book


def _refuse_bombs(content: bytes) -> None:
    """Judge the archive by its directory, which also bounds what is unpacked later."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableWorkbook("The file is not an XLSX workbook.") from error
    if len(parts) > PARTS_MAX:
        raise UnreadableWorkbook("The workbook has too many parts.")
    if sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
        raise UnreadableWorkbook("The workbook is too big when unpacked.")
    in_memory = [part for part in parts if "/worksheets/" not in part.filename]
    if sum(part.file_size for part in in_memory) > TABLE_BYTES_MAX:
        raise UnreadableWorkbook("The workbook is too big when unpacked.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    # Excel keeps every number as a float; one without a fraction was a whole number.
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value).replace(".", ",")
    return str(value)


def _moment_text(value: datetime) -> str:
    """A cell with a date is a moment at midnight to openpyxl."""
    if value.time() == datetime.min.time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row
