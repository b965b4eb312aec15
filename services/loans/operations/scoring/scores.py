"""Scores of applications: given, kept with all they came from, computed again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain.peers import Asked
from services.loans.domain.scoring import ranking, scores
from services.loans.domain.scoring.models import (
    AHP,
    BASIS_POINTS,
    SAW,
    SCORECARD,
    WP,
    Model,
)
from services.loans.domain.scoring.scores import Score, Terms
from services.loans.domain.scoring.sources import Inputs
from services.loans.models import ApplicationScore
from services.loans.operations import applications, queue
from services.loans.operations.scoring import inputs as sources
from services.loans.operations.scoring import models
from services.loans.store import applications as applications_store
from services.loans.store import scoring as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import scoring as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, inbox, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

SCORED: Final = frozenset({states.QUEUED, states.VERIFYING, states.VERIFIED})
"""Before it is handed in nothing is sure, after it is decided nothing is changed."""

OPENED_AT_ONCE: Final = 500
SCORER: Final = "service:loans"


@retrying
def score(
    database: Database,
    settings: Settings,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Score an application with the model in use; the latest score counts.

    Raises NotFound, ApplicationNotReady.
    """
    cooperative_id = actor.cooperative_id
    scope = IdempotencyScope.of(cooperative_id, command["idempotency"])
    with database.tenant(cooperative_id) as session:
        own = sources.read_own(session, settings, command["application_id"])
    inputs = sources.collect(asked, own)

    def keep() -> dict[str, Any]:
        return _keep(session, settings, actor, own, inputs, command["note"])

    with database.tenant(cooperative_id) as session:
        return idempotency.run_once(session, scope=scope, operation=keep)


@retrying
def score_new(
    database: Database,
    settings: Settings,
    asked: Asked,
    event_id: str,
    payload: dict[str, Any],
) -> None:
    """Score an application that was just handed in, unless somebody has (R46).

    A line that is ordered by scores would otherwise wait for people.
    """
    cooperative_id = payload["cooperative_id"]
    if payload["status"] != states.QUEUED:
        return
    with database.tenant(cooperative_id) as session:
        own = sources.read_own(session, settings, payload["application_id"])
        if own.application.status not in SCORED or _is_scored(session, own):
            return
    inputs = sources.collect(asked, own)
    actor = Actor(cooperative_id=cooperative_id, subject=SCORER)
    with database.tenant(cooperative_id) as session:
        is_first = inbox.first_time(session, "loans.score_new", event_id)
        still = applications_store.find_application(session, own.application.id)
        is_open = still is not None and still.status in SCORED
        if is_first and is_open and not _is_scored(session, own):
            _keep(session, settings, actor, own, inputs, None)


def _is_scored(session: Session, own: sources.Own) -> bool:
    return latest_score(session, own.application.id) is not None


def _keep(
    session: Session,
    settings: Settings,
    actor: Actor,
    own: sources.Own,
    inputs: Inputs,
    note: str | None,
) -> dict[str, Any]:
    application = applications.found(
        applications_store.find_application(session, own.application.id)
    )
    if application.status not in SCORED:
        raise loans_contract.ApplicationNotReady(details={"status": application.status})
    used = models.in_use(session)
    terms = Terms(
        amount=application.amount,
        product_maximum=own.product.maximum_amount,
        product_rate_bps=own.product.rate_bps,
    )
    found = scores.score(used.model, inputs, terms)
    row = ApplicationScore(
        id=identifiers.new("scr"),
        cooperative_id=application.cooperative_id,
        application_id=application.id,
        model_id=used.id,
        model_version=used.version,
        method=used.model.method,
        model=used.model.to_json(),
        score_bps=found.score_bps,
        risk_class=found.risk_class,
        simple_class=found.simple_class,
        amount=application.amount,
        max_amount=found.max_amount,
        rate_bps=found.rate_bps,
        scored_at=clock.now(),
        scored_by=actor.subject,
    )
    details = {
        "inputs": dict(inputs),
        "terms": asdict(terms),
        "criteria": [asdict(one) for one in found.criteria],
        "reasons": list(found.reasons),
        "note": note,
    }
    _seal(session, settings, row, details)
    store.add_score(session, row)
    queue.rescore(session, application, row.score_bps)
    trail.note(
        session,
        actor,
        "application.scored",
        application.id,
        after={
            "score_id": row.id,
            "model_version": row.model_version,
            "score_bps": row.score_bps,
            "risk_class": row.risk_class,
        },
    )
    return _answer(row, details)


def latest_score(session: Session, application_id: str) -> ApplicationScore | None:
    """The score that counts; None before the first."""
    return store.latest_scores(session, [application_id]).get(application_id)


def inputs_of(
    session: Session, settings: Settings, score_ids: Sequence[str]
) -> dict[str, Inputs]:
    """What these scores were computed from, by their ids."""
    found: dict[str, Inputs] = {}
    for first in range(0, len(score_ids), OPENED_AT_ONCE):
        part = score_ids[first : first + OPENED_AT_ONCE]
        rows = store.scores_by_id(session, part)
        opened = _all_opened(session, settings, rows)
        found |= {id_: details["inputs"] for id_, details in opened.items()}
    return found


def list_scores(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The scores of an application, the latest first. Raises NotFound."""
    application_id, limit = command["application_id"], command["limit"]
    owner = f"scores {cooperative_id} {application_id}"
    with database.tenant(cooperative_id) as session:
        applications.found(applications_store.find_application(session, application_id))
        rows = store.list_scores(
            session,
            application_id,
            before=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        opened = _all_opened(session, settings, shown)
    items = [_answer(row, opened[row.id]) for row in shown]
    return {"items": items, "next_cursor": next_cursor}


def reproduce_score(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Compute a score again from what was kept, and compare all of it.

    Raises NotFound.
    """
    with database.tenant(cooperative_id) as session:
        row = store.find_score(session, command["score_id"])
        if row is None or row.application_id != command["application_id"]:
            raise NotFound("There is no such score.")
        details = _all_opened(session, settings, [row])[row.id]
    again = scores.score(
        Model.of(row.model), details["inputs"], Terms(**details["terms"])
    )
    return answers.one(
        contract.Reproduction(),
        {
            "score_id": row.id,
            "score_bps": again.score_bps,
            "is_reproduced": _told(row, details) == _computed(again),
        },
    )


def rank_applications(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Compare applications by the inputs of their latest scores. Raises NotFound.

    The textbook's normalisation needs criteria: a scorecard has none, so its own scores
    decide.
    """
    wanted = list(dict.fromkeys(command["application_ids"]))
    with database.tenant(cooperative_id) as session:
        if store.count_applications(session, wanted) < len(wanted):
            raise NotFound("There is no such application.")
        rows = store.latest_scores(session, wanted)
        model = models.in_use(session).model
        opened = _all_opened(session, settings, [*rows.values()])
    batch: Mapping[str, Inputs] = {
        id_: opened[row.id]["inputs"] for id_, row in rows.items()
    }
    method = command["method"] or (SAW if model.method == AHP else model.method)
    if model.method == SCORECARD:
        method = SCORECARD
        by_score = {id_: row.score_bps for id_, row in rows.items()}
        ranked = ranking.ordered(by_score)
    else:
        wp_or_saw = WP if method == WP else SAW
        ranked = ranking.rank(replace(model, method=wp_or_saw), batch)
    return answers.one(
        contract.Ranking(),
        {
            "method": method,
            "items": [
                {
                    "application_id": one.id,
                    "rank": one.rank,
                    "value_bps": one.value_bps,
                    "score_bps": rows[one.id].score_bps,
                }
                for one in ranked
            ],
            "unscored": [id_ for id_ in wanted if id_ not in rows],
        },
    )


def _told(row: ApplicationScore, details: dict[str, Any]) -> dict[str, Any]:
    """What was kept of a score, in the form of `_computed`."""
    names = ("score_bps", "risk_class", "simple_class", "max_amount", "rate_bps")
    return {name: getattr(row, name) for name in names} | {
        "criteria": details["criteria"],
        "reasons": details["reasons"],
    }


def _computed(found: Score) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(found)))
    return plain


def _seal(
    session: Session, settings: Settings, row: ApplicationScore, details: dict[str, Any]
) -> None:
    own = keyring.cipher(session, settings, loans_contract.SERVICE, row.cooperative_id)
    row.details = own.encrypt(json.dumps(details).encode(), _place(row.id))


def _all_opened(
    session: Session, settings: Settings, rows: Sequence[ApplicationScore]
) -> dict[str, dict[str, Any]]:
    """What is encrypted of scores of one cooperative, by their ids."""
    if not rows:
        return {}
    own = keyring.cipher(
        session, settings, loans_contract.SERVICE, rows[0].cooperative_id
    )
    return {
        row.id: json.loads(own.decrypt(bytes(row.details), _place(row.id)))
        for row in rows
    }


def _place(score_id: str) -> bytes:
    return f"application_scores.details:{score_id}".encode()


def _answer(row: ApplicationScore, details: dict[str, Any]) -> dict[str, Any]:
    card = row.model["card"]
    base = 0 if row.method != SCORECARD or card is None else card["base"]
    columns = (
        "id",
        "application_id",
        "model_id",
        "model_version",
        "method",
        "score_bps",
        "risk_class",
        "simple_class",
        "amount",
        "max_amount",
        "rate_bps",
        "scored_at",
        "scored_by",
    )
    return answers.one(
        contract.ApplicationScore(),
        {name: getattr(row, name) for name in columns}
        | {
            "base_bps": BASIS_POINTS if row.method == WP else base,
            "criteria": details["criteria"],
            "reasons": details["reasons"],
            "inputs": details["inputs"],
            "note": details["note"],
        },
    )
