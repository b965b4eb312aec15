"""Documents on paper: the same input, the same bytes; nothing torn, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.shared.presentation import pdf
from services.shared.presentation.pdf import Column, Document, Letterhead, Signature
from tests.factories.papers import lines_of, text_of

AT = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
COLUMNS = (
    Column(title="Tanggal", share=2),
    Column(title="Uraian", share=4),
    Column(title="Kredit", share=2, is_amount=True),
)


def document(title: str = "Rekening Koran") -> Document:
    return Document(
        title=title,
        number="SLIP/2026/11/7",
        letterhead=Letterhead(name="KSP Maju Bersama", lines=["Jl. Melati 5"]),
        produced_at=AT,
    )


def test_the_same_content_gives_the_same_bytes() -> None:
    def made() -> bytes:
        paper = document()
        paper.facts([("Nama", "Budi Santoso")])
        paper.table(COLUMNS, [("22/11/2026", "Setoran tunai", 500_000)] * 100)
        return paper.render()

    assert made() == made()
    assert made().startswith(b"%PDF-")


def test_a_page_names_the_cooperative_the_document_and_itself() -> None:
    text = text_of(document().render())

    assert "KSP Maju Bersama" in text
    assert "Rekening Koran" in text
    assert "Nomor: SLIP/2026/11/7" in text
    assert "SLIP/2026/11/7 - dicetak 22/11/2026 16.15 WIB" in text
    assert "Halaman 1 dari 1" in text


def test_a_long_table_repeats_its_header_on_every_page() -> None:
    paper = document()
    rows = [("22/11/2026", f"Setoran {n}", n) for n in range(1, 121)]
    paper.table(COLUMNS, rows, total=("", "Jumlah", 7_260))

    made = paper.render()

    lines = lines_of(made)
    pages = lines.count("Uraian")
    assert pages >= 3
    assert f"Halaman {pages} dari {pages}" in text_of(made)
    assert [line for line in lines if line.startswith("Setoran")] == [
        row[1] for row in rows
    ]
    assert lines.index("Jumlah") > lines.index("Setoran 120")


def test_amounts_in_a_table_are_formatted_as_in_a_report() -> None:
    paper = document()
    paper.table(COLUMNS, [("", "Koreksi", -1_250_000)])

    assert "(1.250.000)" in lines_of(paper.render())


def test_a_long_text_is_wrapped_inside_its_cell() -> None:
    paper = document()
    paper.table(COLUMNS, [("22/11/2026", "kata " * 40, 1)])

    words = [word for line in lines_of(paper.render()) for word in line.split()]
    assert words.count("kata") == 40


def test_signers_get_a_line_each() -> None:
    paper = document()
    paper.signatures(
        "Denpasar, 22 November 2026",
        [Signature(role="Teller", name="Sari Dewi"), Signature(role="Penyetor")],
    )

    lines = lines_of(paper.render())
    assert lines.count("(____________________)") == 2
    assert {"Teller", "Penyetor", "Sari Dewi"} <= set(lines)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Budi Santoso", "Budi Santoso"),
        ("I Wayan Sudiarta \u2013 \u201cBali\u201d", 'I Wayan Sudiarta - "Bali"'),
        ("Jos\u00e9", "Jos\u00e9"),
        ("\u0141ukasz \u0160", "?ukasz S"),
        ("\u6f22\u5b57", "??"),
        ("a\x00b\x1bc", "abc"),
    ],
)
def test_letters_the_font_lacks_are_replaced(text: str, printed: str) -> None:
    assert pdf.printable(text) == printed


def test_no_name_is_too_strange_for_a_document() -> None:
    paper = document(title="\U0001f600 \u0645\u0631\u062d\u0628\u0627")
    paper.facts([("Nama", "\ud83d"), ("", "")])
    paper.table(COLUMNS, [("", "\U0001f600" * 300, 0)])

    assert paper.render().startswith(b"%PDF-")
