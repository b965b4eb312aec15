"""The report on cash flow and position of lending, on paper and as workbook (R159)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from services.loans.operations.loan_papers import CHANNELS
from services.shared.presentation import formats, sheets
from services.shared.presentation.pdf import Column, Document, Letterhead
from services.shared.presentation.sheets import Sheet

TITLE: Final = "Laporan Arus Kas dan Posisi Pinjaman"

_POSITION: Final = (
    ("opening", "Saldo awal"),
    ("disbursed", "Dicairkan"),
    ("taken_over", "Alih sistem"),
    ("restructured", "Restrukturisasi"),
    ("repaid", "Angsuran pokok"),
    ("written_off", "Hapus buku"),
    ("closing", "Saldo akhir"),
)
_LOANS: Final = (
    ("opening_loans", "Pinjaman awal"),
    ("new_loans", "Baru"),
    ("ended_loans", "Berakhir"),
    ("closing_loans", "Pinjaman akhir"),
)
_RECEIVED: Final = (
    ("principal", "Pokok"),
    ("interest", "Bunga"),
    ("penalty", "Denda"),
    ("fee", "Biaya pelunasan"),
    ("recovered", "Hapus buku tertagih"),
    ("total", "Jumlah masuk"),
)
_EXPECTED: Final = (
    ("instalments", "Angsuran"),
    ("principal", "Pokok"),
    ("interest", "Bunga"),
    ("total", "Jumlah"),
)
_TILL_TODAY: Final = "Sudah jatuh tempo"


def paper(
    cooperative_name: str, code: str, report: Mapping[str, Any], made_at: datetime
) -> bytes:
    """The report as PDF; ``report`` is a `CashFlow`."""
    whole = report["whole"]
    document = Document(
        title=TITLE,
        number=f"{_day(whole['from'])} - {_day(whole['to'])}",
        letterhead=Letterhead(name=cooperative_name, lines=[f"Kode koperasi {code}"]),
        produced_at=made_at,
        is_landscape=True,
    )
    rows: list[Mapping[str, Any]] = report["periods"]
    for heading, columns, of in (
        ("Posisi pinjaman", _POSITION, _plain),
        ("Jumlah pinjaman", _LOANS, _plain),
        ("Kas masuk", (("scheduled", "Jadwal"), *_RECEIVED), _cash),
    ):
        document.heading(heading)
        document.table(
            _columns("Periode", columns),
            [(_period(one), *of(one, columns)) for one in rows],
            ("Seluruhnya", *of(whole, columns)),
        )
    document.heading("Kas masuk menurut saluran")
    document.table(
        _columns("Saluran", (("amount", "Jumlah"),)),
        [(CHANNELS[one["channel"]], one["amount"]) for one in whole["channels"]],
    )
    document.heading("Perkiraan kas masuk menurut jadwal")
    document.table(_columns("Jatuh tempo", _EXPECTED), _expected(report))
    return document.render()


def workbook(report: Mapping[str, Any]) -> bytes:
    """The report as a workbook: the periods, the channels, what is expected."""
    rows: list[Mapping[str, Any]] = [*report["periods"], report["whole"]]
    columns = (*_POSITION, *_LOANS)
    cash = (("scheduled", "Jadwal"), *_RECEIVED, ("net", "Arus kas bersih"))
    return sheets.write_book(
        [
            Sheet(
                title="Arus kas",
                header=("Dari", "Sampai", *(name for _, name in (*columns, *cash))),
                rows=[
                    (
                        date.fromisoformat(one["from"]),
                        date.fromisoformat(one["to"]),
                        *_plain(one, columns),
                        *_cash(one, cash),
                    )
                    for one in rows
                ],
            ),
            Sheet(
                title="Saluran",
                header=("Saluran", "Jumlah"),
                rows=[
                    (CHANNELS[one["channel"]], one["amount"])
                    for one in report["whole"]["channels"]
                ],
            ),
            Sheet(
                title="Perkiraan",
                header=("Jatuh tempo", *(name for _, name in _EXPECTED)),
                rows=_expected(report),
            ),
        ]
    )


_Named = Sequence[tuple[str, str]]


def _plain(one: Mapping[str, Any], columns: _Named) -> list[int]:
    return [one[key] for key, _ in columns]


def _cash(one: Mapping[str, Any], columns: _Named) -> list[int]:
    return _plain(
        {**one["received"], "scheduled": one["scheduled"], "net": one["net"]}, columns
    )


def _expected(report: Mapping[str, Any]) -> list[list[str | int]]:
    rows = [(_TILL_TODAY, report["due"])]
    rows += [(_period(one), one) for one in report["ahead"]]
    return [[name, *_plain(one, _EXPECTED)] for name, one in rows]


def _columns(first: str, columns: _Named) -> tuple[Column, ...]:
    return (
        Column(title=first, share=5),
        *(Column(title=name, share=4, is_amount=True) for _, name in columns),
    )


def _period(one: Mapping[str, Any]) -> str:
    return f"{_day(one['from'])} - {_day(one['to'])}"


def _day(day: str) -> str:
    return formats.date_short(date.fromisoformat(day))
