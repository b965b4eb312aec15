"""How members are found, changed and looked at, on a real database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.members import operations
from services.members.operations import directory, membership
from services.shared.contracts import members as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import Identity
from tests.factories.members import PAGE, Tenant, World
from tests.factories.membership import ask_contributions, audited, messages, pay

NIK = "5171011708900001"
OTHER_NIK = "5171011708900002"
WOMANS_NIK = "5171015708900001"
PERSON: dict[str, Any] = {
    "nik": NIK,
    "phone": "0812-3456-7890",
    "email": "budi@contoh.id",
    "birth_date": date(1990, 8, 17),
    "address": "Jl. Melati 5, Denpasar",
}


def seen(tenant: Tenant, member_id: str, *scopes: str) -> dict[str, Any]:
    world = tenant.world
    reader = Identity(
        subject="usr_1",
        cooperative_id=tenant.id,
        scopes=frozenset(scopes or {"members:write"}),
    )
    return operations.get_member(world.members, world.settings, reader, member_id)


def found(tenant: Tenant, **wanted: Any) -> list[str]:
    world = tenant.world
    answer = directory.search_members(
        world.members, world.settings, tenant.id, {"limit": 50} | wanted
    )
    return [item["name"] for item in answer["items"]]


def change(tenant: Tenant, member_id: str, **changes: Any) -> dict[str, Any]:
    world = tenant.world
    command = {"member_id": member_id} | changes
    return membership.change_member(
        world.members, world.settings, tenant.actor, command
    )


def refuse(tenant: Tenant, member_id: str) -> dict[str, Any]:
    world = tenant.world
    command = {"member_id": member_id, "reason": "Data tidak sesuai"}
    return membership.refuse_candidate(
        world.members, world.settings, tenant.actor, command
    )


# Looking


def test_who_only_reads_sees_where_to_reach_a_member_in_part(tenant: Tenant) -> None:
    member_id = tenant.register_member(**PERSON)["id"]

    part = seen(tenant, member_id, "members:read")

    assert part["is_masked"] is True
    assert part["nik"] == "5171••••••••0001"
    assert part["phone"] == "+62812••••7890"
    assert part["email"] == "b•••@contoh.id"
    assert part["address"] is None
    assert part["birth_date"] == "1990-08-17"


def test_a_member_sees_all_of_its_own(world: World, tenant: Tenant) -> None:
    member_id = tenant.register_member(**PERSON)["id"]
    reader = Identity(
        subject="usr_1",
        cooperative_id=tenant.id,
        scopes=frozenset({"self:read"}),
        member_id=member_id,
    )

    own = operations.get_member(world.members, world.settings, reader, member_id)

    assert (own["is_masked"], own["phone"]) == (False, "+6281234567890")


def test_every_look_at_a_whole_nik_is_in_the_trail(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.register_member(**PERSON)["id"]

    for _ in range(2):
        answer = directory.get_member_nik(
            world.members, world.settings, tenant.actor, member_id
        )

    assert answer == {"nik": NIK}
    assert audited(tenant, member_id) == [
        ("cli_test", "member.registered"),
        ("cli_test", "member.nik_viewed"),
        ("cli_test", "member.nik_viewed"),
    ]


def test_the_nik_of_anothers_member_is_not_found_nor_written_down(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    member_id = neighbour.register_member(**PERSON)["id"]

    with pytest.raises(NotFound):
        directory.get_member_nik(world.members, world.settings, tenant.actor, member_id)
    assert audited(tenant, member_id) == []


# Finding


def test_members_are_found_by_a_part_of_the_name_or_the_number(tenant: Tenant) -> None:
    tenant.register_member("Budi Santoso")
    tenant.register_member("Siti Aminah")
    tenant.register_member("Budiman 100%")

    assert found(tenant, query="budi") == ["Budi Santoso", "Budiman 100%"]
    assert found(tenant, query="SANTO") == ["Budi Santoso"]
    assert found(tenant, query=f"{tenant.code}-000002") == ["Siti Aminah"]
    # Neither of these is a wildcard.
    assert found(tenant, query="%") == ["Budiman 100%"]
    assert found(tenant, query="_") == []


def test_members_are_found_by_nik_and_by_phone_however_written(
    tenant: Tenant, neighbour: Tenant
) -> None:
    tenant.register_member(**PERSON)
    neighbour.register_member("Orang Lain", **PERSON)

    assert found(tenant, nik=NIK) == ["Budi Santoso"]
    assert found(tenant, phone="+62 812 3456 7890") == ["Budi Santoso"]
    assert found(tenant, nik=NIK, query="siti") == []
    assert found(tenant, nik=OTHER_NIK) == []
    assert found(tenant, nik=NIK, status="active") == []


def test_a_phone_that_is_none_finds_nothing_and_says_why(tenant: Tenant) -> None:
    with pytest.raises(membership_contract.InvalidPhone):
        found(tenant, phone="081234")


# Being told


@pytest.mark.parametrize("phone", ["081234", "+62 21 555 1234", "+1 415 555 2671"])
def test_only_mobile_numbers_of_indonesia_are_kept(tenant: Tenant, phone: str) -> None:
    with pytest.raises(membership_contract.InvalidPhone) as caught:
        tenant.register_member(phone=phone)

    (error,) = caught.value.details["errors"]
    assert (error["field"], error["code"]) == ("phone", "invalid_phone")
    assert phone not in error["detail"]


def test_the_nik_and_the_gender_have_to_agree(tenant: Tenant) -> None:
    with pytest.raises(contract.InvalidNik):
        tenant.register_member(nik=NIK, gender="female")

    assert tenant.register_member(nik=WOMANS_NIK, gender="female")


# Changing


def test_a_change_keeps_the_rest_and_is_in_the_trail_without_its_content(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.register_member(**PERSON)["id"]

    changed = change(tenant, member_id, name="Budi S.", address="Jl. Kamboja 7")

    assert (changed["name"], changed["address"]) == ("Budi S.", "Jl. Kamboja 7")
    assert changed["email"] == "budi@contoh.id"
    assert seen(tenant, member_id) == changed
    with world.members.hub() as session:
        row = session.connection().exec_driver_sql(
            "SELECT before, after FROM audit_entries "
            "WHERE subject = %s AND action = 'member.changed'",
            (member_id,),
        )
        assert row.one() == (None, {"changed": ["address", "name"]})


def test_a_change_that_changes_nothing_leaves_no_trace(tenant: Tenant) -> None:
    member_id = tenant.register_member(**PERSON)["id"]

    change(tenant, member_id, phone="+6281234567890", name="Budi Santoso")

    assert audited(tenant, member_id) == [("cli_test", "member.registered")]


def test_null_removes_what_is_known(tenant: Tenant) -> None:
    member_id = tenant.register_member(**PERSON)["id"]

    assert change(tenant, member_id, phone=None)["phone"] is None
    assert found(tenant, phone="081234567890") == []


def test_a_members_nik_is_added_but_never_exchanged(tenant: Tenant) -> None:
    member_id = tenant.member()["id"]

    assert change(tenant, member_id, nik=NIK)["nik"] == "5171••••••••0001"
    for number in (OTHER_NIK, None):
        with pytest.raises(membership_contract.MembershipNotTransferable):
            change(tenant, member_id, nik=number)
    assert found(tenant, nik=NIK) == ["Budi Santoso"]


def test_a_nik_has_to_fit_what_is_known_already(tenant: Tenant) -> None:
    member_id = tenant.register_member(birth_date=date(1991, 1, 1))["id"]

    with pytest.raises(contract.InvalidNik):
        change(tenant, member_id, nik=NIK)


def test_two_members_do_not_get_one_nik(tenant: Tenant) -> None:
    tenant.register_member(nik=NIK)
    other = tenant.register_member("Siti Aminah")["id"]

    with pytest.raises(contract.DuplicateNik):
        change(tenant, other, nik=NIK)
    assert seen(tenant, other)["nik"] is None


def test_anothers_member_is_not_changed(tenant: Tenant, neighbour: Tenant) -> None:
    member_id = neighbour.register_member(**PERSON)["id"]

    with pytest.raises(NotFound):
        change(tenant, member_id, name="Pencuri")
    assert seen(neighbour, member_id)["name"] == "Budi Santoso"


# Refusing


def test_who_was_refused_may_apply_again(tenant: Tenant) -> None:
    first = tenant.register_member(**PERSON)["id"]

    refused = refuse(tenant, first)

    assert refused["status"] == "refused"
    assert refuse(tenant, first) == refused
    assert seen(tenant, first)["refusal_reason"] == "Data tidak sesuai"
    assert tenant.register_member(**PERSON)["status"] == "candidate"


def test_who_was_refused_is_not_activated_nor_changed(
    world: World, tenant: Tenant
) -> None:
    member_id = tenant.register_member()["id"]
    refuse(tenant, member_id)

    with pytest.raises(membership_contract.MemberHasLeft):
        operations.activate_member(world.members, tenant.actor, member_id)
    with pytest.raises(membership_contract.MemberHasLeft):
        change(tenant, member_id, name="Lain")


def test_members_are_not_refused_any_more(tenant: Tenant) -> None:
    with pytest.raises(membership_contract.NotACandidate):
        refuse(tenant, tenant.member()["id"])


def test_who_has_paid_is_not_refused_with_a_stroke(tenant: Tenant) -> None:
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    member_id = tenant.register_member()["id"]
    pay(tenant, member_id, "pokok")

    with pytest.raises(membership_contract.ContributionsPaid):
        refuse(tenant, member_id)


# Contributions before membership


def test_a_candidate_pays_before_it_is_a_member(world: World, tenant: Tenant) -> None:
    ask_contributions(tenant, pokok=100_000, wajib=20_000)
    member_id = tenant.register_member()["id"]

    for kind in ("pokok", "wajib"):
        with pytest.raises(membership_contract.ContributionsUnpaid):
            operations.activate_member(world.members, tenant.actor, member_id)
        pay(tenant, member_id, kind)

    activated = operations.activate_member(world.members, tenant.actor, member_id)
    assert activated["status"] == "active"
    assert audited(tenant, member_id)[-1] == ("cli_test", "member.activated")


# The same person in several cooperatives


def duplicates(world: World, member_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    page: dict[str, Any] = {"limit": 2, "cursor": None}
    while True:
        answer = directory.list_duplicate_identities(world.members, page)
        items += answer["items"]
        if answer["next_cursor"] is None:
            break
        page["cursor"] = answer["next_cursor"]
    return [
        item
        for item in items
        if member_id in {one["member_id"] for one in item["members"]}
    ]


def test_the_operator_sees_who_is_in_two_cooperatives(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    ours = tenant.register_member(nik=NIK)["id"]
    alone = tenant.register_member("Siti Aminah", nik=OTHER_NIK)["id"]
    theirs = neighbour.register_member(nik=NIK)["id"]

    (flag,) = duplicates(world, ours)

    pairs = {(one["cooperative_id"], one["member_id"]) for one in flag["members"]}
    assert pairs >= {(tenant.id, ours), (neighbour.id, theirs)}
    assert NIK not in str(flag)
    assert duplicates(world, alone) == []


def test_a_cursor_of_duplicates_is_no_free_text(world: World) -> None:
    page = PAGE | {"cursor": "WyJkdXBsaWNhdGUtaWRlbnRpdGllcyIsICJ6eiJd"}
    with pytest.raises(InvalidCursor):
        directory.list_duplicate_identities(world.members, page)


def test_nobody_is_told_anything_by_looking(tenant: Tenant) -> None:
    seen(tenant, tenant.register_member(**PERSON)["id"])

    assert messages(tenant, "budi@contoh.id") == []
