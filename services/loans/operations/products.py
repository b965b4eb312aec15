"""Which loans a cooperative offers, on which terms, and what one would cost."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import costs, rates, schedules
from services.loans.domain.costs import Costs
from services.loans.domain.loans import BORROWER
from services.loans.domain.peers import Asked
from services.loans.models import LoanProduct
from services.loans.store import products as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import products as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying

TERMS: Final = tuple(contract.LoanTermsBody().fields)


def found(product: LoanProduct | None) -> LoanProduct:
    """The product. Raises NotFound when there is none."""
    if product is None:
        raise NotFound("There is no such loan product.")
    return product


@retrying
def create_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Offer loans on these terms. Raises LoanProductCodeTaken, RateOverCap."""
    _require_lawful(command)
    cooperative_id = actor.cooperative_id

    def create(session: Session) -> dict[str, Any]:
        product = store.add_product(
            session,
            id=identifiers.new("lpr"),
            cooperative_id=cooperative_id,
            code=command["code"],
            created_at=clock.now(),
            created_by=actor.subject,
            **{name: command[name] for name in TERMS},
        )
        if product is None:
            raise contract.LoanProductCodeTaken
        answer = _answer(product)
        trail.note(session, actor, "loan_product.created", product.id, after=answer)
        return answer

    return idempotency.once(database, actor, command, create)


@retrying
def change_product(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Other terms for loans to come. Raises NotFound, RateOverCap."""
    _require_lawful(command)
    with database.tenant(actor.cooperative_id) as session:
        product = found(
            store.lock_by_code(session, actor.cooperative_id, command["code"])
        )
        before = _answer(product)
        for name in TERMS:
            setattr(product, name, command[name])
        session.flush()
        after = _answer(product)
        if after != before:
            trail.note(
                session,
                actor,
                "loan_product.changed",
                product.id,
                before=before,
                after=after,
            )
        return after


def get_product(database: Database, cooperative_id: str, code: str) -> dict[str, Any]:
    """One product by its code. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        return _answer(found(store.find_by_code(session, cooperative_id, code)))


def list_products(
    database: Database,
    cooperative_id: str,
    command: dict[str, Any],
    *,
    only_offered: bool,
) -> dict[str, Any]:
    """The products, all or those on offer."""
    owner, limit = f"loan products {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_products(
            session,
            only_offered=only_offered,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


def quote(
    database: Database, asked: Asked, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What a loan would cost, with its schedule.

    Raises NotFound, LoanProductNotOffered, LoanOutsideProduct, ScheduleImpossible,
    RateOverCap, and what the insurer's product refuses.
    """
    with database.tenant(cooperative_id) as session:
        product = found(store.find_by_code(session, cooperative_id, command["code"]))
    if not product.is_offered:
        raise contract.LoanProductNotOffered
    amount, count = command["amount"], command["count"]
    _require_inside(product, amount, count)
    terms = terms_of(product, amount, count)
    made = _schedule(terms, command["first_due_on"])
    price = _price(asked, product, terms)
    if price.received <= 0:
        raise contract.LoanOutsideProduct("The deductions take all of it.")
    effective = rates.effective_bps(made, price.received, terms.frequency)
    _require_under_cap(terms.rate_bps, effective, product.cap_basis)
    interest = schedules.total_interest(made)
    return answers.one(
        contract.LoanQuote(),
        {
            "product": product.code,
            "amount": amount,
            "count": count,
            "rate_bps": terms.rate_bps,
            "effective_rate_bps": effective,
            "total_interest": interest,
            "total": amount + interest,
            "administration": price.administration,
            "passed_fee": price.passed_fee,
            "passed_premium": price.passed_premium,
            "received": price.received,
            "instalments": _lines(made, amount),
        },
    )


def terms_of(product: LoanProduct, amount: int, count: int) -> schedules.Terms:
    """A loan of a product, to compute its schedule with."""
    return schedules.Terms(
        method=product.method,
        frequency=product.frequency,
        principal=amount,
        rate_bps=product.rate_bps,
        count=count,
        grace_count=product.grace_count,
        harvest_every=product.harvest_every,
        rounding_unit=product.rounding_unit,
        shifts_holidays=product.shifts_holidays,
    )


def _lines(made: list[schedules.Instalment], amount: int) -> list[dict[str, Any]]:
    balance, lines = amount, []
    for one in made:
        balance -= one.principal
        lines.append(
            {
                "number": one.number,
                "due_on": one.due_on,
                "principal": one.principal,
                "interest": one.interest,
                "amount": one.amount,
                "balance": balance,
            }
        )
    return lines


def _schedule(
    terms: schedules.Terms, first_due_on: date | None
) -> list[schedules.Instalment]:
    first = first_due_on or schedules.first_due_date(
        terms.frequency, clock.business_date()
    )
    try:
        return schedules.schedule(terms, first)
    except schedules.ImpossibleSchedule as error:
        raise contract.ScheduleImpossible from error


def _price(asked: Asked, product: LoanProduct, terms: schedules.Terms) -> Costs:
    """What the borrower bears when the loan is paid out; others are only asked then."""
    fee = premium = 0
    if product.fee_payer == BORROWER:
        prices = asked.ledger.get_fee_schedule({})["items"]
        fee = costs.platform_fee(prices, terms.principal)
    if product.premium_payer == BORROWER and product.insurance_product is not None:
        quoted = asked.insurance.quote_premium(
            {
                "product_code": product.insurance_product,
                "principal": terms.principal,
                "months": schedules.months_of(terms),
            }
        )
        premium = quoted["premium"]
    return costs.shared(
        principal=terms.principal,
        administration=_administration(product, terms.principal),
        fee=fee,
        fee_payer=product.fee_payer,
        premium=premium,
        premium_payer=product.premium_payer,
    )


def _administration(product: LoanProduct, amount: int) -> int:
    return costs.administration(
        amount,
        rate_bps=product.administration_bps,
        amount=product.administration_amount,
    )


def _require_inside(product: LoanProduct, amount: int, count: int) -> None:
    if not (
        product.minimum_amount <= amount <= product.maximum_amount
        and product.minimum_count <= count <= product.maximum_count
    ):
        raise contract.LoanOutsideProduct(
            details={
                "minimum_amount": product.minimum_amount,
                "maximum_amount": product.maximum_amount,
                "minimum_count": product.minimum_count,
                "maximum_count": product.maximum_count,
            }
        )


def _require_lawful(given: dict[str, Any]) -> None:
    """Refuse terms over the cap (R114, C14), on the basis that the product names.

    Of the effective rate a product has many: looked at are its shortest and longest
    loans of the highest amount. Each single loan is looked at again.
    """
    _require_under_cap(given["rate_bps"], 0, rates.NOMINAL)
    if given["cap_basis"] != rates.EFFECTIVE:
        return
    amount = given["maximum_amount"]
    product = LoanProduct(**{name: given[name] for name in TERMS})
    received = amount - _administration(product, amount)
    if received <= 0:
        raise loans_contract.RateOverCap
    for count in {given["minimum_count"], given["maximum_count"]}:
        terms = terms_of(product, amount, count)
        made = _schedule(terms, None)
        effective = rates.effective_bps(made, received, terms.frequency)
        _require_under_cap(terms.rate_bps, effective, given["cap_basis"])


def _require_under_cap(rate_bps: int, effective: int, basis: str) -> None:
    over = {"rate_bps": rate_bps, "effective_rate_bps": effective, "basis": basis}
    if rate_bps > rates.CAP_BPS or rates.is_over_cap(**over):  # type: ignore[arg-type]
        raise loans_contract.RateOverCap(details=over)


def _answer(product: LoanProduct) -> dict[str, Any]:
    return answers.one(contract.LoanProduct(), product)
