"""What a cooperative's registration form asks for, on a real database."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.members import operations
from services.members.operations import forms, membership
from services.shared import clock
from services.shared.contracts.members import forms as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.identity import Identity
from tests.factories.members import Tenant, World
from tests.factories.membership import audited, put_form

FIELDS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "nama_ibu": {"type": "string", "maxLength": 100},
        "npwp": {"type": "string", "pattern": "^[0-9]{15,16}$"},
        "sejak": {"type": "string", "format": "date"},
    },
    "required": ["nama_ibu"],
}


def fields_at_fault(caught: pytest.ExceptionInfo[Any]) -> set[str]:
    return {error["field"] for error in caught.value.details["errors"]}


def test_a_cooperative_without_a_form_asks_for_a_name_only(
    world: World, tenant: Tenant
) -> None:
    found = forms.get_member_form(world.members, tenant.id)

    assert (found["version"], found["required"], found["fields"]) == (0, [], None)
    assert tenant.register_member()["status"] == "candidate"


def test_each_change_is_a_new_version_and_no_change_is_none(tenant: Tenant) -> None:
    first = put_form(tenant, fields=FIELDS, required=["phone"])
    again = put_form(tenant, fields=FIELDS, required=["phone", "phone"])
    second = put_form(tenant, fields=FIELDS)

    assert [first["version"], again["version"], second["version"]] == [1, 1, 2]
    changes = [one for one in audited(tenant, tenant.id) if "form" in one[1]]
    assert changes == [("cli_test", "member_form.changed")] * 2


def test_answers_that_fit_are_kept_encrypted(world: World, tenant: Tenant) -> None:
    put_form(tenant, fields=FIELDS)
    extra = {"nama_ibu": "Ni Made Suci", "npwp": "012345678901234"}

    member = tenant.register_member(extra=extra)

    teller = Identity(
        subject="usr_1", cooperative_id=tenant.id, scopes=frozenset({"members:write"})
    )
    seen = operations.get_member(world.members, world.settings, teller, member["id"])
    assert seen["extra"] == extra
    with world.members.hub() as session:
        row = session.connection().exec_driver_sql(
            "SELECT members::text, form_version FROM members WHERE id = %s",
            (member["id"],),
        )
        stored, version = row.one()
    assert "Suci" not in stored
    assert version == 1


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        pytest.param(None, "extra", id="nothing"),
        pytest.param({"npwp": "012345678901234"}, "extra", id="a part"),
        pytest.param({"nama_ibu": 5}, "extra.nama_ibu", id="another type"),
        pytest.param({"nama_ibu": "A", "hobi": "x"}, "extra", id="unknown field"),
        pytest.param({"nama_ibu": "A", "npwp": "12"}, "extra.npwp", id="pattern"),
        pytest.param(
            {"nama_ibu": "A", "sejak": "17/08/1990"}, "extra.sejak", id="format"
        ),
        pytest.param({"nama_ibu": "A" * 9000}, "extra", id="too much"),
    ],
)
def test_answers_that_do_not_fit_are_refused_by_field(
    tenant: Tenant, extra: Any, field: str
) -> None:
    put_form(tenant, fields=FIELDS)

    with pytest.raises(contract.FormNotFilledIn) as caught:
        tenant.register_member(extra=extra)

    assert field in fields_at_fault(caught)
    assert tenant.register_member(extra={"nama_ibu": "A"})["number"].endswith("000001")


def test_an_answer_is_not_repeated_in_the_refusal(tenant: Tenant) -> None:
    put_form(tenant, fields=FIELDS)

    with pytest.raises(contract.FormNotFilledIn) as caught:
        tenant.register_member(extra={"nama_ibu": "A", "npwp": "rahasia"})

    assert "rahasia" not in str(caught.value.details)


def test_what_the_form_insists_on_has_to_be_told(tenant: Tenant) -> None:
    put_form(tenant, required=["nik", "phone"])

    with pytest.raises(contract.FormNotFilledIn) as caught:
        tenant.register_member(phone="081234567890")

    assert fields_at_fault(caught) == {"nik"}


def test_without_fields_of_its_own_a_form_takes_none(tenant: Tenant) -> None:
    with pytest.raises(contract.FormNotFilledIn):
        tenant.register_member(extra={"hobi": "memancing"})

    assert tenant.register_member(extra={})["status"] == "candidate"


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "string"}, id="no object"),
        pytest.param({"type": "object", "$ref": "https://evil.example/s"}, id="ref"),
        pytest.param({"type": "object", "properties": {"a": {"type": "x"}}}, id="type"),
        pytest.param({"type": "object", "properties": ["a"]}, id="properties"),
        pytest.param({"type": "object", "allOf": [{}]}, id="keyword"),
        pytest.param(
            {"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}},
            id="a pattern that may take for ever",
        ),
        pytest.param({"type": "object", "description": "x" * 20_000}, id="too long"),
    ],
)
def test_schemas_that_could_harm_are_refused(tenant: Tenant, schema: Any) -> None:
    with pytest.raises(contract.InvalidFormSchema):
        put_form(tenant, fields=schema)


def test_a_form_is_its_cooperatives_own(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    put_form(tenant, required=["nik"])

    assert forms.get_member_form(world.members, neighbour.id)["version"] == 0
    assert neighbour.register_member()["status"] == "candidate"


def years_ago(years: int, days: int = 0) -> date:
    today = clock.business_date()
    # 28 February exists in every year.
    day = min(today.day, 28)
    return today.replace(year=today.year - years, day=day) + timedelta(days=days)


def test_a_member_is_seventeen_or_married(tenant: Tenant) -> None:
    child = years_ago(16)

    with pytest.raises(membership_contract.TooYoung):
        tenant.register_member(birth_date=child)
    assert tenant.register_member(birth_date=years_ago(17))["status"] == "candidate"
    assert tenant.register_member(birth_date=child, is_married=True)


def test_a_cooperative_decides_how_old_its_members_are(tenant: Tenant) -> None:
    put_form(tenant, minimum_age=21)

    with pytest.raises(membership_contract.TooYoung):
        tenant.register_member(birth_date=years_ago(20))


def test_the_nik_tells_the_age_when_the_person_does_not(tenant: Tenant) -> None:
    born = years_ago(10)
    nik = f"517101{born:%d%m%y}0001"

    # A hundred years ago somebody else could have had this number.
    tenant.register_member(nik=nik)
    with pytest.raises(membership_contract.TooYoung):
        tenant.register_member(nik=nik[:-1] + "2", birth_date=born)


def test_nobody_is_born_tomorrow(tenant: Tenant) -> None:
    tomorrow = clock.business_date() + timedelta(days=1)

    with pytest.raises(membership_contract.TooYoung):
        tenant.register_member(birth_date=tomorrow, is_married=True)


def test_what_was_missing_before_may_stay_missing(world: World, tenant: Tenant) -> None:
    member = tenant.register_member()
    put_form(tenant, required=["nik", "phone"])

    changed = membership.change_member(
        world.members,
        world.settings,
        tenant.actor,
        {"member_id": member["id"], "phone": "0812-3456-7890"},
    )

    assert changed["phone"] == "+6281234567890"
    with pytest.raises(contract.FormNotFilledIn):
        membership.change_member(
            world.members,
            world.settings,
            tenant.actor,
            {"member_id": member["id"], "phone": None},
        )
