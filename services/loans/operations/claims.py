"""When the insurer is claimed on, and what becomes of what it pays (R47, R49).

A claim is asked for by the daily job when a loan is late for long enough, by the news
that a member has died, or by staff after force majeure. The request is stored and told
to the insurance service until it has answered. What is paid is put where it belongs by
`proceeds`; what the borrower pays afterwards is told to the insurer (subrogation).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import claims as domain
from services.loans.domain import collections as collections_domain
from services.loans.domain import loans as loan_domain
from services.loans.domain.peers import Asked, Insurance
from services.loans.models import ClaimRequest, Loan
from services.loans.operations import applications, loans
from services.loans.operations.job_context import ACTOR
from services.loans.operations.repayments import debt_of
from services.loans.store import claims as store
from services.loans.store import collections as collections_store
from services.loans.store import loans as loans_store
from services.loans.store import recovery as recovery_store
from services.loans.store import repayments as repayments_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.insurance import claims as insurance_contract
from services.shared.contracts.insurance import policies as policies_contract
from services.shared.contracts.loans import claims as contract
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.contracts.members import membership
from services.shared.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    ServiceError,
)
from services.shared.identity import Actor
from services.shared.persistence import inbox, sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=60)
RETRY: Final = timedelta(hours=12)
"""After the insurer said that it is too early."""

TASK_WITHIN: Final = timedelta(days=7)
SWEEP_SIZE: Final = 50
FINAL: Final = (RefusedError, ConflictError, NotFoundError)
"""Answers that stay the same when the same is asked again."""

AskedFor = Callable[[str], Asked]
InsuranceOf = Callable[[str], Insurance]

_log = logging.getLogger(__name__)


@retrying
def take_departure(database: Database, event_id: str, payload: dict[str, Any]) -> None:
    """A member has died: the insurer is claimed on for every loan that was insured."""
    told = membership.MemberLeft().load(payload)
    if told["kind"] != domain.DECEASED:
        return
    with database.tenant(told["cooperative_id"]) as session:
        if not inbox.first_time(session, f"{ACTOR}.member_left", event_id):
            return
        for loan in store.active_of_member(session, told["member_id"]):
            _request(session, loan, domain.DEATH, clock.business_date(), by=ACTOR)


def report_force_majeure(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Staff says that force majeure has struck the borrower: the claim is opened.

    Raises NotFound, LoanNotActive, NotInsured, DateInTheFuture. What the insurance
    service refuses stands in the answer.
    """
    key = _report(database, actor, command)
    ask(database, asked.insurance, actor.cooperative_id, key)
    with database.tenant(actor.cooperative_id) as session:
        return _answer(_found(store.find_request(session, key)))


def list_requests(
    database: Database, cooperative_id: str, loan_id: str
) -> dict[str, Any]:
    """What was asked of the insurer for a loan."""
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        return {"items": [_answer(one) for one in store.requests_of(session, loan_id)]}


def ask(
    database: Database,
    insurance: Insurance,
    cooperative_id: str,
    key: store.RequestKey,
) -> None:
    """Open the claim that was asked for; safe to repeat.

    A refusal is kept and makes a task for somebody; whoever cannot be reached is asked
    again by `ask_due`.
    """
    with database.tenant(cooperative_id) as session:
        request = _found(store.find_request(session, key))
        if request.status != domain.WAITING:
            return
        command = _command(session, request)
    try:
        claim = insurance.open_claim(command)
    except insurance_contract.ClaimTooEarly as error:
        _postpone(database, cooperative_id, key, error.code)
    except FINAL as error:
        _end(database, cooperative_id, key, fault=error.code)
    except ServiceError as error:
        _log.warning("claim on %s: %s", request.loan_id, error.code)
    else:
        _end(database, cooperative_id, key, claim_id=claim["id"])


def ask_due(database: Database, insurance_of: InsuranceOf) -> int:
    """Open the claims that were asked for; how many were tried."""
    with database.hub() as session:
        due = store.take_due_requests(session, until=clock.now(), limit=SWEEP_SIZE)

    def ask_again(cooperative_id: str, key: store.RequestKey) -> None:
        ask(database, insurance_of(cooperative_id), cooperative_id, key)

    return sweeping.one_by_one(_log, "claim on", due, ask_again)


@retrying
def take_payment(database: Database, event_id: str, payload: dict[str, Any]) -> None:
    """The insurer has paid: `proceeds` puts the money where it belongs."""
    paid = insurance_contract.ClaimPaid().load(payload)
    cooperative_id = paid["cooperative_id"]
    with database.tenant(cooperative_id) as session:
        if not inbox.first_time(session, f"{ACTOR}.claim_paid", event_id):
            return
        loan = loans_store.find_loan(session, paid["loan_id"])
        if loan is None:
            _log.error("claim %s is of no loan that is known", paid["claim_id"])
            return
        is_new = store.add_proceeds(
            session,
            id=identifiers.new("lpd"),
            cooperative_id=cooperative_id,
            source=domain.CLAIM,
            reference=paid["claim_id"],
            loan_id=loan.id,
            amount=paid["amount"],
            received_on=paid["paid_on"],
            due_at=clock.now(),
        )
        if is_new:
            trail.note(
                session,
                Actor(cooperative_id=cooperative_id, subject=ACTOR),
                "loan.claim_paid",
                loan.id,
                after={"claim_id": paid["claim_id"], "amount": paid["amount"]},
            )


@retrying
def take_refused_cover(
    database: Database, event_id: str, payload: dict[str, Any]
) -> None:
    """The insurer will not cover a loan that was paid out: a task for its officer.

    The loan stays as it is; staff retries or ends the policy.
    """
    told = policies_contract.PolicyEvent().load(payload)
    cooperative_id, today = told["cooperative_id"], clock.business_date()
    with database.tenant(cooperative_id) as session:
        if not inbox.first_time(session, f"{ACTOR}.activation_refused", event_id):
            return
        loan = loans_store.find_loan(session, told["loan_id"])
        if loan is None:
            _log.error("policy %s is of no loan that is known", told["policy_id"])
            return
        collections_store.add_task(
            session,
            loan,
            code=collections_domain.NOT_COVERED,
            action=collections_domain.NOT_COVERED_ACTION,
            since=today,
            due_on=today + TASK_WITHIN,
        )
        trail.note(
            session,
            Actor(cooperative_id=cooperative_id, subject=ACTOR),
            "loan.not_covered",
            loan.id,
            after={"policy_id": told["policy_id"]},
        )


def report_recoveries(database: Database, insurance_of: InsuranceOf) -> int:
    """Tell insurers what borrowers paid after them; how much was told."""
    with database.hub() as session:
        found = store.find_recovered(session, limit=SWEEP_SIZE)
    sweeping.one_by_one(
        _log,
        "recovery",
        [(one.cooperative_id, one) for one in found],
        lambda _cooperative_id, one: _note_recovery(database, one),
    )
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_recoveries(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def tell(cooperative_id: str, repayment_id: str) -> None:
        _tell(database, insurance_of(cooperative_id), cooperative_id, repayment_id)

    return sweeping.one_by_one(_log, "recovery", due, tell)


@retrying
def _report(
    database: Database, actor: Actor, command: dict[str, Any]
) -> store.RequestKey:
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.locked(session, command["loan_id"])
        if loan.status != loan_domain.ACTIVE:
            raise loans_contract.LoanNotActive
        if command["occurred_on"] > clock.business_date():
            raise DateInTheFuture
        if not _request(
            session,
            loan,
            domain.FORCE_MAJEURE,
            command["occurred_on"],
            by=actor.subject,
        ):
            raise contract.NotInsured
        loan.cause = collections_domain.FORCE_MAJEURE
        session.flush()
        trail.note(
            session,
            actor,
            "loan.force_majeure",
            loan.id,
            after={
                "occurred_on": command["occurred_on"].isoformat(),
                "description": command["description"],
            },
        )
        return (loan.id, domain.FORCE_MAJEURE, command["occurred_on"])


def _request(
    session: Session, loan: Loan, cause: str, occurred_on: date, *, by: str
) -> bool:
    """Ask for a claim if the loan is insured; whether it is."""
    origin = recovery_store.origin_of(session, loan.id)
    insured = loans.found(loans_store.find_loan(session, origin.loan_id))
    product = applications.product_of(session, insured.product_id)
    if product.insurance_product is None:
        return False
    store.add_request(
        session,
        loan_id=loan.id,
        cause=cause,
        occurred_on=occurred_on,
        cooperative_id=loan.cooperative_id,
        insured_loan_id=insured.id,
        requested_by=by,
        requested_at=clock.now(),
        due_at=clock.now(),
    )
    return True


def _command(session: Session, request: ClaimRequest) -> dict[str, Any]:
    """What is owed today: never more principal than was insured."""
    loan = loans.found(loans_store.find_loan(session, request.loan_id))
    insured = loans.found(loans_store.find_loan(session, request.insured_loan_id))
    debt = debt_of(
        loan, loans_store.instalments_of(session, loan.id), clock.business_date()
    )
    return {
        "reference": insured.id,
        "cause": request.cause,
        "occurred_on": request.occurred_on.isoformat(),
        "outstanding_principal": min(loan.outstanding, insured.principal),
        "outstanding_interest": sum(one.interest_left for one in debt.due),
        "reported_by": request.requested_by,
    }


@retrying
def _postpone(
    database: Database, cooperative_id: str, key: store.RequestKey, fault: str
) -> None:
    with database.tenant(cooperative_id) as session:
        request = _found(store.lock_request(session, key))
        request.fault, request.due_at = fault, clock.now() + RETRY


@retrying
def _end(
    database: Database,
    cooperative_id: str,
    key: store.RequestKey,
    *,
    claim_id: str | None = None,
    fault: str | None = None,
) -> None:
    with database.tenant(cooperative_id) as session:
        request = _found(store.lock_request(session, key))
        if request.status != domain.WAITING:
            return
        loan = loans.locked(session, request.loan_id)
        request.claim_id, request.fault = claim_id, fault
        request.status = domain.OPENED if claim_id else domain.REFUSED
        if fault is not None:
            collections_store.add_task(
                session,
                loan,
                code=collections_domain.CLAIM,
                action=collections_domain.CLAIM_ACTION,
                since=request.occurred_on,
                due_on=clock.business_date() + TASK_WITHIN,
            )
        trail.note(
            session,
            Actor(cooperative_id=cooperative_id, subject=ACTOR),
            f"loan.claim_{request.status}",
            loan.id,
            after={"cause": request.cause, "claim_id": claim_id, "fault": fault},
        )


@retrying
def _note_recovery(database: Database, found: store.Recovered) -> None:
    with database.tenant(found.cooperative_id) as session:
        proceeds = store.lock_proceeds(session, found.proceeds_id)
        repayment = repayments_store.find_repayment(session, found.repayment_id)
        if proceeds is None or repayment is None:
            return
        amount = min(repayment.amount, proceeds.amount - proceeds.recovered)
        is_new = store.add_recovery(
            session,
            repayment_id=repayment.id,
            cooperative_id=found.cooperative_id,
            proceeds_id=proceeds.id,
            amount=amount,
            recovered_on=repayment.business_date,
            due_at=clock.now(),
            done_at=None if amount else clock.now(),
        )
        if is_new:
            proceeds.recovered += amount


def _tell(
    database: Database, insurance: Insurance, cooperative_id: str, repayment_id: str
) -> None:
    with database.tenant(cooperative_id) as session:
        recovery = store.find_recovery(session, repayment_id)
        if recovery is None or recovery.done_at is not None:
            return
        proceeds = store.lock_proceeds(session, recovery.proceeds_id)
        if proceeds is None:
            return
        command = {
            "claim_id": proceeds.reference,
            "recovery_reference": repayment_id,
            "amount": recovery.amount,
            "recovered_on": recovery.recovered_on.isoformat(),
        }
    insurance.record_recovery(command)
    _mark_told(database, cooperative_id, repayment_id)


@retrying
def _mark_told(database: Database, cooperative_id: str, repayment_id: str) -> None:
    with database.tenant(cooperative_id) as session:
        recovery = store.find_recovery(session, repayment_id)
        if recovery is not None:
            recovery.done_at = clock.now()


def _found(request: ClaimRequest | None) -> ClaimRequest:
    if request is None:
        raise contract.NotInsured
    return request


def _answer(request: ClaimRequest) -> dict[str, Any]:
    return answers.one(contract.ClaimRequest(), request)
