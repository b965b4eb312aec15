"""How loans in the book are shown: as data, as schedule and as card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import allocation
from services.loans.domain.allocation import Debt
from services.loans.domain.loans import OWING, Rules
from services.loans.models import Instalment, Loan
from services.loans.operations import loan_papers, loans, rebates, repayments
from services.loans.operations.repayments import views as repayment_views
from services.loans.store import loans as store
from services.loans.store import repayments as repayments_store
from services.loans.store.loans import Progress
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import loans as contract
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.presentation import pdf, sheets


def get_loan(
    database: Database, cooperative_id: str, loan_id: str, member_id: str | None = None
) -> dict[str, Any]:
    """A loan with what is owed of it today; of ``member_id`` where one is given."""
    with database.tenant(cooperative_id) as session:
        loan = loans.of_member(store.find_loan(session, loan_id), member_id)
        return _details(session, loan, clock.business_date())


def list_loans(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The loans that fit what is asked for."""
    limit = command["limit"]
    wanted = {name: command.get(name) for name in _FILTERS}
    told = " ".join(str(value or "") for value in wanted.values())
    owner = f"loans {cooperative_id} {told}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_loans(
            session,
            **wanted,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        progress = store.progress_of(session, [loan.id for loan in shown])
        items = [_shown(loan, progress[loan.id]) for loan in shown]
    return {
        "items": answers.many(contract.Loan(), items),
        "next_cursor": next_cursor,
    }


def get_schedule(
    database: Database, cooperative_id: str, loan_id: str, member_id: str | None = None
) -> dict[str, Any]:
    """Every instalment with what was paid of it, and penalties up to today."""
    with database.tenant(cooperative_id) as session:
        loan = loans.of_member(store.find_loan(session, loan_id), member_id)
        return _schedule(session, loan, clock.business_date())


def get_card(
    database: Database,
    cooperative_id: str,
    command: dict[str, Any],
    member_id: str | None = None,
) -> dict[str, Any]:
    """The card of a loan: as JSON, on paper or as a spreadsheet."""
    with database.tenant(cooperative_id) as session:
        loan = loans.of_member(store.find_loan(session, command["loan_id"]), member_id)
        day = clock.business_date()
        posted = repayments_store.list_posted(session, loan.id)
        card = _schedule(session, loan, day) | {
            "loan": _details(session, loan, day),
            "repayments": [repayment_views.answer(one) for one in posted],
        }
        tenant = tenants.find(session, cooperative_id)
    name = f"kartu-{loan.number.replace('/', '-')}"
    if command["format"] == files.XLSX:
        return files.file_of(
            f"{name}.xlsx", sheets.MEDIA_TYPE, loan_papers.card_sheet(card)
        )
    if command["format"] == files.PDF and tenant is not None:
        paper = loan_papers.card(tenant.name, tenant.code, card, clock.now())
        return files.file_of(f"{name}.pdf", pdf.MEDIA_TYPE, paper)
    return card


def get_debt(database: Database, cooperative_id: str, member_id: str) -> dict[str, Any]:
    """What a member owes: all principal, interest to today, penalties.

    Of loans in the book and of those that were written off, which are still collected.
    """
    day = clock.business_date()
    with database.tenant(cooperative_id) as session:
        owing = store.owing_of_member(session, member_id)
        parts = store.instalments_by_loan(session, [loan.id for loan in owing])
    owed = sum(
        allocation.settlement(repayments.debt_of(loan, parts[loan.id], day)).total
        for loan in owing
    )
    return answers.one(loans_contract.Debt(), {"outstanding": owed})


_FILTERS: Final = ("member_id", "status", "collectibility", "officer")


def _shown(loan: Loan, progress: Progress) -> dict[str, Any]:
    columns = {
        name: getattr(loan, name)
        for name in contract.Loan().fields
        if name not in _PROGRESS
    }
    return columns | {name: getattr(progress, name) for name in _PROGRESS}


_PROGRESS: Final = ("instalments_paid", "next_due_on", "next_amount")


def _details(session: Session, loan: Loan, day: date) -> dict[str, Any]:
    instalments = store.instalments_of(session, loan.id)
    debt = repayments.debt_of(loan, instalments, day)
    due = _due(debt) if loan.status in OWING else dict.fromkeys(_DUE, 0)
    shown = _shown(loan, store.progress_of(session, [loan.id])[loan.id])
    extra = {
        "rules": Rules.of(loan.rules).to_json(),
        "deferred_interest": debt.deferred,
        "cause": loan.cause,
        "rebate": rebates.of_loan(session, loan.id),
    }
    return answers.one(contract.LoanDetails(), shown | due | extra)


_DUE: Final = ("due_principal", "due_interest", "due_penalty", "due_total")


def _due(debt: Debt) -> dict[str, int]:
    due = debt.due
    return {
        "due_principal": sum(one.principal_left for one in due),
        "due_interest": sum(one.interest_left for one in due),
        "due_penalty": sum(one.penalty_left for one in due),
        "due_total": sum(one.left for one in due),
    }


def _schedule(session: Session, loan: Loan, day: date) -> dict[str, Any]:
    rows = store.instalments_of(session, loan.id)
    return answers.one(
        contract.LoanSchedule(),
        {"loan_id": loan.id, "number": loan.number, "items": _lines(loan, rows, day)},
    )


def _lines(loan: Loan, rows: Sequence[Instalment], day: date) -> list[dict[str, Any]]:
    owed = repayments.debt_of(loan, rows, day).instalments
    return [
        {
            "number": row.number,
            "due_on": row.due_on,
            "principal": row.principal,
            "interest": row.interest,
            "amount": row.principal + row.interest,
            "principal_paid": row.principal_paid,
            "interest_paid": row.interest_paid,
            "penalty": one.penalty if loan.status in OWING else row.penalty,
            "penalty_paid": row.penalty_paid,
            "penalty_waived": row.penalty_waived,
            "settled_on": row.settled_on,
        }
        for row, one in zip(rows, owed, strict=True)
    ]
