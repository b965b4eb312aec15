"""A day at the counter and the life of a time deposit, by HTTP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from services.members.operations import jobs
from services.shared import access, clock
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence import job_runner
from services.shared.persistence.database import Database
from tests.factories.counter import on
from tests.factories.papers import text_of
from tests.factories.users import bearer
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers")
PATIENCE_SECONDS: Final = 30
RATES: Final = [
    {"term_months": 3, "amount_from": 1_000_000, "rate_bps": 700},
    {"term_months": 12, "amount_from": 1_000_000, "rate_bps": 900},
]


class Office:
    """A running hub with one cooperative, and the people behind its counter."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        body = {"code": "0301", "name": "KSP Maju Bersama", "kind": "ksp_primer"}
        made = self.must(hub.operator(), "POST", "/v1/cooperatives", body)
        self.id: str = made["id"]
        self.must(hub.operator(), "POST", f"/v1/cooperatives/{self.id}/activate")
        self.sari = self.token("sari", "teller")
        self.wayan = self.token("wayan", "bendahara")
        self.ketut = self.token("ketut", "pengurus")
        self.nyoman = self.token("nyoman", "pengawas")

    def token(self, name: str, *roles: str, is_strong: bool = True) -> str:
        """An access token of a person with these roles."""
        now = int(clock.now().timestamp())
        caller = Identity(
            subject=f"usr_{name}",
            cooperative_id=self.id,
            scopes=access.scopes_of_roles(roles),
            roles=frozenset(roles),
            session_id=f"ses_{name}",
            strong_until=now + 300 if is_strong else 0,
        )
        return bearer(self.hub.settings, caller)

    def call(self, who: str, method: str, path: str, body: Any = None) -> Reply:
        """One request, with a key of its own."""
        key = uuid.uuid4().hex if method == "POST" else None
        return self.hub.request(method, path, body, token=who, key=key)

    def must(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(who, method, path, body)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def refused(
        self, who: str, method: str, path: str, body: Any = None
    ) -> tuple[int, str]:
        """Status and code of a request that has to be refused."""
        reply = self.call(who, method, path, body)
        assert reply.status >= 400, (path, reply.body)
        return reply.status, reply.json["code"]

    def account(self, name: str) -> dict[str, Any]:
        """A savings account of a new member."""
        member = self.must(self.sari, "POST", "/v1/members", {"name": name})
        self.must(self.sari, "POST", f"/v1/members/{member['id']}/activate")
        wanted = {"member_id": member["id"], "product": "sukarela"}
        account: dict[str, Any] = self.must(self.sari, "POST", "/v1/accounts", wanted)
        return account

    def balance(self, number: str) -> int:
        """What is in a savings account."""
        account = self.must(self.sari, "GET", f"/v1/accounts/{number}")
        return int(account["balance"])

    def run_deposits(self, day: str) -> None:
        """Have the deposits' job of this day run to its end."""
        run = {"business_date": day}
        self.must(self.wayan, "POST", "/v1/jobs/deposits/runs", run)
        give_up = time.monotonic() + PATIENCE_SECONDS
        while self._state_of(day) != "done":
            assert time.monotonic() < give_up, "the run does not end"
            # The service's own timer may have taken it: then it is done there.
            jobs.work(self.hub.databases["members"], self.hub.settings, self._ledger)
            time.sleep(0.02)

    def _state_of(self, day: str) -> str:
        found = job_runner.get_run(
            self.hub.databases["members"], self.id, "deposits", date.fromisoformat(day)
        )
        return str(found["state"])

    def _ledger(self, cooperative_id: str) -> LedgerPeer:
        return LedgerPeer(
            self.hub.databases["ledger"], self.hub.settings, cooperative_id
        )


@pytest.fixture(scope="module")
def office(database_factory: Callable[[str], Database]) -> Iterator[Office]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Office(hub)
    hub.stop()


def test_a_day_at_the_counter(office: Office) -> None:
    required = {"drawer_required": True, "step_up_amount": 10_000_000}
    office.must(office.ketut, "PUT", "/v1/cash/settings", required)
    number = office.account("Budi Santoso")["number"]
    deposits = f"/v1/accounts/{number}/deposits"
    cash = {"amount": 1_250_000, "channel": "cash"}
    assert office.refused(office.sari, "POST", deposits, cash) == (
        422,
        "drawer_not_open",
    )

    # The drawer is opened, and the teller's cash goes through it.
    made = office.must(office.wayan, "POST", "/v1/cash/drawers", {"name": "Laci 1"})
    begun = {"drawer_id": made["id"], "float_amount": 2_000_000}
    shift = office.must(office.sari, "POST", "/v1/cash/shifts", begun)
    paid = office.must(office.sari, "POST", deposits, cash)
    slip_path = f"/v1/accounts/{number}/slips/{paid['journal_id']}"
    slip = office.must(office.sari, "GET", slip_path)
    assert slip["number"] == paid["slip_number"]
    assert slip["terbilang"] == "satu juta dua ratus lima puluh ribu rupiah"
    printed = office.call(office.sari, "GET", f"{slip_path}?format=pdf")
    assert printed.headers["Content-Type"] == "application/pdf"
    assert "Budi Santoso" in text_of(printed.body)

    # Much money asks for a fresh second factor.
    weak = office.token("sari", "teller", is_strong=False)
    much = {"amount": 10_000_000, "channel": "cash"}
    assert office.refused(weak, "POST", deposits, much) == (403, "step_up_required")

    # The count is 25.000 short. Sari may not accept it, pengawas may only look.
    base = f"/v1/cash/shifts/{shift['id']}"
    count = {"counted_amount": 3_225_000, "note": "Selisih dicari."}
    counted = office.must(office.sari, "POST", f"{base}/count", count)
    assert (counted["expected_amount"], counted["variance"]) == (3_250_000, -25_000)
    assert office.refused(office.sari, "POST", f"{base}/accept")[0] == 403
    assert office.refused(office.nyoman, "POST", f"{base}/accept")[0] == 403
    assert office.must(office.nyoman, "GET", base)["variance"] == -25_000

    closed = office.must(office.wayan, "POST", f"{base}/accept")

    assert (closed["status"], closed["approver"]) == ("closed", "usr_wayan")
    trial = office.must(office.wayan, "GET", "/v1/ledger/trial-balance")
    lines = {line["code"]: line for line in trial["accounts"]}
    assert lines["5-9000"]["debit"] == 25_000
    assert lines["1-1000"]["debit"] == 1_225_000
    assert trial["debit_total"] == trial["credit_total"]


def test_a_time_deposit_from_placement_to_maturity(
    office: Office, tmp_path: Path
) -> None:
    account = office.account("Siti Aminah")
    number = account["number"]
    brought = {"amount": 25_000_000, "channel": "bank"}
    office.must(office.sari, "POST", f"/v1/accounts/{number}/deposits", brought)
    offer = {"code": "sisuka", "name": "Simpanan Berjangka", "rates": RATES}
    product = office.must(office.ketut, "POST", "/v1/deposit-products", offer)
    too_much = [RATES[0] | {"rate_bps": 901}]
    assert office.refused(
        office.ketut, "POST", "/v1/deposit-products", offer | {"rates": too_much}
    ) == (400, "invalid_request")

    wanted = {
        "member_id": account["member_id"],
        "product_id": product["id"],
        "amount": 20_000_000,
        "term_months": 3,
        "savings_account": number,
        "source": "savings",
    }
    with on(date(2027, 1, 31), tmp_path):
        deposit = office.must(office.sari, "POST", "/v1/deposits", wanted)
    assert deposit["certificate_number"] == "SB/2027/01/1"
    path = f"/v1/deposits/{deposit['id']}"
    certificate = office.call(office.sari, "GET", f"{path}/certificate?format=pdf")
    assert "dua puluh juta rupiah" in text_of(certificate.body)
    assert office.balance(number) == 5_000_000

    with on(date(2027, 4, 30), tmp_path):
        for _ in range(2):
            office.run_deposits("2027-04-30")

    shown = office.must(office.nyoman, "GET", path)
    assert shown["status"] == "matured"
    assert [payout["gross"] for payout in shown["payouts"]] == [350_000]
    # 350.000 of interest in one month is over 240.000: a tenth is withheld.
    assert office.balance(number) == 25_000_000 + 350_000 - 35_000
