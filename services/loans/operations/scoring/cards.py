"""Scorecards: the job that learns them from the cooperative's own loans, and its cards.

A card judges nobody: that takes a model of it, which another person activates.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain.scoring import cards as domain
from services.loans.domain.scoring.cards import Past
from services.loans.domain.scoring.models import BASIS_POINTS
from services.loans.domain.scoring.sources import NUMBERS
from services.loans.models import Scorecard, ScoringSettings
from services.loans.operations.job_context import Job, JobContext
from services.loans.operations.scoring import scores
from services.loans.store import scoring as store
from services.loans.store.scoring import PastLoan
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import scoring as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import numbering, trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step, Turn
from services.shared.settings import Settings

DEFAULTS: Final = {"minimum_loans": 200, "minimum_bad": 20, "minimum_months": 12}
"""So much is needed before anything can be learnt."""

HISTORY: Final = ("on_time_bps", "worst_dpd", "settled_loans", "amount", "instalments")
"""Inputs that are computed from the loans themselves, as of the day they were given."""

LEARNT_MAX: Final = 20_000
"""What so many have not taught, more of them would not."""

_FIT_STEPS: Final = 1000


def run(context: JobContext, position: str | None) -> Step:
    """Learn a card, if there is enough to learn from; one run keeps one card."""
    del position
    cooperative_id, day = context.cooperative_id, context.business_date
    with context.database.tenant(cooperative_id) as session:
        if store.has_card_of(session, day):
            return Step(done=1)
        settings = _settings_of(session, cooperative_id)
        since = _months_before(day, settings)
        rows = store.past_loans(session, day, since, LEARNT_MAX)
        past = _past(session, context.settings, rows)
    bad = sum(one.is_bad for one in past)
    if len(past) < settings.minimum_loans or bad < settings.minimum_bad:
        return Step()
    if len(past) - bad < settings.minimum_bad:
        # Of too few good ones as little can be learnt as of too few bad ones.
        return Step()
    learnt = domain.train(past, _fit)
    if learnt is None:
        return Step()
    card, quality = learnt
    with context.database.tenant(cooperative_id) as session:
        version = numbering.next_number(session, cooperative_id, "scorecard")
        card_id = identifiers.new("crd")
        store.add_scorecard(
            session,
            Scorecard(
                id=card_id,
                cooperative_id=cooperative_id,
                version=version,
                trained_on=day,
                loans=len(past),
                bad=bad,
                card=asdict(card),
                quality=asdict(quality),
                created_at=clock.now(),
            ),
        )
        trail.note(session, context.actor, "scorecard.trained", card_id)
    return Step(done=1)


SCORECARD: Final = Job(
    name="scorecard",
    is_due=lambda day: day.day == 1,
    run=run,
    turn=Turn.OPENING,
    lookback_days=27,
)


def get_scorecard(
    database: Database, cooperative_id: str, scorecard_id: str
) -> dict[str, Any]:
    """One card with its quality. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        row = store.find_scorecard(session, scorecard_id)
        if row is None:
            raise NotFound("There is no such scorecard.")
        return _answer(row)


def list_scorecards(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The cards of the cooperative, the latest first."""
    owner, limit = f"scorecards {cooperative_id}", command["limit"]
    before = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_scorecards(session, before=before, limit=limit + 1)
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(row) for row in shown], "next_cursor": next_cursor}


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """How much history a card is learnt from at least."""
    with database.tenant(cooperative_id) as session:
        found = _settings_of(session, cooperative_id)
        return answers.one(contract.ScoringSettings(), found)


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Another least from the next run on."""
    before = get_settings(database, actor.cooperative_id)
    with database.tenant(actor.cooperative_id) as session:
        store.keep_settings(session, actor.cooperative_id, **command)
        trail.note(
            session,
            actor,
            "scoring_settings.changed",
            actor.cooperative_id,
            before=before,
            after=command,
        )
    return answers.one(contract.ScoringSettings(), command)


def _settings_of(session: Session, cooperative_id: str) -> ScoringSettings:
    found = store.find_settings(session, cooperative_id)
    return found or ScoringSettings(cooperative_id=cooperative_id, **DEFAULTS)


def _months_before(day: date, settings: ScoringSettings) -> date:
    """Runs begin on the first of a month, so the day exists in every month."""
    year, month = divmod(day.year * 12 + day.month - 1 - settings.minimum_months, 12)
    return date(year, month + 1, 1)


def _past(session: Session, settings: Settings, rows: list[PastLoan]) -> list[Past]:
    """The loans with what was known when they were given.

    Of loans that were never scored here, those taken over for instance, only what the
    loans themselves tell is known.
    """
    known = scores.inputs_of(
        session, settings, [row.score_id for row in rows if row.score_id is not None]
    )
    return [
        Past(
            inputs={
                name: value
                for name, value in known.get(row.score_id or "", {}).items()
                if name in NUMBERS and name not in HISTORY
            }
            | {
                "on_time_bps": row.on_time * BASIS_POINTS // row.due
                if row.due
                else None,
                "worst_dpd": row.worst_dpd if row.due else None,
                "settled_loans": row.settled,
                "amount": row.amount,
                "instalments": row.instalments,
            },
            is_bad=row.is_bad,
        )
        for row in rows
    ]


def _fit(rows: list[list[float]], good: list[int]) -> tuple[float, list[float]]:
    # Slow to import, and only ever needed here.
    from sklearn.linear_model import (  # type: ignore[import-untyped]  # noqa: PLC0415
        LogisticRegression,
    )

    # Learning keeps the processor busy: whoever waits meanwhile has a turn here.
    time.sleep(0)
    model = LogisticRegression(max_iter=_FIT_STEPS).fit(rows, good)
    return float(model.intercept_[0]), [float(one) for one in model.coef_[0]]


def _answer(row: Scorecard) -> dict[str, Any]:
    features = [one | {"name": NUMBERS[one["source"]]} for one in row.card["features"]]
    return answers.one(
        contract.Scorecard(),
        {
            "id": row.id,
            "version": row.version,
            "trained_on": row.trained_on,
            "loans": row.loans,
            "bad": row.bad,
            "base": row.card["base"],
            "features": features,
            "quality": row.quality,
            "created_at": row.created_at,
        },
    )
