"""The sheet on which a cooperative assesses itself, and the trainings of its staff.

What is known is read when the sheet is asked for: own capital as the lending limits
(BMPP) take it, the sectors of the loans, and since when there is business from the
legality data. Where there are none of these, what was entered counts.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import limits as limits_domain
from services.loans.domain import ratios
from services.loans.domain import risk_profile as domain
from services.loans.domain.peers import Asked
from services.loans.models import StaffTraining
from services.loans.operations import risk_profile_papers
from services.loans.operations.verification.analysis import refuse_future
from services.loans.store import portfolio as portfolio_store
from services.loans.store import risk_profile as store
from services.shared import clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts.loans import risk_profile as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, tenants, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import pdf, sheets


class Known(NamedTuple):
    """What other services know of a cooperative."""

    own_capital: int
    business_since: date | None


def get_profile(
    database: Database, asked: Asked, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The sheet as of today, as JSON, on paper or as a workbook."""
    sheet = _sheet(database, cooperative_id, _known(asked))
    with database.tenant(cooperative_id) as session:
        tenant = tenants.find(session, cooperative_id)
    name = f"profil-risiko-{sheet['day']}"
    if command["format"] == files.XLSX:
        return files.file_of(
            f"{name}.xlsx", sheets.MEDIA_TYPE, risk_profile_papers.workbook(sheet)
        )
    if command["format"] == files.PDF and tenant is not None:
        paper = risk_profile_papers.paper(tenant.name, tenant.code, sheet, clock.now())
        return files.file_of(f"{name}.pdf", pdf.MEDIA_TYPE, paper)
    return sheet


def put_profile(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what no data tells. Raises DateInTheFuture."""
    if command["founded_on"] is not None:
        refuse_future(command["founded_on"])
    known = _known(asked)
    _keep(database, actor, command)
    return _sheet(database, actor.cooperative_id, known)


@retrying
def record_training(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep that staff was trained, for good. Raises DateInTheFuture."""
    refuse_future(command["held_on"])

    def keep(session: Session) -> dict[str, Any]:
        training = StaffTraining(
            id=identifiers.new("stn"),
            cooperative_id=actor.cooperative_id,
            recorded_by=actor.subject,
            recorded_at=clock.now(),
            **{name: command[name] for name in contract.StaffTrainingBody().fields},
        )
        store.add_training(session, training)
        trail.note(
            session,
            actor,
            "staff_training.recorded",
            training.id,
            after={"topic": training.topic, "held_on": training.held_on.isoformat()},
        )
        return answers.one(contract.StaffTraining(), training)

    return idempotency.once(database, actor, command, keep)


def list_trainings(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The trainings of a year or all, the latest first."""
    year, limit = command["year"], command["limit"]
    owner = f"staff_trainings {cooperative_id} {year}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_trainings(
            session,
            cooperative_id,
            year=year,
            before=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = rows[:limit], None
    if len(rows) > limit:
        last = shown[-1]
        next_cursor = answers.cursor_at(owner, f"{last.held_on.isoformat()} {last.id}")
    return {
        "items": answers.many(contract.StaffTraining(), shown),
        "next_cursor": next_cursor,
    }


@retrying
def _keep(database: Database, actor: Actor, command: dict[str, Any]) -> None:
    told = answers.one(contract.RiskProfileBody(), command)
    with database.tenant(actor.cooperative_id) as session:
        before = store.find(session, actor.cooperative_id)
        known = None
        if before is not None:
            known = answers.one(contract.RiskProfileBody(), before)
        store.keep(
            session,
            actor.cooperative_id,
            changed_at=clock.now(),
            changed_by=actor.subject,
            **command,
        )
        trail.note(
            session,
            actor,
            "risk_profile.changed",
            actor.cooperative_id,
            before=known,
            after=told,
        )


def _known(asked: Asked) -> Known:
    balance = asked.ledger.get_trial_balance({})
    try:
        since = asked.members.get_legality({})["business_since"]
    except NotFound:
        since = None
    return Known(
        own_capital=limits_domain.own_capital(balance["accounts"]),
        business_since=since and date.fromisoformat(since),
    )


def _sheet(database: Database, cooperative_id: str, known: Known) -> dict[str, Any]:
    today = clock.business_date()
    with database.tenant(cooperative_id) as session:
        told = store.find(session, cooperative_id)
        parts = portfolio_store.breakdown(session, cooperative_id, None, "sector")
        held = store.count_trainings(session, cooperative_id, today.year)
    lent = {one.key or "": one.outstanding for one in parts}
    group, amount = domain.dominating(lent) or (None, 0)
    capital = known.own_capital
    staff = told.certified_staff if told else None
    location = told.location if told else None
    entered = told.founded_on if told else None
    since = known.business_since or entered
    factors: tuple[tuple[str, Any, str, bool], ...] = (
        ("own_capital", capital, domain.of_capital(capital), False),
        ("certified_staff", staff, domain.of_staff(staff), True),
        ("sector", group, domain.of_sector(group), False),
        ("location", location, domain.of_location(location), True),
        ("age", since, domain.of_age(since, today), known.business_since is None),
    )
    return answers.one(
        contract.RiskProfile(),
        {
            "day": today,
            "factors": [
                {
                    "factor": factor,
                    "value": None if value is None else str(value),
                    "level": level,
                    "is_entered": is_entered,
                }
                for factor, value, level, is_entered in factors
            ],
            "sector_share_bps": ratios.ratio_bps(amount, sum(lent.values())),
            "trainings": {
                "year": today.year,
                "held": held,
                "target": domain.TRAININGS_A_YEAR,
            },
            "changed_at": told.changed_at if told else None,
            "changed_by": told.changed_by if told else None,
        },
    )
