"""Collateral: offered, appraised, bound with the akad, given back at the end (R139)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import verification as domain
from services.loans.models import Appraisal, Collateral, LoanApplication
from services.loans.operations import application_settings
from services.loans.operations.applications import found as found_application
from services.loans.operations.applications import locked as locked_application
from services.loans.store import applications as applications_store
from services.loans.store import collateral as store
from services.shared import clock, identifiers
from services.shared.contracts import answers, loans
from services.shared.contracts.loans import collateral as contract
from services.shared.contracts.loans import verification as verification_contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

OFFERED: Final = "offered"
WITHDRAWN: Final = "withdrawn"
BOUND: Final = "bound"
RELEASED: Final = "released"
EXECUTED: Final = "executed"

# Before anybody has decided on the loan with it.
_UNDECIDED: Final = frozenset(
    {states.DRAFT, states.QUEUED, states.VERIFYING, states.VERIFIED}
)
_BINDABLE: Final = frozenset({states.APPROVED, states.SIGNED})
_OPEN: Final = _UNDECIDED | {states.OFFERED} | _BINDABLE
_GIVEN_UP: Final = frozenset({states.REJECTED, states.WITHDRAWN})


@retrying
def add_collateral(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Take up a thing that is offered, also for a loan that is being paid back.

    Raises NotFound and ApplicationNotReady.
    """

    def add(session: Session) -> dict[str, Any]:
        application = locked_application(session, command["application_id"])
        _check_open(session, application, _OPEN)
        collateral_id = identifiers.new("col")
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        details = {
            "owner_name": command["owner_name"],
            "description": command["description"],
            "paper_number": command["paper_number"],
        }
        collateral = Collateral(
            id=collateral_id,
            cooperative_id=actor.cooperative_id,
            application_id=application.id,
            kind=command["kind"],
            details=own.encrypt(
                json.dumps(details, ensure_ascii=False).encode(), _place(collateral_id)
            ),
            status=OFFERED,
            accepted_value=0,
            created_by=actor.subject,
            created_at=clock.now(),
        )
        store.add_collateral(session, collateral)
        _note(session, actor, "offered", collateral)
        return _shown(session, settings, [collateral])[0]

    return idempotency.once(database, actor, command, add)


@retrying
def appraise_collateral(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what a thing is worth; the newest appraisal counts, less the haircut.

    Raises NotFound, CollateralNotReady, DateInTheFuture.
    """
    if command["appraised_on"] > clock.business_date():
        raise verification_contract.DateInTheFuture

    def appraise(session: Session) -> dict[str, Any]:
        collateral = _locked(session, command["collateral_id"], OFFERED, BOUND)
        rules = application_settings.rules_of(session, actor.cooperative_id)
        haircut = application_settings.haircut_of(rules, collateral.kind)
        value = domain.accepted_value(command["market_value"], haircut)
        appraisal = Appraisal(
            id=identifiers.new("apr"),
            cooperative_id=actor.cooperative_id,
            collateral_id=collateral.id,
            market_value=command["market_value"],
            haircut_bps=haircut,
            accepted_value=value,
            appraised_on=command["appraised_on"],
            appraised_by=command["appraised_by"],
            recorded_by=actor.subject,
            recorded_at=clock.now(),
        )
        store.add_appraisal(session, appraisal)
        before = collateral.accepted_value
        collateral.accepted_value = value
        session.flush()
        _note(session, actor, "appraised", collateral, before=before)
        return _shown(session, settings, [collateral])[0]

    return idempotency.once(database, actor, command, appraise)


@retrying
def withdraw_collateral(
    database: Database, settings: Settings, actor: Actor, collateral_id: str
) -> dict[str, Any]:
    """Take back what is not bound yet; again changes nothing.

    Raises NotFound, CollateralNotReady, and ApplicationNotReady once it was decided
    on the loan with it.
    """
    with database.tenant(actor.cooperative_id) as session:
        collateral = _locked(session, collateral_id, OFFERED, WITHDRAWN)
        application = locked_application(session, collateral.application_id)
        if application.status not in _UNDECIDED | _GIVEN_UP:
            raise loans.ApplicationNotReady(details={"status": application.status})
        return _become(session, settings, actor, collateral, WITHDRAWN)


@retrying
def bind_collateral(
    database: Database, settings: Settings, actor: Actor, collateral_id: str
) -> dict[str, Any]:
    """Bind a thing to the loan with the akad; again changes nothing.

    What secures a loan in addition, such as in a restructuring, is bound later. Raises
    NotFound, CollateralNotReady, CollateralNotAppraised, and ApplicationNotReady before
    the approval and when nothing is owed any more.
    """
    with database.tenant(actor.cooperative_id) as session:
        collateral = _locked(session, collateral_id, OFFERED, BOUND)
        application = locked_application(session, collateral.application_id)
        _check_open(session, application, _BINDABLE)
        if collateral.accepted_value == 0:
            raise contract.CollateralNotAppraised
        return _become(session, settings, actor, collateral, BOUND)


@retrying
def release_collateral(
    database: Database, settings: Settings, actor: Actor, collateral_id: str
) -> dict[str, Any]:
    """Give a thing back; again changes nothing.

    Raises NotFound, CollateralNotReady, and LoanNotSettled while the loan, or one that
    replaced it, is owed or can still be paid out.
    """
    with database.tenant(actor.cooperative_id) as session:
        collateral = _locked(session, collateral_id, BOUND, RELEASED)
        application = locked_application(session, collateral.application_id)
        is_over = application.status in _GIVEN_UP | {states.DISBURSED}
        if not is_over or store.has_open_loan(session, application.id):
            raise contract.LoanNotSettled
        return _become(session, settings, actor, collateral, RELEASED)


def execute(session: Session, actor: Actor, collateral_id: str) -> Collateral:
    """Mark a thing as turned into money, for whoever does that (R155).

    Raises NotFound and CollateralNotReady; again changes nothing.
    """
    collateral = _locked(session, collateral_id, BOUND, EXECUTED)
    if collateral.status != EXECUTED:
        collateral.status, collateral.ended_on = EXECUTED, clock.business_date()
        session.flush()
        _note(session, actor, EXECUTED, collateral)
    return collateral


def get_collateral(
    database: Database, settings: Settings, cooperative_id: str, collateral_id: str
) -> dict[str, Any]:
    """One thing with its appraisals. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        collateral = _found(store.find_collateral(session, collateral_id))
        return _shown(session, settings, [collateral])[0]


def list_collateral(
    database: Database, settings: Settings, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """Everything that was offered, and what of the loan it covers. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found_application(
            applications_store.find_application(session, application_id)
        )
        value = store.accepted_value(session, application.id)
        amount = application.approved_amount or application.amount
        things = store.list_collateral(session, application.id)
        return {
            "items": _shown(session, settings, things),
            "accepted_value": value,
            "cover_bps": domain.cover_bps(value, amount),
        }


def _check_open(
    session: Session, application: LoanApplication, statuses: Collection[str]
) -> None:
    is_owed = application.status == states.DISBURSED and store.has_open_loan(
        session, application.id
    )
    if application.status not in statuses and not is_owed:
        raise loans.ApplicationNotReady(details={"status": application.status})


def _become(
    session: Session,
    settings: Settings,
    actor: Actor,
    collateral: Collateral,
    status: str,
) -> dict[str, Any]:
    if collateral.status != status:
        collateral.status = status
        if status == BOUND:
            collateral.bound_on = clock.business_date()
        elif status == RELEASED:
            collateral.ended_on = clock.business_date()
        session.flush()
        _note(session, actor, status, collateral)
    return _shown(session, settings, [collateral])[0]


def _shown(
    session: Session, settings: Settings, things: Sequence[Collateral]
) -> list[dict[str, Any]]:
    if not things:
        return []
    own = keyring.cipher(session, settings, loans.SERVICE, things[0].cooperative_id)
    appraisals = store.appraisals_of(session, [one.id for one in things])
    return [
        answers.one(
            contract.Collateral(),
            json.loads(own.decrypt(bytes(one.details), _place(one.id)))
            | {
                "id": one.id,
                "application_id": one.application_id,
                "kind": one.kind,
                "status": one.status,
                "accepted_value": one.accepted_value,
                "appraisals": [a for a in appraisals if a.collateral_id == one.id],
                "bound_on": one.bound_on,
                "ended_on": one.ended_on,
                "created_by": one.created_by,
                "created_at": one.created_at,
            },
        )
        for one in things
    ]


def _locked(session: Session, collateral_id: str, *statuses: str) -> Collateral:
    """A thing in one of these states, with its application locked before it.

    Everybody takes an application before what belongs to it.
    """
    known = _found(store.find_collateral(session, collateral_id))
    locked_application(session, known.application_id)
    collateral = _found(store.lock_collateral(session, collateral_id))
    if collateral.status not in statuses:
        raise contract.CollateralNotReady(details={"status": collateral.status})
    return collateral


def _found(collateral: Collateral | None) -> Collateral:
    if collateral is None:
        raise NotFound("There is no such collateral.")
    return collateral


def _note(
    session: Session,
    actor: Actor,
    what: str,
    collateral: Collateral,
    *,
    before: int | None = None,
) -> None:
    told = {
        "application_id": collateral.application_id,
        "kind": collateral.kind,
        "accepted_value": collateral.accepted_value,
    }
    trail.note(
        session,
        actor,
        f"collateral.{what}",
        collateral.id,
        before=None if before is None else {"accepted_value": before},
        after=told,
    )


def _place(collateral_id: str) -> bytes:
    return f"collaterals.details:{collateral_id}".encode()
