"""Which savings products an import may name, and how their accounts are numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.members.domain import products
from services.members.models import SavingsProduct
from services.shared.contracts import ledger as contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A kind of savings: its code in the chart, and the digits of its accounts."""

    code: str
    name: str
    digits: str
    ledger_code: str


_BUILT_IN: Final = (
    Product(
        code=products.POKOK,
        name=products.NAMES[products.POKOK],
        digits="01",
        ledger_code=contract.PRINCIPAL_SAVINGS,
    ),
    Product(
        code=products.WAJIB,
        name=products.NAMES[products.WAJIB],
        digits="02",
        ledger_code=contract.MANDATORY_SAVINGS,
    ),
    Product(
        code=products.SUKARELA,
        name=products.SUKARELA_NAME,
        digits=products.SUKARELA_DIGITS,
        ledger_code=contract.SAVINGS,
    ),
)


def of_cooperative(session: Session) -> Mapping[str, Product]:
    """Everything that a member may have savings in, by the code of the product."""
    own = [
        Product(
            code=one.code,
            name=one.name,
            digits=one.digits,
            ledger_code=contract.SAVINGS,
        )
        for one in session.scalars(select(SavingsProduct))
    ]
    return {one.code: one for one in (*_BUILT_IN, *own)}


def savings_codes() -> frozenset[str]:
    """The codes of the chart that are kept per member."""
    return frozenset(one.ledger_code for one in _BUILT_IN)
