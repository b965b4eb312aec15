"""Restructurings as they are found, shown and printed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans
from services.loans.models import Loan, Restructuring
from services.loans.operations import loans as book
from services.loans.operations import restructuring_papers
from services.loans.store import loans as loans_store
from services.loans.store import restructurings as store
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import restructurings as contract
from services.shared.errors import InvariantViolated, NotFound
from services.shared.persistence.database import Database
from services.shared.presentation import pdf

_COLUMNS: Final = (
    "id",
    "loan_id",
    "number",
    "method",
    "reason",
    "cause",
    "documents",
    "status",
    "proposed_by",
    "proposed_at",
    "decided_by",
    "decided_at",
    "signed_on",
    "signed_by",
    "new_loan_id",
    "report_due_on",
    "reported_at",
)


def get(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One restructuring, or its akad on paper. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        restructuring = found(
            store.find(session, command["restructuring_id"]), command["loan_id"]
        )
    if command["format"] == files.JSON:
        return answer(restructuring)
    if restructuring.number is None or restructuring.content is None:
        raise NotFound("There is no akad of this restructuring yet.")
    name = f"{restructuring.number.replace('/', '-')}.pdf"
    paper = restructuring_papers.akad(
        restructuring.number,
        restructuring.method,
        restructuring.reason,
        restructuring.content,
    )
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def list_restructurings(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was proposed and done of a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"restructurings {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        book.found(loans_store.find_loan(session, loan_id))
        rows = store.list_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [answer(one) for one in shown], "next_cursor": next_cursor}


def active(session: Session, loan_id: str) -> Loan:
    """A loan that runs, locked. Raises NotFound, LoanNotActive."""
    loan = book.locked(session, loan_id)
    if loan.status != loans.ACTIVE:
        raise loans_contract.LoanNotActive
    return loan


def in_state(session: Session, command: dict[str, Any], *states: str) -> Restructuring:
    """The one that a command names, locked. Raises NotFound, RestructuringNotReady."""
    restructuring = found(
        store.lock(session, command["restructuring_id"]), command["loan_id"]
    )
    if restructuring.status not in states:
        raise contract.RestructuringNotReady(details={"status": restructuring.status})
    return restructuring


def found(restructuring: Restructuring | None, loan_id: str) -> Restructuring:
    """The restructuring, if there is one of that loan. Raises NotFound."""
    if restructuring is None or restructuring.loan_id != loan_id:
        raise NotFound("There is no such restructuring.")
    return restructuring


def akad_of(restructuring: Restructuring) -> dict[str, Any]:
    """The stored akad with its dates as dates."""
    if restructuring.content is None:
        raise InvariantViolated("what was approved has an akad")
    content: dict[str, Any] = contract.RestructuringContent().load(
        restructuring.content
    )
    return content


def answer(restructuring: Restructuring) -> dict[str, Any]:
    """A restructuring as it is told."""
    columns = {name: getattr(restructuring, name) for name in _COLUMNS}
    return answers.one(
        contract.Restructuring(),
        columns | {"terms": restructuring.wanted, "content": akad_of(restructuring)},
    )
