"""How members prove addresses by codes, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.members.operations import membership, verification
from services.shared import clock
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.members import verification as contract
from services.shared.errors import NotFound
from tests.factories.members import Tenant, World, idempotency
from tests.factories.membership import (
    audited,
    confirm_code,
    messages,
    send_code,
)

EMAIL = "budi@contoh.id"
PHONE = "+6281234567890"


@pytest.fixture
def member_id(tenant: Tenant) -> str:
    """A candidate who can be reached."""
    member_id: str = tenant.register_member(email=EMAIL, phone=PHONE)["id"]
    return member_id


def code_in(tenant: Tenant, recipient: str = EMAIL) -> str:
    code: str = messages(tenant, recipient)[-1]["values"]["code"]
    return code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@pytest.mark.parametrize(
    ("channel", "recipient", "sender"),
    [("email", EMAIL, "email"), ("phone", PHONE, "whatsapp")],
)
def test_the_right_code_proves_the_address(
    tenant: Tenant, member_id: str, channel: str, recipient: str, sender: str
) -> None:
    sent = send_code(tenant, member_id, channel)
    (message,) = messages(tenant, recipient)

    verified = confirm_code(tenant, member_id, channel, message["values"]["code"])

    assert (message["template"], message["channel"]) == ("verification_code", sender)
    assert recipient not in sent["target"]
    assert verified["channel"] == channel
    assert audited(tenant, member_id)[-1] == ("cli_test", f"member.{channel}_verified")


def test_the_code_is_unreadable_in_the_database(
    world: World, tenant: Tenant, member_id: str
) -> None:
    send_code(tenant, member_id, "email")

    with world.members.hub() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT verification_codes::text FROM verification_codes"
        )
        stored = " ".join(row[0] for row in rows)
    assert code_in(tenant) not in stored.replace("\\x", " ").split()
    assert code_in(tenant).encode().hex() not in stored


def test_a_code_is_used_once(tenant: Tenant, member_id: str) -> None:
    send_code(tenant, member_id, "email")
    code = code_in(tenant)
    confirm_code(tenant, member_id, "email", code)

    with pytest.raises(contract.WrongCode):
        confirm_code(tenant, member_id, "email", code)
    with pytest.raises(contract.NothingToVerify):
        send_code(tenant, member_id, "email")


def test_after_five_wrong_guesses_the_right_one_comes_too_late(
    tenant: Tenant, member_id: str
) -> None:
    send_code(tenant, member_id, "email")
    code = code_in(tenant)

    for _ in range(5):
        with pytest.raises(contract.WrongCode):
            confirm_code(tenant, member_id, "email", wrong(code))
    with pytest.raises(contract.WrongCode):
        confirm_code(tenant, member_id, "email", code)


def test_four_wrong_guesses_are_forgiven(tenant: Tenant, member_id: str) -> None:
    send_code(tenant, member_id, "email")
    code = code_in(tenant)

    for _ in range(4):
        with pytest.raises(contract.WrongCode):
            confirm_code(tenant, member_id, "email", wrong(code))

    assert confirm_code(tenant, member_id, "email", code)["verified_at"]


def test_a_code_for_one_channel_is_none_for_the_other(
    tenant: Tenant, member_id: str
) -> None:
    send_code(tenant, member_id, "email")

    with pytest.raises(contract.WrongCode):
        confirm_code(tenant, member_id, "phone", code_in(tenant))


def test_a_code_proves_nothing_about_the_address_that_came_after(
    world: World, tenant: Tenant, member_id: str
) -> None:
    send_code(tenant, member_id, "email")
    membership.change_member(
        world.members,
        world.settings,
        tenant.actor,
        {"member_id": member_id, "email": "pencuri@contoh.id"},
    )

    with pytest.raises(contract.WrongCode):
        confirm_code(tenant, member_id, "email", code_in(tenant))


def test_a_new_address_has_to_be_proven_anew(
    world: World, tenant: Tenant, member_id: str
) -> None:
    send_code(tenant, member_id, "email")
    confirm_code(tenant, member_id, "email", code_in(tenant))

    changed = membership.change_member(
        world.members,
        world.settings,
        tenant.actor,
        {"member_id": member_id, "email": "baru@contoh.id"},
    )

    assert changed["email_verified_at"] is None


def test_codes_are_sent_a_minute_apart(tenant: Tenant, member_id: str) -> None:
    send_code(tenant, member_id, "email")

    with pytest.raises(contract.TooManyCodes) as caught:
        send_code(tenant, member_id, "email")

    assert 1 <= caught.value.details["retry_after"] <= 60
    assert len(messages(tenant, EMAIL)) == 1
    assert send_code(tenant, member_id, "phone")["channel"] == "phone"


def test_a_request_repeated_with_its_key_sends_one_code(
    world: World, tenant: Tenant, member_id: str
) -> None:
    command = {
        "member_id": member_id,
        "channel": "email",
        "idempotency": idempotency("POST /v1/members/x/verifications", "email"),
    }

    first, again = (
        verification.send_code(world.members, world.settings, tenant.actor, command)
        for _ in range(2)
    )

    assert again == first | {"replayed": True}
    assert len(messages(tenant, EMAIL)) == 1


def test_who_cannot_be_reached_gets_no_code(tenant: Tenant) -> None:
    with pytest.raises(contract.NothingToVerify):
        send_code(tenant, tenant.register_member()["id"], "email")


def test_anothers_member_gets_no_code(tenant: Tenant, neighbour: Tenant) -> None:
    member_id = neighbour.register_member(email=EMAIL)["id"]

    with pytest.raises(NotFound):
        send_code(tenant, member_id, "email")
    with pytest.raises(NotFound):
        confirm_code(tenant, member_id, "email", "000000")


def test_who_has_left_gets_no_code(
    world: World, tenant: Tenant, member_id: str
) -> None:
    refusal: dict[str, Any] = {"member_id": member_id, "reason": "Data tidak sesuai"}
    membership.refuse_candidate(world.members, world.settings, tenant.actor, refusal)

    with pytest.raises(membership_contract.MemberHasLeft):
        send_code(tenant, member_id, "email")


def test_old_codes_are_forgotten(
    world: World,
    tenant: Tenant,
    member_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_code(tenant, member_id, "email")
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)

    with pytest.raises(contract.WrongCode):
        confirm_code(tenant, member_id, "email", code_in(tenant))
    verification.forget_codes(world.members)

    with world.members.tenant(tenant.id) as session:
        left = session.connection().exec_driver_sql(
            "SELECT count(*) FROM verification_codes"
        )
        assert left.scalar_one() == 0
