"""How staff and borrowers pay loans out of savings and by bank.

Cash comes through the members service, which knows the drawers.
"""

from __future__ import annotations

from typing import Any

from services.loans.domain import repayments as domain
from services.loans.domain.peers import Asked
from services.loans.models import Loan
from services.loans.operations import loans
from services.loans.operations.repayments.recording import Payment, record
from services.loans.store import loans as loans_store
from services.shared import access, clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import repayments as contract
from services.shared.errors import Malformed
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database


def repay(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A repayment at the office that is no cash, once per idempotency key.

    Savings are debited only where the akad says so: the account that the loan names.
    Raises WrongRepaymentAccount and what `record` does.
    """
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.found(loans_store.find_loan(session, command["loan_id"]))
    if command["channel"] == domain.BANK:
        source = ledger_contract.chart_account(actor.cooperative_id, "1-1010")
    elif command["channel"] == domain.SAVINGS:
        source = _named_account(loan)
    else:
        # Cash without a drawer would be in nobody's hands.
        raise Malformed("Cash is taken at the counter.")
    return _pay(database, asked, actor, command, command["channel"], source)


def repay_own(
    database: Database,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
    by: Identity,
    member_id: str,
) -> dict[str, Any]:
    """A repayment by the borrower out of an own savings account.

    Raises NotFound for the loan of another, StepUpRequired without a fresh PIN or
    second factor, WrongRepaymentAccount and what `record` does.
    """
    access.require_strong(by, clock.now().timestamp())
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.of_member(
            loans_store.find_loan(session, command["loan_id"]), member_id
        )
    number = command["savings_account"]
    if number is None:
        number = _named_account(loan)
    else:
        standing = asked.members.get_standing({"member_id": loan.member_id})
        if number not in {one["number"] for one in standing["savings"]}:
            raise contract.WrongRepaymentAccount
    return _pay(database, asked, actor, command, domain.SAVINGS, number)


def _pay(
    database: Database,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
    channel: str,
    source: str,
) -> dict[str, Any]:
    part = command["idempotency"]
    payment = Payment(
        id=identifiers.derived(
            "rep", actor.cooperative_id, part["operation"], part["key"]
        ),
        loan_id=command["loan_id"],
        amount=command["amount"],
        channel=channel,
        source_key=source,
        reference=command.get("reference"),
        settles=command["settles"],
    )
    return record(database, asked, actor, payment)


def _named_account(loan: Loan) -> str:
    if loan.savings_account is None:
        raise contract.WrongRepaymentAccount
    return loan.savings_account
