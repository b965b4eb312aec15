"""Cooperatives that join by themselves and leave again, for tests."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from services.members.domain.audit import Actor
from services.members.operations import legality, notifications, registration
from services.shared.contracts.members import registration as contract
from services.shared.identity import HUB, Identity
from tests.factories.members import Tenant, World
from tests.fakes.ledger_peer import LedgerPeer

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
