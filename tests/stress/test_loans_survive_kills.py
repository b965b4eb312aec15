"""A process killed while a loan is paid out: all of it happened, or none (R124).

Real processes, the real broker, real databases and an insurer on a real socket. At each
point the service kills itself; it is started again, the treasurer repeats the request,
and there is one loan, one journal, one fee of each kind and one policy.
"""

from __future__ import annotations

import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from services.hub import bootstrap
from services.hub.simulators import insurer
from services.shared import access, clock, identifiers, identity, settings
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from tests import leftovers
from tests.databases import RunDatabases
from tests.factories.ledger import Ledger, a_journal
from tests.factories.loans import STRONG
from tests.stress.stack import Stack, environment, free_port

SERVICES: Final = ("ledger", "members", "transfers", "kyc", "loans", "insurance")
PAYING: Final = "services.loans.operations.disbursements"
POINTS: Final = {
    "loans-when-it-is-intended": ("loans", f"{PAYING}.driving:_begun", "after"),
    "loans-when-the-insurer-is-ready": (
        "loans",
        f"{PAYING}.reserving:_reserve_policy",
        "after",
    ),
    "ledger-when-the-money-has-moved": (
        "ledger",
        "services.ledger.operations.disbursements:post_disbursement",
        "after",
    ),
    "loans-when-the-money-has-moved": ("loans", f"{PAYING}.posting:_record", "before"),
    "loans-when-the-loan-is-written": ("loans", f"{PAYING}.posting:_record", "after"),
}
KEY: Final = "KUNCI-UJI"
PDF: Final = b"%PDF-1.7\ncatatan kas\n%%EOF\n"
PRINCIPAL: Final = 3_000_000
FEES: Final = 15_000 + 135_000


@dataclass(frozen=True, kw_only=True)
class Office:
    """A cooperative that lends, on a hub of real processes."""

    stack: Stack
    databases: dict[str, Database]
    administrator: Callable[[Database], Any]
    id: str
    product: str

    def token(self, role: str) -> str:
        """Somebody who signed in in this role."""
        caller = Identity(
            subject=f"usr_{role}",
            cooperative_id=self.id,
            scopes=access.scopes_of_roles([role]),
            roles=frozenset({role}),
            session_id=identifiers.new("ses"),
            strong_until=STRONG,
        )
        key = settings.load(self.stack.env).identity_key
        return identity.sign(caller, key, audience="api", seconds=600)

    def do(self, role: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request that has to succeed."""
        return self.stack.call(method, path, self.token(role), body)

    def upload(self, path: str) -> None:
        """A paper of an application."""
        answer = requests.post(
            f"{self.stack.base}{path}",
            data=PDF,
            headers={
                "Authorization": f"Bearer {self.token('teller')}",
                "Content-Type": "application/pdf",
            },
            timeout=15,
        )
        assert answer.status_code == 201, answer.text

    def signed(self) -> tuple[str, str]:
        """A signed application of a new member: its path, and the savings account."""
        member = self.do("pengurus", "POST", "/v1/members", {"name": "Budi Santoso"})
        self.do("pengurus", "POST", f"/v1/members/{member['id']}/activate")
        account = self.do(
            "teller",
            "POST",
            "/v1/accounts",
            {"member_id": member["id"], "product": "sukarela"},
        )["number"]
        made = self.do(
            "teller",
            "POST",
            "/v1/loan-applications",
            {
                "member_id": member["id"],
                "product_id": self.product,
                "amount": PRINCIPAL,
                "count": 12,
                "purpose": "Modal usaha warung",
                "sector": "perdagangan",
                "form": {
                    "employment": "self_employed",
                    "monthly_income": 9_000_000,
                    "monthly_turnover": 30_000_000,
                },
            },
        )
        path = f"/v1/loan-applications/{made['id']}"
        for kind in ("application_form", "cash_book"):
            self.upload(f"{path}/documents?kind={kind}")
        self.do("teller", "POST", f"{path}/submit")
        # Somebody whose row is locked at this moment, to be scored, is passed over.
        take = "/v1/loan-queue/verification/take"
        self.stack.eventually(
            lambda: self.stack.answer("POST", take, self.token("analis"))[0] < 300
        )
        listed = self.do("analis", "GET", f"{path}/verification")["checklist"]
        codes = {"codes": [one["code"] for one in listed]}
        self.do("analis", "POST", f"{path}/checklist", codes)
        notes = {
            name: {"score": 4, "note": "Baik"}
            for name in ("character", "capacity", "capital", "collateral", "condition")
        }
        self.do("analis", "PUT", f"{path}/five-c", notes)
        self.do("analis", "POST", f"{path}/verification/finish")
        vote = {"choice": "approve", "reason": "Usaha berjalan baik"}
        self.do("komite", "POST", f"{path}/votes", vote)
        self.do("bendahara", "POST", f"{path}/akad", {})
        people = [
            {"role": "Peminjam", "name": "Budi Santoso"},
            {"role": "Bendahara", "name": "Made Ardana"},
        ]
        signed = {
            "signed_on": clock.business_date().isoformat(),
            "signed_by": people,
        }
        self.do("bendahara", "POST", f"{path}/akad/sign", signed)
        return path, account

    def wallet(self) -> int:
        """What is in the wallet."""
        found: int = self.do("bendahara", "GET", "/v1/cooperatives/me/wallet")[
            "balance"
        ]
        return found

    def end_leases(self) -> None:
        """As if the time had passed for which whoever died had it for itself."""
        with self.administrator(self.databases["loans"]) as admin:
            admin.execute(
                "UPDATE disbursements SET due_at = now() WHERE due_at IS NOT NULL"
            )


@pytest.fixture(scope="module")
def office(
    database_factory: Callable[[str], Database],
    run_databases: RunDatabases,
    rabbitmq_uri: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    """The running hub, and a cooperative whose loans are insured."""
    databases = {name: database_factory(name) for name in SERVICES}
    urls = {
        f"{name.upper()}_DATABASE_URL": run_databases.url(database)
        for name, database in databases.items()
    }
    insurer_url, _company, stop = insurer.start(KEY)
    env = environment(urls, rabbitmq_uri) | {
        "HUB_INSURER_URL": insurer_url,
        "HUB_INSURER_KEY": KEY,
    }
    bootstrap.operator_client(settings.load(env))
    stack = Stack(env, Path(tmp_path_factory.mktemp("stack")) / "hub.log")
    for name in ("kyc", "loans", "insurance"):
        stack.health[name] = f"127.0.0.1:{free_port()}"
    try:
        for name in SERVICES:
            stack.start(name)
        stack.start("gateway")
        stack.wait_ready()
        yield _opened(stack, databases, run_databases.as_administrator)
    finally:
        stack.stop_all()
        stop()
        leftovers.forget_queues(rabbitmq_uri, env["HUB_BUS_NAMESPACE"])


def _opened(
    stack: Stack,
    databases: dict[str, Database],
    administrator: Callable[[Database], Any],
) -> Office:
    operator = stack.token(
        (
            stack.env["HUB_OPERATOR_CLIENT_ID"],
            stack.env["HUB_OPERATOR_CLIENT_SECRET"],
        )
    )
    made = stack.call(
        "POST",
        "/v1/cooperatives",
        operator,
        {"code": "3301", "name": "KSP Maju Bersama", "kind": "ksp_primer"},
    )
    path = f"/v1/cooperatives/{made['id']}"
    stack.call("POST", f"{path}/activate", operator)
    stack.call(
        "POST",
        f"{path}/wallet/topups",
        operator,
        {"amount": 10_000_000, "reference": "VA-1"},
    )
    company = stack.call(
        "POST", "/v1/insurers", operator, {"code": "nusantara", "name": "Nusantara"}
    )
    stack.call(
        "POST",
        "/v1/insurance/products",
        operator,
        {
            "insurer_id": company["id"],
            "code": "jiwa",
            "name": "Asuransi Jiwa Kredit",
            "kind": "credit_life",
        },
    )
    books = Ledger(databases["ledger"])
    bank, gift = f"{made['id']}:1-1010", f"{made['id']}:3-4000"
    books.post_one(a_journal((bank, gift, 10**9)))
    office = Office(
        stack=stack,
        databases=databases,
        administrator=administrator,
        id=made["id"],
        product="",
    )
    lenient = {"minimum_membership_months": 0, "requires_check": False}
    stack.eventually(
        lambda: (
            stack.answer(
                "PUT",
                "/v1/loan-application-settings",
                office.token("pengurus"),
                lenient,
            )[0]
            == 200
        )
    )
    product = office.do(
        "pengurus",
        "POST",
        "/v1/loan-products",
        {
            "code": "usaha",
            "name": "Pinjaman Usaha",
            "method": "menurun",
            "rate_bps": 2400,
            "maximum_amount": 10_000_000,
            "maximum_count": 24,
            "insurance_product": "jiwa",
        },
    )
    return replace(office, product=product["id"])


@pytest.mark.parametrize(("service", "point", "moment"), POINTS.values(), ids=POINTS)
def test_a_loan_is_paid_out_once_or_not_at_all(
    office: Office, service: str, point: str, moment: str
) -> None:
    stack = office.stack
    path, account = office.signed()
    wallet, key = office.wallet(), uuid.uuid4().hex
    treasurer = office.token("bendahara")
    stack.stop(service)
    stack.start(service, point, moment)
    stack.wait_running(service)

    first, _ = stack.answer("POST", f"{path}/disburse", treasurer, {}, key)
    status = stack.wait_dead(service)
    stack.start(service)
    stack.wait_running(service)
    office.end_leases()
    again, paid = stack.insist(f"{path}/disburse", treasurer, {}, key)

    assert status == -signal.SIGKILL
    assert first in (0, 503, 504)
    assert again == 201, paid
    assert office.wallet() == wallet - FEES
    shown = office.do("bendahara", "GET", f"/v1/accounts/{account}")
    assert shown["balance"] == paid["received"] == PRINCIPAL
    loan = office.do("bendahara", "GET", f"/v1/loans/{paid['loan_id']}")
    assert loan["outstanding"] == PRINCIPAL
    member = loan["member_id"]

    def covered() -> bool:
        policies = office.do("bendahara", "GET", "/v1/insurance/policies?limit=200")
        own = [one for one in policies["items"] if one["member_id"] == member]
        running = [one["status"] for one in own if one["status"] == "active"]
        office.end_leases()
        return running == ["active"] and len(own) == 1

    stack.eventually(covered)
