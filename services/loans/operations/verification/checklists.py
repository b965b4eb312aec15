"""What is ticked off for loans of a product."""

from __future__ import annotations

from typing import Any

from services.loans.operations.applications import product_of
from services.loans.operations.verification.readiness import items_of
from services.loans.store import verification as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import verification as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


@retrying
def put_checklist(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Say what is ticked off for loans of a product. Raises NotFound."""
    with database.tenant(actor.cooperative_id) as session:
        product = product_of(session, command["product_id"])
        before = items_of(session, product.id)
        store.keep_checklist(
            session,
            cooperative_id=actor.cooperative_id,
            product_id=product.id,
            items=command["items"],
            changed_at=clock.now(),
            changed_by=actor.subject,
        )
        trail.note(
            session,
            actor,
            "checklist.changed",
            product.id,
            before={"codes": [one["code"] for one in before]},
            after={"codes": [one["code"] for one in command["items"]]},
        )
        told = {"product_id": product.id, "items": command["items"]}
        return answers.one(contract.Checklist(), told)


def get_checklist(
    database: Database, cooperative_id: str, product_id: str
) -> dict[str, Any]:
    """What is ticked off for loans of a product. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        product_of(session, product_id)
        told = {"product_id": product_id, "items": items_of(session, product_id)}
    return answers.one(contract.Checklist(), told)
