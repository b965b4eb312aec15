"""How a payout begins: what is asked before it, and what is stored first.

The others are asked first; the transaction that decides asks nobody.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import costs, schedules
from services.loans.domain import disbursements as domain
from services.loans.domain import queue as lines
from services.loans.domain.costs import Costs
from services.loans.domain.peers import Asked
from services.loans.models import Akad, Disbursement, LoanApplication
from services.loans.operations import akad as akads
from services.loans.operations import (
    applications,
    decisions,
    lending,
    queue,
    verification,
)
from services.loans.operations.akad import Cover
from services.loans.operations.disbursements.work import PATIENCE
from services.loans.store import akad as akad_store
from services.loans.store import applications as applications_store
from services.loans.store import disbursements as store
from services.shared import clock, identifiers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import decisions as decisions_contract
from services.shared.contracts.loans import disbursements as contract
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


class FoundOut(NamedTuple):
    """What was found out before the transaction that decides."""

    agreed: Costs
    cover: Cover | None
    months: int
    savings_account: str
    trial_balance: dict[str, Any]


def begun_before(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any] | None:
    """The attempt that this very request began before, None the first time."""
    return idempotency.answered(database, actor.cooperative_id, command["idempotency"])


def find_out(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> FoundOut:
    """Ask the others before the transaction that decides, which asks nobody."""
    with database.tenant(actor.cooperative_id) as session:
        application = applications.found(
            applications_store.find_application(session, command["application_id"])
        )
        product = applications.product_of(session, application.product_id)
        akad = akad_store.find_valid(session, application.id)
    if application.status != states.SIGNED or akad is None:
        raise loans_contract.ApplicationNotReady(details={"status": application.status})
    terms = akads.approved_terms(application, product)
    priced, cover = akads.cost_of(asked, product, terms)
    savings_account = akad.savings_account
    if command["savings_account"] is not None:
        standing = asked.members.get_standing({"member_id": application.member_id})
        savings_account = akads.savings_account_of(standing, command["savings_account"])
    return FoundOut(
        agreed=costs.as_agreed(
            priced,
            administration=akad.administration,
            passed_fee=akad.passed_fee,
            passed_premium=akad.passed_premium,
        ),
        cover=cover,
        months=schedules.months_of(terms),
        savings_account=savings_account,
        trial_balance=asked.ledger.get_trial_balance({}),
    )


@retrying
def begin(
    database: Database,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
    found_out: FoundOut,
) -> dict[str, Any]:
    """Store the attempt, if nothing stands against it; see `driving.disburse`."""

    def store_it(session: Session) -> dict[str, Any]:
        store.queue_up(session, actor.cooperative_id)
        application = applications.locked(session, command["application_id"])
        akad = _ready(session, by, application)
        queue.begin(
            session, actor, application, lines.DISBURSEMENT, command["reason"] or None
        )
        _require_cash(session, actor.cooperative_id, found_out)
        row = _row(actor, akad, application, command, found_out)
        session.add(row)
        session.flush()
        applications.move(session, actor, application, states.DISBURSING)
        trail.note(
            session,
            actor,
            "disbursement.begun",
            row.id,
            after={
                "application_id": application.id,
                "principal": row.principal,
                "received": row.received,
                "reason": row.reason,
            },
        )
        return {"disbursement_id": row.id}

    return idempotency.once(database, actor, command, store_it)


def _ready(session: Session, by: Identity, application: LoanApplication) -> Akad:
    """The signed agreement of an application that nothing stands against."""
    akad = akad_store.lock_valid(session, application.id)
    if application.status != states.SIGNED or akad is None:
        raise loans_contract.ApplicationNotReady(details={"status": application.status})
    decisions.require_unconcerned(session, application, by)
    product = applications.product_of(session, application.product_id)
    missing = verification.missing_for_disbursement(session, application, product)
    if missing:
        raise decisions_contract.ApplicationIncomplete(details={"missing": missing})
    return akad


def _require_cash(session: Session, cooperative_id: str, found_out: FoundOut) -> None:
    """Refuse to lend what is not there; the line of those who promise is held."""
    available = domain.available_cash(
        found_out.trial_balance,
        reserve=lending.settings_of(session, cooperative_id).cash_reserve,
        promised=store.promised_on(session, clock.business_date()),
    )
    if available < found_out.agreed.received:
        raise contract.InsufficientCash(details={"available": max(available, 0)})


def _row(
    actor: Actor,
    akad: Akad,
    application: LoanApplication,
    command: dict[str, Any],
    found_out: FoundOut,
) -> Disbursement:
    disbursement_id, now = identifiers.new("dsb"), clock.now()
    agreed, cover = found_out.agreed, found_out.cover
    return Disbursement(
        id=disbursement_id,
        cooperative_id=actor.cooperative_id,
        application_id=application.id,
        akad_id=akad.id,
        loan_id=identifiers.new("loa"),
        journal_id=identifiers.derived("jrn", actor.cooperative_id, disbursement_id),
        number=None,
        status=domain.RESERVING,
        business_date=clock.business_date(),
        savings_account=found_out.savings_account,
        principal=agreed.principal,
        administration=agreed.administration,
        fee=agreed.fee,
        passed_fee=agreed.passed_fee,
        premium=agreed.premium,
        passed_premium=agreed.passed_premium,
        received=agreed.received,
        insurance_product=cover.product if cover else None,
        months=found_out.months,
        charged_months=cover.charged_months if cover else None,
        policy_id=None,
        reason=command["reason"],
        created_by=actor.subject,
        created_at=now,
        attempts=1,
        due_at=now + PATIENCE,
        refusal=None,
        posted_at=None,
    )
