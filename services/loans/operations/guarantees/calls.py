"""How a guarantor is called: proposed, approved by another, taken, paid into the loan.

What is held goes to deposits held (2-1350), and from there a repayment of channel
`guarantor` pays the loan, in the order that its akad names. What the loan cannot take
any more, because it was paid off meanwhile, goes back to the guarantor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import guarantees as domain
from services.loans.domain import loans as loan_states
from services.loans.domain.guarantees import Holds
from services.loans.domain.peers import Asked
from services.loans.models import Guarantee, GuaranteeCall
from services.loans.operations import application_settings, loans, repayments
from services.loans.operations.guarantees.holding import PATIENCE, SWEEP_SIZE
from services.loans.operations.job_context import ACTOR
from services.loans.store import guarantees as store
from services.loans.store import loans as loans_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import guarantees as contract
from services.shared.contracts.loans import repayments as repayments_contract
from services.shared.errors import (
    NotFound,
    RefusedError,
    SameProposer,
    ServiceError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE_MAX: Final = timedelta(hours=1)
"""After many refusals: somebody has to open the guarantor's account first."""

AskedFor = Callable[[str], Asked]

# What the loan itself says to a payment: then the money goes back.
_NOT_WANTED: Final = (loans_contract.LoanNotActive, repayments_contract.Overpaid)

_log = logging.getLogger(__name__)


@retrying
def propose_call(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose that a guarantor pays; nothing moves until another approves.

    Raises NotFound, GuaranteeNotReady, LoanNotLateEnough, CallTooLarge.
    """

    def propose(session: Session) -> dict[str, Any]:
        guarantee = _found(store.lock_guarantee(session, command["guarantee_id"]))
        if guarantee.status != domain.HELD or guarantee.loan_id is None:
            raise contract.GuaranteeNotReady(details={"status": guarantee.status})
        if store.find_open_call(session, guarantee.id) is not None:
            raise contract.GuaranteeNotReady(details={"status": "called"})
        loan = loans.found(loans_store.find_loan(session, guarantee.loan_id))
        rules = application_settings.rules_of(session, actor.cooperative_id)
        if loan.status not in {loan_states.ACTIVE, loan_states.WRITTEN_OFF}:
            raise loans_contract.LoanNotActive
        if loan.status == loan_states.ACTIVE and loan.dpd < rules["call_days"]:
            raise contract.LoanNotLateEnough(details={"days": rules["call_days"]})
        held = store.held_amounts(session, [guarantee.id]).get(guarantee.id, 0)
        if command["amount"] > held:
            raise contract.CallTooLarge(details={"held": held})
        call = GuaranteeCall(
            id=identifiers.new("gcl"),
            cooperative_id=actor.cooperative_id,
            guarantee_id=guarantee.id,
            loan_id=loan.id,
            amount=command["amount"],
            reason=command["reason"],
            status=domain.PROPOSED,
            attempt=1,
            business_date=clock.business_date(),
            proposed_by=actor.subject,
            proposed_at=clock.now(),
            due_at=clock.now(),
        )
        store.add(session, call)
        trail.note(
            session,
            actor,
            "guarantee_call.proposed",
            call.id,
            after={"guarantee_id": guarantee.id, "amount": call.amount},
        )
        return answers.one(contract.GuaranteeCall(), call)

    return idempotency.once(database, actor, command, propose)


def approve_call(
    database: Database,
    asked: Asked,
    holds: Holds,
    actor: Actor,
    by: Identity,
    call_id: str,
) -> dict[str, Any]:
    """Carry out what another has proposed; again tells how far it has come.

    Raises NotFound, SameProposer, OwnLoan for the borrower, CallNotOpen for a rejected
    one, and CallTooLarge when less is held by now.
    """
    _approve(database, actor, by, call_id)
    try:
        carry_on(database, asked, holds, actor.cooperative_id, call_id)
    except ServiceError as error:
        # It is decided: the sweep carries it out, and the answer says how far it is.
        _log.info("guarantee call %s: %s", call_id, error.code)
    return get_call(database, actor.cooperative_id, call_id)


@retrying
def reject_call(database: Database, actor: Actor, call_id: str) -> dict[str, Any]:
    """Decide that the guarantor does not pay; again changes nothing.

    Raises NotFound, SameProposer, CallNotOpen for an approved one.
    """
    with database.tenant(actor.cooperative_id) as session:
        call = _found_call(store.lock_call(session, call_id))
        if call.proposed_by == actor.subject:
            raise SameProposer
        if call.status == domain.PROPOSED:
            call.status, call.decided_by = domain.REJECTED, actor.subject
            session.flush()
            trail.note(session, actor, "guarantee_call.rejected", call.id)
        if call.status != domain.REJECTED:
            raise contract.CallNotOpen(details={"status": call.status})
        return answers.one(contract.GuaranteeCall(), call)


def get_call(database: Database, cooperative_id: str, call_id: str) -> dict[str, Any]:
    """A call and how far the money has come. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        call = _found_call(store.find_call(session, call_id))
        return answers.one(contract.GuaranteeCall(), call)


def finish_due_calls(database: Database, asked_for: AskedFor, holds: Holds) -> int:
    """Carry on calls that were left on their way; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_calls(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, call_id: str) -> None:
        carry_on(database, asked_for(cooperative_id), holds, cooperative_id, call_id)

    return sweeping.one_by_one(_log, "guarantee call", due, finish)


def carry_on(
    database: Database,
    asked: Asked,
    holds: Holds,
    cooperative_id: str,
    call_id: str,
) -> None:
    """Take an approved call as far as it goes now; safe to repeat.

    Raises ServiceError for what is to be tried again.
    """
    with database.tenant(cooperative_id) as session:
        call = _found_call(store.find_call(session, call_id))
    if call.status == domain.POSTING:
        _take(database, holds, call)
        call.status = domain.PAYING
    if call.status == domain.PAYING:
        call.status = _pay(database, asked, call)
    if call.status == domain.RETURNING:
        _give_back(database, asked, call)


@retrying
def _approve(database: Database, actor: Actor, by: Identity, call_id: str) -> None:
    """Decide which parts are taken, and how much of each."""
    with database.tenant(actor.cooperative_id) as session:
        known = _found_call(store.find_call(session, call_id))
        store.lock_guarantee(session, known.guarantee_id)
        call = _found_call(store.lock_call(session, call_id))
        if call.proposed_by == actor.subject:
            raise SameProposer
        loan = loans.found(loans_store.find_loan(session, call.loan_id))
        loans.refuse_borrower(loan, by)
        if call.status == domain.REJECTED:
            raise contract.CallNotOpen(details={"status": call.status})
        if call.status != domain.PROPOSED:
            return
        held = store.holds_of(session, call.guarantee_id, [domain.HELD])
        if sum(one.amount for one in held) < call.amount:
            raise contract.CallTooLarge
        taken = domain.to_call([one.amount for one in held], call.amount)
        for hold, amount in zip(held, taken, strict=False):
            hold.status, hold.call_id = domain.POSTING, call.id
            hold.called_amount = amount
        call.status, call.decided_by = domain.POSTING, actor.subject
        call.business_date = clock.business_date()
        call.due_at = clock.now() + PATIENCE
        trail.note(
            session,
            actor,
            "guarantee_call.approved",
            call.id,
            after={"guarantee_id": call.guarantee_id, "amount": call.amount},
        )


def _take(database: Database, holds: Holds, call: GuaranteeCall) -> None:
    """Post the holds, each with what is called of it; the rest of them returns."""
    with database.tenant(call.cooperative_id) as session:
        parts = store.holds_of_call(session, call.id)
    open_parts = [one for one in parts if one.status == domain.POSTING]
    outcomes = holds.resolves.call_many(
        [
            {
                "hold_id": one.id,
                "action": "post",
                "amount": one.called_amount,
                "business_date": call.business_date.isoformat(),
            }
            for one in open_parts
        ]
    )
    posted = [
        one.id
        for one, outcome in zip(open_parts, outcomes, strict=True)
        if not isinstance(outcome, ServiceError)
    ]
    faults = [one for one in outcomes if isinstance(one, ServiceError)]
    _record_taken(database, call, posted, faults)
    if faults:
        raise faults[0]


@retrying
def _record_taken(
    database: Database,
    call: GuaranteeCall,
    posted: list[str],
    faults: list[ServiceError],
) -> None:
    with database.tenant(call.cooperative_id) as session:
        guarantee = store.lock_guarantee(session, call.guarantee_id)
        locked = _found_call(store.lock_call(session, call.id))
        for hold in store.get_holds(session, posted).values():
            hold.status = domain.POSTED
        session.flush()
        if any(isinstance(one, ledger_contract.PeriodClosed) for one in faults):
            # Such a refusal is not kept: the hold may be posted into an open day.
            locked.business_date = clock.business_date()
        locked.fault = faults[0].code if faults else None
        if not faults and locked.status == domain.POSTING:
            locked.status, locked.due_at = domain.PAYING, clock.now() + PATIENCE
            left = store.holds_of(session, call.guarantee_id, [domain.HELD])
            if guarantee is not None and not left:
                guarantee.status = domain.RELEASED


def _pay(database: Database, asked: Asked, call: GuaranteeCall) -> str:
    """Pay the loan with what was taken; how the call goes on."""
    actor = Actor(cooperative_id=call.cooperative_id, subject=ACTOR)
    payment = repayments.Payment(
        id=_derived("rep", call),
        loan_id=call.loan_id,
        amount=call.amount,
        channel="guarantor",
        source_key=domain.held_payments(call.cooperative_id),
        reference=call.id,
    )
    try:
        repayments.record(database, asked, actor, payment)
    except _NOT_WANTED as error:
        return _move(database, call, domain.PAYING, domain.RETURNING, error.code)
    except RefusedError as error:
        _try_anew(database, call, error.code)
        raise
    return _move(database, call, domain.PAYING, domain.PAID)


def _give_back(database: Database, asked: Asked, call: GuaranteeCall) -> None:
    """Return what the loan did not take to the guarantor's savings."""
    with database.tenant(call.cooperative_id) as session:
        guarantee = _found(store.find_guarantee(session, call.guarantee_id))
        call = _found_call(store.find_call(session, call.id))
    journal = {
        "id": _derived("jrn", call),
        "kind": domain.RETURN_KIND,
        "description": domain.RETURN_DESCRIPTION,
        "business_date": call.business_date.isoformat(),
        "reference": call.id,
        "postings": [
            [
                domain.held_payments(call.cooperative_id),
                guarantee.savings_account,
                call.amount,
            ]
        ],
    }
    try:
        asked.ledger.post_journal(journal)
    except RefusedError as error:
        _try_anew(database, call, error.code)
        raise
    _move(database, call, domain.RETURNING, domain.RETURNED, call.fault)


@retrying
def _move(
    database: Database,
    tried: GuaranteeCall,
    before: str,
    after: str,
    fault: str | None = None,
) -> str:
    with database.tenant(tried.cooperative_id) as session:
        call = _found_call(store.lock_call(session, tried.id))
        if call.status != before:
            return call.status
        call.status, call.fault = after, fault
        call.due_at = clock.now() + PATIENCE
        actor = Actor(cooperative_id=call.cooperative_id, subject=ACTOR)
        trail.note(
            session,
            actor,
            f"guarantee_call.{after}",
            call.id,
            after={"loan_id": call.loan_id, "amount": call.amount},
        )
        return after


@retrying
def _try_anew(database: Database, tried: GuaranteeCall, fault: str) -> None:
    """Let the next attempt have an id of its own: this one is refused for ever.

    The ledger keeps every refusal, so attempts become ever rarer.
    """
    with database.tenant(tried.cooperative_id) as session:
        call = _found_call(store.lock_call(session, tried.id))
        if call.attempt == tried.attempt and call.status == tried.status:
            pause = min(PATIENCE * 2 ** min(call.attempt, 10), PATIENCE_MAX)
            call.attempt, call.fault = call.attempt + 1, fault
            call.business_date = clock.business_date()
            call.due_at = clock.now() + pause


def _derived(prefix: str, call: GuaranteeCall) -> str:
    return identifiers.derived(prefix, call.cooperative_id, call.id, str(call.attempt))


def _found(guarantee: Guarantee | None) -> Guarantee:
    if guarantee is None:
        raise NotFound("There is no such guarantee.")
    return guarantee


def _found_call(call: GuaranteeCall | None) -> GuaranteeCall:
    if call is None:
        raise NotFound("There is no such call.")
    return call
