"""How the import's sheets are written from what the cooperative has now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.members.domain import membership
from services.members.domain.imports import reconciliation, sheets
from services.members.domain.imports.rows import PERSONAL
from services.members.domain.peers import Ledger
from services.members.models import Member
from services.members.operations import audit, personal_data
from services.members.operations.imports.checking import chart_of
from services.members.store.imports import exports as store
from services.shared import clock, crypto, identity_numbers
from services.shared.contracts import answers
from services.shared.contracts.members import imports as contract
from services.shared.errors import NotAllowed
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

PROFIT_OF_YEAR: Final = "3-3000"
"""Where income and expenses stand in a balance sheet before the year is closed."""

_STATUSES: Final = {membership.ACTIVE: "aktif", membership.CANDIDATE: "calon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Whose books are written, for whom, and how much of them at a time."""

    database: Database
    settings: Settings
    ledger: Ledger
    identity: Identity
    actor: Actor
    is_masked: bool

    @property
    def cooperative_id(self) -> str:
        """The cooperative whose books they are."""
        return self.identity.cooperative_id


Stretch = tuple[list[list[Any]], str | None]
"""Rows, and behind what the next ones begin; None when these were the last."""


def export_rows(exporter: Exporter, command: dict[str, Any]) -> dict[str, Any]:
    """A stretch of a sheet. Raises NotAllowed for unmasked data without imports:write.

    Who takes all full NIKs at once is written into the audit trail.
    """
    sheet, limit = command["sheet"], command["limit"]
    owner = f"export {exporter.cooperative_id} {sheet}"
    after = answers.position(owner, command["cursor"])
    if not exporter.is_masked and sheet == sheets.MEMBERS:
        _require_writer(exporter.identity)
        if after is None:
            _tell_of_full_niks(exporter)
    rows, position = _STRETCHES[sheet](exporter, after or "", limit)
    return answers.one(
        contract.ExportedRows(),
        {
            "title": sheets.SHEETS[sheet].title,
            "header": sheets.SHEETS[sheet].header,
            "rows": rows,
            "next_cursor": None
            if position is None
            else answers.cursor_at(owner, position),
        },
    )


def _require_writer(identity: Identity) -> None:
    if "imports:write" not in identity.scopes:
        raise NotAllowed("Full NIKs need the scope imports:write.")


def _tell_of_full_niks(exporter: Exporter) -> None:
    with exporter.database.tenant(exporter.cooperative_id) as session:
        audit.record(
            session, exporter.actor, "members.exported", exporter.cooperative_id
        )


def _members(exporter: Exporter, after: str, limit: int) -> Stretch:
    with exporter.database.tenant(exporter.cooperative_id) as session:
        found = store.members(session, after=after, limit=limit)
        cipher = personal_data.cipher(
            session, exporter.settings, exporter.cooperative_id
        )
    rows = [_member_row(cipher, one, is_masked=exporter.is_masked) for one in found]
    return rows, _position([one.number for one in found], limit)


def _member_row(
    cipher: crypto.FieldCipher, one: Member, *, is_masked: bool
) -> list[Any]:
    known = personal_data.opened(cipher, one.id, one.personal_data)
    if is_masked and known["nik"]:
        known["nik"] = identity_numbers.masked(known["nik"])
    by_column = {column: known[name] for column, name in PERSONAL.items()} | {
        "no_lama": one.number,
        "nama": one.name,
        "tgl_lahir": _local_date(known["birth_date"]),
        "tgl_gabung": _local_date(clock.business_date(one.registered_at).isoformat()),
        "status": _STATUSES[one.status],
    }
    return [by_column[column.name] for column in sheets.SHEETS[sheets.MEMBERS].columns]


def _savings(exporter: Exporter, after: str, limit: int) -> Stretch:
    with exporter.database.tenant(exporter.cooperative_id) as session:
        found = store.accounts(session, after=after, limit=limit)
    if not found:
        return [], None
    numbers = [one.number for one in found]
    balances = exporter.ledger.get_balances({"keys": numbers})
    rows = [
        [
            one.member_number,
            one.product,
            balances[one.number]["balance"],
            one.member_name,
        ]
        for one in found
        if one.number in balances
    ]
    return rows, _position(numbers, limit)


def _balance_sheet(exporter: Exporter, _after: str, _limit: int) -> Stretch:
    chart = chart_of(exporter.ledger)
    trial = exporter.ledger.get_trial_balance({})["accounts"]
    debits = {line["code"]: line["debit"] - line["credit"] for line in trial}
    balances = {
        one.code: debits.get(one.code, 0) * (1 if one.is_debit_normal else -1)
        for one in chart
        if one.code[0] in reconciliation.BALANCE_SHEET_CLASSES
    }
    balances[PROFIT_OF_YEAR] -= sum(
        amount for code, amount in debits.items() if code[0] in {"4", "5"}
    )
    rows = [
        [one.code, balances[one.code], one.name]
        for one in chart
        if balances.get(one.code)
    ]
    return rows, None


def _position(keys: Sequence[str], limit: int) -> str | None:
    return keys[-1] if len(keys) == limit else None


def _local_date(day: str | None) -> str | None:
    return None if day is None else f"{date.fromisoformat(day):%d/%m/%Y}"


_STRETCHES: Final[Mapping[str, Callable[[Exporter, str, int], Stretch]]] = {
    sheets.MEMBERS: _members,
    sheets.SAVINGS: _savings,
    sheets.BALANCE_SHEET: _balance_sheet,
}
