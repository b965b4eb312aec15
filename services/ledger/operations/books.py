"""Opening books and accounts, their limits and status, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.ledger.domain import accounts as domain
from services.ledger.domain import balances, chart
from services.ledger.domain.accounts import Account
from services.ledger.store import accounts as account_store
from services.ledger.store import books as book_store
from services.ledger.store.accounts import NewAccount
from services.shared.contracts import ledger as contract
from services.shared.errors import Malformed
from services.shared.identity import HUB, Identity
from services.shared.persistence.database import Database, retrying

SPANNING_SERVICES: Final = frozenset({"transfers"})
"""Services whose questions reach into several books."""


def view(database: Database, identity: Identity) -> AbstractContextManager[Session]:
    """A transaction that sees what ``identity`` may see: its own book, or all."""
    if identity.cooperative_id == HUB or identity.service in SPANNING_SERVICES:
        return database.hub()
    return database.tenant(identity.cooperative_id)


def own(database: Database, cooperative_id: str) -> AbstractContextManager[Session]:
    """A transaction on one book; the hub's own is written under the hub's role."""
    if cooperative_id == HUB:
        return database.hub()
    return database.tenant(cooperative_id)


@retrying
def open_book(database: Database, cooperative_id: str) -> dict[str, Any]:
    """Open a cooperative's chart of accounts and its accounts at the hub.

    What is open already stays as it is; codes that the chart gained are added.
    """
    own = [_chart_account(cooperative_id, code) for code in chart.COOPERATIVE_CHART]
    with database.hub() as session:
        book_store.open_missing(session, cooperative_id)
        account_store.open_missing(session, cooperative_id, own)
        # The cover before what it covers: a position finds it by its key.
        account_store.open_missing(session, HUB, _funds_at_the_hub(cooperative_id))
        account_store.open_missing(session, HUB, [_position_at_the_hub(cooperative_id)])
    return {"cooperative_id": cooperative_id, "accounts": len(own) + 3}


def open_chart_account(session: Session, cooperative_id: str, code: str) -> None:
    """Open an account that the chart gained after the book was opened.

    Raises BookNotOpen.
    """
    is_open, _ = book_store.period(session, cooperative_id)
    if not is_open:
        raise contract.BookNotOpen
    missing = [_chart_account(cooperative_id, code)]
    account_store.open_missing(session, cooperative_id, missing)


def _chart_account(cooperative_id: str, code: str) -> NewAccount:
    return NewAccount(
        key=contract.chart_account(cooperative_id, code),
        code=code,
        name=chart.COOPERATIVE_CHART[code],
        is_debit_normal=chart.is_debit_normal(code),
        # Only what was received can be handed on; every other account of the chart
        # may stand on either side.
        minimum_balance=0 if code == contract.HELD_PAYMENTS else None,
    )


def _funds_at_the_hub(cooperative_id: str) -> list[NewAccount]:
    return [
        NewAccount(
            key=key,
            code=code,
            name=f"{chart.HUB_CHART[code]} {cooperative_id}",
            is_debit_normal=False,
            minimum_balance=0,
        )
        for key, code in (
            (contract.wallet_account(cooperative_id), chart.WALLETS),
            (contract.liquidity_account(cooperative_id), chart.LIQUIDITY),
        )
    ]


def _position_at_the_hub(cooperative_id: str) -> NewAccount:
    """The position; without a net debit cap of its own it may owe nothing."""
    return NewAccount(
        key=contract.position_account(cooperative_id),
        code=chart.POSITIONS,
        name=f"{chart.HUB_CHART[chart.POSITIONS]} {cooperative_id}",
        is_debit_normal=False,
        minimum_balance=0,
        cover_key=contract.liquidity_account(cooperative_id),
    )


@retrying
def open_accounts(
    database: Database, cooperative_id: str, accounts: Sequence[dict[str, Any]]
) -> list[str]:
    """Open accounts in the cooperative's own book; those that exist are left alone.

    Raises Malformed for an unknown code or a key that is not the book's to give,
    BookNotOpen, or AccountKeyTaken when a key stands for something else already.
    """
    wanted = [_new_account(cooperative_id, **account) for account in accounts]
    keys = [account.key for account in wanted]
    with database.tenant(cooperative_id) as session:
        is_open, _ = book_store.period(session, cooperative_id)
        if not is_open:
            raise contract.BookNotOpen
        account_store.open_missing(session, cooperative_id, wanted)
        present = account_store.codes(session, cooperative_id, keys)
        for account in wanted:
            if present.get(account.key) != account.code:
                raise contract.AccountKeyTaken(details={"account": account.key})
    return keys


def _new_account(
    cooperative_id: str, key: str, code: str, name: str, minimum_balance: int | None
) -> NewAccount:
    if not chart.is_known(code):
        raise Malformed(f"The chart of accounts has no code {code}.")
    # A key with a colon says whose book it is in; nobody names one in another's.
    if ":" in key and not key.startswith(f"{cooperative_id}:"):
        raise Malformed(f"The key {key} belongs to another book.")
    if minimum_balance is not None and minimum_balance > 0:
        raise Malformed("A new account is empty, so its minimum cannot be above 0.")
    return NewAccount(
        key=key,
        code=code,
        name=name,
        is_debit_normal=chart.is_debit_normal(code),
        minimum_balance=minimum_balance,
    )


@retrying
def set_limit(
    database: Database, key: str, minimum_balance: int | None
) -> dict[str, Any]:
    """Set the lowest balance allowed, pending counted.

    Raises AccountNotFound, or the refusal that the present balance would deserve.
    """
    with database.hub() as session:
        locked = {one.key: one for one in account_store.lock(session, [key])}
        account = _known(locked, key)
        changed = replace(account, minimum_balance=minimum_balance)
        if changed.is_below_minimum:
            code = balances.code_of_minimum(changed, is_cover=False)
            raise contract.REFUSALS[code](
                "The account is below this limit already.", {"account": key}
            )
        account_store.set_limit(session, changed)
    return {
        "key": key,
        "minimum_balance": minimum_balance,
        "available": changed.available,
    }


@retrying
def set_status(
    database: Database, cooperative_id: str, key: str, status: str
) -> dict[str, Any]:
    """Freeze, thaw or close an account of the cooperative's own book.

    Raises AccountNotFound, AccountNotEmpty when closing one that holds or awaits
    something, AccountClosed when opening a closed one again.
    """
    with database.tenant(cooperative_id) as session:
        locked = {one.key: one for one in account_store.lock(session, [key])}
        account = _known(locked, key)
        if account.status == domain.CLOSED != status:
            raise contract.AccountClosed
        if status == domain.CLOSED and not account.is_empty:
            raise contract.AccountNotEmpty
        account_store.set_status(session, replace(account, status=status))
    return {"key": key, "status": status}


def get_balances(
    database: Database, identity: Identity, keys: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What the accounts with these keys hold; those not to be seen are left out."""
    with view(database, identity) as session:
        return {
            account.key: {
                "balance": account.balance,
                "pending": account.pending,
                "available": account.available,
                "status": account.status,
            }
            for account in account_store.read(session, keys)
        }


def chart_lines() -> list[dict[str, Any]]:
    """The codes that every cooperative's book has, in their order."""
    return [
        {"code": code, "name": name, "is_debit_normal": chart.is_debit_normal(code)}
        for code, name in chart.COOPERATIVE_CHART.items()
    ]


def _known(accounts: dict[str, Account], key: str) -> Account:
    if key not in accounts:
        raise contract.AccountNotFound(details={"account": key})
    return accounts[key]
