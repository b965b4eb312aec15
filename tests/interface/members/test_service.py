"""The entrypoints: what they take, what they answer, and whom they let in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.members.service import MembersService
from services.shared.access import TENANT_SCOPES
from services.shared.contracts import members as contract
from services.shared.errors import Malformed
from services.shared.identity import Identity
from tests.factories.members import OPERATOR, Tenant, World, idempotency, movement
from tests.fakes import in_process

Call = Callable[..., dict[str, Any]]


def test_the_way_from_registration_to_a_withdrawal(world: World) -> None:
    tenant = world.tenant()
    call = of_tenant(world, tenant)
    body = {"name": "Budi Santoso", "phone": "+6281234567890"}
    part = idempotency("POST /v1/members", body)

    member = call("register_member", body | {"idempotency": part})
    call("activate_member", {"member_id": member["id"]})
    account = call("open_account", {"member_id": member["id"], "product": "sukarela"})
    number = account["number"]
    call("deposit", movement("deposits", number, 1_000))
    taken = call("withdraw", movement("withdrawals", number, 400))
    seen = call("get_account", {"number": number})
    inquiry = call("inquire_account", {"number": number})

    contract.MemberDetails().load(call("get_member", {"member_id": member["id"]}))
    contract.MemberPage().load(call("list_members", {}))
    contract.AccountPage().load(call("list_accounts", {}))
    contract.MovementResult().load(taken)
    contract.Account().load(seen)
    contract.Inquiry().load(inquiry)
    assert seen["balance"] == 600
    assert inquiry["owner_name"] == "B*** S******"
    assert call("register_member", body | {"idempotency": part}) == member | {
        "replayed": True
    }


def test_the_way_from_a_cooperative_to_a_token(world: World) -> None:
    code = f"{int(world.register_cooperative()['code']) + 5000:04d}"
    tenant = world.tenant()
    call = of_operator(world, tenant)

    cooperative = call(
        "register_cooperative",
        {"code": code, "name": "KSP Sumber Rejeki", "kind": "ksp_primer"},
    )
    named = {"cooperative_id": cooperative["id"]}
    activated = call("activate_cooperative", named)
    client = call("create_client", named | {"name": "Sistem Inti", "scopes": ["*"]})
    token = call(
        "authenticate_client",
        {"client_id": client["client_id"], "client_secret": client["client_secret"]},
    )

    contract.Token().load(token)
    contract.NewClient().load(client)
    contract.ClientPage().load(call("list_clients", named))
    contract.CooperativePage().load(call("list_cooperatives", {}))
    assert activated == cooperative | {"status": "active"}
    assert call("get_cooperative", named) == activated
    revoked = call("revoke_client", named | {"client_id": client["client_id"]})
    assert revoked["status"] == "revoked"
    assert call("deactivate_cooperative", named)["status"] == "deactivated"


def test_a_command_that_does_not_fit_is_malformed(world: World) -> None:
    call = of_tenant(world, world.tenant())

    for command in ({}, {"name": "Budi", "surprise": 1}, {"name": " "}, {"name": 5}):
        with pytest.raises(Malformed):
            call("register_member", command)


def test_health_names_the_gauges(world: World) -> None:
    answer = of_tenant(world, world.tenant())("get_health", {})

    assert answer["service"] == "members"
    assert answer["database"] == "up"
    assert answer["gauges"].keys() == {
        "outbox_pending",
        "outbox_lag_seconds",
        "dead_letters",
        "accounts_opening",
        "contributions_posting",
        "jobs_failed",
        "deposit_payouts_pending",
        "emails_waiting",
        "imports_working",
        "payments_to_decide",
        "slips_pending",
    }


def of_tenant(world: World, tenant: Tenant) -> Call:
    identity = Identity(
        subject="cli_test", cooperative_id=tenant.id, scopes=TENANT_SCOPES
    )
    return entrypoints(world, tenant, identity)


def of_operator(world: World, tenant: Tenant) -> Call:
    return entrypoints(world, tenant, OPERATOR)


def entrypoints(world: World, tenant: Tenant, identity: Identity) -> Call:
    service = in_process.service(
        MembersService,
        database=world.members,
        settings=world.settings,
        caller=identity,
        ledger=tenant.ledger,
        transfers=None,
    )

    def call(method: str, command: dict[str, Any]) -> dict[str, Any]:
        return in_process.call(service, method, command)

    return call
