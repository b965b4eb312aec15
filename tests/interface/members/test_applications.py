"""How people register themselves, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from services.members import operations
from services.members.operations import applications, lookup, users
from services.shared import identifiers
from services.shared.contracts.members import InvalidNik
from services.shared.contracts.members import membership as contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.errors import NotFound
from tests.factories.members import PAGE, Tenant, World
from tests.factories.membership import audited, messages, put_form

NIK = "5171011708900001"
EMAIL = "budi@contoh.id"
PHONE = "+6281234567890"


@pytest.fixture(autouse=True)
def _nothing_counted_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are counted for the whole hub, and the tests share theirs."""
    monkeypatch.setattr(lookup, "APPLICATION", identifiers.new("applications"))


@pytest.fixture
def stall(tenant: Tenant) -> Tenant:
    """A cooperative that takes applications."""
    put_form(tenant, accepts_applications=True)
    return tenant


def apply(tenant: Tenant, **more: Any) -> dict[str, Any]:
    command = {
        "cooperative_code": tenant.code,
        "name": "Budi Santoso",
        "phone": "0812-3456-7890",
        "nik": NIK,
        "has_agreed": True,
    }
    world = tenant.world
    return applications.apply_for_membership(
        world.members, world.settings, command | more
    )


def confirm(tenant: Tenant, application_id: str, channel: str, code: str) -> Any:
    command = {"application_id": application_id, "channel": channel, "code": code}
    world = tenant.world
    return applications.confirm_application(world.members, world.settings, command)


def candidates(tenant: Tenant) -> list[dict[str, Any]]:
    command = PAGE | {"status": "candidate"}
    answer = operations.list_members(tenant.world.members, tenant.id, command)
    items: list[dict[str, Any]] = answer["items"]
    return items


def code_in(tenant: Tenant, recipient: str) -> str:
    code: str = messages(tenant, recipient)[-1]["values"]["code"]
    return code


def test_who_applies_is_a_candidate_and_gets_a_code(stall: Tenant) -> None:
    answer = apply(stall)

    (candidate,) = candidates(stall)
    assert answer == {"id": candidate["id"], "status": "received"}
    assert [one["template"] for one in messages(stall, PHONE)] == ["verification_code"]
    assert audited(stall, candidate["id"]) == [(candidate["id"], "member.applied")]


def test_who_is_known_gets_the_same_answer_and_nothing_else(stall: Tenant) -> None:
    first = apply(stall)

    again = apply(stall, name="Orang Lain", phone="081298765432")

    assert again.keys() == first.keys()
    assert again["id"] != first["id"]
    assert len(candidates(stall)) == 1
    assert messages(stall, "+6281298765432") == []
    # Its number has not been used up either.
    apply(stall, nik=None)
    assert sorted(one["number"][-1] for one in candidates(stall)) == ["1", "2"]


def test_an_application_that_does_not_exist_has_no_right_code(stall: Tenant) -> None:
    apply(stall)
    unknown = apply(stall)["id"]

    with pytest.raises(verification_contract.WrongCode):
        confirm(stall, unknown, "phone", code_in(stall, PHONE))


def test_a_proven_phone_is_proven(stall: Tenant) -> None:
    application_id = apply(stall)["id"]

    verified = confirm(stall, application_id, "phone", code_in(stall, PHONE))

    assert verified["channel"] == "phone"
    with pytest.raises(verification_contract.WrongCode):
        confirm(stall, application_id, "phone", code_in(stall, PHONE))


def test_who_proves_an_address_is_invited_to_choose_a_password(stall: Tenant) -> None:
    application_id = apply(stall, email=EMAIL)["id"]
    assert [one["template"] for one in messages(stall, EMAIL)] == ["verification_code"]

    confirm(stall, application_id, "email", code_in(stall, EMAIL))

    assert messages(stall, EMAIL)[-1]["template"] == "invitation"


def test_killed_before_the_invitation_the_proof_can_be_given_again(
    stall: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    application_id = apply(stall, email=EMAIL)["id"]
    code = code_in(stall, EMAIL)

    def killed(*_args: Any, **_more: Any) -> str:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(users, "invite_member", killed)
        with pytest.raises(SystemExit):
            confirm(stall, application_id, "email", code)
    confirm(stall, application_id, "email", code)

    assert messages(stall, EMAIL)[-1]["template"] == "invitation"


def test_a_login_is_made_once(stall: Tenant) -> None:
    world = stall.world
    member_id = stall.member(email=EMAIL)["id"]

    first, again = (
        applications.invite(world.members, world.settings, stall.actor, member_id)
        for _ in range(2)
    )

    assert (first["is_invited"], again["is_invited"]) == (True, False)
    assert len(messages(stall, EMAIL)) == 1


def test_staffs_candidates_are_confirmed_by_staff(stall: Tenant) -> None:
    member_id = stall.register_member(phone=PHONE)["id"]

    with pytest.raises(verification_contract.WrongCode):
        confirm(stall, member_id, "phone", "000000")


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"phone": "081234"}, contract.InvalidPhone),
        ({"gender": "female"}, InvalidNik),
    ],
)
def test_what_is_wrong_with_the_data_is_told(
    stall: Tenant, more: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        apply(stall, **more)
    assert candidates(stall) == []


def test_a_cooperative_that_takes_no_applications_does_not_exist(
    world: World, tenant: Tenant
) -> None:
    waiting = world.register_cooperative()

    for code in (tenant.code, waiting["code"], "9999", "x"):
        with pytest.raises(NotFound):
            applications.get_application_form(world.members, code)
        with pytest.raises(NotFound):
            apply(tenant, cooperative_code=code)


def test_applicants_see_what_they_will_be_asked(stall: Tenant) -> None:
    put_form(stall, accepts_applications=True, required=["nik"], minimum_age=18)

    form = applications.get_application_form(stall.world.members, stall.code)

    assert form == {
        "cooperative_name": "KSP Maju Bersama",
        "required": ["nik", "phone"],
        "minimum_age": 18,
        "fields": None,
    }


def test_a_script_does_not_fill_a_cooperative_up(
    stall: Tenant, neighbour: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_form(neighbour, accepts_applications=True)
    monkeypatch.setattr(applications, "APPLICATIONS_PER_PERIOD_MAX", 2)
    for _ in range(2):
        apply(stall, nik=None)

    with pytest.raises(contract.TooManyApplications) as caught:
        apply(stall, nik=None)

    assert caught.value.details["retry_after"] > 0
    assert apply(neighbour)["status"] == "received"
    # Whoever comes to the counter is not kept waiting.
    assert stall.register_member()["status"] == "candidate"


def test_nobodys_mailbox_is_filled_from_here(stall: Tenant) -> None:
    for _ in range(5):
        apply(stall, nik=None, email=EMAIL)

    with pytest.raises(contract.TooManyApplications) as caught:
        apply(stall, nik=None, email=EMAIL, phone="081298765432")

    assert caught.value.details["retry_after"] > 0
    assert len(messages(stall, EMAIL)) == 5
    assert apply(stall, nik=None, phone="081298765433")["status"] == "received"
