"""How a long list becomes one file: asked for page by page, written row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.shared.contracts import files as contract
from services.shared.presentation import apart, sheets

CSV: Final = "text/csv"
MEDIA_TYPES: Final = (CSV, sheets.MEDIA_TYPE)

# A spreadsheet takes these for formulas; a phone number or an amount is none.
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![0-9])")


def all_pages(
    fetch: Callable[[str | None], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Every page of a list; ``fetch`` is given the cursor."""
    cursor: str | None = None
    while True:
        page = fetch(cursor)
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return


def as_file(
    name: str, wanted: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Answer:
    """A table as a file of the form that was ``wanted``: `csv` or `xlsx`."""
    if wanted == contract.XLSX:
        # Elsewhere: a gateway that packs a workbook answers nobody meanwhile.
        content = apart.write(rows, header, name)
        media_type = sheets.MEDIA_TYPE
    else:
        content, media_type = _csv(header, rows), CSV
    return files.attached(contract.file_of(f"{name}.{wanted}", media_type, content))


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: Any) -> Any:
    """A cell that no spreadsheet runs when the file is opened."""
    if isinstance(cell, str) and _FORMULA.match(cell):
        return f"'{cell}"
    return cell
