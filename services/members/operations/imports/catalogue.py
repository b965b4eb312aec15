"""Which savings an import may name, and which account of the ledger holds each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from services.members.domain import products
from services.members.operations import dues
from services.members.operations.dues.accounts import CODES
from services.members.store import products as store
from services.members.store.imports.takeover import StagedAccount
from services.shared.contracts import ledger as contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A kind of savings: its code in the chart, and the digits of its accounts.

    Simpanan pokok and wajib have no account numbers, so no digits either.
    """

    code: str
    name: str
    ledger_code: str
    digits: str | None = None


_BUILT_IN: Final = (
    *(
        Product(code=kind, name=products.NAMES[kind], ledger_code=CODES[kind])
        for kind in products.KINDS
    ),
    Product(
        code=products.SUKARELA,
        name=products.SUKARELA_NAME,
        ledger_code=contract.SAVINGS,
        digits=products.SUKARELA_DIGITS,
    ),
)


def of_cooperative(session: Session) -> Mapping[str, Product]:
    """Everything that a member may have savings in, by the code of the product."""
    own = [
        Product(
            code=one.code,
            name=one.name,
            ledger_code=contract.SAVINGS,
            digits=one.digits,
        )
        for one in store.list_products(session)
    ]
    return {one.code: one for one in (*_BUILT_IN, *own)}


def savings_codes() -> frozenset[str]:
    """The codes of the chart that are kept per member."""
    return frozenset(one.ledger_code for one in _BUILT_IN)


def key_of(cooperative_id: str, account: StagedAccount) -> str:
    """Key of the ledger's account for a row of savings."""
    if account.number is None:
        return dues.account_key(cooperative_id, account.product, account.member_id)
    return account.number
