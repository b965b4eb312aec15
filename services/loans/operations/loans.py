"""Loans in the book: how one gets there, and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.loans.domain import loans as domain
from services.loans.domain import rates, schedules
from services.loans.domain.arrears import NO_STAGE
from services.loans.models import Instalment, Loan
from services.loans.store import loans as store
from services.shared import clock
from services.shared.contracts import loans as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence import trail


def found(loan: Loan | None) -> Loan:
    """The loan. Raises NotFound when there is none."""
    if loan is None:
        raise NotFound("There is no such loan.")
    return loan


def of_member(loan: Loan | None, member_id: str | None) -> Loan:
    """The loan, if it is this member's; anybody's for None. Raises NotFound."""
    if member_id is not None and (loan is None or loan.member_id != member_id):
        raise NotFound("There is no such loan.")
    return found(loan)


def refuse_borrower(loan: Loan, by: Identity) -> None:
    """Raises OwnLoan for who would decide on the own debt."""
    if by.member_id and by.member_id == loan.member_id:
        raise OwnLoan


def require_owing(loan: Loan) -> None:
    """Raises LoanNotActive when nothing is to be paid of the loan any more."""
    if loan.status not in domain.OWING:
        raise contract.LoanNotActive


def locked(session: Session, loan_id: str) -> Loan:
    """The loan with its row locked. Raises NotFound."""
    return found(store.lock_loan(session, loan_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLoan:
    """A loan as the akad says it: whose, on which terms, and who looks after it.

    ``received`` is what the borrower got after deductions, the principal unless told:
    the effective rate comes of it. ``instalments`` are those of a schedule that the
    terms alone do not make.
    """

    id: str
    number: str
    product_id: str
    member_id: str
    member_name: str
    branch_code: str
    officer: str
    sector: str
    purpose: str
    terms: schedules.Terms
    rules: domain.Rules
    disbursed_on: date
    first_due_on: date
    received: int | None = None
    savings_account: str | None = None
    application_id: str | None = None
    kind: str = domain.LOAN
    restructured_from: str | None = None
    times_restructured: int = 0
    deferred_interest: int = 0
    cause: str | None = None
    instalments: Sequence[schedules.Instalment] = ()


def add_loan(session: Session, actor: Actor, new: NewLoan) -> Loan:
    """Put a loan into the book with its whole schedule, as the akad says.

    Its account in the ledger is somebody else's to open. Raises ImpossibleSchedule.
    """
    terms = new.terms
    instalments = new.instalments or schedules.schedule(terms, new.first_due_on)
    received = terms.principal if new.received is None else new.received
    loan = Loan(
        id=new.id,
        cooperative_id=actor.cooperative_id,
        number=new.number,
        kind=new.kind,
        application_id=new.application_id,
        product_id=new.product_id,
        member_id=new.member_id,
        member_name=new.member_name,
        savings_account=new.savings_account,
        branch_code=new.branch_code,
        officer=new.officer,
        sector=new.sector,
        purpose=new.purpose,
        method=terms.method,
        frequency=terms.frequency,
        principal=terms.principal,
        rate_bps=terms.rate_bps,
        effective_rate_bps=rates.effective_bps(instalments, received, terms.frequency),
        count=terms.count,
        rules=new.rules.to_json(),
        disbursed_on=new.disbursed_on,
        entered_on=new.disbursed_on,
        matures_on=instalments[-1].due_on,
        status=domain.ACTIVE,
        closed_on=None,
        outstanding=terms.principal,
        interest_receivable=0,
        deferred_interest=new.deferred_interest,
        deferred_interest_paid=0,
        provision=0,
        dpd=0,
        oldest_due_on=None,
        collectibility=1,
        stage=NO_STAGE,
        assessed_on=None,
        cause=new.cause,
        restructured_from=new.restructured_from,
        times_restructured=new.times_restructured,
        created_at=clock.now(),
    )
    session.add(loan)
    session.flush()
    session.add_all(instalments_of(loan, instalments))
    session.flush()
    trail.note(
        session,
        actor,
        "loan.added",
        loan.id,
        after={
            "number": new.number,
            "principal": terms.principal,
            "count": terms.count,
        },
    )
    return loan


def instalments_of(
    loan: Loan, instalments: Sequence[schedules.Instalment]
) -> list[Instalment]:
    """What falls due of a loan as it is stored, with nothing paid of it.

    An instalment of a time of grace without interest asks for nothing: it is settled
    from the start.
    """
    return [
        Instalment(
            loan_id=loan.id,
            number=one.number,
            cooperative_id=loan.cooperative_id,
            due_on=one.due_on,
            principal=one.principal,
            interest=one.interest,
            principal_paid=0,
            interest_paid=0,
            penalty=0,
            penalty_paid=0,
            penalty_waived=0,
            settled_on=None if one.amount else loan.disbursed_on,
        )
        for one in instalments
    ]
