"""How a document for people is laid out: letterhead, facts, tables, signatures.

The same input gives the same bytes, so that a document can be hashed and made again.
Its words are Indonesian and come from whoever makes it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from services.shared.presentation import formats

MEDIA_TYPE: Final = "application/pdf"

FONT: Final = "Helvetica"
SIZE: Final = 10
SIZE_SMALL: Final = 8
SIZE_TITLE: Final = 14
LINE_MM: Final = 5.0
MARGINS_MM: Final = {"A4": 18.0, "A5": 10.0}
PAGES_MM: Final = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}
SIGNATURE_MM: Final = 16.0
FACT_SHARE: Final = 0.32
CELL_LINES_MAX: Final = 12
"""A cell that would fill a page by itself is cut off."""

_CORE_ENCODING: Final = "latin-1"
_CORE_LETTERS: Final = 256
_REPLACEMENTS: Final = str.maketrans(
    {
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2022": "\u00b7",
        "\u2026": "...",
        "\u2212": "-",
        "\t": " ",
        "\r": "",
    }
)


@dataclass(frozen=True, kw_only=True)
class Letterhead:
    """Whose paper it is: the cooperative, and lines below its name."""

    name: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table; ``share`` is its part of the width."""

    title: str
    share: int = 1
    is_amount: bool = False


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A line to sign on: in what role, and the name printed below it."""

    role: str
    name: str = ""


def printable(text: str) -> str:
    """The text in the letters that the built-in fonts have.

    Accents they lack are dropped and other scripts become question marks: a document
    with a strange name is better than none.
    """
    known = unicodedata.normalize("NFC", text).translate(_REPLACEMENTS)
    return "".join(_letter(letter) for letter in known)


def _letter(letter: str) -> str:
    if _is_core(letter):
        return letter if letter.isprintable() or letter == "\n" else ""
    folded = "".join(
        part for part in unicodedata.normalize("NFKD", letter) if _is_core(part)
    )
    return folded or "?"


def _is_core(letter: str) -> bool:
    return ord(letter) < _CORE_LETTERS


class _Paper(FPDF):
    """A page with the document's number and its own at the foot."""

    def __init__(self, page: str, orientation: str, foot: str) -> None:
        super().__init__(
            orientation=orientation,  # type: ignore[arg-type]
            unit="mm",
            format=PAGES_MM[page],
        )
        self._foot = foot
        self.core_fonts_encoding = _CORE_ENCODING
        self._margin = MARGINS_MM[page]
        self.set_margin(self._margin)
        self.set_auto_page_break(auto=True, margin=self._margin + LINE_MM)

    def footer(self) -> None:
        """Print the foot; called by fpdf2 at the end of every page."""
        self.set_y(-self._margin)
        self.set_font(FONT, size=SIZE_SMALL)
        half = self.epw / 2
        self.cell(half, LINE_MM, self._foot)
        self.cell(half, LINE_MM, f"Halaman {self.page_no()} dari {{nb}}", align="R")


@dataclass(kw_only=True)
class Document:
    """A document being put together from top to bottom; `render` ends it.

    ``number`` is its own, printed at the foot of every page. ``produced_at`` is the
    only time in it: give the same one and the same content, and the bytes are equal.
    ``page`` is ``A4`` or ``A5``.
    """

    title: str
    number: str
    letterhead: Letterhead
    produced_at: datetime
    page: str = "A4"
    is_landscape: bool = False
    _paper: _Paper = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin the first page with letterhead and title."""
        foot = f"{self.number} - dicetak {formats.moment(self.produced_at)}"
        orientation = "landscape" if self.is_landscape else "portrait"
        self._paper = _Paper(self.page, orientation, printable(foot))
        self._paper.set_creation_date(self.produced_at)
        self._paper.set_title(printable(self.title))
        self._paper.set_lang("id-ID")
        self._paper.add_page()
        self._print_letterhead()
        self._print_title()

    def paragraph(self, text: str) -> None:
        """Running text over the whole width."""
        self._font()
        self._lines(text)
        self.space()

    def heading(self, text: str) -> None:
        """A line that begins a part of the document."""
        self._font(bold=True)
        self._lines(text)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Names and values below each other, such as `Nomor rekening : 0101…`."""
        paper = self._paper
        width = paper.epw * FACT_SHARE
        for name, value in pairs:
            self._font()
            paper.cell(width, LINE_MM, printable(name))
            paper.cell(LINE_MM, LINE_MM, ":")
            self._lines(value)
        self.space()

    def table(
        self,
        columns: Sequence[Column],
        rows: Iterable[Sequence[str | int]],
        total: Sequence[str | int] | None = None,
    ) -> None:
        """Rows under a header that is repeated on every page.

        Whole numbers are printed as rupiah of a report (`formats.column`). ``total`` is
        a last row in bold.
        """
        widths = self._widths(columns)
        self._header(columns, widths)
        for row in rows:
            self._row(columns, widths, row)
        if total is not None:
            self._row(columns, widths, total, bold=True)
        self.space()

    def signatures(self, place_and_date: str, signers: Sequence[Signature]) -> None:
        """Lines to sign on, side by side, never torn apart by the end of a page."""
        paper = self._paper
        needed = SIGNATURE_MM + 5 * LINE_MM
        if paper.will_page_break(needed):
            paper.add_page()
        self._font()
        self._lines(place_and_date)
        width = paper.epw / max(len(signers), 1)
        self._side_by_side([signer.role for signer in signers], width)
        paper.ln(SIGNATURE_MM)
        self._side_by_side(["(____________________)"] * len(signers), width)
        self._side_by_side([signer.name for signer in signers], width)

    def space(self) -> None:
        """An empty half line."""
        self._paper.ln(LINE_MM / 2)

    def render(self) -> bytes:
        """The finished document as PDF."""
        return bytes(self._paper.output())

    def _print_letterhead(self) -> None:
        paper = self._paper
        self._font(SIZE_TITLE, bold=True)
        self._lines(self.letterhead.name, height=LINE_MM + 1)
        self._font(SIZE_SMALL)
        for line in self.letterhead.lines:
            self._lines(line, height=LINE_MM - 1)
        paper.ln(1)
        paper.line(paper.l_margin, paper.get_y(), paper.w - paper.r_margin, paper.y)
        self.space()

    def _print_title(self) -> None:
        self._font(SIZE_TITLE - 2, bold=True)
        self._lines(self.title, align="C", height=LINE_MM + 1)
        self._font()
        if self.number:
            self._lines(f"Nomor: {self.number}", align="C")
        self.space()

    def _font(self, size: int = SIZE, *, bold: bool = False) -> None:
        self._paper.set_font(FONT, style="B" if bold else "", size=size)

    def _lines(self, text: str, *, align: str = "L", height: float = LINE_MM) -> None:
        self._paper.multi_cell(
            0,
            height,
            printable(text),
            align=align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )

    def _side_by_side(self, texts: Sequence[str], width: float) -> None:
        for text in texts:
            fitted = self._fitted(text, width)
            self._paper.cell(width, LINE_MM, fitted, align="C")
        self._paper.ln(LINE_MM)

    def _widths(self, columns: Sequence[Column]) -> list[float]:
        shares = sum(column.share for column in columns)
        return [self._paper.epw * column.share / shares for column in columns]

    def _header(self, columns: Sequence[Column], widths: Sequence[float]) -> None:
        self._font(SIZE_SMALL, bold=True)
        titles = [column.title for column in columns]
        self._draw(
            columns,
            widths,
            [self._wrapped(*one) for one in zip(titles, widths, strict=True)],
        )

    def _row(
        self,
        columns: Sequence[Column],
        widths: Sequence[float],
        row: Sequence[str | int],
        *,
        bold: bool = False,
    ) -> None:
        self._font(SIZE_SMALL, bold=bold)
        texts = [
            formats.column(value) if isinstance(value, int) else value for value in row
        ]
        cells = [
            self._wrapped(text, width)
            for text, width in zip(texts, widths, strict=True)
        ]
        height = LINE_MM * max(len(lines) for lines in cells)
        if self._paper.will_page_break(height):
            self._paper.add_page()
            self._header(columns, widths)
            self._font(SIZE_SMALL, bold=bold)
        self._draw(columns, widths, cells)

    def _draw(
        self,
        columns: Sequence[Column],
        widths: Sequence[float],
        cells: Sequence[Sequence[str]],
    ) -> None:
        """One row of boxes, each as high as the cell with the most lines."""
        paper = self._paper
        top, left = paper.get_y(), paper.l_margin
        height = LINE_MM * max(len(lines) for lines in cells)
        for column, width, lines in zip(columns, widths, cells, strict=True):
            paper.rect(left, top, width, height)
            for position, line in enumerate(lines):
                paper.set_xy(left, top + position * LINE_MM)
                align = "R" if column.is_amount else "L"
                paper.cell(width, LINE_MM, line, align=align)
            left += width
        paper.set_xy(paper.l_margin, top + height)

    def _wrapped(self, text: str, width: float) -> list[str]:
        """The lines of a cell, in the font that is set; most cells have one."""
        plain = printable(text)
        inner = width - 2 * self._paper.c_margin
        if "\n" not in plain and self._paper.get_string_width(plain) <= inner:
            return [plain]
        lines: list[str] = self._paper.multi_cell(
            width, LINE_MM, plain, dry_run=True, output="LINES"
        )
        return lines[:CELL_LINES_MAX] or [""]

    def _fitted(self, text: str, width: float) -> str:
        plain = printable(text)
        while plain and self._paper.get_string_width(plain) > width:
            plain = plain[:-1]
        return plain
