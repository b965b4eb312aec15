"""How the catalogue of insurers is read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.insurance.models import InsuranceProduct, Insurer


def add_insurer(session: Session, **columns: Any) -> Insurer | None:
    """The new insurer; None when another one has its code."""
    return session.scalar(
        insert(Insurer)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(Insurer)
    )


def find_insurer(session: Session, insurer_id: str) -> Insurer | None:
    """One insurer."""
    return session.get(Insurer, insurer_id)


def list_insurers(
    session: Session, *, after: str | None, limit: int
) -> Sequence[Insurer]:
    """Insurers past ``after``, in the order they were made."""
    query = select(Insurer).order_by(Insurer.id).limit(limit)
    if after is not None:
        query = query.where(Insurer.id > after)
    return session.scalars(query).all()


def add_product(session: Session, **columns: Any) -> InsuranceProduct | None:
    """The new product; None when another one has its code."""
    return session.scalar(
        insert(InsuranceProduct)
        .values(**columns)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(InsuranceProduct)
    )


def get_product(session: Session, product_id: str) -> InsuranceProduct:
    """The product that a policy has."""
    return session.get_one(InsuranceProduct, product_id)


def lock_product(session: Session, product_id: str) -> InsuranceProduct | None:
    """One product, held until the transaction ends."""
    return session.scalar(
        select(InsuranceProduct)
        .where(InsuranceProduct.id == product_id)
        .with_for_update()
    )


def find_product_by_code(session: Session, code: str) -> InsuranceProduct | None:
    """One product by its code."""
    return session.scalar(select(InsuranceProduct).where(InsuranceProduct.code == code))


def products_by_id(
    session: Session, product_ids: Sequence[str]
) -> dict[str, InsuranceProduct]:
    """The products that several policies have."""
    rows = session.scalars(
        select(InsuranceProduct).where(InsuranceProduct.id.in_(product_ids))
    )
    return {row.id: row for row in rows}


def list_products(
    session: Session, *, after: str | None, limit: int
) -> Sequence[InsuranceProduct]:
    """Products past ``after``, in the order they were made."""
    query = select(InsuranceProduct).order_by(InsuranceProduct.id).limit(limit)
    if after is not None:
        query = query.where(InsuranceProduct.id > after)
    return session.scalars(query).all()


def insurer_code_of(session: Session, product_id: str) -> str:
    """The code of the insurer that offers a product."""
    return session.execute(
        select(Insurer.code)
        .join(InsuranceProduct, InsuranceProduct.insurer_id == Insurer.id)
        .where(InsuranceProduct.id == product_id)
    ).scalar_one()
