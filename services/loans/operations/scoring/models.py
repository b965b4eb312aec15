"""Models by which a cooperative judges applications, and which of them is in use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain.scoring import ahp
from services.loans.domain.scoring import models as domain
from services.loans.domain.scoring.models import Criterion, Model, RiskClass
from services.loans.domain.scoring.scores import RATE_CAP_BPS
from services.loans.domain.scoring.sources import CHOICES, NUMBERS
from services.loans.models import ScoringActivation, ScoringModel
from services.loans.store import scoring as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import scoring as contract
from services.shared.errors import NotFound, SameProposer
from services.shared.identity import Actor
from services.shared.persistence import idempotency, numbering, trail
from services.shared.persistence.database import Database, retrying

DEFAULT_NAME: Final = "Model bawaan"


class InUse(NamedTuple):
    """The model that applications are scored with; without an id the one offered."""

    id: str | None
    version: int
    model: Model


def in_use(session: Session) -> InUse:
    """The model that the cooperative has activated, or the one offered to all."""
    row = store.active_model(session)
    if row is None:
        return InUse(None, 0, domain.DEFAULT)
    return InUse(row.id, row.version, Model.of(row.definition))


@retrying
def create_model(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A model; it judges nobody before another person activates it.

    Raises WeightsNotWhole, InvalidCriteria, InvalidRiskClasses, IncompleteComparisons,
    InconsistentComparisons, ClassRateOverCap, and NotFound for an unknown card.
    """
    cooperative_id = actor.cooperative_id

    def create(session: Session) -> dict[str, Any]:
        model = _model(session, command)
        _require_under_cap(session, model.classes)
        row = ScoringModel(
            id=identifiers.new("scm"),
            cooperative_id=cooperative_id,
            version=numbering.next_number(session, cooperative_id, "scoring model"),
            name=command["name"],
            method=command["method"],
            scorecard_id=command["scorecard_id"],
            definition=model.to_json(),
            created_at=clock.now(),
            created_by=actor.subject,
        )
        store.add_model(session, row)
        trail.note(session, actor, "scoring_model.created", row.id)
        return _answer(row, store.active_model(session))

    return idempotency.once(database, actor, command, create)


@retrying
def activate_model(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Use a model from now on; scores that were given stay as they are.

    Raises NotFound, SameProposer for who has made it, ScoringModelActive, and
    ClassRateOverCap when a product has become too dear for it since.
    """
    cooperative_id = actor.cooperative_id

    def activate(session: Session) -> dict[str, Any]:
        row = _found(store.find_model(session, command["model_id"]))
        if row.created_by == actor.subject:
            raise SameProposer
        # Whoever activates at the same moment waits here for the one before.
        number = numbering.next_number(session, cooperative_id, "scoring activation")
        before = store.active_model(session)
        if before is not None and before.id == row.id:
            raise contract.ScoringModelActive
        _require_under_cap(session, Model.of(row.definition).classes)
        store.add_activation(
            session,
            ScoringActivation(
                cooperative_id=cooperative_id,
                number=number,
                model_id=row.id,
                activated_at=clock.now(),
                activated_by=actor.subject,
            ),
        )
        trail.note(
            session,
            actor,
            "scoring_model.activated",
            row.id,
            before={"model_id": None if before is None else before.id},
            after={"model_id": row.id},
        )
        return _answer(row, row)

    return idempotency.once(database, actor, command, activate)


def get_model(database: Database, cooperative_id: str, model_id: str) -> dict[str, Any]:
    """One model. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        row = _found(store.find_model(session, model_id))
        return _answer(row, store.active_model(session))


def list_models(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The one offered to all, then the cooperative's own, the oldest first."""
    owner, limit = f"scoring models {cooperative_id}", command["limit"]
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_models(session, after=after, limit=limit + 1)
        active = store.active_model(session)
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    items = [_answer(row, active) for row in shown]
    if after is None:
        items = [_offered(active), *items]
    return {"items": items, "next_cursor": next_cursor}


def _model(session: Session, command: dict[str, Any]) -> Model:
    classes = _classes(command["classes"])
    if command["method"] == domain.SCORECARD:
        card = store.find_scorecard(session, command["scorecard_id"])
        if card is None:
            raise NotFound("There is no such scorecard.")
        return Model(
            method=domain.SCORECARD,
            criteria=(),
            classes=classes,
            card=domain.card_of(card.card),
        )
    _require_sound(command["criteria"])
    if command["method"] == domain.AHP:
        return _by_comparisons(command, classes)
    criteria = tuple(_criterion(one) for one in command["criteria"])
    total = sum(one.weight_bps for one in criteria)
    if total != domain.BASIS_POINTS:
        raise contract.WeightsNotWhole(details={"total_bps": total})
    return Model(method=command["method"], criteria=criteria, classes=classes)


def _by_comparisons(command: dict[str, Any], classes: tuple[RiskClass, ...]) -> Model:
    keys = [one["key"] for one in command["criteria"]]
    try:
        found = ahp.priorities(
            keys, [ahp.Comparison(**one) for one in command["comparisons"]]
        )
    except ahp.IncompleteComparisons as fault:
        raise contract.IncompleteComparisons(str(fault)) from fault
    details = {"consistency_bps": found.consistency_bps}
    if not found.is_consistent:
        raise contract.InconsistentComparisons(details=details)
    return Model(
        method=domain.AHP,
        criteria=tuple(
            _criterion(one | {"weight_bps": weight})
            for one, weight in zip(command["criteria"], found.weights, strict=True)
        ),
        classes=classes,
        consistency_bps=found.consistency_bps,
        comparisons=tuple(command["comparisons"]),
    )


def _criterion(given: dict[str, Any]) -> Criterion:
    source = given["source"]
    name = NUMBERS.get(source) or CHOICES[source][0]
    return Criterion(**(given | {"name": given["name"] or name}))


def _require_sound(criteria: Sequence[dict[str, Any]]) -> None:
    keys = [one["key"] for one in criteria]
    if len(set(keys)) < len(keys):
        raise contract.InvalidCriteria("Two criteria have the same key.")
    for one in criteria:
        fault = _fault_of(one)
        if fault is not None:
            raise contract.InvalidCriteria(
                f"Criterion {one['key']}: {fault}", {"key": one["key"]}
            )


def _fault_of(one: dict[str, Any]) -> str | None:
    lower, upper, table = one["lower"], one["upper"], one["table"]
    if one["source"] in NUMBERS:
        if table is not None:
            return "a number has bounds and no table."
        is_range = lower is not None and upper is not None and lower < upper
        return None if is_range else "lower must be below upper."
    if lower is not None or upper is not None or one["kind"] != domain.BENEFIT:
        return "a word has a table, which says what is good, and no bounds."
    if set(table or ()) != set(CHOICES[one["source"]][1]):
        return "the table must rate every word and no other."
    return None


def _classes(given: Sequence[dict[str, Any]] | None) -> tuple[RiskClass, ...]:
    if given is None:
        return domain.DEFAULT_CLASSES
    classes = tuple(RiskClass(**one) for one in given)
    falls = all(one.from_bps > two.from_bps for one, two in pairwise(classes))
    if not falls or classes[-1].from_bps != 0:
        raise contract.InvalidRiskClasses
    if len({one.grade for one in classes}) < len(classes):
        raise contract.InvalidRiskClasses("Two classes have the same grade.")
    return classes


def _require_under_cap(session: Session, classes: Sequence[RiskClass]) -> None:
    highest = domain.highest_rate_bps(classes, store.highest_rate_bps(session))
    if highest > RATE_CAP_BPS:
        raise contract.ClassRateOverCap(details={"rate_bps": highest})


def _found(row: ScoringModel | None) -> ScoringModel:
    if row is None:
        raise NotFound("There is no such scoring model.")
    return row


def _answer(row: ScoringModel, active: ScoringModel | None) -> dict[str, Any]:
    return answers.one(
        contract.ScoringModel(),
        row.definition
        | {
            "id": row.id,
            "version": row.version,
            "name": row.name,
            "method": row.method,
            "is_active": active is not None and active.id == row.id,
            "scorecard_id": row.scorecard_id,
            "created_at": row.created_at,
            "created_by": row.created_by,
        },
    )


def _offered(active: ScoringModel | None) -> dict[str, Any]:
    return answers.one(
        contract.ScoringModel(),
        asdict(domain.DEFAULT)
        | {
            "id": None,
            "version": 0,
            "name": DEFAULT_NAME,
            "is_active": active is None,
            "scorecard_id": None,
            "created_at": None,
            "created_by": None,
        },
    )
