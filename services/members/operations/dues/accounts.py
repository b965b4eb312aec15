"""Which accounts of the ledger hold simpanan pokok and wajib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.members.domain import movements, products
from services.members.domain.peers import Ledger
from services.shared.contracts import ledger as ledger_contract

CODES: Final = {
    products.POKOK: ledger_contract.PRINCIPAL_SAVINGS,
    products.WAJIB: ledger_contract.MANDATORY_SAVINGS,
}


def account_key(cooperative_id: str, kind: str, member_id: str) -> str:
    """Key of the ledger's account of a member's simpanan pokok or wajib."""
    return ledger_contract.member_account(cooperative_id, CODES[kind], member_id)


def channel_account(cooperative_id: str, channel: str) -> str:
    """Key of the account that money of this channel goes through."""
    code = movements.CHANNEL_CODES[channel]
    return ledger_contract.chart_account(cooperative_id, code)


def open_contributions(
    ledger: Ledger, cooperative_id: str, members: Sequence[str]
) -> None:
    """See that members have accounts for both contributions; safe to repeat.

    At most 500 members at a time.
    """
    ledger.open_accounts(
        {
            "accounts": [
                {
                    "key": account_key(cooperative_id, kind, member_id),
                    "code": CODES[kind],
                    "name": products.NAMES[kind],
                    "minimum_balance": 0,
                }
                for member_id in members
                for kind in products.KINDS
            ]
        }
    )
