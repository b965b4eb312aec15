"""How repayments and quotes of settlements are shown."""

from __future__ import annotations

from typing import Any

from services.loans.domain import allocation
from services.loans.domain import loans as loan_domain
from services.loans.domain import repayments as domain
from services.loans.models import Repayment
from services.loans.operations import loans
from services.loans.operations.repayments import debts
from services.loans.store import loans as loans_store
from services.loans.store import repayments as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import repayments as contract
from services.shared.persistence.database import Database


def answer(repayment: Repayment) -> dict[str, Any]:
    """A repayment in the shape of the contract."""
    columns = {name: getattr(repayment, name) for name in _COLUMNS}
    extra = {"journal_id": domain.journal_id(repayment.id)}
    return answers.one(contract.Repayment(), columns | extra)


_COLUMNS = (
    "id",
    "loan_id",
    "channel",
    "amount",
    "penalty",
    "interest",
    "principal",
    "fee",
    "is_settlement",
    "status",
    "business_date",
    "outstanding",
    "reference",
    "posted_at",
)


def list_repayments(
    database: Database,
    cooperative_id: str,
    command: dict[str, Any],
    member_id: str | None = None,
) -> dict[str, Any]:
    """What was paid of a loan; of a loan of ``member_id``, where one is given."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"repayments {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.of_member(loans_store.find_loan(session, loan_id), member_id)
        rows = store.list_repayments(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="place")
    return {"items": [answer(one) for one in shown], "next_cursor": next_cursor}


def get_payable(
    database: Database, cooperative_id: str, loan_id: str
) -> dict[str, Any]:
    """Whose a loan is and what can be paid. Raises NotFound, LoanNotActive."""
    day = clock.business_date()
    with database.tenant(cooperative_id) as session:
        loan = loans.found(loans_store.find_loan(session, loan_id))
        loans.require_owing(loan)
        rows = loans_store.instalments_of(session, loan.id)
        debt = debts.debt_of(loan, rows, day)
    return answers.one(
        contract.Payable(),
        {
            "loan_id": loan.id,
            "number": loan.number,
            "member_id": loan.member_id,
            "member_name": loan.member_name,
            "account_key": loan_domain.account_key(cooperative_id, loan.kind, loan.id),
            "due": sum(one.left for one in debt.due),
            "settlement": allocation.settlement(debt).total,
            "owed": allocation.most(debt),
        },
    )


def quote_settlement(
    database: Database, cooperative_id: str, loan_id: str, member_id: str | None = None
) -> dict[str, Any]:
    """What pays a loan off today. Raises NotFound, LoanNotActive."""
    day = clock.business_date()
    with database.tenant(cooperative_id) as session:
        loan = loans.of_member(loans_store.find_loan(session, loan_id), member_id)
        loans.require_owing(loan)
        parts = debts.payoff(session, loan, day)
    return answers.one(
        contract.LoanSettlement(), {"loan_id": loan_id, "on": day, **parts}
    )
