"""Budi saves for three months: dues, interest and its tax, through the public API.

R134 as far as savings go. The months are those of a calendar that the test turns; the
jobs are worked on by the real timers of the members service.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import eventlet
import pytest

from services.shared import access
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.savings import Calendar, calendar_at
from tests.fakes.running_gateway import Gateway

SERVICES: Final = ("ledger", "members", "transfers")
POKOK: Final = 100_000
WAJIB: Final = 20_000
PATIENCE_SECONDS: Final = 30.0


class Story:
    """A cooperative that asks for contributions and pays 6 % on savings."""

    def __init__(self, hub: Gateway, calendar: Calendar) -> None:
        self.hub = hub
        self.calendar = calendar
        operator = hub.operator()
        made = self.must(
            "POST",
            "/v1/cooperatives",
            {"code": "0101", "name": "KSP Maju Bersama", "kind": "ksp_primer"},
            token=operator,
        )
        self.id: str = made["id"]
        self.must("POST", f"/v1/cooperatives/{self.id}/activate", token=operator)
        self.token = hub.token(*access.expand(["*"]), cooperative_id=self.id)
        for kind, amount in (("pokok", POKOK), ("wajib", WAJIB)):
            term = {"kind": kind, "amount": amount, "valid_from": "2026-08-01"}
            self.must("POST", "/v1/contribution-terms", term)
        self.must(
            "POST",
            "/v1/savings-products/sukarela/rates",
            {"valid_from": "2026-08-01", "rate_bps": 600},
        )

    def must(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: str = "",
    ) -> Any:
        """The answer to a request that has to succeed."""
        key = uuid.uuid4().hex if method == "POST" else None
        reply = self.hub.request(method, path, body, token=token or self.token, key=key)
        assert reply.status < 300, (path, reply.body)
        return reply.json

    def pay(self, member_id: str, kind: str) -> dict[str, Any]:
        """A contribution at the counter."""
        paid: dict[str, Any] = self.must(
            "POST",
            f"/v1/members/{member_id}/contributions",
            {"kind": kind, "channel": "cash"},
        )
        return paid

    def run(self, job: str, day: str) -> dict[str, Any]:
        """A job's run, asked for and waited for."""
        self.must("POST", f"/v1/jobs/{job}/runs", {"business_date": day})
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found: dict[str, Any] = self.must("GET", f"/v1/jobs/{job}/runs/{day}")
            if found["state"] == "done":
                return found
            assert found["state"] != "failed", found
            eventlet.sleep(0.1)
        raise AssertionError(found)

    def balance(self, number: str) -> int:
        """What is in a savings account."""
        balance: int = self.must("GET", f"/v1/accounts/{number}")["balance"]
        return balance


@pytest.fixture(scope="module")
def story(
    database_factory: Callable[[str], Database],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    """One hub on databases of its own, in August."""
    memory.install()
    file = tmp_path_factory.mktemp("kalender") / "hari-ini"
    databases = {name: database_factory(name) for name in SERVICES}
    with calendar_at(file, "2026-08-03") as calendar:
        hub = Gateway({"rate_per_second": 0}, databases)
        hub.start_all([runner.service_class(name) for name in SERVICES])
        yield Story(hub, calendar)
        hub.stop()


def test_budi_saves_for_three_months(story: Story) -> None:
    candidate = story.must("POST", "/v1/members", {"name": "Budi Santoso"})["id"]
    activate = f"/v1/members/{candidate}/activate"
    unpaid = story.hub.request("POST", activate, token=story.token, key="awal")
    assert unpaid.status == 422
    story.pay(candidate, "pokok")
    assert story.pay(candidate, "wajib")["months"] == ["2026-08-01"]
    story.must("POST", activate)
    wanted = {"member_id": candidate, "product": "sukarela"}
    number = story.must("POST", "/v1/accounts", wanted)["number"]
    deposit = {"amount": 10_000_000, "channel": "cash"}
    story.must("POST", f"/v1/accounts/{number}/deposits", deposit)

    # August: 29 days from the third on.
    story.calendar.turn_to("2026-09-01")
    assert story.run("interest", "2026-08-31")["done_count"] == 1
    august = 10_000_000 * 29 * 600 // 3_650_000
    assert story.balance(number) == 10_000_000 + august

    # September is paid late, October in time.
    story.calendar.turn_to("2026-09-11")
    story.run("dues", "2026-09-11")
    (late,) = story.must("GET", "/v1/dues/arrears")["items"]
    assert (late["member_id"], late["amount"]) == (candidate, WAJIB)
    assert story.pay(candidate, "wajib")["months"] == ["2026-09-01"]
    story.calendar.turn_to("2026-10-05")
    story.run("dues", "2026-10-05")
    assert story.pay(candidate, "wajib")["months"] == ["2026-10-01"]

    told = story.must("GET", f"/v1/members/{candidate}/dues")
    assert (told["principal_balance"], told["mandatory_balance"]) == (POKOK, 3 * WAJIB)
    assert told["arrears_amount"] == 0
    assert {due["state"] for due in told["items"]} == {"paid"}
    assert story.must("GET", "/v1/dues/arrears")["items"] == []


def test_the_interest_of_a_month_is_run_twice_and_paid_once(story: Story) -> None:
    story.calendar.turn_to("2026-10-05")
    rich = story.must("POST", "/v1/members", {"name": "Siti Aminah"})["id"]
    for kind in ("pokok", "wajib"):
        story.pay(rich, kind)
    story.must("POST", f"/v1/members/{rich}/activate")
    wanted = {"member_id": rich, "product": "sukarela"}
    number = story.must("POST", "/v1/accounts", wanted)["number"]
    deposit = {"amount": 100_000_000, "channel": "bank"}
    story.must("POST", f"/v1/accounts/{number}/deposits", deposit)
    story.calendar.turn_to("2026-11-01")

    for _ in range(2):
        story.run("interest", "2026-10-31")

    gross = 100_000_000 * 27 * 600 // 3_650_000
    slip = story.must("GET", f"/v1/members/{rich}/withholdings/2026-10")
    assert (slip["gross"], slip["tax"], slip["withheld"]) == (
        gross,
        gross // 10,
        gross // 10,
    )
    assert story.balance(number) == 100_000_000 + gross - gross // 10
    lines = story.must("GET", f"/v1/accounts/{number}/statement")["items"]
    assert [(line["debit"], line["credit"]) for line in lines] == [
        (0, 100_000_000),
        (0, gross),
        (gross // 10, 0),
    ]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        pytest.param("statement?format=pdf", "application/pdf", id="pdf"),
        pytest.param(
            "statement?format=xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            id="xlsx",
        ),
    ],
)
def test_a_statement_is_taken_home(story: Story, path: str, media_type: str) -> None:
    number = story.must("GET", "/v1/accounts")["items"][0]["number"]

    reply = story.hub.request("GET", f"/v1/accounts/{number}/{path}", token=story.token)

    assert reply.status == 200
    assert reply.headers["Content-Type"] == media_type
    assert len(reply.body) > 1000


def test_another_cooperative_sees_nothing_of_it(story: Story) -> None:
    member_id = story.must("GET", "/v1/members")["items"][0]["id"]
    stranger = story.hub.token(*access.expand(["*"]), cooperative_id="coop_asing")

    for path in (
        f"/v1/members/{member_id}/dues",
        f"/v1/members/{member_id}/contributions",
        f"/v1/members/{member_id}/withholdings/2026-10",
        "/v1/jobs/interest/runs/2026-10-31",
    ):
        assert story.hub.request("GET", path, token=stranger).status == 404, path
    listed = story.hub.request("GET", "/v1/interest?month=2026-10", token=stranger)
    assert listed.json["items"] == []


def test_the_books_are_whole_after_all_that(story: Story) -> None:
    integrity = story.must("GET", "/v1/ledger/integrity", token=story.hub.operator())
    balance = story.must("GET", "/v1/ledger/trial-balance")

    assert integrity["balanced"] is True
    assert balance["debit_total"] == balance["credit_total"] > 0
