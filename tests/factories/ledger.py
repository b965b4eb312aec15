"""Books, accounts and journals for tests, made by the operations themselves."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Final

from services.ledger.domain.journals import Journal, Posted, Posting
from services.ledger.operations import books, journals
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from services.shared.identity import HUB, Identity
from services.shared.persistence.database import Database

_numbers = itertools.count(1)

BANK_OF_HUB: Final = contract.hub_account(contract.BANK)


def today() -> date:
    return clock.business_date()


def a_journal(*postings: Posting, journal_id: str = "", **more: object) -> Journal:
    """A journal of today with a fresh id."""
    given: dict[str, object] = {
        "kind": "test",
        "description": "Uji",
        "business_date": today(),
    }
    return Journal(
        id=journal_id or identifiers.new("jrn"),
        postings=postings,
        **(given | more),  # type: ignore[arg-type]
    )


def a_tenant(cooperative_id: str) -> Identity:
    return Identity(
        subject="uji",
        cooperative_id=cooperative_id,
        scopes=frozenset({"accounts:read"}),
    )


class Ledger:
    """A ledger database with short words for what tests do to it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def cooperative(self, *, liquidity: int = 0, cap: int = 0) -> str:
        """A cooperative with an open book and funds at the hub."""
        cooperative_id = identifiers.new("coop")
        books.open_book(self.database, cooperative_id)
        if liquidity:
            funds = contract.liquidity_account(cooperative_id)
            self.post_one(a_journal((BANK_OF_HUB, funds, liquidity)))
        if cap:
            position = contract.position_account(cooperative_id)
            books.set_limit(self.database, position, -cap)
        return cooperative_id

    def savings(self, cooperative_id: str, balance: int = 0) -> str:
        """A savings account with money in it; its key."""
        key = f"{next(_numbers):016d}"
        books.open_accounts(
            self.database,
            cooperative_id,
            [{"key": key, "code": "2-1000", "name": "Sukarela", "minimum_balance": 0}],
        )
        if balance:
            self.deposit(key, cooperative_id, balance)
        return key

    def deposit(self, key: str, cooperative_id: str, amount: int) -> Posted:
        return self.post_one(a_journal((self.cash(cooperative_id), key, amount)))

    def post(self, *given: Journal) -> list[Posted | ServiceError]:
        return journals.post_journals(self.database, given)

    def post_one(self, journal: Journal) -> Posted:
        [outcome] = self.post(journal)
        assert isinstance(outcome, Posted), outcome
        return outcome

    def balance(self, key: str) -> int:
        return self.standing(key)["balance"]

    def standing(self, key: str) -> dict[str, int]:
        hub = Identity(subject="uji", cooperative_id=HUB, scopes=frozenset())
        found = books.get_balances(self.database, hub, [key])
        return {name: found[key][name] for name in ("balance", "pending", "available")}

    @staticmethod
    def cash(cooperative_id: str) -> str:
        return contract.chart_account(cooperative_id, contract.CASH)


def a_transfer(
    payer: str,
    payer_cooperative: str,
    payee: str,
    payee_cooperative: str,
    amount: int,
    *,
    journal_id: str = "",
) -> Journal:
    """The journal of a payment from one cooperative to another (architecture §4)."""
    chart = contract.chart_account
    return a_journal(
        (payer, chart(payer_cooperative, contract.OWED_TO_HUB), amount),
        (
            contract.position_account(payer_cooperative),
            contract.position_account(payee_cooperative),
            amount,
        ),
        (chart(payee_cooperative, contract.OWED_BY_HUB), payee, amount),
        journal_id=journal_id,
        kind="transfer",
    )
