"""How the operator keeps the catalogue of insurers and of what they offer."""

from __future__ import annotations

from typing import Any

from services.insurance.domain.insurers import USUAL_DOCUMENTS
from services.insurance.models import InsuranceProduct
from services.insurance.store import insurers as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.insurance import insurers as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope


@retrying
def create_insurer(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A partner insurer. Raises InsurerCodeTaken."""

    def create() -> dict[str, Any]:
        insurer = store.add_insurer(
            session,
            id=identifiers.new("ins"),
            code=command["code"],
            name=command["name"],
            created_at=clock.now(),
        )
        if insurer is None:
            raise contract.InsurerCodeTaken
        trail.note(session, actor, "insurer.created", insurer.id)
        return answers.one(contract.Insurer(), insurer)

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(actor.cooperative_id, command["idempotency"]),
            operation=create,
        )


def list_insurers(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The partner insurers in the order they were made."""
    owner, limit = "insurers", command["limit"]
    with database.hub() as session:
        rows = store.list_insurers(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Insurer(), shown),
        "next_cursor": next_cursor,
    }


@retrying
def create_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Cover that is on offer from now on. Raises InsuranceProductCodeTaken."""
    documents = command["documents"] or USUAL_DOCUMENTS[command["kind"]]

    def create() -> dict[str, Any]:
        if store.find_insurer(session, command["insurer_id"]) is None:
            raise NotFound("There is no such insurer.")
        terms = {
            name: value
            for name, value in command.items()
            if name not in {"idempotency", "documents"}
        }
        product = store.add_product(
            session,
            id=identifiers.new("inp"),
            documents={cause: list(kinds) for cause, kinds in documents.items()},
            is_offered=True,
            created_at=clock.now(),
            **terms,
        )
        if product is None:
            raise contract.InsuranceProductCodeTaken
        trail.note(session, actor, "insurance_product.created", product.id)
        return answers.one(contract.InsuranceProduct(), product)

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(actor.cooperative_id, command["idempotency"]),
            operation=create,
        )


@retrying
def withdraw_product(
    database: Database, actor: Actor, product_id: str
) -> dict[str, Any]:
    """The product is not offered any more; policies that run go on."""
    with database.hub() as session:
        product = _found(store.lock_product(session, product_id))
        if product.is_offered:
            product.is_offered = False
            session.flush()
            trail.note(session, actor, "insurance_product.withdrawn", product.id)
        return answers.one(contract.InsuranceProduct(), product)


def list_products(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What is and was on offer; the same for every cooperative."""
    owner, limit = "insurance products", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_products(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.InsuranceProduct(), shown),
        "next_cursor": next_cursor,
    }


def _found(product: InsuranceProduct | None) -> InsuranceProduct:
    if product is None:
        raise NotFound("There is no such insurance product.")
    return product
