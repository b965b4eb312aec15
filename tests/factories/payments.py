"""Payments into virtual accounts for tests, with the stand-in of the provider."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import Any, Final

import requests
from sqlalchemy import text

from services.hub.simulators import ipaymu
from services.members.adapters.ipaymu import Ipaymu, read_callback
from services.members.operations import payments
from services.members.operations.payments import Till
from services.shared.contracts import ledger as ledger_contract
from services.shared.identity import Actor, Identity
from services.shared.settings import Settings
from tests.factories.members import PAGE, Tenant, idempotency
from tests.fakes.answering_peer import FakePeer
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.listener import Heard, Listener

ACCOUNT: Final = ipaymu.Account(va="0000001225665555", key="KUNCI-UJI")
PHONE: Final = "+6281234567890"
PAYER: Final = {"phone": PHONE, "email": "bendahara@contoh.id"}


@dataclass(kw_only=True)
class Desk:
    """A cooperative that takes payments, the provider, and the way between them."""

    tenant: Tenant
    url: str
    provider: ipaymu.Provider
    hub: Listener
    loans: FakePeer = field(default_factory=FakePeer)

    @property
    def settings(self) -> Settings:
        """Settings of a hub that has an account at the provider."""
        return replace(
            self.tenant.world.settings,
            ipaymu_url=self.url,
            ipaymu_va=ACCOUNT.va,
            ipaymu_key=ACCOUNT.key,
            public_url=self.hub.url,
        )

    @property
    def till(self) -> Till:
        """What payments are taken with."""
        world = self.tenant.world
        return Till(
            database=world.members,
            settings=self.settings,
            provider=Ipaymu.of(self.settings),
            ledger_of=self.ledger_of,
            loans_of=lambda _cooperative_id: self.loans,
        )

    def ledger_of(self, cooperative_id: str) -> LedgerPeer:
        """The ledger in the name of a cooperative; this one's may be out of order."""
        if cooperative_id == self.tenant.id:
            return self.tenant.ledger
        world = self.tenant.world
        return LedgerPeer(world.ledger, world.settings, cooperative_id)

    @property
    def actor(self) -> Actor:
        """Who asks for payments."""
        return Actor(cooperative_id=self.tenant.id, subject="usr_bendahara")

    def ask(self, key: str | None = None, **body: Any) -> dict[str, Any]:
        """A virtual account for a member."""
        wanted = {"bank": "bca", "hours": 24} | body
        part = idempotency("POST /v1/payments", wanted, key)
        return payments.request_payment(
            self.till, self.actor, wanted | {"idempotency": part}
        )

    def ask_deposit(
        self, number: str, amount: int = 100_000, **more: Any
    ) -> dict[str, Any]:
        """A virtual account whose money goes to a savings account."""
        owner = self.tenant.get_account(number)["member_id"]
        return self.ask(
            member_id=owner,
            purpose="deposit",
            account_number=number,
            amount=amount,
            **more,
        )

    def ask_wallet(self, amount: int = 1_000_000) -> dict[str, Any]:
        """A virtual account for the cooperative's wallet."""
        body = {"amount": amount, "payer": PAYER, "bank": "bri", "hours": 24}
        part = idempotency("POST /v1/cooperatives/me/wallet/payment-requests", body)
        return payments.request_wallet_payment(
            self.till, self.actor, body | {"idempotency": part}
        )

    def ask_own(self, caller: Identity, **body: Any) -> dict[str, Any]:
        """A virtual account that a member asks for itself."""
        wanted = {"bank": "bca", "hours": 24} | body
        part = idempotency("POST /v1/me/payments", wanted)
        return payments.request_own_payment(
            self.till, caller, self.actor, wanted | {"idempotency": part}
        )

    def transaction_of(self, payment: dict[str, Any]) -> int:
        """The provider's number of a payment."""
        return next(
            one.id
            for one in self.provider.transactions.values()
            if one.reference == payment["id"]
        )

    def pay(self, payment: dict[str, Any], **lies: Any) -> list[Any]:
        """Pay at the provider, which calls back; what it was answered."""
        return self._simulate("pay", payment, lies)

    def expire(self, payment: dict[str, Any], **lies: Any) -> list[Any]:
        """Let the time of a virtual account run out at the provider."""
        return self._simulate("expire", payment, lies)

    def _simulate(
        self, what: str, payment: dict[str, Any], lies: dict[str, Any]
    ) -> list[Any]:
        base = self.url.removesuffix(ipaymu.BASE)
        path = f"{base}/simulate/{what}/{self.transaction_of(payment)}"
        answered: list[Any] = requests.post(path, json=lies, timeout=10).json()[
            "callbacks"
        ]
        return answered

    def sweep(self) -> int:
        """What the timer does."""
        return payments.sweep(self.till)

    def make_due(self, payment: dict[str, Any]) -> None:
        """Let a payment be looked at now."""
        with self.tenant.world.members.hub() as session:
            session.execute(
                text("UPDATE payments SET due_at = now() WHERE id = :id"),
                {"id": payment["id"]},
            )

    def show(self, payment: dict[str, Any]) -> dict[str, Any]:
        """Where a payment stands."""
        return payments.get_payment(
            self.tenant.world.members, self.tenant.id, payment["id"]
        )

    def callbacks(self, payment: dict[str, Any]) -> list[dict[str, Any]]:
        """What was called back about a payment."""
        found = payments.list_callbacks(
            self.tenant.world.members, {**PAGE, "limit": 200}
        )
        return [one for one in found["items"] if one["reference"] == payment["id"]]

    def tell(self, body: bytes, media_type: str, signature: str | None = None) -> None:
        """Call back about anything."""
        record(self.tenant, body, media_type, signature)

    def held(self) -> int:
        """What the cooperative has received and not handed on."""
        return self.balance(ledger_contract.HELD_PAYMENTS)

    def wallet(self) -> int:
        """What the cooperative has at the provider, by its own book."""
        return self.balance(ledger_contract.PLATFORM_WALLET)

    def balance(self, code: str) -> int:
        """The balance of an account of the chart."""
        key = ledger_contract.chart_account(self.tenant.id, code)
        found = self.tenant.ledger.get_balances({"keys": [key]})
        return int(found[key]["balance"]) if key in found else 0


def record(
    tenant: Tenant, body: bytes, media_type: str, signature: str | None
) -> dict[str, Any]:
    """Have the service take a callback, as the gateway sends it."""
    return payments.record_callback(
        tenant.world.members,
        lambda sent, kind, signed: read_callback(sent, kind, signed, ACCOUNT.va),
        {
            "body": base64.b64encode(body).decode(),
            "media_type": media_type,
            "signature": signature,
            "address": "127.0.0.1",
        },
    )


def open_desk(tenant: Tenant) -> tuple[Desk, list[Any]]:
    """A desk with everything running, and what stops it."""

    def take(heard: Heard) -> int:
        media_type = heard.headers.get("content-type", "")
        record(tenant, heard.body, media_type, heard.headers.get("x-signature"))
        return 200

    hub = Listener(respond=take)
    hub.start()
    url, provider, stop = ipaymu.start(ACCOUNT)
    return Desk(tenant=tenant, url=url, provider=provider, hub=hub), [hub.stop, stop]
