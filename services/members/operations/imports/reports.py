"""What people see of an import: problems, rows, and details beside balance sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.members.domain.imports import problems, reconciliation
from services.members.domain.imports.reconciliation import Code
from services.members.domain.imports.rows import PERSONAL
from services.members.domain.peers import Ledger
from services.members.models import ImportProblem, ImportRow, Member
from services.members.operations import personal_data
from services.members.operations.imports import batches as batch_rules
from services.members.operations.imports import reading
from services.members.operations.imports.checking import chart_of
from services.members.store.imports import batches, staging
from services.shared import crypto, identity_numbers
from services.shared.contracts import answers
from services.shared.contracts.members import imports as contract
from services.shared.persistence.database import Database
from services.shared.settings import Settings

INCOMPLETE: Final = "Data belum lengkap"
COMPLETE: Final = "Lengkap"

TAKEN: Final = "taken"
LEFT_OUT: Final = "left_out"
_OUTCOMES: Final[Mapping[str | None, bool | None]] = {
    None: None,
    TAKEN: False,
    LEFT_OUT: True,
}

_VISIBLE_PHONE_DIGITS: Final = 4


def list_problems(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What is wrong with an import, by sheet and row."""
    import_id, limit = command["import_id"], command["limit"]
    owner = f"problems {import_id} {command['severity']} {command['sheet']}"
    position = answers.position(owner, command["cursor"])
    after: tuple[int, int] | None = None
    if position is not None:
        place, _, number = position.partition(".")
        after = int(place), int(number)
    with database.tenant(cooperative_id) as session:
        batch_rules.found_import(batches.find(session, import_id))
        rows = staging.list_problems(
            session,
            import_id,
            severity=command["severity"],
            sheet=command["sheet"],
            after=after,
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="cursor")
    return {
        "items": answers.many(contract.Problem(), [_problem(one) for one in shown]),
        "next_cursor": next_cursor,
    }


def list_rows(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The rows of a sheet as they were understood, with what is wrong with each."""
    import_id, sheet, limit = command["import_id"], command["sheet"], command["limit"]
    owner = f"rows {import_id} {sheet} {command['outcome']}"
    after = int(answers.position(owner, command["cursor"]) or "0")
    with database.tenant(cooperative_id) as session:
        found = batch_rules.found_import(batches.find(session, import_id))
        is_done = found.state == "committed"
        rows = staging.list_rows(
            session,
            import_id,
            sheet,
            is_bad=_OUTCOMES[command["outcome"]],
            after=after,
            # Before the end nothing has become of any row.
            limit=limit + 1 if is_done or command["outcome"] is None else 0,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="cursor")
        wrong = staging.problems_of_rows(
            session, import_id, sheet, [one.row for one in shown]
        )
        cipher = personal_data.cipher(session, settings, cooperative_id)
    return {
        "items": answers.many(
            contract.Row(),
            [_row(cipher, one, wrong, is_done=is_done) for one in shown],
        ),
        "next_cursor": next_cursor,
    }


def get_reconciliation(
    database: Database, ledger: Ledger, cooperative_id: str, import_id: str
) -> dict[str, Any]:
    """Details against balance sheet. Raises ImportNotReady before validation."""
    chart = chart_of(ledger)
    with database.tenant(cooperative_id) as session:
        found = batch_rules.found_import(batches.find(session, import_id))
    if found.lines is None:
        raise contract.ImportNotReady
    lines = [reconciliation.Line(**line) for line in found.lines]
    assets, owed = _sides(chart, lines)
    return answers.one(
        contract.Reconciliation(),
        {
            "lines": lines,
            "assets": assets,
            "liabilities_and_equity": owed,
            "is_balanced": found.is_balanced,
            "is_reconciled": batch_rules.is_reconciled(found),
            "sign_off": batch_rules.sign_off_of(found),
        },
    )


def list_imported_members(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Members that came by import and whose data still lacks something."""
    owner, limit = f"imported members {cooperative_id}", command["limit"]
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = staging.list_incomplete_members(session, after=after, limit=limit + 1)
        cipher = personal_data.cipher(session, settings, cooperative_id)
    shown, next_cursor = answers.cut(
        owner, [imported for imported, _ in rows], limit=limit, key="member_id"
    )
    members = {member.id: member for _, member in rows}
    items = [
        {
            "member_id": one.member_id,
            "number": members[one.member_id].number,
            "name": members[one.member_id].name,
            "old_number": one.old_number,
            "import_id": one.import_id,
            "missing": missing,
            "label": INCOMPLETE,
        }
        for one in shown
        # What has been told since the import is missing no more.
        if (missing := missing_of(cipher, members[one.member_id]))
    ]
    return {
        "items": answers.many(contract.ImportedMember(), items),
        "next_cursor": next_cursor,
    }


def missing_of(cipher: crypto.FieldCipher, member: Member) -> list[str]:
    """The columns of the template that a member's data has nothing for."""
    known = personal_data.opened(cipher, member.id, member.personal_data)
    return [column for column, name in PERSONAL.items() if known.get(name) is None]


def _sides(
    chart: Sequence[Code], lines: Sequence[reconciliation.Line]
) -> tuple[int, int]:
    return reconciliation.sides(
        chart, {line.code: line.balance_sheet for line in lines}
    )


def _problem(one: ImportProblem) -> dict[str, Any]:
    return {
        "sheet": one.sheet,
        "row": one.row,
        "column": one.column,
        "severity": one.severity,
        "code": one.code,
        "detail": problems.english(one.code, one.value),
        "explanation": problems.indonesian(one.code, one.value),
    }


def _row(
    cipher: crypto.FieldCipher,
    one: ImportRow,
    wrong: Sequence[ImportProblem],
    *,
    is_done: bool,
) -> dict[str, Any]:
    values: dict[str, Any] = dict(one.details)
    in_columns = {
        reading.KEYS[one.sheet]: one.key,
        "produk": one.product,
        reading.AMOUNTS.get(one.sheet, ""): one.amount,
        "nama": one.name,
        "status": one.status,
        "tgl_gabung": one.joined_on and one.joined_on.isoformat(),
    }
    values |= {
        name: value for name, value in in_columns.items() if name and value is not None
    }
    if one.content is not None:
        values |= _masked(reading.revealed(cipher, one.import_id, one.row, one.content))
    return {
        "row": one.row,
        "values": values,
        "missing": one.missing,
        "problems": [_problem(found) for found in wrong if found.row == one.row],
        "outcome": (LEFT_OUT if one.is_bad else TAKEN) if is_done else None,
        "number": one.number if is_done else None,
    }


def _masked(personal: dict[str, Any]) -> dict[str, Any]:
    """What staff needs to recognise a person, and no more."""
    shown = {
        column: personal[name]
        for column, name in PERSONAL.items()
        if personal.get(name) is not None
    }
    if "nik" in shown:
        shown["nik"] = identity_numbers.masked(shown["nik"])
    if "hp" in shown:
        hidden = "•" * (len(shown["hp"]) - _VISIBLE_PHONE_DIGITS)
        shown["hp"] = f"{hidden}{shown['hp'][-_VISIBLE_PHONE_DIGITS:]}"
    return shown
