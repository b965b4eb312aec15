"""A small clearing world on real databases: cooperatives, accounts, limits."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from services.ledger.operations import books
from services.shared import clock, identifiers
from services.shared.contracts.fields import AMOUNT_MAX
from services.shared.crypto import FieldCipher
from services.shared.errors import ServiceError
from services.shared.identity import HUB, Identity
from services.shared.persistence.database import Database
from services.transfers.operations import agreements, participants, submission
from services.transfers.operations.intake import Draft, Submission
from tests.fakes.peers import InProcessLedger, KnownCooperatives

CIPHER = FieldCipher(b"k" * 32)
SECRET = "rahasia-rahasia-rahasia-rahasia-1"
OPERATOR = Identity(
    subject="operator", cooperative_id=HUB, scopes=frozenset({"operator"})
)
_keys = itertools.count(1)


def tenant(cooperative_id: str) -> Identity:
    """A cooperative's own system."""
    return Identity(
        subject="client",
        cooperative_id=cooperative_id,
        scopes=frozenset({"transfers:read", "transfers:write"}),
    )


@dataclass(kw_only=True)
class World:
    """Databases and peers, with short ways to fill them."""

    database: Database
    ledger: Any
    members: KnownCooperatives = field(default_factory=KnownCooperatives)

    def cooperative(
        self,
        *,
        cap: int = 10**12,
        liquidity: int = 10**12,
        **terms: Any,
    ) -> str:
        """A participant with a free code, a cap and funds at the hub."""
        cooperative_id = identifiers.new("coop")
        self.members.codes[cooperative_id] = self._free_code()
        participants.put_participant(
            self.database,
            self.ledger,
            self.members,
            {"cooperative_id": cooperative_id, "net_debit_cap": cap, **terms},
            cipher=CIPHER,
            is_local=True,
        )
        if liquidity:
            self.move_funds(cooperative_id, "in", liquidity)
        return cooperative_id

    def connected(self, **terms: Any) -> str:
        """A participant that answers for its members itself."""
        return self.cooperative(
            mode="connected",
            callback_url="https://inti.example/hub",
            callback_secret=SECRET,
            **terms,
        )

    def _free_code(self) -> str:
        with self.database.hub() as session:
            used = set(session.execute(text("SELECT code FROM participants")).scalars())
        used |= set(self.members.codes.values())
        # Smaller ones are taken by tests of members on the same ledger's database.
        return next(
            code
            for number in itertools.count(5001)
            if (code := f"{number:04d}") not in used
        )

    def move_funds(self, cooperative_id: str, direction: str, amount: int) -> Any:
        """Liquidity in or out."""
        return participants.move_funds(
            self.database,
            self.ledger,
            {
                "cooperative_id": cooperative_id,
                "direction": direction,
                "amount": amount,
                "reference": "BANK-1",
                "idempotency": idempotency("POST /v1/participants/x/funds"),
            },
        )

    def code(self, cooperative_id: str) -> str:
        """The code of a cooperative."""
        return self.members.codes[cooperative_id]

    def account(self, cooperative_id: str, *, balance: int = 0) -> str:
        """A savings account with this much on it."""
        number = f"{self.code(cooperative_id)}10{next(_keys):010d}"
        books.open_accounts(
            self.ledger.database,
            cooperative_id,
            [
                {
                    "key": number,
                    "code": "2-1000",
                    "name": "Simpanan sukarela",
                    "minimum_balance": 0,
                }
            ],
        )
        if balance:
            posted = self.ledger.post_journals(
                [
                    {
                        "id": identifiers.new("jrn"),
                        "kind": "deposit",
                        "description": "Setoran",
                        "business_date": clock.business_date().isoformat(),
                        "postings": [[f"{cooperative_id}:1-1000", number, balance]],
                    }
                ]
            )
            assert not isinstance(posted[0], ServiceError), posted
        return number

    def agree(self, one: str, other: str, **limits: Any) -> str:
        """An agreement in force today."""
        today = clock.business_date()
        created = agreements.create_agreement(
            self.database,
            self.members,
            {
                "cooperatives": [one, other],
                "valid_from": today,
                "valid_until": today + timedelta(days=365),
                **limits,
            },
        )
        return str(created["id"])

    def pair(self, *, balance: int = 10**9, **limits: Any) -> Pair:
        """Two cooperatives with an agreement and an account each."""
        payer, payee = self.cooperative(), self.cooperative()
        self.agree(payer, payee, **limits)
        return Pair(
            payer=payer,
            payee=payee,
            payer_account=self.account(payer, balance=balance),
            payee_account=self.account(payee),
        )

    def submit(self, *submissions: Submission, ledger: Any = None) -> list[Any]:
        """The outcomes of a batch of single transfers."""
        return submission.submit_transfers(
            self.database, ledger or self.ledger, list(submissions)
        )

    def submit_bulk(self, *submissions: Submission, ledger: Any = None) -> list[Any]:
        """The outcomes of a batch of bulk requests."""
        return submission.submit_bulk_transfers(
            self.database, ledger or self.ledger, list(submissions)
        )

    def balance(self, key: str) -> int:
        """What the ledger says of an account."""
        return int(self.ledger.get_balances({"keys": [key]})[key]["balance"])

    def position(self, cooperative_id: str) -> int:
        """What a cooperative owes the hub."""
        return -self.balance(f"hub:position:{cooperative_id}")

    def rows(self, query: str, **values: Any) -> list[Any]:
        """What a query finds, as the hub sees it."""
        with self.database.hub() as session:
            return list(session.execute(text(query), values))


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A payer and a payee in two cooperatives."""

    payer: str
    payee: str
    payer_account: str
    payee_account: str


def world(transfers_database: Database, ledger_database: Database) -> World:
    """A world on these databases."""
    return World(database=transfers_database, ledger=InProcessLedger(ledger_database))


def idempotency(operation: str, key: str | None = None) -> dict[str, str]:
    """The idempotency part of a command, by default with a fresh key."""
    return {
        "key": key or f"key-{identifiers.new('k')}",
        "operation": operation,
        "request_hash": "0" * 128,
    }


def payment(
    pair: Pair, amount: int, *, key: str | None = None, **changes: Any
) -> Submission:
    """A request for one transfer."""
    part = idempotency("POST /v1/transfers", key)
    return Submission(
        cooperative_id=changes.pop("cooperative_id", pair.payer),
        request_id=changes.pop("request_id", identifiers.new("req")),
        request_hash=changes.pop("request_hash", part["request_hash"]),
        operation=part["operation"],
        key=part["key"],
        drafts=[
            Draft(
                payer_account=changes.pop("payer_account", pair.payer_account),
                payee_account=changes.pop("payee_account", pair.payee_account),
                amount=amount,
                description=changes.pop("description", None),
            )
        ],
    )


def bulk(pair: Pair, amounts: list[int], *, key: str | None = None) -> Submission:
    """A request for many transfers."""
    part = idempotency("POST /v1/bulk-transfers", key)
    return Submission(
        cooperative_id=pair.payer,
        request_id=identifiers.new("req"),
        request_hash=part["request_hash"],
        operation=part["operation"],
        key=part["key"],
        is_bulk=True,
        drafts=[
            Draft(
                payer_account=pair.payer_account,
                payee_account=pair.payee_account,
                amount=min(amount, AMOUNT_MAX),
                description=None,
                reference=f"GAJI-{position}",
            )
            for position, amount in enumerate(amounts)
        ],
    )
