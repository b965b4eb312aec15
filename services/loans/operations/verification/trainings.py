"""Lessons about money that members attended before they got a loan (R140)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain.peers import Members
from services.loans.models import Training
from services.loans.operations.verification.analysis import refuse_future
from services.loans.store import verification as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import verification as contract
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


@retrying
def record_training(
    database: Database, members: Members, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep that a member attended a lesson. Raises NotFound and DateInTheFuture."""
    refuse_future(command["held_on"])
    standing = members.get_standing({"member_id": command["member_id"]})

    def keep(session: Session) -> dict[str, Any]:
        training = Training(
            id=identifiers.new("trn"),
            cooperative_id=actor.cooperative_id,
            member_id=standing["member_id"],
            topic=command["topic"],
            held_on=command["held_on"],
            recorded_by=actor.subject,
            recorded_at=clock.now(),
        )
        store.add_training(session, training)
        trail.note(
            session,
            actor,
            "training.recorded",
            training.id,
            after={"member_id": training.member_id, "topic": training.topic},
        )
        return answers.one(contract.Training(), training)

    return idempotency.once(database, actor, command, keep)


def list_trainings(
    database: Database,
    members: Members,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The lessons of one member. Raises NotFound for a member of somebody else."""
    members.get_standing({"member_id": command["member_id"]})
    owner = f"trainings {cooperative_id} {command['member_id']}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_trainings(
            session,
            command["member_id"],
            after=answers.position(owner, command["cursor"]),
            limit=command["limit"] + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=command["limit"], key="id")
    return {
        "items": answers.many(contract.Training(), shown),
        "next_cursor": next_cursor,
    }
