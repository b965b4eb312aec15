"""How the ledger decides on a payout, and what follows once the money has moved.

After the journal nothing may fail for good any more.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import disbursements as domain
from services.loans.domain import loans, schedules
from services.loans.domain import queue as lines
from services.loans.domain.costs import Costs
from services.loans.models import Akad, Disbursement, LoanApplication
from services.loans.operations import akad as akads
from services.loans.operations import applications, queue
from services.loans.operations import loans as book
from services.loans.operations.disbursements.reserving import refuse
from services.loans.operations.disbursements.work import PATIENCE, Work, close, loan_key
from services.loans.store import akad as akad_store
from services.loans.store import decisions as decisions_store
from services.loans.store import disbursements as store
from services.shared import clock
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.ledger import JournalIdReused
from services.shared.errors import (
    ConflictError,
    MalformedError,
    OutcomeUnknown,
    RefusedError,
    ServiceError,
)
from services.shared.persistence import numbering, outbox
from services.shared.persistence.database import retrying

PREFIX: Final = "BCP"
"""Of proofs of transfer: bukti pencairan."""

LOAN_PREFIX: Final = "PINJ"

# What the ledger decided on this journal, unlike what did not get that far. That
# another journal has the id may mean this one, posted in other words.
_DECIDED: Final = (RefusedError, ConflictError, MalformedError)


def post(work: Work, row: Disbursement) -> None:
    """The pivot: the ledger decides, once for this journal id."""
    try:
        work.asked.ledger.post_disbursement(_journal(row))
    except ServiceError as error:
        if not isinstance(error, _DECIDED) or isinstance(error, JournalIdReused):
            # Perhaps it was posted, now or the time before: not "nothing was done".
            raise OutcomeUnknown from error
        refuse(work, row, error)
        return
    _record(work, row)


def _journal(row: Disbursement) -> dict[str, Any]:
    agreed = Costs(
        principal=row.principal,
        administration=row.administration,
        fee=row.fee,
        passed_fee=row.passed_fee,
        premium=row.premium,
        passed_premium=row.passed_premium,
    )
    return {
        "id": row.journal_id,
        "kind": domain.KIND,
        "description": domain.DESCRIPTION,
        "business_date": row.business_date.isoformat(),
        "reference": row.loan_id,
        "postings": domain.postings(
            row.cooperative_id,
            loan=loan_key(row),
            savings=row.savings_account,
            agreed=agreed,
        ),
        "fees": domain.fees(row.loan_id, agreed, row.charged_months),
    }


@retrying
def _record(work: Work, paid: Disbursement) -> None:
    """The money is there: put the loan into the book, all of it at once."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, paid.id)
        if row is None or row.status != domain.POSTING:
            return
        application = applications.locked(session, row.application_id)
        loan = book.add_loan(session, work.actor, _new_loan(session, row, application))
        row.number = numbering.next_document(
            session, row.cooperative_id, PREFIX, row.business_date
        )
        row.status = domain.FINISHING if row.policy_id else domain.DONE
        row.posted_at = clock.now()
        row.due_at = row.posted_at + PATIENCE
        application.loan_id = loan.id
        applications.move(session, work.actor, application, states.DISBURSED)
        queue.leave(session, application, lines.DISBURSEMENT, states.DISBURSED)
        _tell(session, row, application, loan.number)


def _new_loan(
    session: Session, row: Disbursement, application: LoanApplication
) -> book.NewLoan:
    akad = akads.found(akad_store.find(session, row.akad_id))
    terms = schedules.Terms(**akad.terms)
    return book.NewLoan(
        id=row.loan_id,
        number=numbering.next_document(
            session, row.cooperative_id, LOAN_PREFIX, row.business_date
        ),
        product_id=application.product_id,
        member_id=application.member_id,
        member_name=application.member_name,
        branch_code=application.branch_code,
        officer=(
            decisions_store.analyst_of(session, application.id)
            or application.created_by
        ),
        sector=application.sector,
        purpose=application.purpose,
        terms=terms,
        rules=loans.Rules.of(akad.rules),
        disbursed_on=row.business_date,
        first_due_on=_first_due_on(akad, terms.frequency, row.business_date),
        received=row.received,
        savings_account=row.savings_account,
        application_id=application.id,
    )


def _first_due_on(akad: Akad, frequency: str, disbursed_on: date) -> date:
    """The day that was agreed on, unless the money came only after it."""
    if akad.first_due_on is not None and akad.first_due_on > disbursed_on:
        return akad.first_due_on
    return schedules.first_due_date(frequency, disbursed_on)


def _tell(
    session: Session, row: Disbursement, application: LoanApplication, number: str
) -> None:
    payload = loans_contract.LoanEvent().dump(
        {
            "cooperative_id": row.cooperative_id,
            "loan_id": row.loan_id,
            "number": number,
            "member_id": application.member_id,
            "amount": row.principal,
            "on": row.business_date,
        }
    )
    outbox.add(session, loans_contract.LOAN_DISBURSED, payload)


def finish(work: Work, row: Disbursement) -> None:
    """Let the cover begin; asked until the insurer knows."""
    work.asked.insurance.activate_policy(
        {
            "policy_id": row.policy_id,
            "disbursed_on": row.business_date.isoformat(),
            "premium_fee_reference": row.loan_id,
        }
    )
    close(work, row, domain.FINISHING, domain.DONE)
