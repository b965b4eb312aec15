"""How payouts are shown: alone, in lists, and as proof of transfer."""

from __future__ import annotations

from typing import Any, Final

from services.loans.operations import letters
from services.loans.store import disbursements as store
from services.shared.contracts import answers, files
from services.shared.contracts.loans import disbursements as contract
from services.shared.errors import NotFound
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.presentation import formats, pdf

_COLUMNS: Final = (
    "id",
    "number",
    "application_id",
    "loan_id",
    "status",
    "business_date",
    "savings_account",
    "principal",
    "administration",
    "fee",
    "passed_fee",
    "premium",
    "passed_premium",
    "received",
    "journal_id",
    "policy_id",
    "reason",
    "created_by",
    "created_at",
    "posted_at",
    "refusal",
)


def list_disbursements(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The disbursements of the cooperative, newest first."""
    status, day, limit = command["status"], command["business_date"], command["limit"]
    owner = f"disbursements {cooperative_id} {status or ''} {day or ''}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_shown(
            session,
            status=status,
            business_date=day,
            before=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    kept, next_cursor = answers.cut(
        owner, [row.disbursement for row in rows], limit=limit, key="id"
    )
    items = [answer(row) for row in rows[: len(kept)]]
    return {"items": items, "next_cursor": next_cursor}


def get_loan_disbursement(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """How a loan was paid out, as JSON or on paper.

    Raises NotFound for a loan that was not paid out here.
    """
    with database.tenant(cooperative_id) as session:
        found = store.shown_of_loan(session, command["loan_id"])
        tenant = tenants.find(session, cooperative_id)
    if found is None or tenant is None:
        raise NotFound("There is no such loan that was paid out here.")
    told = answer(found)
    if command["format"] == files.JSON:
        return told
    name = f"{told['number'].replace('/', '-')}.pdf"
    paper = letters.proof(told, name=tenant.name, code=tenant.code)
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def answer(found: store.Shown) -> dict[str, Any]:
    """One disbursement as it is answered."""
    row = found.disbursement
    return answers.one(
        contract.Disbursement(),
        {name: getattr(row, name) for name in _COLUMNS}
        | {
            "loan_number": found.loan_number,
            "akad_number": found.akad_number,
            "member_id": found.application.member_id,
            "member_name": found.application.member_name,
            "terbilang": formats.terbilang(row.received),
        },
    )
