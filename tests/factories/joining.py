"""Cooperatives that join by themselves and leave again, for tests."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.members.domain.closing import Others
from services.members.operations import (
    closing,
    departure,
    legality,
    notifications,
    registration,
)
from services.members.store import closing as store
from services.shared.contracts.members import registration as contract
from services.shared.errors import ServiceError
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence.database import Database
from services.transfers.operations import events, leaving, participants
from tests.factories.members import Tenant, World, idempotency
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.peers import InProcessLedger

PASSWORD: Final = "Melati-Putih-17"
OPERATOR: Final = Actor(cooperative_id=HUB, subject="operator", request_id="req_test")
LEGALITY: Final[dict[str, Any]] = {
    "kind": "ksp_primer",
    "legal_entity_number": "AHU-0001234.AH.01.26",
    "legal_entity_on": date(2015, 3, 2),
    "licence_number": "9120001234567",
    "licence_issued_on": date(2023, 7, 10),
    "licence_expires_on": None,
    "kbli": "64141",
    "area": "provinsi",
    "initial_capital": 1_500_000_000,
    "founder_count": 21,
    "business_since": date(2015, 6, 1),
}

_addresses = itertools.count(1)


def actor(cooperative_id: str) -> Actor:
    """Somebody of the cooperative's board."""
    return Actor(
        cooperative_id=cooperative_id, subject="usr_test", request_id="req_test"
    )


def reader(cooperative_id: str) -> Identity:
    """The cooperative's own system, which may look."""
    return Identity(
        subject="cli_test",
        cooperative_id=cooperative_id,
        scopes=frozenset({"cooperative:read"}),
    )


def mails(world: World, recipient: str) -> list[dict[str, Any]]:
    """What an address is told: template and values, oldest first."""
    with world.members.hub() as session:
        rows = session.execute(
            text("SELECT id, template, content FROM notifications ORDER BY id")
        ).all()
    cipher = world.settings.cipher("members notifications")
    found = []
    for row in rows:
        place = f"notifications.content:{row.id}".encode()
        content = json.loads(cipher.decrypt(bytes(row.content), place))
        if content["recipient"] == recipient:
            found.append({"template": row.template} | content["values"])
    return found


def rendered(world: World, message: dict[str, Any]) -> str:
    """An e-mail's text, as its template makes it."""
    values = {name: value for name, value in message.items() if name != "template"}
    template = notifications._templates.get_template(f"{message['template']}.id.txt")
    return template.render(**values)


@dataclass(kw_only=True)
class Applicant:
    """A cooperative on its way in."""

    world: World
    name: str = "KSP Tunas Harapan"
    email: str = field(
        default_factory=lambda: f"pengurus{next(_addresses)}@tunas.example"
    )

    def start(self, **body: Any) -> dict[str, Any]:
        """Register."""
        command = {
            "name": self.name,
            "email": self.email,
            "phone": "+6281234567890",
            "password": PASSWORD,
            "partner_code": None,
            "terms_version": contract.TERMS_VERSION,
        } | body
        return registration.start_registration(
            self.world.members, self.world.settings, command
        )

    @property
    def token(self) -> str:
        """The token in the last link that was sent."""
        link: str = mails(self.world, self.email)[-1]["link"]
        return link.rpartition("token=")[2]

    def activate(self, token: str | None = None) -> dict[str, Any]:
        """Follow the link."""
        return registration.activate_registration(
            self.world.members, self.world.settings, token or self.token, "req_test"
        )

    def joined(self) -> dict[str, Any]:
        """Register and follow the link."""
        self.start()
        return self.activate()

    def submit(self, cooperative_id: str, **changes: Any) -> dict[str, Any]:
        """Enter the legality data and ask for its check."""
        acting = actor(cooperative_id)
        legality.put_legality(self.world.members, acting, LEGALITY | changes)
        return registration.submit_registration(
            self.world.members, acting, {"idempotency": None}
        )

    def approve(self, registration_id: str, cooperative_id: str) -> dict[str, Any]:
        """Let the cooperative in."""
        peer = LedgerPeer(self.world.ledger, self.world.settings, cooperative_id)
        return registration.approve_registration(
            self.world.members, self.world.settings, peer, OPERATOR, registration_id
        )


def with_legality(tenant: Tenant, **changes: Any) -> dict[str, Any]:
    """Let an active cooperative have entered its legality data."""
    return legality.put_legality(
        tenant.world.members, actor(tenant.id), LEGALITY | changes
    )


class ClearingPeer:
    """The clearing as a closing sees it: its own operations, without a bus."""

    def __init__(self, transfers: Database, ledger: Database) -> None:
        self.database = transfers
        self.ledger = InProcessLedger(ledger)

    def check_leaving(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what still binds a participant."""
        return leaving.check_leaving(
            self.database, self.ledger, command["cooperative_id"]
        )

    def close_participant(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a participant leave."""
        return leaving.close_participant(
            self.database, self.ledger, command["cooperative_id"]
        )

    def admit(self, tenant: Tenant, liquidity: int = 0) -> None:
        """Hear of a cooperative that takes part, with funds at the hub."""
        participants.register_participant(
            self.database, cooperative_id=tenant.id, code=tenant.code
        )
        if liquidity:
            participants.move_funds(
                self.database,
                self.ledger,
                {
                    "cooperative_id": tenant.id,
                    "direction": "in",
                    "amount": liquidity,
                    "reference": "BANK-1",
                    "idempotency": idempotency("POST /v1/x/funds", tenant.id),
                },
            )

    def suspend(self, tenant: Tenant) -> None:
        """Hear that the register has deactivated a cooperative."""
        events.cooperative_deactivated(
            self.database, f"evt_{tenant.id}", {"cooperative_id": tenant.id}
        )


@dataclass(kw_only=True)
class FakeInsurance:
    """An insurance service that counts so many policies, or does not answer."""

    count: int = 0
    fault: ServiceError | None = None

    def has_running_policies(self, _command: dict[str, Any]) -> dict[str, Any]:
        """Tell how many policies run."""
        if self.fault is not None:
            raise self.fault
        return {"count": self.count, "last_day": None}


@dataclass(kw_only=True)
class Leaver:
    """A cooperative that leaves, and the operator who lets it."""

    tenant: Tenant
    clearing: ClearingPeer
    insurance: FakeInsurance = field(default_factory=FakeInsurance)
    email: str = field(
        default_factory=lambda: f"pengurus{next(_addresses)}@pamit.example"
    )

    @property
    def world(self) -> World:
        """Where it lives."""
        return self.tenant.world

    @property
    def others(self) -> Others:
        """Whom its closing asks."""
        return Others(
            books=lambda _cooperative_id: self.tenant.ledger,
            clearing=self.clearing,
            insurance=self.insurance,
        )

    def request(self, **body: Any) -> dict[str, Any]:
        """Ask to leave."""
        command = {
            "reason": "Rapat Anggota memutuskan pembubaran.",
            "contact_email": self.email,
            "idempotency": None,
        } | body
        return closing.request_closing(
            self.world.members,
            self.world.settings,
            self.others,
            actor(self.tenant.id),
            command,
        )

    def verify(self, closing_id: str) -> dict[str, Any]:
        """Let the operator check it."""
        return closing.verify_closing(
            self.world.members, self.world.settings, self.others, OPERATOR, closing_id
        )

    def approve(self, closing_id: str, document_sha512: str) -> dict[str, Any]:
        """Let the operator approve it on this document."""
        return closing.approve_closing(
            self.world.members,
            self.world.settings,
            self.others,
            OPERATOR,
            {"closing_id": closing_id, "document_sha512": document_sha512},
        )

    def approved(self) -> dict[str, Any]:
        """Ask, have it verified and approved."""
        closing_id = self.request()["id"]
        document = self.verify(closing_id)["document_sha512"]
        answer = self.approve(closing_id, document)
        self.clearing.suspend(self.tenant)
        return answer

    def shown(self, closing_id: str) -> dict[str, Any]:
        """How the closing stands."""
        identity = reader(self.tenant.id)
        return closing.get_closing(
            self.world.members, self.world.settings, identity, closing_id
        )

    def carry_on(self) -> bool:
        """Let the timer have its turn with this closing; whether it is completed."""
        context = departure.Context(
            database=self.world.members,
            settings=self.world.settings,
            others=self.others,
        )
        with self.world.members.hub() as session:
            row = store.find_under_way(session, self.tenant.id)
        assert row is not None
        return departure.carry_on_one(context, row.id)
