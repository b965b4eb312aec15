"""The whole hub behind its API: no tenant reaches another, no caller breaks it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from services.gateway.http import entrypoints
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import Operation
from services.gateway.openapi import example_of
from services.gateway.service import GatewayService
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.fakes import fuzzing
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "kyc", "loans", "insurance")
OPERATIONS: Final = [
    one for one in entrypoints.operations_of(GatewayService) if not one.is_public
]


class Hub(Gateway):
    """The real services behind the real gateway."""

    def send(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> Reply:
        """One request, with a key of its own when it may need one."""
        key = uuid.uuid4().hex if method == "POST" else None
        return self.request(method, path, body, token=token, key=key)

    def must(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.send(method, path, token, body)
        assert reply.status < 300, reply.body
        return reply.json


class Tenant:
    """A cooperative with a member, two accounts, money and something of everything."""

    def __init__(self, hub: Hub, code: str, name: str) -> None:
        self.hub = hub
        operator = hub.operator()
        registered = {"code": code, "name": name, "kind": "ksp_primer"}
        made = hub.must("POST", "/v1/cooperatives", operator, registered)
        self.id: str = made["id"]
        base = f"/v1/cooperatives/{self.id}"
        hub.must("POST", f"{base}/activate", operator)
        client = {"name": "Sistem Inti", "scopes": ["*"]}
        self.client_id = hub.must("POST", f"{base}/clients", operator, client)[
            "client_id"
        ]
        self.token = hub.token(cooperative_id=self.id)
        cap = {"net_debit_cap": 1_000_000_000}
        hub.must("PUT", f"/v1/participants/{self.id}", operator, cap)
        funds = {"direction": "in", "amount": 500_000_000, "reference": "TRX-1"}
        hub.must("POST", f"/v1/participants/{self.id}/funds", operator, funds)
        person = {"name": "Budi Santoso"}
        self.member_id = hub.must("POST", "/v1/members", self.token, person)["id"]
        hub.must("POST", f"/v1/members/{self.member_id}/activate", self.token)
        self.account, self.journal_id = self._open_account()
        self.other_account, _ = self._open_account()

    def _open_account(self) -> tuple[str, str]:
        wanted = {"member_id": self.member_id, "product": "sukarela"}
        number = self.hub.must("POST", "/v1/accounts", self.token, wanted)["number"]
        paid = {"amount": 5_000_000, "channel": "cash"}
        path = f"/v1/accounts/{number}/deposits"
        return number, self.hub.must("POST", path, self.token, paid)["journal_id"]

    def pay(self, payee: str, amount: int = 1000) -> str:
        """Pay from the first account; the transfer's id."""
        body = {
            "payer_account": self.account,
            "payee_account": payee,
            "amount": amount,
        }
        transfer = self.hub.must("POST", "/v1/transfers", self.token, body)
        return str(transfer["id"])


class Story:
    """Maju and Sejahtera deal with each other; Makmur deals with neither."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        operator = hub.operator()
        self.maju = Tenant(hub, "0101", "KSP Maju Bersama")
        self.sejahtera = Tenant(hub, "0102", "KSU Sejahtera")
        self.makmur = Tenant(hub, "0103", "KSP Makmur")
        agreement = {
            "cooperatives": [self.maju.id, self.sejahtera.id],
            "valid_from": "2020-01-01",
            "valid_until": "2099-12-31",
        }
        self.agreement_id = hub.must("POST", "/v1/agreements", operator, agreement)[
            "id"
        ]
        self.transfer_id = self.maju.pay(self.sejahtera.account)
        closed = hub.must("POST", "/v1/settlement-windows/close", operator)["closed"]
        self.window_id = closed["id"]
        settlement = hub.must(
            "POST", "/v1/settlements", operator, {"window_ids": [self.window_id]}
        )
        self.settlement_id = settlement["id"]
        hub.must("POST", f"/v1/settlements/{self.settlement_id}/settle", operator)

    def path_of(self, operation: Operation) -> str:
        """An operation's path with what belongs to Maju in it."""
        ids = {
            "cooperative_id": self.maju.id,
            "client_id": self.maju.client_id,
            "member_id": self.maju.member_id,
            "number": self.maju.account,
            "transfer_id": self.transfer_id,
            "journal_id": self.maju.journal_id,
            "agreement_id": self.agreement_id,
            "window_id": self.window_id,
            "settlement_id": self.settlement_id,
        }
        return operation.path.format_map(ids)

    def secrets(self) -> list[str]:
        """What Makmur may never see of the two others."""
        found = [self.agreement_id, self.transfer_id]
        for tenant in (self.maju, self.sejahtera):
            found += [tenant.id, tenant.member_id, tenant.account, tenant.journal_id]
        return found


@pytest.fixture(scope="module")
def story(database_factory: Callable[[str], Database]) -> Iterator[Story]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Hub({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Story(hub)
    hub.stop()


KNOWN_PARAMETERS: Final = frozenset(
    {
        "cooperative_id", "client_id", "member_id", "number", "transfer_id",
        "journal_id", "agreement_id", "window_id", "settlement_id",
    }
)  # fmt: skip

# Repeated with their key above, in the demo, or in the tests of their areas.
TRIED_ELSEWHERE: Final = {
    "submit_transfer",
    "submit_bulk_transfers",
    "allocate_payment",
    "approve_departure",
    "approve_guarantee_call",
    "approve_resolution",
    "break_deposit",
    "cancel_contribution",
    "disburse",
    "move_cash",
    "open_deposit",
    "open_shift",
    "pay_contribution",
    "repay_loan",
    "repay_my_loan",
    "request_application_check",
    "request_check",
    "request_own_payment",
    "request_payment",
    "request_wallet_payment",
}

# What anybody may see of another cooperative, or is refused in other words.
KNOWN_ANSWERS: Final = {
    # The window, with the caller's own net alone.
    "get_window": 200,
    # Whether the account exists is not told without an agreement.
    "inquire_account": 422,
}


@pytest.mark.parametrize(
    "operation",
    # What came later is tried by test_access.py, with everything that can be made.
    [
        one
        for one in OPERATIONS
        if one.parameters
        and KNOWN_PARAMETERS.issuperset(one.parameters)
        and one.raw_body is None
    ],
    ids=lambda one: one.name,
)
def test_what_belongs_to_another_tenant_is_out_of_reach(
    story: Story, operation: Operation
) -> None:
    body = example_of(operation.body()) if operation.body else None
    reply = story.hub.send(
        operation.method, story.path_of(operation), story.makmur.token, body
    )
    expected = KNOWN_ANSWERS.get(operation.name)
    assert reply.status in ({expected} if expected else {403, 404}), reply.body
    # A refusal may repeat the id that the caller sent, and nothing else.
    sent = story.path_of(operation)
    seen = [one for one in story.secrets() if one in reply.body.decode()]
    assert all(one in sent for one in seen)


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.method == "GET" and not one.parameters],
    ids=lambda one: one.name,
)
def test_lists_hold_nothing_of_another_tenant(
    story: Story, operation: Operation
) -> None:
    text = story.hub.send("GET", operation.path, story.makmur.token).body.decode(
        errors="ignore"
    )
    assert not [one for one in story.secrets() if one in text]


def test_filters_do_not_reach_into_another_tenant(story: Story) -> None:
    token = story.makmur.token
    for path in (
        f"/v1/accounts?member_id={story.maju.member_id}",
        f"/v1/transfers?account={story.maju.account}",
        f"/v1/agreements?cooperative_id={story.maju.id}",
    ):
        reply = story.hub.send("GET", path, token)
        assert reply.status == 404 or reply.json["items"] == []


def test_no_account_is_opened_for_anothers_member(story: Story) -> None:
    body = {"member_id": story.maju.member_id, "product": "sukarela"}
    assert (
        story.hub.send("POST", "/v1/accounts", story.makmur.token, body).status == 404
    )


def test_nobody_pays_from_anothers_account(story: Story) -> None:
    body = {
        "payer_account": story.maju.account,
        "payee_account": story.makmur.account,
        "amount": 1000,
    }
    reply = story.hub.send("POST", "/v1/transfers", story.makmur.token, body)
    assert (reply.status, reply.json["code"]) == (422, "account_not_found")
    item = {**body, "reference": "CURI-1"}
    bulk = {"transfers": [item]}
    reply = story.hub.send("POST", "/v1/bulk-transfers", story.makmur.token, bulk)
    assert reply.json["items"][0]["code"] == "account_not_found"


def test_the_same_key_of_another_tenant_is_another_key(story: Story) -> None:
    answers = set()
    for tenant in (story.maju, story.makmur):
        body = {
            "payer_account": tenant.account,
            "payee_account": tenant.other_account,
            "amount": 1,
        }
        reply = story.hub.request(
            "POST", "/v1/transfers", body, token=tenant.token, key="bayar-1"
        )
        assert reply.status == 201
        assert "Idempotency-Replayed" not in reply.headers
        answers.add(reply.json["id"])
    assert len(answers) == 2


def test_a_request_repeated_with_its_key_is_answered_the_same(story: Story) -> None:
    good = {
        "payer_account": story.maju.account,
        "payee_account": story.sejahtera.account,
        "amount": 1000,
    }
    refused = {**good, "payee_account": story.makmur.account}
    for body, status in ((good, 201), (refused, 422)):
        key = uuid.uuid4().hex
        first, again = (
            story.hub.request(
                "POST", "/v1/transfers", body, token=story.maju.token, key=key
            )
            for _ in range(2)
        )
        assert first.status == again.status == status
        assert first.json == again.json
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        other = story.hub.request(
            "POST",
            "/v1/transfers",
            {**body, "amount": 2},
            token=story.maju.token,
            key=key,
        )
        assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")


def test_every_money_operation_answers_a_repeated_key_the_same(story: Story) -> None:
    hub, maju = story.hub, story.maju
    operator = hub.operator()
    account = f"/v1/accounts/{maju.account}"
    movement = {"amount": 7000, "channel": "bank", "reference": "SLIP-1"}
    deposit = hub.must("POST", f"{account}/deposits", maju.token, movement)
    funds = {"direction": "in", "amount": 1000, "reference": "TRX-2"}
    topup = {"amount": 50_000, "reference": "VA-1"}
    fee = {"kind": "ekyc_check", "reference": "kyc_1"}
    requests: list[tuple[str, str, dict[str, Any]]] = [
        (f"{account}/deposits", maju.token, movement),
        (f"{account}/withdrawals", maju.token, movement),
        (f"/v1/journals/{deposit['journal_id']}/reverse", maju.token, {"reason": "x"}),
        (f"/v1/participants/{maju.id}/funds", operator, funds),
        (f"/v1/cooperatives/{maju.id}/wallet/topups", operator, topup),
        (f"/v1/cooperatives/{maju.id}/fees", operator, fee),
        (
            f"/v1/transfers/{story.transfer_id}/return",
            story.sejahtera.token,
            {"amount": 100, "reason": "Salah kirim"},
        ),
    ]
    for path, token, body in requests:
        key = uuid.uuid4().hex
        first, again = (
            hub.request("POST", path, body, token=token, key=key) for _ in range(2)
        )
        assert first.status == 201, (path, first.body)
        assert (again.status, again.json) == (201, first.json), path
        assert again.headers.get("Idempotency-Replayed") == "true", path
    required = {
        one.name for one in OPERATIONS if one.idempotency is Idempotency.REQUIRED
    }
    assert len(requests) == len(required - TRIED_ELSEWHERE)


@fuzzing.each_operation
def test_no_request_makes_the_hub_fail_or_say_the_undocumented(
    story: Story, operation: Any
) -> None:
    hub = story.hub

    def send(case: fuzzing.Case) -> None:
        # Making a request up takes longer than sending it, so both send the same.
        for token in (hub.operator(), hub.token(cooperative_id=story.makmur.id)):
            fuzzing.call(case, hub.address, token)

    fuzzing.fuzz(operation, send, examples=4)


def test_the_books_balance_after_all_that(story: Story) -> None:
    found = story.hub.must("GET", "/v1/ledger/integrity", story.hub.operator())
    assert found["balanced"] is True
