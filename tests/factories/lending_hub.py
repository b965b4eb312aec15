"""A whole hub that lends, in one process: every service, and stand-ins for the world.

What a test asks goes through the public API on a real socket; the identity vendor and
the insurer are the simulators, on real sockets of their own. The business date is that
of a calendar which only goes forward.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import eventlet

from services.hub.simulators import dukcapil, insurer
from services.hub.simulators.dukcapil import Account, Vendor
from services.hub.simulators.insurer import Company
from services.shared import access, clock, identifiers, identity
from services.shared.contracts import ledger as contract
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.ledger import Ledger, a_journal
from tests.factories.loans import STRONG
from tests.factories.savings import Calendar, calendar_at
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "kyc", "loans", "insurance", "transfers")
PATIENCE_SECONDS: Final = 30.0
PDF: Final = b"%PDF-1.7\nslip gaji\n%%EOF\n"
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00foto\xff\xd9"
KEY: Final = "KUNCI-UJI"


@dataclass(kw_only=True)
class LendingHub:
    """The running hub, its calendar and the world outside."""

    hub: Gateway
    calendar: Calendar
    vendor: Vendor
    company: Company
    databases: dict[str, Database]

    def cooperative(self, code: str, *, wallet: int = 5_000_000) -> Koperasi:
        """An active cooperative with money in its vault and its wallet."""
        operator = self.hub.operator()
        made = must(
            self.hub.request(
                "POST",
                "/v1/cooperatives",
                {"code": code, "name": "KSP Maju Bersama", "kind": "ksp_primer"},
                token=operator,
                key=uuid.uuid4().hex,
            )
        )
        path = f"/v1/cooperatives/{made['id']}"
        must(
            self.hub.request(
                "POST", f"{path}/activate", token=operator, key=uuid.uuid4().hex
            )
        )
        must(
            self.hub.request(
                "POST",
                f"{path}/wallet/topups",
                {"amount": wallet, "reference": "VA-1"},
                token=operator,
                key=uuid.uuid4().hex,
            )
        )
        koperasi = Koperasi(world=self, id=made["id"], code=code)
        # Every service learns of a new cooperative by an event.
        koperasi.eventually(lambda: self._is_known(made["id"]))
        return koperasi

    def _is_known(self, cooperative_id: str) -> bool:
        for service in ("kyc", "loans", "insurance"):
            with self.databases[service].hub() as session:
                row = session.connection().exec_driver_sql(
                    "SELECT 1 FROM tenants WHERE cooperative_id = %s", (cooperative_id,)
                )
                if row.scalar() is None:
                    return False
        return True


@dataclass(kw_only=True)
class Koperasi:
    """A cooperative, and the people who work there."""

    world: LendingHub
    id: str
    code: str
    people: dict[str, str] = field(default_factory=dict)
    # What simpanan pokok and wajib amount to, where they are asked for.
    dues: dict[str, int] = field(default_factory=dict)

    def ask_dues(self, *, pokok: int, wajib: int) -> None:
        """Have simpanan pokok and wajib paid from this month on."""
        self.dues |= {"pokok": pokok, "wajib": wajib}
        for kind, amount in self.dues.items():
            self.must(
                "pengurus",
                "POST",
                "/v1/contribution-terms",
                {
                    "kind": kind,
                    "amount": amount,
                    "valid_from": clock.business_date().replace(day=1).isoformat(),
                },
            )

    def token(self, role: str, *, person: str = "", member_id: str = "") -> str:
        """Somebody who signed in in this role: always the same, unless named."""
        subject = self.people.setdefault(person or role, identifiers.new("usr"))
        caller = Identity(
            subject=subject,
            cooperative_id=self.id,
            scopes=access.scopes_of_roles([role]),
            roles=frozenset({role}),
            member_id=member_id,
            session_id=identifiers.new("ses"),
            strong_until=STRONG,
        )
        key = self.world.hub.settings.identity_key
        return identity.sign(caller, key, audience="api", seconds=600)

    def ask(
        self,
        role: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        person: str = "",
        member_id: str = "",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """The answer to somebody's request, whatever it is."""
        return self.world.hub.request(
            method,
            path,
            body,
            token=self.token(role, person=person, member_id=member_id),
            key=uuid.uuid4().hex if method == "POST" else None,
            headers=headers,
        )

    def must(
        self, role: str, method: str, path: str, body: Any = None, **who: Any
    ) -> Any:
        """The answer to a request that has to succeed."""
        return must(self.ask(role, method, path, body, **who))

    def refused(
        self, role: str, method: str, path: str, body: Any = None, **who: Any
    ) -> str:
        """The code of a refusal."""
        reply = self.ask(role, method, path, body, **who)
        assert reply.status >= 400, (path, reply.body)
        code: str = reply.json["code"]
        return code

    def eventually(self, happens: Callable[[], Any]) -> Any:
        """What ``happens`` answers, once that is true; it must become so."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not (found := happens()):
            assert time.monotonic() < until, found
            eventlet.sleep(0.05)
        return found

    def endow(self, amount: int) -> None:
        """Money that the cooperative was given: capital of its own, at its bank."""
        bank, gift = (
            contract.chart_account(self.id, code) for code in (contract.BANK, "3-4000")
        )
        books = Ledger(self.world.databases["ledger"])
        books.post_one(a_journal((bank, gift, amount)))

    def wallet(self) -> int:
        """What is in the wallet."""
        balance: int = self.must("bendahara", "GET", "/v1/cooperatives/me/wallet")[
            "balance"
        ]
        return balance

    def book(self) -> dict[str, int]:
        """What every code of the chart stands at; debit is positive."""
        lines = self.must("bendahara", "GET", "/v1/ledger/trial-balance")["accounts"]
        return {
            line["code"]: line["debit"] - line["credit"]
            for line in lines
            if line["debit"] != line["credit"]
        }

    def member(
        self, name: str = "Budi Santoso", *, nik: str = "", birth_date: str = ""
    ) -> dict[str, str]:
        """An active member with a savings account."""
        body = {"name": name} | ({"nik": nik, "birth_date": birth_date} if nik else {})
        member_id = self.must("pengurus", "POST", "/v1/members", body)["id"]
        for kind, amount in self.dues.items():
            if amount:
                self.pay_contribution(member_id, kind)
        if nik:
            for photo in ("ktp", "selfie"):
                path = f"/v1/members/{member_id}/documents?kind={photo}"
                self.upload("teller", path, JPEG, "image/jpeg")
        self.must("pengurus", "POST", f"/v1/members/{member_id}/activate")
        self._activated_today(member_id)
        account = self.must(
            "teller",
            "POST",
            "/v1/accounts",
            {"member_id": member_id, "product": "sukarela"},
        )
        return {"id": member_id, "account": account["number"]}

    def _activated_today(self, member_id: str) -> None:
        """Simulated, not real: simpanan wajib is owed from the month of it on."""
        with self.world.databases["members"].tenant(self.id) as session:
            session.connection().exec_driver_sql(
                "UPDATE members SET activated_at = CAST(%s AS date) WHERE id = %s",
                (clock.business_date(), member_id),
            )

    def pay_contribution(self, member_id: str, kind: str, **more: Any) -> None:
        """Simpanan pokok or wajib, at the counter."""
        self.must(
            "teller",
            "POST",
            f"/v1/members/{member_id}/contributions",
            {"kind": kind, "channel": "cash"} | more,
        )

    def deposit(self, number: str, amount: int, channel: str = "cash") -> None:
        """Money that a member brings."""
        self.must(
            "teller",
            "POST",
            f"/v1/accounts/{number}/deposits",
            {"amount": amount, "channel": channel},
        )

    def balance(self, number: str) -> int:
        """What is in a savings account."""
        balance: int = self.must("teller", "GET", f"/v1/accounts/{number}")["balance"]
        return balance

    def run(self, job: str, day: date | str) -> dict[str, Any]:
        """A job's run, asked for and waited for."""
        self.must(
            "bendahara", "POST", f"/v1/jobs/{job}/runs", {"business_date": str(day)}
        )

        def done() -> Any:
            found = self.must("bendahara", "GET", f"/v1/jobs/{job}/runs/{day}")
            assert found["state"] != "failed", found
            return found if found["state"] == "done" else None

        run: dict[str, Any] = self.eventually(done)
        return run

    def upload(
        self,
        role: str,
        path: str,
        content: bytes = PDF,
        media_type: str = "application/pdf",
    ) -> Any:
        """A document that is handed in."""
        headers = {"Content-Type": media_type}
        return self.must(role, "POST", path, content, headers=headers)


def must(reply: Reply) -> Any:
    """The JSON of an answer that has to be a success."""
    assert reply.status < 300, (reply.status, reply.body)
    return reply.json


@contextmanager
def running(
    database_factory: Callable[[str], Database], folder: Path
) -> Iterator[LendingHub]:
    """A hub on databases of its own; it is today, until the calendar is turned."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    with ExitStack() as stack:
        account = Account(app_id="APP-UJI", key=KEY)
        vendor_url, vendor, stop = dukcapil.start(account, slow_seconds=3.0)
        stack.callback(stop)
        insurer_url, company, stop = insurer.start(KEY)
        stack.callback(stop)
        calendar = stack.enter_context(
            calendar_at(folder / "hari-ini", clock.business_date().isoformat())
        )
        hub = Gateway(
            {"rate_per_second": 0},
            databases,
            {
                "HUB_KYC_VENDOR": "verihubs",
                "HUB_KYC_URL": vendor_url,
                "HUB_KYC_APP_ID": "APP-UJI",
                "HUB_KYC_KEY": KEY,
                "HUB_INSURER_URL": insurer_url,
                "HUB_INSURER_KEY": KEY,
            },
        )
        stack.callback(hub.stop)
        hub.start_all([runner.service_class(name) for name in SERVICES])
        yield LendingHub(
            hub=hub,
            calendar=calendar,
            vendor=vendor,
            company=company,
            databases=databases,
        )
