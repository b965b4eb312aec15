"""What a member sees and does for itself: through the entrypoints."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from services.members.service import MembersService
from services.shared.contracts.members import me as contract
from services.shared.errors import Malformed, NotAllowed, NotFound
from services.shared.identity import Identity
from tests.factories.members import Tenant
from tests.factories.membership import JPEG, audited, messages, upload
from tests.fakes import in_process

Call = Callable[..., dict[str, Any]]

EMAIL = "budi@contoh.id"


def calls_of(tenant: Tenant, member_id: str, *scopes: str) -> Call:
    """The entrypoints as this member calls them."""
    caller = Identity(
        subject=f"usr_{member_id}",
        cooperative_id=tenant.id,
        scopes=frozenset(scopes or {"self:read", "self:write"}),
        roles=frozenset({"anggota"}),
        member_id=member_id,
        session_id="ses_1",
    )
    service = in_process.service(
        MembersService,
        database=tenant.world.members,
        settings=tenant.world.settings,
        caller=caller,
        ledger=tenant.ledger,
        transfers=None,
    )

    def call(method: str, command: dict[str, Any] | None = None) -> dict[str, Any]:
        return in_process.call(service, method, command or {})

    return call


@pytest.fixture
def number(tenant: Tenant) -> str:
    """The account of a member, with 50.000 in it."""
    return tenant.account(balance=50_000)


@pytest.fixture
def call(tenant: Tenant, number: str) -> Call:
    """What the owner of the account calls."""
    return calls_of(tenant, owner(tenant, number))


def owner(tenant: Tenant, number: str) -> str:
    member_id: str = tenant.get_account(number)["member_id"]
    return member_id


def test_a_member_sees_itself_and_its_money(call: Call, number: str) -> None:
    statement = call("get_my_statement", {"number": number})

    assert call("get_me")["name"] == "Budi Santoso"
    (account,) = call("list_my_accounts")["items"]
    assert (account["number"], account["balance"]) == (number, 50_000)
    assert statement["closing_balance"] == 50_000


def test_another_members_account_is_not_found(
    tenant: Tenant, neighbour: Tenant, call: Call
) -> None:
    other, elsewhere = tenant.account("Siti Aminah"), neighbour.account(balance=1)

    for number in (other, elsewhere, "9999999999999999"):
        with pytest.raises(NotFound):
            call("get_my_statement", {"number": number})
    assert other not in str(call("list_my_accounts"))


def test_a_statement_is_asked_for_as_the_ledger_takes_it(
    call: Call, number: str
) -> None:
    past = {"number": number, "from": "2020-01-01", "to": "2020-01-31", "limit": 10}

    assert call("get_my_statement", past)["items"] == []
    with pytest.raises(Malformed):
        call("get_my_statement", past | {"from": "kemarin"})


def test_a_member_changes_where_it_can_be_reached_and_nothing_else(
    tenant: Tenant, number: str, call: Call
) -> None:
    changed = call("change_me", {"phone": "081234567890", "address": "Jl. Kamboja 7"})

    assert (changed["phone"], changed["is_masked"]) == ("+6281234567890", False)
    assert audited(tenant, owner(tenant, number))[-1] == (
        f"usr_{owner(tenant, number)}",
        "member.changed",
    )
    for stolen in ({"name": "Orang Lain"}, {"nik": "5171011708900001"}):
        with pytest.raises(Malformed):
            call("change_me", stolen)


def test_a_member_hands_in_a_document_and_sees_its_own_only(
    tenant: Tenant, call: Call
) -> None:
    content = base64.b64encode(JPEG).decode()
    other = upload(tenant, tenant.register_member("Siti Aminah")["id"])["id"]

    made = call(
        "upload_my_document",
        {"kind": "selfie", "media_type": "image/jpeg", "content": content},
    )

    assert [one["id"] for one in call("list_my_documents")["items"]] == [made["id"]]
    file = call("get_my_document_content", {"document_id": made["id"]})
    assert file["content"] == content
    with pytest.raises(NotFound):
        call("get_my_document_content", {"document_id": other})


def test_a_member_proves_its_own_address(tenant: Tenant, call: Call) -> None:
    call("change_me", {"email": EMAIL})
    call("send_my_verification_code", {"channel": "email"})
    code = messages(tenant, EMAIL)[-1]["values"]["code"]

    call("confirm_my_verification_code", {"channel": "email", "code": code})

    assert call("get_me")["email_verified_at"] is not None


def test_who_is_no_member_has_nothing_here(tenant: Tenant) -> None:
    stranger = calls_of(tenant, "")

    for method in ("get_me", "list_my_accounts", "list_my_documents"):
        with pytest.raises(NotFound):
            stranger(method)


def test_staff_scopes_are_no_membership(tenant: Tenant, number: str) -> None:
    teller = calls_of(tenant, owner(tenant, number), "members:write", "accounts:write")

    with pytest.raises(NotAllowed):
        teller("get_me")


def test_a_member_is_no_staff(call: Call, number: str) -> None:
    for method, command in (
        ("list_members", {}),
        ("get_account", {"number": number}),
        ("list_documents", {}),
    ):
        with pytest.raises(NotAllowed):
            call(method, command)


def test_what_may_be_changed_is_what_the_contract_says() -> None:
    assert set(contract.MyChanges().fields) == {"phone", "email", "address"}
