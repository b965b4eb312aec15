"""How loan products are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import LoanProduct


def find_product(session: Session, product_id: str) -> LoanProduct | None:
    """A product by its id."""
    return session.get(LoanProduct, product_id)


def find_by_code(
    session: Session, cooperative_id: str, code: str
) -> LoanProduct | None:
    """A product by its code."""
    return session.scalar(
        select(LoanProduct).where(
            LoanProduct.cooperative_id == cooperative_id, LoanProduct.code == code
        )
    )


def add_product(session: Session, **columns: Any) -> LoanProduct | None:
    """The new product; None when its code is taken."""
    return session.scalar(
        insert(LoanProduct)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["cooperative_id", "code"])
        .returning(LoanProduct)
    )


def lock_by_code(
    session: Session, cooperative_id: str, code: str
) -> LoanProduct | None:
    """A product by its code, held until the transaction ends."""
    return session.scalar(
        select(LoanProduct)
        .where(LoanProduct.cooperative_id == cooperative_id, LoanProduct.code == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_products(
    session: Session, *, only_offered: bool, after: str | None, limit: int
) -> Sequence[LoanProduct]:
    """Products of the tenant past ``after``, in the order they were made."""
    query = select(LoanProduct).order_by(LoanProduct.id).limit(limit)
    if only_offered:
        query = query.where(LoanProduct.is_offered)
    if after is not None:
        query = query.where(LoanProduct.id > after)
    return session.scalars(query).all()


def all_products(session: Session) -> Sequence[LoanProduct]:
    """All products of the tenant, in the order they were made."""
    return session.scalars(select(LoanProduct).order_by(LoanProduct.id)).all()
