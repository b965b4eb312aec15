"""Which time deposits a cooperative offers, and at what rates from when on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.members.domain import deposits
from services.members.domain.deposits import Rate
from services.members.models import DepositProduct, DepositRate
from services.members.operations import audit
from services.members.store import deposits as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import deposits as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying


@retrying
def create_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A time deposit with its first rate table, in force from today.

    Raises DepositProductCodeTaken, InvalidRates.
    """
    rates = _rates(command["rates"])
    cooperative_id = actor.cooperative_id

    def create(session: Session) -> dict[str, Any]:
        product = store.add_product(
            session,
            id=identifiers.new("dpp"),
            cooperative_id=cooperative_id,
            code=command["code"],
            name=command["name"],
            minimum_amount=command["minimum_amount"],
            penalty_bps=command["penalty_bps"],
            is_offered=True,
            created_at=clock.now(),
        )
        if product is None:
            raise contract.DepositProductCodeTaken
        store.add_rates(session, product, clock.business_date(), rates)
        audit.record(session, actor, "deposit_product.created", product.id)
        return _answers(session, [product])[0]

    return idempotency.once(database, actor, command, create)


@retrying
def set_rates(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The next rate table; terms that run keep their rate.

    Raises RatesInThePast, RatesExist, InvalidRates.
    """
    rates, valid_from = _rates(command["rates"]), command["valid_from"]

    def set_them(session: Session) -> dict[str, Any]:
        product = _found(store.lock_product(session, command["product_id"]))
        if valid_from < clock.business_date():
            raise contract.RatesInThePast
        if store.has_rates_of(session, product.id, valid_from):
            raise contract.RatesExist
        store.add_rates(session, product, valid_from, rates)
        answer = _answers(session, [product])[0]
        after = {"valid_from": valid_from.isoformat(), "rates": command["rates"]}
        audit.record(session, actor, "deposit_rates.set", product.id, after=after)
        return answer

    return idempotency.once(database, actor, command, set_them)


@retrying
def withdraw_product(
    database: Database, actor: Actor, product_id: str
) -> dict[str, Any]:
    """The product is not offered any more, and no deposit rolls over into it."""
    with database.tenant(actor.cooperative_id) as session:
        product = _found(store.lock_product(session, product_id))
        if product.is_offered:
            product.is_offered = False
            session.flush()
            audit.record(session, actor, "deposit_product.withdrawn", product.id)
        return _answers(session, [product])[0]


def get_product(
    database: Database, cooperative_id: str, product_id: str
) -> dict[str, Any]:
    """One product with the rate tables in force and to come."""
    with database.tenant(cooperative_id) as session:
        product = _found(store.find_product(session, product_id))
        return _answers(session, [product])[0]


def list_products(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The products of the cooperative in the order they were made."""
    owner, limit = f"deposit products {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_products(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = _answers(session, shown)
    return {"items": items, "next_cursor": next_cursor}


def _rates(given: Iterable[dict[str, Any]]) -> list[Rate]:
    rates = [Rate(**one) for one in given]
    faults = deposits.faults_of_table(rates)
    if faults:
        raise contract.InvalidRates(faults[0])
    return rates


def _answers(
    session: Session, products: Sequence[DepositProduct]
) -> list[dict[str, Any]]:
    by_product: defaultdict[str, list[DepositRate]] = defaultdict(list)
    for rate in store.rates_of(session, [product.id for product in products]):
        by_product[rate.product_id].append(rate)
    today = clock.business_date()
    return [_answer(one, _tables(by_product[one.id], today)) for one in products]


def _tables(rates: Iterable[DepositRate], today: date) -> list[dict[str, Any]]:
    """The table in force and those to come; what was before is history."""
    tables: defaultdict[date, list[DepositRate]] = defaultdict(list)
    for rate in rates:
        tables[rate.valid_from].append(rate)
    begun = [day for day in tables if day <= today]
    first = max(begun, default=date.min)
    return [
        {"valid_from": day, "rates": tables[day]}
        for day in sorted(tables)
        if day >= first
    ]


def _answer(product: DepositProduct, tables: list[dict[str, Any]]) -> dict[str, Any]:
    return answers.one(
        contract.DepositProduct(),
        {
            "id": product.id,
            "code": product.code,
            "name": product.name,
            "minimum_amount": product.minimum_amount,
            "penalty_bps": product.penalty_bps,
            "is_offered": product.is_offered,
            "rate_tables": tables,
        },
    )


def _found(product: DepositProduct | None) -> DepositProduct:
    if product is None:
        raise NotFound("There is no such time deposit on offer.")
    return product
