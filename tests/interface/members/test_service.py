"""The entrypoints: what they take, what they answer, and whom they let in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from services.members.service import MembersService
from services.shared.access import TENANT_SCOPES
from services.shared.contracts import members as contract
from services.shared.errors import Malformed, NotAllowed
from services.shared.identity import Identity
from tests.factories.members import OPERATOR, Tenant, World, idempotency, movement
from tests.fakes import in_process

Call = Callable[..., dict[str, Any]]

NEEDS: Final = {
    "register_member": {"members:write"},
    "activate_member": {"members:write"},
    "get_member": {"members:read"},
    "list_members": {"members:read"},
    "search_members": {"members:read"},
    "change_member": {"members:write"},
    "get_member_nik": {"members:write", "audit:read"},
    "refuse_candidate": {"members:write"},
    "invite_member": {"members:write"},
    "send_verification_code": {"members:write"},
    "confirm_verification_code": {"members:write"},
    "put_member_form": {"cooperative:write"},
    "get_member_form": {"members:read"},
    "propose_departure": {"members:write"},
    "get_departure": {"members:read"},
    "list_departures": {"members:read"},
    "approve_departure": {"approvals:write"},
    "withdraw_departure": {"members:write"},
    "upload_document": {"documents:write"},
    "accept_document": {"documents:write"},
    "reject_document": {"documents:write"},
    "list_documents": {"documents:read"},
    "get_document": {"documents:read"},
    "get_document_content": {"documents:read"},
    "get_me": {"self:read"},
    "list_my_accounts": {"self:read"},
    "get_my_statement": {"self:read"},
    "list_my_contributions": {"self:read"},
    "get_my_dues": {"self:read"},
    "list_my_documents": {"self:read"},
    "get_my_document_content": {"self:read"},
    "change_me": {"self:write"},
    "upload_my_document": {"self:write"},
    "send_my_verification_code": {"self:write"},
    "confirm_my_verification_code": {"self:write"},
    "get_cooperative": TENANT_SCOPES,
    "open_account": {"accounts:write"},
    "close_account": {"accounts:write"},
    "get_counter_settings": {"cash:read"},
    "put_counter_settings": {"cooperative:write"},
    "create_drawer": {"branches:write", "approvals:write"},
    "list_drawers": {"cash:read"},
    "open_shift": {"cash:write"},
    "move_cash": {"cash:write"},
    "count_shift": {"cash:write"},
    "accept_count": {"approvals:write"},
    "return_count": {"approvals:write"},
    "get_shift": {"cash:read"},
    "list_shifts": {"cash:read"},
    "get_slip": {"accounts:read", "cash:read"},
    "create_deposit_product": {"products:write"},
    "set_deposit_rates": {"products:write"},
    "withdraw_deposit_product": {"products:write"},
    "get_deposit_product": {"products:read"},
    "list_deposit_products": {"products:read"},
    "open_deposit": {"deposits:write"},
    "change_deposit": {"deposits:write"},
    "break_deposit": {"deposits:write"},
    "get_deposit": {"deposits:read"},
    "get_certificate": {"deposits:read"},
    "list_deposits": {"deposits:read"},
    "list_my_deposits": {"self:read"},
    "deposit": {"accounts:write"},
    "withdraw": {"accounts:write"},
    "get_account": {"accounts:read"},
    "list_accounts": {"accounts:read"},
    "inquire_account": {"accounts:read", "transfers:write"},
    "request_payment": {"payments:write"},
    "get_payment": {"payments:read"},
    "list_payments": {"payments:read"},
    "check_payment": {"payments:write"},
    "allocate_payment": {"payments:write"},
    "request_wallet_payment": {"wallet:write"},
    "request_own_payment": {"self:write"},
    "list_own_payments": {"self:read"},
    "list_notifications": {"cooperative:read"},
    "create_webhook": {"webhooks:write"},
    "get_webhook": {"webhooks:read"},
    "list_webhooks": {"webhooks:read"},
    "disable_webhook": {"webhooks:write"},
    "list_deliveries": {"webhooks:read"},
    "get_delivery": {"webhooks:read"},
    "send_again": {"webhooks:write"},
    "create_partner": {"partners:write"},
    "list_partners": {"partners:read"},
    "renew_partner_secret": {"partners:write"},
    "revoke_partner": {"partners:write"},
    "list_partner_requests": {"partners:read"},
    "list_audit_entries": {"audit:read"},
}
PARTNERS: Final = {
    "admit_partner_request",
    "record_partner_answer",
    "find_partner_request",
    "get_partner_account",
}
OPERATORS: Final = {
    "activate_cooperative",
    "create_client",
    "deactivate_cooperative",
    "list_clients",
    "list_cooperatives",
    "list_duplicate_identities",
    "list_payment_callbacks",
    "register_cooperative",
    "revoke_client",
}
PUBLIC: Final = {
    "apply_for_membership",
    "authenticate_client",
    "authenticate_partner",
    "confirm_application",
    "get_application_form",
    "get_health",
    "record_payment_callback",
}


def rule(method: str) -> Callable[[Identity], None]:
    (entrypoint,) = getattr(MembersService, method).nameko_entrypoints
    checked: Callable[[Identity], None] = entrypoint.rule
    return checked


def caller(*scopes: str) -> Identity:
    return Identity(
        subject="cli_test", cooperative_id="coop_test", scopes=frozenset(scopes)
    )


def rpc_methods() -> set[str]:
    return {
        name
        for name in dir(MembersService)
        for entrypoint in getattr(
            getattr(MembersService, name), "nameko_entrypoints", ()
        )
        if hasattr(entrypoint, "rule")
    }


def test_every_entrypoint_has_a_rule_that_this_test_knows() -> None:
    assert rpc_methods() == NEEDS.keys() | OPERATORS | PUBLIC | PARTNERS


@pytest.mark.parametrize("method", NEEDS)
def test_each_of_the_named_scopes_lets_in(method: str) -> None:
    for scope in NEEDS[method]:
        rule(method)(caller(scope))


@pytest.mark.parametrize("method", NEEDS)
def test_all_other_scopes_together_do_not(method: str) -> None:
    with pytest.raises(NotAllowed):
        rule(method)(caller(*(TENANT_SCOPES - NEEDS[method])))


@pytest.mark.parametrize("method", sorted(OPERATORS))
def test_only_the_operator_runs_the_hub(method: str) -> None:
    rule(method)(OPERATOR)

    # A cooperative that got hold of the scope is still not the operator.
    with pytest.raises(NotAllowed):
        rule(method)(caller("operator", *TENANT_SCOPES))


@pytest.mark.parametrize("method", sorted(PARTNERS))
def test_only_a_partner_asks_what_the_gateway_asks_for_it(method: str) -> None:
    rule(method)(replace(caller(), subject="snp_test"))

    for other in (caller(*TENANT_SCOPES), OPERATOR):
        with pytest.raises(NotAllowed):
            rule(method)(other)


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
        "deposit_payouts_pending",
        "emails_waiting",
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
