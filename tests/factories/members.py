"""Cooperatives, members and accounts for tests, made by the operations themselves."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

from services.members import operations
from services.shared import identifiers
from services.shared.contracts.idempotency import request_hash
from services.shared.contracts.members import CooperativeCodeTaken
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.fakes.ledger_peer import LedgerPeer

PAGE: Final = {"limit": 50, "cursor": None}

_codes = itertools.count(1)


def idempotency(operation: str, body: object, key: str | None = None) -> dict[str, Any]:
    """The idempotency part that the gateway would make, by default with a fresh key."""
    return {
        "key": key or identifiers.new("key"),
        "operation": operation,
        "request_hash": request_hash({"body": body}),
    }


@dataclass(frozen=True, kw_only=True)
class World:
    """The databases and settings that a test works with."""

    members: Database
    ledger: Database
    settings: Settings

    def register_cooperative(self, name: str = "KSP Maju Bersama") -> dict[str, Any]:
        """A registered cooperative with a code that nobody has."""
        for number in _codes:
            command = {
                "code": f"{number:04d}",
                "name": name,
                "kind": "ksp_primer",
                "idempotency": None,
            }
            try:
                return operations.register_cooperative(
                    self.members, self.settings, command
                )
            except CooperativeCodeTaken:
                continue
        raise AssertionError

    def tenant(self, name: str = "KSP Maju Bersama") -> Tenant:
        """An active cooperative."""
        cooperative = self.register_cooperative(name)
        peer = LedgerPeer(self.ledger, self.settings, cooperative["id"])
        operations.activate_cooperative(
            self.members, peer, {"cooperative_id": cooperative["id"]}
        )
        return Tenant(
            world=self, id=cooperative["id"], code=cooperative["code"], ledger=peer
        )

    def client(self, cooperative_id: str, *scopes: str) -> dict[str, Any]:
        """A client of a cooperative, with its secret."""
        return operations.create_client(
            self.members,
            self.settings,
            {
                "cooperative_id": cooperative_id,
                "name": "Sistem Inti",
                "scopes": list(scopes or ["*"]),
                "idempotency": None,
            },
        )

    def events(self, name: str, **having: Any) -> list[dict[str, Any]]:
        """The payloads in the outbox with this name and these values."""
        # The outbox of a test has no relay, so everything stays in it.
        with self.members.hub() as session:
            rows = session.connection().exec_driver_sql(
                "SELECT payload FROM outbox WHERE name = %s ORDER BY id", (name,)
            )
            payloads = [row[0] for row in rows]
        return [
            payload
            for payload in payloads
            if all(payload[key] == value for key, value in having.items())
        ]


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An active cooperative and what its staff does."""

    world: World
    id: str
    code: str
    ledger: LedgerPeer

    @property
    def identity(self) -> Identity:
        """The cooperative's own system."""
        return Identity(
            subject="cli_test",
            cooperative_id=self.id,
            scopes=frozenset({"members:read"}),
        )

    @property
    def actor(self) -> Actor:
        """The same, as the audit trail has it."""
        return Actor(cooperative_id=self.id, subject="cli_test")

    def register_member(
        self, name: str = "Budi Santoso", **body: Any
    ) -> dict[str, Any]:
        """A candidate."""
        return operations.register_member(
            self.world.members,
            self.world.settings,
            self.actor,
            {"name": name, "idempotency": None} | body,
        )

    def member(self, name: str = "Budi Santoso", **body: Any) -> dict[str, Any]:
        """A full member."""
        candidate = self.register_member(name, **body)
        return operations.activate_member(
            self.world.members, self.actor, candidate["id"]
        )

    def open_account(
        self, member_id: str, idempotency: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """A savings account of a member."""
        command = {
            "member_id": member_id,
            "product": "sukarela",
            "idempotency": idempotency,
        }
        return operations.open_account(
            self.world.members, self.ledger, self.id, command
        )

    def account(self, name: str = "Budi Santoso", *, balance: int = 0) -> str:
        """The number of a savings account with this much in it."""
        number: str = self.open_account(self.member(name)["id"])["number"]
        if balance:
            self.deposit(number, balance)
        return number

    def deposit(
        self, number: str, amount: int, *, key: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """Money brought to the counter."""
        return operations.deposit(
            self.world.members,
            self.ledger,
            self.id,
            movement("deposits", number, amount, key, **body),
        )

    def withdraw(
        self, number: str, amount: int, *, key: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """Money taken at the counter."""
        return operations.withdraw(
            self.world.members,
            self.ledger,
            self.id,
            movement("withdrawals", number, amount, key, **body),
        )

    def get_account(self, number: str) -> dict[str, Any]:
        """An account with its balance."""
        return operations.get_account(self.world.members, self.ledger, self.id, number)


def movement(
    path: str, number: str, amount: int, key: str | None = None, **body: Any
) -> dict[str, Any]:
    """The command of a deposit or withdrawal, as the gateway sends it."""
    content = {"amount": amount, "channel": "cash"} | body
    operation = f"POST /v1/accounts/{number}/{path}"
    return content | {
        "number": number,
        "idempotency": idempotency(operation, content, key),
    }


OPERATOR: Final = Identity(
    subject="operator", cooperative_id=HUB, scopes=frozenset({"operator"})
)
