"""How savings products and the terms of contributions are read and written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain.products import Term
from services.members.models import ContributionTerm, SavingsProduct, SavingsRate


def add_product(session: Session, **columns: Any) -> SavingsProduct | None:
    """The new product; None when its code or its digits are taken."""
    return session.scalar(
        insert(SavingsProduct)
        .values(**columns)
        .on_conflict_do_nothing()
        .returning(SavingsProduct)
    )


def find_product(
    session: Session, cooperative_id: str, code: str
) -> SavingsProduct | None:
    """One product of the cooperative."""
    return session.get(SavingsProduct, (cooperative_id, code))


def list_products(session: Session) -> Sequence[SavingsProduct]:
    """All products of the tenant; there are not many."""
    return session.scalars(select(SavingsProduct).order_by(SavingsProduct.code)).all()


def change_product(
    session: Session, cooperative_id: str, code: str, changes: dict[str, Any]
) -> None:
    """Write what changed of a product."""
    session.execute(
        update(SavingsProduct)
        .where(
            SavingsProduct.cooperative_id == cooperative_id,
            SavingsProduct.code == code,
        )
        .values(**changes)
        .execution_options(synchronize_session="fetch")
    )


def rates(session: Session) -> dict[str, dict[date, int]]:
    """Every rate of the tenant's products, by product and first month."""
    found: defaultdict[str, dict[date, int]] = defaultdict(dict)
    rows = session.execute(
        select(SavingsRate.product, SavingsRate.valid_from, SavingsRate.rate_bps)
    )
    for product, valid_from, rate_bps in rows:
        found[product][valid_from] = rate_bps
    return dict(found)


def set_rate(
    session: Session,
    cooperative_id: str,
    product: str,
    valid_from: date,
    rate_bps: int,
    at: datetime,
) -> None:
    """Write the rate from a month on, over one that was planned for it."""
    statement = insert(SavingsRate).values(
        cooperative_id=cooperative_id,
        product=product,
        valid_from=valid_from,
        rate_bps=rate_bps,
        created_at=at,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cooperative_id", "product", "valid_from"],
            set_={"rate_bps": rate_bps},
        )
    )


def terms(session: Session, cooperative_id: str, kind: str) -> list[Term]:
    """All terms of a contribution, the earliest first."""
    rows = session.scalars(
        select(ContributionTerm)
        .where(
            ContributionTerm.cooperative_id == cooperative_id,
            ContributionTerm.kind == kind,
        )
        .order_by(ContributionTerm.valid_from)
    )
    return [
        Term(valid_from=row.valid_from, amount=row.amount, due_day=row.due_day)
        for row in rows
    ]


def set_term(
    session: Session, cooperative_id: str, kind: str, term: Term, at: datetime
) -> None:
    """Write the term from a month on, over one that was planned for it."""
    values = {"amount": term.amount, "due_day": term.due_day}
    statement = insert(ContributionTerm).values(
        cooperative_id=cooperative_id,
        kind=kind,
        valid_from=term.valid_from,
        created_at=at,
        **values,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["cooperative_id", "kind", "valid_from"], set_=values
        )
    )


def list_terms(
    session: Session, *, after: tuple[str, date] | None, limit: int
) -> Sequence[ContributionTerm]:
    """Terms of the tenant past ``after``, by kind and month."""
    place = tuple_(ContributionTerm.kind, ContributionTerm.valid_from)
    query = select(ContributionTerm).order_by(
        ContributionTerm.kind, ContributionTerm.valid_from
    )
    if after is not None:
        query = query.where(place > tuple_(*after))
    return session.scalars(query.limit(limit)).all()
