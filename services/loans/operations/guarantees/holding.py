"""What was promised is held in the ledger, and given up as the loan is paid back.

A hold takes the guarantor's savings to deposits held (2-1350) when it is posted; until
then it only keeps the money from going elsewhere. Every hold has a row before the
ledger is asked, under the id that the ledger knows it by, so asking again is safe.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import guarantees as domain
from services.loans.domain import loans as loan_states
from services.loans.domain.guarantees import Holds
from services.loans.domain.peers import Asked
from services.loans.models import Guarantee, GuaranteeHold, LoanApplication
from services.loans.operations.job_context import ACTOR
from services.loans.store import guarantees as store
from services.loans.store import loans as loans_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import groups as groups_contract
from services.shared.contracts.loans import guarantees as contract
from services.shared.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknown,
    RefusedError,
    ServiceError,
)
from services.shared.identity import Actor
from services.shared.persistence import sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=30)
SWEEP_SIZE: Final = 50

# What the ledger decided on, unlike what never reached it.
_DECIDED: Final = (RefusedError, ConflictError, NotFoundError)

_log = logging.getLogger(__name__)


def hold_all(
    database: Database,
    asked: Asked,
    holds: Holds,
    application: LoanApplication,
    loan_id: str,
) -> None:
    """Hold everything that was promised for a loan that is about to be paid out.

    Once more for the same loan changes nothing. Raises NotAnActiveMember for a
    guarantor who has left, GuaranteeShort when the ledger refuses one; then call
    `release_all`. Raises OutcomeUnknown when it has to be asked again.
    """
    intended = _intend(database, application, loan_id)
    for guarantee in intended:
        standing = asked.members.get_standing({"member_id": guarantee.member_id})
        if standing["status"] != "active":
            raise groups_contract.NotAnActiveMember(
                details={"member_id": guarantee.member_id}
            )
    cooperative_id = application.cooperative_id
    with database.tenant(cooperative_id) as session:
        placing = store.holds_of_loan(session, loan_id, [domain.PLACING])
        payloads = _places(session, placing)
    outcomes = holds.places.call_many(payloads) if payloads else []
    _record_placed(database, cooperative_id, placing, outcomes)
    with database.tenant(cooperative_id) as session:
        if store.holds_of_loan(session, loan_id, [domain.REFUSED]):
            raise contract.GuaranteeShort
        if store.holds_of_loan(session, loan_id, [domain.PLACING]):
            raise OutcomeUnknown


def release_all(
    database: Database, holds: Holds, cooperative_id: str, loan_id: str
) -> None:
    """Give up what is held for a loan that was not paid out after all.

    It is decided when this returns; what cannot be done now, `finish_releases` does.
    """
    releasing = _decide_release(database, cooperative_id, loan_id)
    try:
        _release(database, holds, cooperative_id, releasing)
    except ServiceError as error:
        _log.info("holds of loan %s: %s", loan_id, error.code)


def ease_due(database: Database) -> int:
    """Give up what is held beyond what is still owed; how many guarantees had such.

    Under the hub's role it finds them; each is decided on under its tenant's.
    """
    with database.hub() as session:
        store.follow_restructurings(session)
        found = store.list_eased(session, SWEEP_SIZE)
    return sweeping.one_by_one(_log, "guarantee", found, partial(_ease, database))


def finish_releases(database: Database, holds: Holds) -> int:
    """Give up the holds that are due to be; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_holds(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def release(cooperative_id: str, hold_id: str) -> None:
        _release(database, holds, cooperative_id, [hold_id])

    return sweeping.one_by_one(_log, "hold", due, release)


@retrying
def _intend(
    database: Database, application: LoanApplication, loan_id: str
) -> list[Guarantee]:
    """Write down what is to be held; the guarantees whose holds are not placed yet.

    Raises OutcomeUnknown while something is held for a payout that failed: it is about
    to be given up, and would secure nothing.
    """
    with database.tenant(application.cooperative_id) as session:
        promised = store.lock_of_application(
            session, application.id, [domain.AGREED, domain.HELD]
        )
        if any(one.loan_id not in {None, loan_id} for one in promised):
            raise OutcomeUnknown
        agreed = [one for one in promised if one.status == domain.AGREED]
        for guarantee in agreed:
            if guarantee.loan_id == loan_id:
                continue
            guarantee.loan_id = loan_id
            for number, amount in enumerate(domain.parts_of(guarantee.amount)):
                hold = GuaranteeHold(
                    id=identifiers.derived(
                        "glh",
                        guarantee.cooperative_id,
                        guarantee.id,
                        loan_id,
                        str(number),
                    ),
                    cooperative_id=guarantee.cooperative_id,
                    guarantee_id=guarantee.id,
                    loan_id=loan_id,
                    amount=amount,
                    status=domain.PLACING,
                    business_date=clock.business_date(),
                    due_at=clock.now() + PATIENCE,
                )
                store.add(session, hold)
        return agreed


@retrying
def _record_placed(
    database: Database,
    cooperative_id: str,
    placing: Sequence[GuaranteeHold],
    outcomes: Sequence[dict[str, Any] | ServiceError],
) -> None:
    if not placing:
        return
    with database.tenant(cooperative_id) as session:
        guarantees = store.lock_guarantees(
            session, {one.guarantee_id for one in placing}
        )
        known = store.get_holds(session, [one.id for one in placing])
        for asked_for, outcome in zip(placing, outcomes, strict=True):
            hold = known[asked_for.id]
            if hold.status != domain.PLACING:
                continue
            if not isinstance(outcome, ServiceError):
                hold.status = domain.HELD
            elif isinstance(outcome, _DECIDED):
                hold.status, hold.fault = domain.REFUSED, outcome.code
        session.flush()
        _become_held(session, guarantees, placing[0].loan_id)


def _become_held(
    session: Session, guarantees: Sequence[Guarantee], loan_id: str
) -> None:
    """A guarantee is held when all of its parts are."""
    parts: Counter[str] = Counter()
    for hold in store.holds_of_loan(session, loan_id, [domain.HELD]):
        parts[hold.guarantee_id] += hold.amount
    for guarantee in guarantees:
        is_own = guarantee.loan_id == loan_id
        if is_own and parts[guarantee.id] == guarantee.amount:
            guarantee.status = domain.HELD
            _note(session, guarantee, "held", guarantee.amount)


@retrying
def _decide_release(database: Database, cooperative_id: str, loan_id: str) -> list[str]:
    with database.tenant(cooperative_id) as session:
        for guarantee in store.lock_of_loan(session, loan_id):
            guarantee.status, guarantee.loan_id = domain.AGREED, None
        # What is being placed may be there or not: both are given up alike.
        found = store.holds_of_loan(session, loan_id, [domain.PLACING, domain.HELD])
        for hold in found:
            hold.status, hold.due_at = domain.RELEASING, clock.now() + PATIENCE
        return [one.id for one in found]


@retrying
def _ease(database: Database, cooperative_id: str, guarantee_id: str) -> None:
    with database.tenant(cooperative_id) as session:
        guarantee = store.lock_guarantee(session, guarantee_id)
        if guarantee is None or guarantee.status != domain.HELD:
            return
        loan = loans_store.find_loan(session, guarantee.loan_id or "")
        if loan is None:
            return
        is_over = loan.status == loan_states.SETTLED
        if loan.status == loan_states.RESTRUCTURED:
            if store.has_successor(session, loan.id):
                # It follows first: of the loan that replaced this one much is owed.
                return
            is_over = True
        held = store.holds_of(session, guarantee.id, [domain.HELD])
        if is_over:
            going = list(held)
            guarantee.status = domain.RELEASED
        else:
            wanted = domain.needed(guarantee.amount, loan.outstanding, loan.principal)
            count = domain.to_release([one.amount for one in held], wanted)
            going = list(held[:count])
        for hold in going:
            hold.status, hold.due_at = domain.RELEASING, clock.now()
        if going or guarantee.status == domain.RELEASED:
            _note(session, guarantee, "eased", sum(one.amount for one in going))


def _release(
    database: Database, holds: Holds, cooperative_id: str, hold_ids: Sequence[str]
) -> None:
    """Give up holds. Raises ServiceError when the ledger cannot be reached.

    Each is placed once more before it is voided: a hold whose placing was never
    answered may still be on its way, and must not arrive after it was given up.
    """
    if not hold_ids:
        return
    with database.tenant(cooperative_id) as session:
        known = store.get_holds(session, hold_ids)
        releasing = [known[one] for one in hold_ids]
        payloads = _places(session, releasing)
    placed = holds.places.call_many(payloads)
    gone = [
        one.id
        for one, outcome in zip(releasing, placed, strict=True)
        if isinstance(outcome, _DECIDED)
    ]
    there = [
        one.id
        for one, outcome in zip(releasing, placed, strict=True)
        if not isinstance(outcome, ServiceError)
    ]
    voids = [{"hold_id": one, "action": "void"} for one in there]
    outcomes = holds.resolves.call_many(voids) if voids else []
    gone += [
        hold_id
        for hold_id, outcome in zip(there, outcomes, strict=True)
        if not isinstance(outcome, ServiceError)
        or isinstance(outcome, ledger_contract.HoldAlreadyVoided)
    ]
    _record_released(database, cooperative_id, gone)


@retrying
def _record_released(
    database: Database, cooperative_id: str, hold_ids: Sequence[str]
) -> None:
    with database.tenant(cooperative_id) as session:
        for hold in store.get_holds(session, hold_ids).values():
            if hold.status == domain.RELEASING:
                hold.status = domain.RELEASED


def _places(session: Session, holds: Sequence[GuaranteeHold]) -> list[dict[str, Any]]:
    """The holds as the ledger knows them: the same every time."""
    accounts = store.accounts_of(session, {one.guarantee_id for one in holds})
    return [
        {
            "id": hold.id,
            "kind": domain.KIND,
            "description": domain.DESCRIPTION,
            "business_date": hold.business_date.isoformat(),
            "reference": hold.guarantee_id,
            "postings": [
                [
                    accounts[hold.guarantee_id],
                    domain.held_payments(hold.cooperative_id),
                    hold.amount,
                ]
            ],
        }
        for hold in holds
    ]


def _note(session: Session, guarantee: Guarantee, what: str, amount: int) -> None:
    actor = Actor(cooperative_id=guarantee.cooperative_id, subject=ACTOR)
    trail.note(
        session,
        actor,
        f"guarantee.{what}",
        guarantee.id,
        after={"loan_id": guarantee.loan_id, "amount": amount},
    )
