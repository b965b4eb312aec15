"""How collateral is turned into money (R155): mediation, warnings, sale.

A sale is proposed by one and approved by another; then its price, less the costs, is
put where it belongs (`proceeds`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import claims as money
from services.loans.domain import collections as collections_domain
from services.loans.domain import executions as domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain.peers import Asked
from services.loans.domain.recovery import Settings
from services.loans.models import Execution, LoanProceeds
from services.loans.operations import collateral as collaterals
from services.loans.operations import loans, proceeds
from services.loans.store import claims as claims_store
from services.loans.store import collateral as collateral_store
from services.loans.store import collections as collections_store
from services.loans.store import executions as store
from services.loans.store import loans as loans_store
from services.loans.store import recovery as recovery_store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import executions as contract
from services.shared.errors import NotFound, SameProposer, ServiceError
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying

_log = logging.getLogger(__name__)


@retrying
def start(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Begin with what was tried to settle it without a sale.

    Raises NotFound, LoanNotActive, CollateralNotBound, ExecutionExists.
    """

    def add(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        loans.require_owing(loan)
        collateral = collateral_store.lock_collateral(session, command["collateral_id"])
        origin = recovery_store.origin_of(session, loan.id)
        if (
            collateral is None
            or collateral.application_id != origin.application_id
            or collateral.status != collaterals.BOUND
        ):
            raise contract.CollateralNotBound
        if store.find_of_collateral(session, collateral.id) is not None:
            raise contract.ExecutionExists
        execution = Execution(
            id=identifiers.new("exe"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            collateral_id=collateral.id,
            status=domain.MEDIATING,
            mediation=command["mediation"],
            mediated_on=command["mediated_on"],
            started_by=actor.subject,
            started_at=clock.now(),
        )
        store.add(session, execution)
        trail.note(
            session,
            actor,
            "execution.started",
            execution.id,
            after={"loan_id": loan.id, "collateral_id": collateral.id},
        )
        return _answer(session, execution)

    return idempotency.once(database, actor, command, add)


@retrying
def propose_sale(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose a price, which another has to approve.

    Raises NotFound, LoanNotActive, ExecutionNotReady, WarningsMissing, NotAppraised,
    BelowFloorPrice, CostsTooHigh, SaleDateInvalid.
    """

    def propose(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        loans.require_owing(loan)
        execution = _in_state(session, command, domain.MEDIATING)
        last = collections_store.last_level(session, loan.id)
        if last != collections_domain.LAST_WARNING:
            raise contract.WarningsMissing(details={"last": last})
        if not execution.mediated_on <= command["sold_on"] <= clock.business_date():
            raise contract.SaleDateInvalid
        market_value = _market_value(session, execution.collateral_id)
        settings = recovery_store.settings_of(session, actor.cooperative_id)
        if recovery_domain.is_below_floor(
            command["proceeds"], market_value, settings.floor_price_bps
        ):
            floor = -(-market_value * settings.floor_price_bps // 10_000)
            raise contract.BelowFloorPrice(details={"floor": floor})
        if command["costs"] >= command["proceeds"]:
            raise contract.CostsTooHigh
        for name in ("way", "sold_on", "proceeds", "costs", "remainder_count"):
            setattr(execution, name, command[name])
        execution.market_value, execution.proposed_by = market_value, actor.subject
        execution.status = domain.PROPOSED
        session.flush()
        trail.note(
            session,
            actor,
            "execution.proposed",
            execution.id,
            after={"proceeds": execution.proceeds, "costs": execution.costs},
        )
        return _answer(session, execution)

    return idempotency.once(database, actor, command, propose)


def approve_sale(
    database: Database,
    asked: Asked,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Approve a price that another proposed, and put the money where it belongs.

    Raises NotFound, StepUpRequired, SameProposer, OwnLoan, LoanNotActive,
    ExecutionNotReady. While a repayment of the loan is under way the answer is still
    `settling`.
    """
    access.require_strong(by, clock.now().timestamp())
    approved = _approve(database, actor, by, command)
    try:
        proceeds.apply(database, asked, actor.cooperative_id, approved["proceeds_id"])
    except ServiceError as error:
        # It is decided: the sweep carries it on.
        _log.info("execution %s: %s", command["execution_id"], error.code)
    answer = get(database, actor.cooperative_id, command)
    return answer | {"replayed": True} if approved.get("replayed") else answer


@retrying
def reject_sale(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Do not sell for this price; another may be proposed. Raises ExecutionNotReady."""

    def decide(session: Session) -> dict[str, Any]:
        loans.locked(session, command["loan_id"])
        execution = _in_state(session, command, domain.PROPOSED)
        _move(session, actor, execution, domain.MEDIATING)
        return _answer(session, execution)

    return idempotency.once(database, actor, command, decide)


@retrying
def abandon(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Do not sell this collateral after all. Raises ExecutionNotReady."""

    def decide(session: Session) -> dict[str, Any]:
        loans.locked(session, command["loan_id"])
        execution = _in_state(session, command, domain.MEDIATING, domain.PROPOSED)
        _move(session, actor, execution, domain.ABANDONED)
        return _answer(session, execution)

    return idempotency.once(database, actor, command, decide)


def get(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One execution. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        execution = _found(
            store.find(session, command["execution_id"]), command["loan_id"]
        )
        return _answer(session, execution)


def list_executions(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was done about the collateral of a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"executions {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.list_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = _answers(session, cooperative_id, shown)
    return {"items": items, "next_cursor": next_cursor}


@retrying
def _approve(
    database: Database, actor: Actor, by: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """The money that is to be put where it belongs, by id."""

    def approve(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        loans.require_owing(loan)
        execution = _in_state(session, command, domain.PROPOSED)
        if execution.proposed_by == actor.subject:
            raise SameProposer
        loans.refuse_borrower(loan, by)
        execution.decided_by, execution.decided_at = actor.subject, clock.now()
        proceeds_id = identifiers.new("lpd")
        claims_store.add_proceeds(
            session,
            id=proceeds_id,
            cooperative_id=actor.cooperative_id,
            source=money.EXECUTION,
            reference=execution.id,
            loan_id=loan.id,
            amount=(execution.proceeds or 0) - (execution.costs or 0),
            received_on=execution.sold_on,
            due_at=clock.now() + proceeds.PATIENCE,
        )
        _move(session, actor, execution, domain.SETTLING)
        return {"proceeds_id": proceeds_id}

    return idempotency.once(database, actor, command, approve)


def _move(session: Session, actor: Actor, execution: Execution, status: str) -> None:
    before, execution.status = execution.status, status
    session.flush()
    trail.note(
        session,
        actor,
        f"execution.{status}",
        execution.id,
        before={"status": before},
        after={"status": status},
    )


def _market_value(session: Session, collateral_id: str) -> int:
    appraisals = collateral_store.appraisals_of(session, [collateral_id])
    if not appraisals:
        raise contract.NotAppraised
    return appraisals[-1].market_value


def _in_state(session: Session, command: dict[str, Any], *states: str) -> Execution:
    execution = _found(store.lock(session, command["execution_id"]), command["loan_id"])
    if execution.status not in states:
        raise contract.ExecutionNotReady(details={"status": execution.status})
    return execution


def _found(execution: Execution | None, loan_id: str) -> Execution:
    if execution is None or execution.loan_id != loan_id:
        raise NotFound("There is no such execution.")
    return execution


_COLUMNS: Final = (
    "id",
    "loan_id",
    "collateral_id",
    "status",
    "mediation",
    "mediated_on",
    "started_by",
    "started_at",
    "way",
    "sold_on",
    "proceeds",
    "costs",
    "market_value",
    "remainder_count",
    "proposed_by",
    "decided_by",
    "decided_at",
    "remainder_loan_id",
)


def _answer(session: Session, execution: Execution) -> dict[str, Any]:
    [answer] = _answers(session, execution.cooperative_id, [execution])
    return answer


def _answers(
    session: Session, cooperative_id: str, executions: Sequence[Execution]
) -> list[dict[str, Any]]:
    settings = recovery_store.settings_of(session, cooperative_id)
    proceeds_of = claims_store.proceeds_of(
        session, cooperative_id, money.EXECUTION, [one.id for one in executions]
    )
    return [_shown(one, settings, proceeds_of.get(one.id)) for one in executions]


def _shown(
    execution: Execution, settings: Settings, row: LoanProceeds | None
) -> dict[str, Any]:
    is_done = row is not None and row.state == money.DONE
    is_uneconomic = (
        execution.way == domain.KPKNL_AUCTION
        and (execution.market_value or 0) <= settings.auction_from
    )
    columns = {name: getattr(execution, name) for name in _COLUMNS}
    return answers.one(
        contract.Execution(),
        columns
        | {
            "applied": row.applied if row is not None and is_done else None,
            "surplus": row.amount - row.applied if row and is_done else None,
            "warnings": [domain.AUCTION_UNECONOMIC] if is_uneconomic else [],
        },
    )
