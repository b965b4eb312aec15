"""What people fill their data into: a workbook with the header of every sheet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from services.members.domain.imports.sheets import SHEETS
from services.shared.contracts import files
from services.shared.presentation import sheets as workbooks

NAME: Final = "templat-impor.xlsx"
GUIDE_TITLE: Final = "Petunjuk"
GUIDE_HEADER: Final = ("Lembar", "Kolom", "Wajib", "Isi")


def get_template() -> dict[str, Any]:
    """The workbook. Without examples: they would be imported with everything else."""
    return files.file_of(NAME, workbooks.MEDIA_TYPE, _content())


@cache
def _content() -> bytes:
    pages = [
        workbooks.Sheet(title=sheet.title, header=sheet.header, rows=())
        for sheet in SHEETS.values()
    ]
    guide = workbooks.Sheet(title=GUIDE_TITLE, header=GUIDE_HEADER, rows=_guide())
    return workbooks.write_book([*pages, guide])


def _guide() -> Iterator[tuple[str, str, str, str]]:
    for sheet in SHEETS.values():
        for column in sheet.columns:
            is_required = "ya" if column.is_required else "tidak"
            yield sheet.title, column.name, is_required, column.note
