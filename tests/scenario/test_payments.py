"""Money comes in through a virtual account, by HTTP from the wish to the webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
import requests

from services.hub.simulators import ipaymu
from services.shared import access
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.payments import ACCOUNT
from tests.fakes.listener import Heard, Listener
from tests.fakes.mail_server import MailServer
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers")
PATIENCE_SECONDS: Final = 30
EVENTS: Final = ["account_opened", "payment_credited", "transfer_committed"]


class Stage:
    """A running hub, its provider, its mail server and a cooperative's system."""

    def __init__(
        self, hub: Gateway, provider: str, mails: MailServer, system: Listener
    ) -> None:
        self.hub = hub
        self.provider = provider
        self.mails = mails
        self.system = system
        operator = hub.operator()
        body = {"code": "0401", "name": "KSP Maju Bersama", "kind": "ksp_primer"}
        self.id: str = self.must("POST", "/v1/cooperatives", body, operator)["id"]
        self.must("POST", f"/v1/cooperatives/{self.id}/activate", None, operator)
        hooked = {"url": f"{system.url}/hub", "events": EVENTS}
        self.webhook = self.must("POST", "/v1/webhooks", hooked)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = "",
        key: str | None = None,
    ) -> Reply:
        """One request, with a key of its own where it may have one."""
        given = token or self.hub.token(*access.TENANT_SCOPES, cooperative_id=self.id)
        fresh = uuid.uuid4().hex if method == "POST" else None
        return self.hub.request(method, path, body, token=given, key=key or fresh)

    def must(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(method, path, body, token)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def account(self, email: str) -> dict[str, Any]:
        """A savings account of a new member."""
        person = {"name": "Budi Santoso", "phone": "+6281234567890", "email": email}
        member = self.must("POST", "/v1/members", person)
        self.must("POST", f"/v1/members/{member['id']}/activate")
        wanted = {"member_id": member["id"], "product": "sukarela"}
        opened: dict[str, Any] = self.must("POST", "/v1/accounts", wanted)
        return opened

    def ask(self, account: dict[str, Any], amount: int) -> dict[str, Any]:
        """A virtual account for a deposit."""
        wanted = {
            "purpose": "deposit",
            "member_id": account["member_id"],
            "account_number": account["number"],
            "amount": amount,
        }
        payment: dict[str, Any] = self.must("POST", "/v1/payments", wanted)
        return payment

    def pay(self, payment: dict[str, Any], **lies: Any) -> list[Any]:
        """Pay at the provider, which calls the hub back; what it was answered."""
        base = self.provider.removesuffix(ipaymu.BASE)
        listed = requests.get(f"{base}/simulate/transactions", timeout=10).json()
        [found] = [
            one for one in listed["items"] if one["ReferenceId"] == payment["id"]
        ]
        path = f"{base}/simulate/pay/{found['TransactionId']}"
        answered: list[Any] = requests.post(path, json=lies, timeout=20).json()[
            "callbacks"
        ]
        return answered

    def state(self, payment: dict[str, Any]) -> str:
        """Where a payment stands."""
        return str(self.must("GET", f"/v1/payments/{payment['id']}")["state"])

    def balance(self, number: str) -> int:
        """What is in a savings account."""
        return int(self.must("GET", f"/v1/accounts/{number}")["balance"])

    def heard(self, event: str) -> list[Heard]:
        """What the cooperative's system heard of an event."""
        return [one for one in self.system.heard if one.json["event"] == event]


@pytest.fixture(scope="module")
def stage(database_factory: Callable[[str], Database]) -> Iterator[Stage]:
    """One hub for this module."""
    memory.install()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    mails, system = MailServer(), Listener()
    system.start()
    provider, _memory, stop_provider = ipaymu.start(ACCOUNT)
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0, "port": port}, databases)
    hub.settings = replace(
        hub.settings,
        public_url=f"http://127.0.0.1:{port}",
        smtp_url=mails.url,
        ipaymu_url=provider,
        ipaymu_va=ACCOUNT.va,
        ipaymu_key=ACCOUNT.key,
    )
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Stage(hub, provider, mails, system)
    hub.stop()
    stop_provider()
    system.stop()
    mails.close()


def eventually(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, "it does not come true"
        time.sleep(0.05)


def test_a_member_pays_and_everybody_who_should_know_is_told(stage: Stage) -> None:
    account = stage.account("budi.satu@contoh.id")
    payment = stage.ask(account, 250_000)
    assert payment["state"] == "pending"

    assert stage.pay(payment) == [200]
    eventually(lambda: stage.state(payment) == "credited")

    assert stage.balance(account["number"]) == 250_000
    wallet = stage.must("GET", "/v1/cooperatives/me/wallet")
    assert wallet["balance"] == 250_000
    statement = stage.must("GET", f"/v1/accounts/{account['number']}/statement")
    assert [one["description"] for one in statement["items"]] == [
        "Setoran melalui virtual account"
    ]
    eventually(lambda: bool(stage.mails.mails_to("budi.satu@contoh.id")))
    [mail] = stage.mails.mails_to("budi.satu@contoh.id")
    assert "Rp 250.000" in mail["subject"]
    eventually(lambda: bool(stage.heard("payment_credited")))
    [heard] = stage.heard("payment_credited")
    assert heard.json["data"]["payment_id"] == payment["id"]
    told = heard.headers["x-timestamp"].encode() + b"." + heard.body
    secret = stage.webhook["secret"].encode()
    digest = hmac.digest(secret, told, hashlib.sha512)
    assert heard.headers["x-signature"] == base64.b64encode(digest).decode()


def test_lies_from_outside_are_answered_and_move_nothing(stage: Stage) -> None:
    account = stage.account("budi.dua@contoh.id")
    payment = stage.ask(account, 90_000)

    lies: list[dict[str, Any]] = [
        {"amount": 9_000_000},
        {"reference_id": "pay_nobody"},
        {"trx_id": 1},
        {"signature": "palsu"},
        {},
    ]
    for lie in lies:
        assert stage.pay(payment, is_paid=False, **lie) == [200]
    for body, media_type in (
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
    ):
        reply = stage.hub.request(
            "POST",
            "/v1/callbacks/ipaymu",
            body,
            token=None,
            headers={"Content-Type": media_type},
        )
        assert (reply.status, reply.json) == (200, {"status": "ok"})
    shown = stage.must("POST", f"/v1/payments/{payment['id']}/check")

    assert shown["state"] == "pending"
    assert stage.balance(account["number"]) == 0
    kept = stage.must(
        "GET", "/v1/payment-callbacks?limit=200", None, stage.hub.operator()
    )
    verdicts = {one["verdict"] for one in kept["items"]}
    assert verdicts >= {
        "accepted",
        "wrong_amount",
        "wrong_transaction",
        "unknown_reference",
        "unreadable",
    }


def test_a_callback_of_another_kind_or_too_long_is_refused(stage: Stage) -> None:
    for body, media_type, status in (
        (b"a", "text/plain", 415),
        (b"a" * 20_000, "application/json", 413),
    ):
        reply = stage.hub.request(
            "POST",
            "/v1/callbacks/ipaymu",
            body,
            token=None,
            headers={"Content-Type": media_type},
        )
        assert reply.status == status


def test_a_repeated_callback_credits_once(stage: Stage) -> None:
    account = stage.account("budi.tiga@contoh.id")
    payment = stage.ask(account, 75_000)

    assert stage.pay(payment, repeat=4) == [200] * 4
    eventually(lambda: stage.state(payment) == "credited")
    assert stage.pay(payment) == [200]
    stage.must("POST", f"/v1/payments/{payment['id']}/check")

    assert stage.balance(account["number"]) == 75_000


def test_a_transfer_is_told_to_the_cooperatives_system(stage: Stage) -> None:
    payer, payee = stage.account("a@contoh.id"), stage.account("b@contoh.id")
    paid = {"amount": 50_000, "channel": "cash"}
    stage.must("POST", f"/v1/accounts/{payer['number']}/deposits", paid)
    wanted = {
        "payer_account": payer["number"],
        "payee_account": payee["number"],
        "amount": 20_000,
    }
    transfer = stage.must("POST", "/v1/transfers", wanted)

    eventually(lambda: bool(stage.heard("transfer_committed")))

    [heard] = stage.heard("transfer_committed")
    assert heard.json["data"]["transfer_id"] == transfer["id"]
    deliveries = stage.must("GET", f"/v1/webhooks/{stage.webhook['id']}/deliveries")
    assert {one["event"] for one in deliveries["items"]} == set(EVENTS)


def test_the_books_balance_after_all_that(stage: Stage) -> None:
    found = stage.must("GET", "/v1/ledger/integrity", None, stage.hub.operator())
    assert found["balanced"] is True
