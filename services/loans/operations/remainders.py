"""What a sale of collateral leaves owed: a receivable of its own (R156, C22)."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from services.loans.domain import executions as domain
from services.loans.domain import loans as loan_domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain import schedules
from services.loans.domain.loans import Rules
from services.loans.models import Execution, Loan
from services.loans.operations import collateral as collaterals
from services.loans.operations import loans as book
from services.loans.operations import recovery
from services.loans.operations.repayments import debt_of
from services.loans.store import collateral as collateral_store
from services.loans.store import executions as store
from services.loans.store import loans as loans_store
from services.shared import clock, identifiers
from services.shared.errors import InvariantViolated
from services.shared.identity import Actor
from services.shared.persistence import numbering, trail

LOAN_PREFIX: Final = "PINJ"
TEXT: Final = "Sisa utang setelah penjualan agunan"


def finish_sale(
    session: Session, actor: Actor, execution_id: str, loan: Loan
) -> list[str]:
    """End an execution whose money is where it belongs; the journals that follow.

    A loan of which principal is still owed is replaced by one without interest; what
    it still owes of interest and penalties is paid after the last instalment. One that
    was written off stays what it is.
    """
    execution = store.lock(session, execution_id)
    if execution is None or execution.remainder_count is None:
        raise InvariantViolated("money of a sale belongs to an execution")
    collateral = collateral_store.lock_collateral(session, execution.collateral_id)
    if collateral is not None and collateral.status == collaterals.BOUND:
        collaterals.execute(session, actor, collateral.id)
    execution.status = domain.DONE
    journals = []
    is_owed = loan.status == loan_domain.ACTIVE and loan.outstanding > 0
    if is_owed and loan.kind != loan_domain.REMAINDER:
        new = _begin(session, actor, loan, execution.remainder_count)
        journals.append(_replace(session, loan, new, execution))
    session.flush()
    trail.note(
        session,
        actor,
        "execution.done",
        execution.id,
        after={"loan_id": loan.id, "remainder_loan_id": execution.remainder_loan_id},
    )
    return journals


def _begin(session: Session, actor: Actor, loan: Loan, count: int) -> Loan:
    today = clock.business_date()
    debt = debt_of(loan, loans_store.instalments_of(session, loan.id), today)
    beside = sum(one.interest_left + one.penalty_left for one in debt.due)
    terms = schedules.Terms(
        method=schedules.DECLINING,
        frequency=schedules.MONTHLY,
        principal=loan.outstanding,
        rate_bps=0,
        count=count,
    )
    first_due_on = schedules.first_due_date(terms.frequency, today)
    instalments = schedules.schedule(terms, first_due_on)
    rules = Rules.of(loan.rules)
    new = book.add_loan(
        session,
        actor,
        book.NewLoan(
            id=identifiers.new("loa"),
            number=numbering.next_document(
                session, loan.cooperative_id, LOAN_PREFIX, today
            ),
            product_id=loan.product_id,
            member_id=loan.member_id,
            member_name=loan.member_name,
            branch_code=loan.branch_code,
            officer=loan.officer,
            sector=loan.sector,
            purpose=loan.purpose,
            terms=terms,
            rules=Rules(
                allocation=rules.allocation,
                overpayment=rules.overpayment,
                fee_payer=rules.fee_payer,
                premium_payer=rules.premium_payer,
            ),
            disbursed_on=today,
            first_due_on=first_due_on,
            savings_account=loan.savings_account,
            kind=loan_domain.REMAINDER,
            restructured_from=loan.id,
            times_restructured=loan.times_restructured,
            deferred_interest=beside + debt.deferred,
            cause=loan.cause,
            instalments=instalments,
        ),
    )
    recovery.keep_class(session, loan, new, instalments)
    return new


def _replace(session: Session, loan: Loan, new: Loan, execution: Execution) -> str:
    execution.remainder_loan_id = new.id
    postings = recovery_domain.restructured(
        loan.cooperative_id,
        before=recovery.key_of(loan),
        after=recovery.key_of(new),
        principal=loan.outstanding,
        capitalised=0,
        receivable=0,
    )
    recovery.close_replaced(session, loan)
    return recovery.plan(
        session,
        new,
        recovery_domain.REMAINDER,
        f"{TEXT} {loan.number}",
        postings,
        opens=[recovery.account_of(new)],
    )
