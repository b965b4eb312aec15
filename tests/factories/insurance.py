"""Policies and claims for tests, with the stand-in of the insurer."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import text

from services.hub.simulators import insurer
from services.hub.simulators.insurer import Company
from services.insurance.adapters.http_insurer import HttpInsurer, read_callback
from services.insurance.operations import claims, insurers, policies
from services.insurance.operations.desk import Desk
from services.ledger.operations import wallets
from services.ledger.service import LedgerService
from services.shared import clock, identifiers
from services.shared.contracts import insurance as contract
from services.shared.errors import ServiceError
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.ledger import Ledger
from tests.factories.members import PAGE, idempotency
from tests.fakes import in_process
from tests.fakes.listener import Heard, Listener

KEY: Final = "KUNCI-UJI"
PDF: Final = b"%PDF-1.7 akta kematian\n%%EOF\n"
OPERATOR: Final = Actor(cooperative_id=HUB, subject="operator")


class RefundingLedger:
    """The real ledger as this service asks it; ``fault`` is raised while it is set."""

    def __init__(self, database: Database, settings: Settings, tenant: str) -> None:
        caller = Identity(
            subject="service:insurance",
            cooperative_id=tenant,
            scopes=frozenset(),
            service="insurance",
        )
        self._service = in_process.service(
            LedgerService, database=database, settings=settings, caller=caller
        )
        self.fault: ServiceError | None = None

    def refund_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give back part of a fee."""
        if self.fault is not None:
            raise self.fault
        return in_process.call(self._service, "refund_fee", command)


@dataclass(kw_only=True)
class Agency:
    """A cooperative that insures its loans, and the insurer."""

    id: str
    database: Database
    books: Database
    settings: Settings
    company: Company
    product: dict[str, Any]
    ledger: RefundingLedger
    insurer: HttpInsurer | None

    @property
    def actor(self) -> Actor:
        """Who does it."""
        return Actor(cooperative_id=self.id, subject="usr_bendahara")

    @property
    def desk(self) -> Desk:
        """With what it is done."""
        return Desk(
            database=self.database,
            settings=self.settings,
            insurer=self.insurer,
            ledger_of=lambda _: self.ledger,
        )

    def reserve(self, loan: str | None = None, **more: Any) -> dict[str, Any]:
        """Provisional cover of a loan."""
        command = {
            "reference": loan or identifiers.new("loa"),
            "product_code": self.product["code"],
            "member_id": "mem_budi",
            "member_name": "Budi Santoso",
            "birth_date": date(1980, 8, 17),
            "principal": 10_000_000,
            "months": 12,
            "starts_on": clock.business_date(),
        }
        return policies.reserve_policy(self.desk, self.actor, command | more)

    def activate(self, policy: dict[str, Any], *, days_ago: int = 0) -> dict[str, Any]:
        """Cover of a loan that was paid out, its premium taken out of the wallet."""
        wallets.charge_fee(
            self.books,
            wallets.Asked(
                cooperative_id=self.id,
                kind="default_insurance",
                base_amount=policy["principal"],
                months=policy["charged_months"],
                reference=policy["reference"],
            ),
            None,
        )
        return policies.activate_policy(
            self.desk,
            self.actor,
            {
                "policy_id": policy["id"],
                "disbursed_on": ago(days_ago),
                "premium_fee_reference": policy["reference"],
            },
        )

    def active(
        self, principal: int = 10_000_000, *, days_ago: int = 120, **more: Any
    ) -> dict[str, Any]:
        """A policy that has run for a while."""
        return self.activate(
            self.reserve(principal=principal, **more), days_ago=days_ago
        )

    def cancel(self, policy: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Cover that ends because the loan was settled early."""
        command = {
            "policy_id": policy["id"],
            "on": clock.business_date(),
            "reason": "settled_early",
            "refund": True,
        }
        return policies.cancel_policy(self.database, self.actor, command | more)

    def show(self, policy: dict[str, Any]) -> dict[str, Any]:
        """Where a policy stands."""
        return policies.get_policy(self.database, self.id, policy["id"])

    def open_claim(self, policy: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A claim on a policy because of a death."""
        command = {
            "policy_id": policy["id"],
            "reference": None,
            "cause": "death",
            "occurred_on": clock.business_date(),
            "outstanding_principal": 7_500_000,
            "outstanding_interest": 100_000,
            "reported_by": None,
            "idempotency": None,
        }
        return claims.open_claim(self.database, self.actor, command | more)

    def hand_in(self, claim: dict[str, Any], kind: str, content: bytes = PDF) -> None:
        """A document of a claim."""
        body = {
            "claim_id": claim["id"],
            "kind": kind,
            "media_type": "application/pdf",
            "content": base64.b64encode(content).decode(),
        }
        part = idempotency("POST /v1/insurance/claims/x/documents", body)
        claims.upload_document(
            self.database, self.settings, self.actor, body | {"idempotency": part}
        )

    def submitted(self, principal: int, **more: Any) -> dict[str, Any]:
        """A claim with all its papers that is with the insurer."""
        claim = self.open_claim(self.active(principal), **more)
        for needed in claim["checklist"]:
            self.hand_in(claim, needed["kind"])
        return self.submit(claim)

    def submit(self, claim: dict[str, Any]) -> dict[str, Any]:
        """A claim that goes to the insurer."""
        return claims.submit_claim(self.desk, self.actor, claim["id"])

    def staff(self, name: str, *, is_strong: bool = True) -> Identity:
        """Somebody of the cooperative, who has just given a second factor or not."""
        return Identity(
            subject=f"usr_{name}",
            cooperative_id=self.id,
            scopes=frozenset({"insurance:write", "insurance:read", "approvals:write"}),
            service="gateway",
            session_id="ses_1",
            strong_until=int(time.time()) + 600 if is_strong else 0,
        )

    def show_claim(self, claim: dict[str, Any]) -> dict[str, Any]:
        """Where a claim stands."""
        return claims.get_claim(self.database, self.id, claim["id"])

    def sweep(self) -> None:
        """What the timers do, with everything being due."""
        with self.database.hub() as session:
            for table in ("policies", "claims"):
                session.execute(
                    text(f"UPDATE {table} SET due_at = now() WHERE cooperative_id=:id"),
                    {"id": self.id},
                )
        policies.sweep(self.desk)
        claims.sweep(self.desk)

    def events(self, name: str) -> list[dict[str, Any]]:
        """What others were told of this cooperative under a name."""
        with self.database.hub() as session:
            rows = session.scalars(
                text(
                    "SELECT payload FROM outbox WHERE name = :name "
                    "AND payload->>'cooperative_id' = :id ORDER BY id"
                ),
                {"name": name, "id": self.id},
            )
            return list(rows)

    def wallet(self) -> int:
        """What the cooperative has left for fees."""
        return int(wallets.get_wallet(self.books, self.id)["balance"])


def ago(days: int) -> date:
    """A business date some days ago."""
    return clock.business_date() - timedelta(days=days)


def page(**filters: Any) -> dict[str, Any]:
    """The first page of a list."""
    return {**PAGE, "status": None, **filters}


def offer(database: Database, **more: Any) -> dict[str, Any]:
    """A product of a new insurer."""
    code = f"a{identifiers.new('x')[-20:]}"
    made = insurers.create_insurer(
        database,
        OPERATOR,
        {"code": code, "name": "Asuransi Nusantara", "idempotency": None},
    )
    body = {
        "insurer_id": made["id"],
        "code": code,
        "name": "Asuransi Jiwa Kredit",
        "kind": "credit_life",
        "rate_bps": 450,
        "rounds_years_up": False,
        "coverage_bps": 10_000,
        "refund_bps": 8_000,
        "waiting_days": 90,
        "claim_days": 90,
        "documents": None,
        "idempotency": None,
    }
    return insurers.create_product(database, OPERATOR, body | more)


def open_agency(
    database: Database, books: Database, settings: Settings
) -> tuple[Agency, list[Any]]:
    """A cooperative with everything running, and what stops it."""

    def take(heard: Heard) -> int:
        claims.record_callback(
            database,
            lambda body, signed: read_callback(body, signed, KEY),
            {
                "body": base64.b64encode(heard.body).decode(),
                "signature": heard.headers.get("x-signature"),
            },
        )
        return 200

    hub = Listener(respond=take)
    hub.start()
    url, company, stop = insurer.start(KEY)
    own = replace(settings, insurer_url=url, insurer_key=KEY, public_url=hub.url)
    cooperative_id = another_cooperative(database, books, own)
    agency = Agency(
        id=cooperative_id,
        database=database,
        books=books,
        settings=own,
        company=company,
        product=offer(database),
        ledger=RefundingLedger(books, own, cooperative_id),
        insurer=HttpInsurer(url=url, key=KEY, timeout_seconds=0.5, rest_seconds=0.0),
    )
    return agency, [hub.stop, stop]


def another_cooperative(database: Database, books: Database, settings: Settings) -> str:
    """A cooperative with a key and a wallet."""
    cooperative_id = Ledger(books).cooperative()
    wallets.top_up_wallet(
        books,
        cooperative_id=cooperative_id,
        amount=10_000_000,
        reference="VA-1",
        idempotency=idempotency("POST /v1/x", {}),
    )
    told = {"cooperative_id": cooperative_id, "code": "0101", "name": "KSP Maju"}
    event_id = identifiers.new("evt")
    tenants.take_in(database, settings, contract.SERVICE, event_id, told)
    return cooperative_id
