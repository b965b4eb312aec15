"""What a cooperative offers to savers, and what it asks of its members."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.members.domain import dues, products
from services.members.domain.products import Term
from services.members.models import SavingsProduct
from services.members.operations import audit
from services.members.store import products as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.members import products as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying


@retrying
def create_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A new savings product of the actor's cooperative.

    Raises ProductCodeTaken, also for a code that means something already, and
    ProductsExhausted when account numbers have no more digits for one.
    """

    def create(session: Session) -> dict[str, Any]:
        code = command["code"]
        known = store.list_products(session)
        digits = products.next_digits(product.digits for product in known)
        if code in products.RESERVED or code in {product.code for product in known}:
            raise contract.ProductCodeTaken
        if digits is None:
            raise contract.ProductsExhausted
        product = _added(session, actor.cooperative_id, code, digits, command)
        answer = _answer(product, {})
        audit.record(session, actor, "savings_product.created", code, after=answer)
        return answer

    return idempotency.once(database, actor, command, create)


def change_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The product with what changed; `sukarela` is never retired."""
    code = command["code"]
    changes = {
        name: command[name]
        for name in ("name", "minimum_balance", "status")
        if command[name] is not None
    }
    if code == products.SUKARELA and changes.get("status") == products.RETIRED:
        raise contract.UnknownProduct("Every cooperative has simpanan sukarela.")
    with database.tenant(actor.cooperative_id) as session:
        before = _kept(session, actor.cooperative_id, code)
        was = _answer(before, store.rates(session).get(code, {}))
        if changes:
            store.change_product(session, actor.cooperative_id, code, changes)
            now = was | changes
            audit.record(
                session, actor, "savings_product.changed", code, before=was, after=now
            )
        return was | changes


@retrying
def set_rate(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The product with a new rate. Raises TermTooEarly for a month that has begun.

    Only the first rate of a product may be for a month that has: whoever comes from
    another system has paid interest before.
    """
    code, month = command["code"], command["valid_from"]

    def change(session: Session) -> dict[str, Any]:
        product = _kept(session, actor.cooperative_id, code)
        rates = store.rates(session).get(code, {})
        if rates and month <= dues.month_of(clock.business_date()):
            raise contract.TermTooEarly
        store.set_rate(
            session,
            actor.cooperative_id,
            code,
            month,
            command["rate_bps"],
            clock.now(),
        )
        audit.record(
            session,
            actor,
            "savings_rate.set",
            code,
            before={"rate_bps": products.rate_in_force(rates, month)},
            after={"rate_bps": command["rate_bps"], "valid_from": month.isoformat()},
        )
        return _answer(product, rates | {month: command["rate_bps"]})

    return idempotency.once(database, actor, command, change)


def get_product(database: Database, cooperative_id: str, code: str) -> dict[str, Any]:
    """One savings product with its rates."""
    with database.tenant(cooperative_id) as session:
        rates = store.rates(session).get(code, {})
        return _answer(find_product(session, cooperative_id, code), rates)


def list_products(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The savings products of the cooperative by code."""
    owner, limit = f"savings products {cooperative_id}", command["limit"]
    after = answers.position(owner, command["cursor"]) or ""
    with database.tenant(cooperative_id) as session:
        known = {product.code: product for product in store.list_products(session)}
        rates = store.rates(session)
    known.setdefault(products.SUKARELA, _sukarela(cooperative_id))
    rows = [known[code] for code in sorted(known) if code > after]
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="code")
    items = [_answer(product, rates.get(product.code, {})) for product in shown]
    return {"items": items, "next_cursor": next_cursor}


def digits_of(session: Session, cooperative_id: str, code: str) -> str:
    """The digits of the account numbers of an open product. Raises UnknownProduct."""
    if code == products.SUKARELA:
        return products.SUKARELA_DIGITS
    product = store.find_product(session, cooperative_id, code)
    if product is None or product.status != products.OPEN:
        raise contract.UnknownProduct
    return product.digits


@retrying
def set_term(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """What a contribution amounts to from a month on. Raises TermTooEarly.

    The first term of all may be for the present month, since nobody paid before it.
    """
    kind = command["kind"]
    term = Term(
        valid_from=command["valid_from"],
        amount=command["amount"],
        due_day=command["due_day"],
    )

    def change(session: Session) -> dict[str, Any]:
        month = dues.month_of(clock.business_date())
        terms = store.terms(session, actor.cooperative_id, kind)
        if term.valid_from < month or (terms and term.valid_from == month):
            raise contract.TermTooEarly
        store.set_term(session, actor.cooperative_id, kind, term, clock.now())
        answer = answers.one(
            contract.ContributionTerm(),
            {
                "kind": kind,
                "amount": term.amount,
                "valid_from": term.valid_from,
                "due_day": term.due_day,
            },
        )
        audit.record(session, actor, "contribution_term.set", kind, after=answer)
        return answer

    return idempotency.once(database, actor, command, change)


def list_terms(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The terms of the cooperative's contributions, by kind and month."""
    owner, limit = f"contribution terms {cooperative_id}", command["limit"]
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_terms(
            session, after=None if after is None else _place(after), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="place")
    return {
        "items": answers.many(contract.ContributionTerm(), shown),
        "next_cursor": next_cursor,
    }


def _place(position: str) -> tuple[str, date]:
    kind, _, month = position.partition(" ")
    return kind, date.fromisoformat(month)


def _added(
    session: Session,
    cooperative_id: str,
    code: str,
    digits: str,
    columns: Mapping[str, Any],
) -> SavingsProduct:
    product = store.add_product(
        session,
        cooperative_id=cooperative_id,
        code=code,
        name=columns["name"],
        digits=digits,
        interest_method=columns["interest_method"],
        minimum_balance=columns["minimum_balance"],
        status=products.OPEN,
        created_at=clock.now(),
    )
    if product is None:
        # Somebody made a product at the same moment, perhaps with the same code.
        raise contract.ProductCodeTaken("Another product was just made; try again.")
    return product


def _kept(session: Session, cooperative_id: str, code: str) -> SavingsProduct:
    """The product as a row; that of `sukarela` is made when it is first needed."""
    if code == products.SUKARELA:
        blank = _sukarela(cooperative_id)
        store.add_product(
            session,
            cooperative_id=cooperative_id,
            code=blank.code,
            name=blank.name,
            digits=blank.digits,
            interest_method=blank.interest_method,
            minimum_balance=blank.minimum_balance,
            status=blank.status,
            created_at=clock.now(),
        )
    return find_product(session, cooperative_id, code)


def find_product(session: Session, cooperative_id: str, code: str) -> SavingsProduct:
    """A product with its method, whatever its status. Raises NotFound."""
    product = store.find_product(session, cooperative_id, code)
    if product is not None:
        return product
    if code == products.SUKARELA:
        return _sukarela(cooperative_id)
    raise NotFound("There is no such savings product.")


def _sukarela(cooperative_id: str) -> SavingsProduct:
    """The product that every cooperative has, as it is until somebody changes it."""
    return SavingsProduct(
        cooperative_id=cooperative_id,
        code=products.SUKARELA,
        name=products.SUKARELA_NAME,
        digits=products.SUKARELA_DIGITS,
        interest_method=products.DAILY,
        minimum_balance=0,
        status=products.OPEN,
    )


def _answer(product: SavingsProduct, rates: dict[date, int]) -> dict[str, Any]:
    month = dues.month_of(clock.business_date())
    return answers.one(
        contract.SavingsProduct(),
        {
            "code": product.code,
            "name": product.name,
            "digits": product.digits,
            "interest_method": product.interest_method,
            "minimum_balance": product.minimum_balance,
            "status": product.status,
            "rate_bps": products.rate_in_force(rates, month),
            "rates": [
                {"valid_from": valid_from, "rate_bps": rates[valid_from]}
                for valid_from in sorted(rates)
            ],
        },
    )
