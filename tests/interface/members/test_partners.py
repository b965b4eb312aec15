"""How requests of partners are admitted and remembered, on a real database."""

from __future__ import annotations

import base64
import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from services.members import operations
from services.members.operations import partners
from services.shared import clock
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import partners as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from tests.databases import RunDatabases
from tests.factories import partners as factory
from tests.factories.members import Tenant, World

TEXT = "POST:/snap/v1.0/transfer-intrabank:token:digest:now"


class Partner:
    """A partner of a cooperative, and what the gateway asks in its name."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self.world, self.tenant = world, tenant
        body = {"name": "Sistem Inti", "public_key": factory.public_pem()}
        command = contract.CreatePartner().load(body)
        made = partners.create_partner(
            world.members, world.settings, tenant.actor, command
        )
        self.id, self.secret = made["id"], made["client_secret"]
        self.actor = Actor(
            cooperative_id=tenant.id, subject=self.id, request_id="req_test"
        )

    def admit(self, external_id: str | None = None, **body: Any) -> dict[str, Any]:
        """A signed request."""
        signed = hmac.digest(self.secret.encode(), TEXT.encode(), "sha512")
        command: dict[str, Any] = {
            "service_code": "17",
            "timestamp": factory.timestamp(),
            "signature": base64.b64encode(signed).decode(),
            "string_to_sign": TEXT,
            "external_id": external_id or factory.next_external_id(),
            "address": "203.0.113.7",
            "body": {},
        }
        return partners.admit_partner_request(
            self.world.members,
            self.world.settings,
            self.actor,
            contract.AdmitPartnerRequest().load(command | body),
        )

    def pays(self, reference: str, parameters: str = "a" * 128) -> dict[str, Any]:
        """A request that moves money."""
        return self.admit(reference=reference, parameters_hash=parameters)

    def find(self, **wanted: Any) -> dict[str, Any]:
        """A payment by one of its numbers."""
        command = contract.FindPartnerRequest().load(wanted)
        return partners.find_partner_request(self.world.members, self.actor, command)

    def kept(self) -> list[dict[str, Any]]:
        """What is remembered of its requests."""
        command = contract.ListPartnerRequests().load({"partner_id": self.id})
        found = partners.list_partner_requests(
            self.world.members, self.tenant.id, command
        )
        items: list[dict[str, Any]] = found["items"]
        return items


@pytest.fixture
def partner(world: World, tenant: Tenant) -> Partner:
    """A partner that may do everything."""
    return Partner(world, tenant)


def test_a_secret_is_unreadable_in_the_database(partner: Partner, world: World) -> None:
    with world.members.hub() as session:
        row = session.connection().exec_driver_sql(
            "SELECT client_secret FROM snap_partners WHERE id = %s", (partner.id,)
        )
        assert partner.secret.encode() not in bytes(row.scalar_one())


def test_of_many_requests_with_one_external_id_one_is_admitted(
    partner: Partner,
) -> None:
    external_id = factory.next_external_id()

    def admit(_: int) -> bool:
        try:
            partner.admit(external_id)
        except contract.ExternalIdReused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        admitted = list(pool.map(admit, range(8)))

    assert admitted.count(True) == 1
    assert len(partner.kept()) == 1


def test_an_external_id_may_come_again_on_another_day(
    partner: Partner, world: World, run_databases: RunDatabases
) -> None:
    external_id = factory.next_external_id()
    partner.admit(external_id)
    with run_databases.as_administrator(world.members) as admin:
        admin.execute(
            "UPDATE snap_requests SET business_date = business_date - 1 "
            "WHERE partner_id = %s",
            (partner.id,),
        )

    assert partner.admit(external_id)["is_consistent"]


def test_two_partners_may_use_the_same_numbers(
    partner: Partner, world: World, tenant: Tenant
) -> None:
    other, external_id = Partner(world, tenant), factory.next_external_id()

    for one in (partner, other):
        admitted = one.admit(
            external_id, reference="REF-1", parameters_hash=one.id.ljust(128, "0")
        )
        assert admitted["is_consistent"]


def test_a_reference_used_otherwise_is_told_and_kept(partner: Partner) -> None:
    assert partner.pays("REF-1")["is_consistent"]
    assert partner.pays("REF-1")["is_consistent"]
    assert not partner.pays("REF-1", "b" * 128)["is_consistent"]
    assert len(partner.kept()) == 3


def test_a_request_with_a_wrong_signature_is_not_kept(partner: Partner) -> None:
    external_id = factory.next_external_id()
    with pytest.raises(contract.InvalidPartnerSignature):
        partner.admit(external_id, signature="AAAA")

    assert partner.kept() == []
    assert partner.admit(external_id)["is_consistent"]


def test_a_payment_that_was_asked_for_just_now_may_be_under_way(
    partner: Partner, world: World, run_databases: RunDatabases
) -> None:
    partner.pays("REF-1")
    assert partner.find(reference="REF-1") == {"reference": "REF-1", "is_recent": True}
    with run_databases.as_administrator(world.members) as admin:
        admin.execute(
            "UPDATE snap_payments SET first_used_at = %s WHERE partner_id = %s",
            (clock.now() - timedelta(minutes=2), partner.id),
        )

    assert not partner.find(reference="REF-1")["is_recent"]


def test_an_inquiry_is_no_payment(partner: Partner) -> None:
    external_id = factory.next_external_id()
    partner.admit(external_id, reference="REF-1")

    for wanted in ({"reference": "REF-1"}, {"external_id": external_id}, {}):
        with pytest.raises(NotFound):
            partner.find(**wanted)


def test_the_first_answer_to_a_request_is_the_one_that_is_kept(
    partner: Partner, world: World
) -> None:
    admitted = partner.admit()
    for code in ("2001700", "5001700"):
        command = {"id": admitted["id"], "response_code": code}
        partners.record_partner_answer(world.members, partner.actor, command)

    assert [one["response_code"] for one in partner.kept()] == ["2001700"]


def test_a_partner_of_a_cooperative_that_left_asks_nothing(
    partner: Partner, world: World, tenant: Tenant
) -> None:
    operations.deactivate_cooperative(world.members, {"cooperative_id": tenant.id})

    with pytest.raises(contract.InvalidPartnerSignature):
        partner.admit()


def test_another_cooperative_changes_no_partner(
    partner: Partner, world: World, neighbour: Tenant
) -> None:
    command = {"partner_id": partner.id, "idempotency": None}
    with pytest.raises(NotFound):
        partners.revoke_partner(world.members, neighbour.actor, partner.id)
    with pytest.raises(NotFound):
        partners.renew_partner_secret(
            world.members, world.settings, neighbour.actor, command
        )
    listed = partners.list_partners(
        world.members, neighbour.id, members_contract.Page().load({})
    )
    assert listed["items"] == []


def test_a_revoked_partner_gets_no_new_secret(
    partner: Partner, world: World, tenant: Tenant
) -> None:
    for _ in range(2):
        revoked = partners.revoke_partner(world.members, tenant.actor, partner.id)
        assert revoked["status"] == "revoked"
    command = {"partner_id": partner.id, "idempotency": None}

    with pytest.raises(contract.PartnerRevoked):
        partners.renew_partner_secret(
            world.members, world.settings, tenant.actor, command
        )
