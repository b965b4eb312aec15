"""Synthetic cooperatives in the sheets of the import, and what is done with them."""

from __future__ import annotations

import base64
import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.members.domain.imports.sheets import SHEETS
from services.members.operations.imports import batches, reports, uploads, work
from services.shared.contracts.members import imports as contract
from services.shared.identity import Actor
from services.shared.presentation import sheets as workbooks
from tests.factories.members import PAGE, Tenant
from tests.fakes.answering_peer import FakePeer
from tests.fakes.ledger_peer import LedgerPeer

FIRST_NAMES: Final = ("Budi", "Siti", "Agus", "Dewi", "Rina", "Joko", "Made", "Putri")
LAST_NAMES: Final = ("Santoso", "Aminah", "Wijaya", "Lestari", "Saputra", "Hidayat")
CUT_OVER: Final = "2025-12-31"

POKOK: Final = 100_000
WAJIB: Final = 240_000

_uploads = itertools.count(1)

Table = list[list[Any]]
"""A header and the rows below it."""


def nik(number: int) -> str:
    """A NIK that could be right, another one for each number below 25 million."""
    day, rest = number % 28 + 1, number // 28
    month, rest = rest % 12 + 1, rest // 12
    year, serial = 60 + rest % 40, rest // 40 + 1
    return f"517101{day:02d}{month:02d}{year:02d}{serial:04d}"


def birth_date(number: int) -> str:
    """The birth date in `nik`, as a person in Indonesia writes it."""
    digits = nik(number)
    return f"{digits[6:8]}/{digits[8:10]}/19{digits[10:12]}"


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """A cooperative with so many members, whose sheets agree with each other.

    ``first`` shifts the NIKs, so that two of them have no member in common.
    """

    members: int
    first: int = 0
    loans: int = 0

    def voluntary(self, number: int) -> int:
        """What a member has in voluntary savings, in whole rupiah."""
        return 50_000 + number * 1_000 % 750_000

    def anggota(self) -> Table:
        """The members."""
        return [
            SHEETS["anggota"].header,
            *(
                [
                    f"L{number:06d}",
                    self.name(number),
                    nik(self.first + number),
                    f"Jl. Melati {number}, Denpasar",
                    birth_date(self.first + number),
                    f"0812{10_000_000 + self.first + number}",
                    "01/03/2015",
                    "aktif",
                ]
                for number in range(self.members)
            ),
        ]

    def simpanan(self) -> Table:
        """Three accounts for each member."""
        return [
            ["no_lama", "produk", "saldo"],
            *(
                [f"L{number:06d}", product, amount]
                for number in range(self.members)
                for product, amount in (
                    ("pokok", POKOK),
                    ("wajib", WAJIB),
                    ("sukarela", self.voluntary(number)),
                )
            ),
        ]

    def neraca(self) -> Table:
        """A balance sheet that has exactly what the members have, in cash."""
        voluntary = sum(self.voluntary(number) for number in range(self.members))
        owed = {
            "2-1000": voluntary,
            "3-1000": POKOK * self.members,
            "3-1100": WAJIB * self.members,
            "3-2000": 5_000_000,
        }
        return [
            ["akun", "saldo"],
            ["1-1000", sum(owed.values()) - 2_000_000],
            ["1-2000", 3_000_000],
            ["1-2900", 1_000_000],
            *([code, amount] for code, amount in owed.items()),
        ]

    @staticmethod
    def name(number: int) -> str:
        """An invented name."""
        first = FIRST_NAMES[number % len(FIRST_NAMES)]
        return f"{first} {LAST_NAMES[number % len(LAST_NAMES)]}"

    def tables(self) -> dict[str, Table]:
        """Every sheet."""
        return {
            "anggota": self.anggota(),
            "simpanan": self.simpanan(),
            "neraca": self.neraca(),
        }


def as_csv(table: Iterable[Sequence[Any]], delimiter: str = ",") -> bytes:
    """A table as a spreadsheet saves it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue().encode()


def as_workbook(tables: dict[str, Table]) -> bytes:
    """The tables as one XLSX file."""
    return workbooks.write_book(
        workbooks.Sheet(title=SHEETS[name].title, header=table[0], rows=table[1:])
        for name, table in tables.items()
    )


@dataclass(kw_only=True)
class Importing:
    """An import of a cooperative, as its staff goes through it."""

    tenant: Tenant
    creator: str = "usr_admin"
    approver: str = "usr_pengurus"
    loans: FakePeer = field(
        default_factory=lambda: FakePeer(
            answers={"list_import_products": {"names": ["modal usaha"]}}
        )
    )
    id: str = field(init=False)

    def __post_init__(self) -> None:
        command = contract.CreateImport().load({"cut_over": CUT_OVER})
        made = batches.create_import(self.tenant.world.members, self.actor(), command)
        self.id = made["id"]

    def actor(self, subject: str = "") -> Actor:
        """Somebody of the cooperative."""
        return Actor(cooperative_id=self.tenant.id, subject=subject or self.creator)

    def upload(
        self,
        sheet: str,
        content: bytes,
        media_type: str = contract.CSV,
        *,
        bytes_per_part: int = contract.PART_BYTES_MAX,
    ) -> dict[str, Any]:
        """Upload a file as the gateway does."""
        upload_id = f"upl_test{next(_uploads)}"
        parts = max(1, -(-len(content) // bytes_per_part))
        answer: dict[str, Any] = {}
        for part in range(parts):
            some = content[part * bytes_per_part : (part + 1) * bytes_per_part]
            answer = uploads.put_part(
                self.tenant.world.members,
                self.tenant.world.settings,
                self.actor(),
                {
                    "import_id": self.id,
                    "sheet": sheet,
                    "upload_id": upload_id,
                    "part": part,
                    "parts": parts,
                    "media_type": media_type,
                    "content": base64.b64encode(some).decode(),
                },
            )
        return answer

    def upload_tables(self, tables: dict[str, Table]) -> None:
        """Upload each table as a CSV file."""
        for sheet, table in tables.items():
            self.upload(sheet, as_csv(table))

    def work(self) -> int:
        """What the service does in the background."""
        return work.work_on_imports(
            self.tenant.world.members,
            self.tenant.world.settings,
            self._ledger_of,
            lambda _cooperative_id: self.loans,
        )

    def _ledger_of(self, cooperative_id: str) -> LedgerPeer:
        """The tenant's ledger; others' work is done for them as it would be."""
        world = self.tenant.world
        if cooperative_id == self.tenant.id:
            return self.tenant.ledger
        return LedgerPeer(world.ledger, world.settings, cooperative_id)

    def validate(self) -> dict[str, Any]:
        """Validate, and wait for the outcome."""
        self.request_validation()
        self.work()
        return self.get()

    def request_validation(self) -> dict[str, Any]:
        """Ask for validation without waiting."""
        return batches.validate_import(
            self.tenant.world.members, self.actor(), {"import_id": self.id}
        )

    def sign_off(self, subject: str = "") -> dict[str, Any]:
        """Accept the differences."""
        return batches.sign_off_import(
            self.tenant.world.members,
            self.actor(subject or self.approver),
            {"import_id": self.id, "reason": "Selisih dijelaskan dalam berita acara."},
        )

    def request_commit(self, *, partial: bool = False) -> dict[str, Any]:
        """Ask for the import to be taken over without waiting."""
        return batches.commit_import(
            self.tenant.world.members,
            self.actor(),
            {"import_id": self.id, "is_partial": partial},
        )

    def commit(self, *, partial: bool = False) -> dict[str, Any]:
        """Take over, and wait for the outcome."""
        self.request_commit(partial=partial)
        self.work()
        return self.get()

    def cancel(self) -> dict[str, Any]:
        """Give up."""
        return batches.cancel_import(
            self.tenant.world.members, self.actor(), {"import_id": self.id}
        )

    def get(self) -> dict[str, Any]:
        """The import as it is."""
        return batches.get_import(self.tenant.world.members, self.tenant.id, self.id)

    def problems(self, **query: Any) -> list[dict[str, Any]]:
        """What is wrong with it."""
        command = PAGE | {"severity": None, "sheet": None} | query
        answer = reports.list_problems(
            self.tenant.world.members, self.tenant.id, command | {"import_id": self.id}
        )
        items: list[dict[str, Any]] = answer["items"]
        return items

    def found(self) -> set[tuple[str, int, str | None, str]]:
        """The problems, as sheet, row, column and code."""
        return {
            (one["sheet"], one["row"], one["column"], one["code"])
            for one in self.problems()
        }

    def rows(self, sheet: str, **query: Any) -> list[dict[str, Any]]:
        """The preview of a sheet."""
        command = PAGE | {"sheet": sheet, "outcome": None} | query
        answer = reports.list_rows(
            self.tenant.world.members,
            self.tenant.world.settings,
            self.tenant.id,
            command | {"import_id": self.id},
        )
        items: list[dict[str, Any]] = answer["items"]
        return items

    def reconciliation(self) -> dict[str, Any]:
        """Details beside balance sheet."""
        return reports.get_reconciliation(
            self.tenant.world.members, self.tenant.ledger, self.tenant.id, self.id
        )
