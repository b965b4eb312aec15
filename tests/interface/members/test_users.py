"""Who may sign in, and who decides that, on a real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.members.operations import links, passwords, users
from services.members.operations import sessions as signing_in
from services.members.store import users as store
from services.shared import clock
from services.shared.contracts.members import users as contract
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.contracts.members.passwords import InvalidLink, WeakPassword
from services.shared.contracts.members.sessions import (
    InvalidLogin,
    InvalidRefreshToken,
)
from services.shared.errors import NotFound, RateLimitedError
from services.shared.identity import HUB, Actor
from tests.factories.members import PAGE, Tenant, World, idempotency
from tests.factories.users import PASSWORD, Person, operator, user
from tests.interface.members.test_sessions import sign_in, travel

CLERK: dict[str, Any] = {
    "name": "Wayan Putra",
    "phone": None,
    "roles": ["analis"],
    "branch_id": None,
    "member_id": None,
    "idempotency": None,
}


@pytest.fixture
def admin(tenant: Tenant) -> Person:
    """Somebody who may invite others."""
    return user(tenant, "admin")


def actor(person: Person) -> Actor:
    return Actor(cooperative_id=person.cooperative_id, subject=person.user_id)


def fresh_email() -> str:
    return f"{clock.now().timestamp()}@contoh.id"


def invite(world: World, admin: Person, **body: Any) -> dict[str, Any]:
    command = CLERK | {"email": fresh_email()} | body
    return users.invite_user(world.members, world.settings, actor(admin), command)


def change(world: World, admin: Person, user_id: str, *roles: str) -> dict[str, Any]:
    command = {
        "user_id": user_id,
        "roles": list(roles),
        "branch_id": None,
        "member_id": None,
    }
    return users.change_user(world.members, world.settings, actor(admin), command)


def disable(world: World, admin: Person, user_id: str) -> dict[str, Any]:
    return users.disable_user(world.members, world.settings, actor(admin), user_id)


def mails(world: World, template: str, recipient: str) -> list[dict[str, Any]]:
    """What was written to one address with one template."""
    cipher = world.settings.cipher("members notifications")
    found = []
    with world.members.hub() as session:
        rows = session.execute(
            text(
                "SELECT id, content FROM notifications WHERE template = :t ORDER BY id"
            ),
            {"t": template},
        ).all()
    for row in rows:
        place = f"notifications.content:{row.id}".encode()
        content = json.loads(cipher.decrypt(bytes(row.content), place))
        if content["recipient"] == recipient:
            found.append(content["values"])
    return found


def token_of(mail: dict[str, Any]) -> str:
    return str(mail["url"]).partition("?token=")[2]


def accept(world: World, token: str, password: str = PASSWORD) -> dict[str, Any]:
    return passwords.accept_invitation(
        world.members,
        world.settings,
        {"token": token, "password": password},
        "req_test",
    )


# --- invitations ----------------------------------------------------------------------


def test_an_invited_person_chooses_a_password_by_the_link_and_signs_in(
    world: World, tenant: Tenant, admin: Person
) -> None:
    invited = invite(world, admin, email="  Wayan.P@Contoh.id")
    assert invited["status"] == "invited"
    assert invited["email"] == "wayan.p@contoh.id"
    (mail,) = mails(world, "invitation", "wayan.p@contoh.id")
    assert mail["cooperative"] == "KSP Maju Bersama"
    assert mail["url"].startswith(f"{world.settings.public_url}/undangan?token=")

    accept(world, token_of(mail))

    signed = sign_in(world, "wayan.p@contoh.id", cooperative_code=tenant.code)
    assert signed["user_id"] == invited["id"]


def test_an_invitation_is_good_once(world: World, admin: Person) -> None:
    invited = invite(world, admin)
    (mail,) = mails(world, "invitation", invited["email"])
    accept(world, token_of(mail))

    with pytest.raises(InvalidLink):
        accept(world, token_of(mail))


def test_a_weak_password_leaves_the_link_good(world: World, admin: Person) -> None:
    invited = invite(world, admin)
    (mail,) = mails(world, "invitation", invited["email"])

    for weak in ("melati7", "koperasi123", "wayan putra"):
        with pytest.raises(WeakPassword) as caught:
            accept(world, token_of(mail), weak)
        assert caught.value.details["errors"][0]["field"] == "password"

    accept(world, token_of(mail))


def test_an_invitation_expires(
    world: World, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = invite(world, admin)
    (mail,) = mails(world, "invitation", invited["email"])
    travel(monkeypatch, timedelta(hours=72, seconds=1))

    with pytest.raises(InvalidLink):
        accept(world, token_of(mail))


def test_inviting_again_voids_the_link_before_and_is_not_done_every_minute(
    world: World, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = invite(world, admin)

    def again() -> dict[str, Any]:
        return users.invite_again(
            world.members, world.settings, actor(admin), invited["id"]
        )

    with pytest.raises(RateLimitedError) as caught:
        again()
    assert 0 < caught.value.details["retry_after"] <= 61
    travel(monkeypatch, timedelta(minutes=2))
    again()

    first, second = mails(world, "invitation", invited["email"])
    with pytest.raises(InvalidLink):
        accept(world, token_of(first))
    accept(world, token_of(second))
    with pytest.raises(contract.InvitationAccepted):
        again()


def test_an_invitation_repeated_with_its_key_is_one_invitation(
    world: World, admin: Person
) -> None:
    email = fresh_email()
    part = idempotency("POST /v1/users", {"email": email})

    first, second = (
        invite(world, admin, email=email, idempotency=part) for _ in range(2)
    )

    assert second == first | {"replayed": True}
    assert len(mails(world, "invitation", email)) == 1


@pytest.mark.parametrize("taken", ["email", "phone"])
def test_a_login_is_one_persons_in_a_cooperative(
    world: World, admin: Person, taken: str
) -> None:
    with pytest.raises(contract.LoginTaken):
        invite(world, admin, **{taken: getattr(admin, taken)})


def test_the_same_login_at_another_cooperative_is_another_matter(
    world: World, admin: Person, neighbour: Tenant
) -> None:
    invite(world, user(neighbour, "admin"), email=admin.email)


def test_a_telephone_number_that_can_be_none_is_refused(
    world: World, admin: Person
) -> None:
    with pytest.raises(InvalidPhone):
        invite(world, admin, phone="+99 123 4567")


def test_supervisors_hold_no_other_office(world: World, admin: Person) -> None:
    with pytest.raises(contract.IncompatibleRoles):
        invite(world, admin, roles=["pengawas", "bendahara"])


def test_role_anggota_goes_with_a_membership_of_this_cooperative(
    world: World, tenant: Tenant, admin: Person, neighbour: Tenant
) -> None:
    member_id = tenant.member()["id"]
    for roles, member in (
        (["anggota"], None),
        (["teller"], member_id),
    ):
        with pytest.raises(contract.MemberRequired):
            invite(world, admin, roles=roles, member_id=member)
    with pytest.raises(NotFound):
        invite(world, admin, roles=["anggota"], member_id=neighbour.member()["id"])

    made = invite(world, admin, roles=["anggota", "teller"], member_id=member_id)
    assert made["member_id"] == member_id


def test_a_branch_is_one_of_the_cooperatives_own(world: World, admin: Person) -> None:
    with pytest.raises(NotFound):
        invite(world, admin, branch_id="br_nothing")


# --- rights ---------------------------------------------------------------------------


def test_nobody_changes_their_own_rights(world: World, admin: Person) -> None:
    with pytest.raises(contract.OwnRights):
        change(world, admin, admin.user_id, "admin", "bendahara")
    with pytest.raises(contract.OwnRights):
        disable(world, admin, admin.user_id)


def test_a_cooperative_keeps_an_administrator(
    world: World, tenant: Tenant, admin: Person
) -> None:
    chair = user(tenant, "pengurus")

    with pytest.raises(contract.LastAdministrator):
        change(world, chair, admin.user_id, "analis")
    with pytest.raises(contract.LastAdministrator):
        disable(world, chair, admin.user_id)

    second = user(tenant, "admin")
    change(world, chair, second.user_id, "analis")
    assert disable(world, chair, second.user_id)["status"] == "disabled"


def test_two_administrators_who_remove_each_other_take_turns(
    world: World, tenant: Tenant, admin: Person
) -> None:
    second = user(tenant, "admin")

    def remove(by: Person, other: Person) -> str:
        try:
            return str(disable(world, by, other.user_id)["status"])
        except contract.LastAdministrator:
            return "kept"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(remove, (admin, second), (second, admin)))

    assert sorted(outcomes) == ["disabled", "kept"]


def test_who_was_disabled_is_out_and_comes_back_when_enabled(
    world: World, tenant: Tenant, admin: Person
) -> None:
    clerk = user(tenant, "analis")
    signed = sign_in(world, clerk.email)
    for _ in range(2):
        assert disable(world, admin, clerk.user_id)["status"] == "disabled"

    with pytest.raises(InvalidLogin):
        sign_in(world, clerk.email)
    with pytest.raises(InvalidRefreshToken):
        signing_in.refresh_session(
            world.members, world.settings, {"refresh_token": signed["refresh_token"]}
        )

    users.enable_user(world.members, world.settings, actor(admin), clerk.user_id)
    assert sign_in(world, clerk.email)["user_id"] == clerk.user_id


def test_what_is_done_with_rights_is_in_the_trail_without_personal_data(
    world: World, tenant: Tenant, admin: Person
) -> None:
    invited = invite(world, admin)
    change(world, admin, invited["id"], "teller")
    change(world, admin, invited["id"], "teller")
    disable(world, admin, invited["id"])

    with world.members.tenant(tenant.id) as session:
        rows = session.execute(
            text(
                "SELECT actor, action, before, after, audit_entries::text AS whole "
                "FROM audit_entries WHERE subject = :id ORDER BY position"
            ),
            {"id": invited["id"]},
        ).all()
    # Nothing changed the second time.
    assert [row.action for row in rows] == [
        "user.invited",
        "user.rights_changed",
        "user.disabled",
    ]
    assert rows[1].before["roles"] == ["analis"]
    assert rows[1].after["roles"] == ["teller"]
    assert {row.actor for row in rows} == {admin.user_id}
    assert not any(
        secret in row.whole for row in rows for secret in ("Wayan", invited["email"])
    )


# --- lists and walls ------------------------------------------------------------------


def test_people_are_listed_by_status_and_role(world: World, admin: Person) -> None:
    invited = invite(world, admin)

    def listed(status: str | None, role: str | None) -> list[str]:
        command = PAGE | {"status": status, "role": role}
        page = users.list_users(
            world.members, world.settings, admin.cooperative_id, command
        )
        return [one["id"] for one in page["items"]]

    assert listed(None, None) == [admin.user_id, invited["id"]]
    assert listed("invited", None) == [invited["id"]]
    assert listed(None, "admin") == [admin.user_id]


def test_the_people_of_another_cooperative_are_unknown(
    world: World, admin: Person, neighbour: Tenant
) -> None:
    stranger = user(neighbour, "admin")
    for caller in (stranger, operator(world)):
        with pytest.raises(NotFound):
            users.get_user(
                world.members, world.settings, caller.cooperative_id, admin.user_id
            )
        with pytest.raises(NotFound):
            disable(world, caller, admin.user_id)


def test_a_tenant_sees_no_sessions_codes_or_links_of_another(
    world: World, tenant: Tenant, admin: Person, neighbour: Tenant
) -> None:
    sign_in(world, admin.email)
    invite(world, admin)
    with world.members.tenant(neighbour.id) as session:
        for table in ("users", "sessions", "user_links", "recovery_codes"):
            count = session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == 0


def test_name_and_address_are_encrypted_with_the_key_of_the_cooperative(
    world: World, tenant: Tenant, admin: Person
) -> None:
    with world.members.tenant(tenant.id) as session:
        row = session.execute(
            text("SELECT users::text AS whole FROM users WHERE id = :id"),
            {"id": admin.user_id},
        ).one()
        session.execute(text("SELECT 1"))
    assert "Sari" not in row.whole
    assert admin.email not in row.whole


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        pytest.param(
            "UPDATE users SET roles = '{pengawas,bendahara}' WHERE id = :id",
            "ck_users_pengawas",
            id="a supervisor with another office",
        ),
        pytest.param(
            "UPDATE users SET roles = '{operator}' WHERE id = :id",
            "ck_users_operator",
            id="an operator of a cooperative",
        ),
        pytest.param(
            "UPDATE users SET roles = '{raja}' WHERE id = :id",
            "ck_users_roles",
            id="a role that does not exist",
        ),
        pytest.param(
            "UPDATE users SET roles = '{anggota}' WHERE id = :id",
            "ck_users_member_id",
            id="a member without membership",
        ),
        pytest.param(
            "UPDATE users SET password_hash = NULL WHERE id = :id",
            "ck_users_password_hash",
            id="active without a password",
        ),
    ],
)
def test_postgresql_refuses_what_must_never_be(
    world: World, tenant: Tenant, admin: Person, statement: str, constraint: str
) -> None:
    with (
        pytest.raises(DBAPIError) as caught,
        world.members.tenant(tenant.id) as session,
    ):
        session.execute(text(statement), {"id": admin.user_id})

    assert isinstance(caught.value.orig, psycopg.errors.CheckViolation)
    assert constraint in str(caught.value.orig)


# --- what other areas use -------------------------------------------------------------


def test_the_first_administrator_signs_in_at_once(world: World, tenant: Tenant) -> None:
    email = fresh_email()
    with world.members.hub() as session:
        user_id = users.create_first_admin(
            session,
            world.settings,
            tenant.id,
            name="Ketut Ariani",
            email=email,
            phone="0812-1111-2222",
            password_hash=passwords.accepted(PASSWORD, is_staff=True),
        )

    assert sign_in(world, email)["user_id"] == user_id
    assert sign_in(world, email)["roles"] == ["admin"]


def test_a_member_is_invited_and_leaves(world: World, tenant: Tenant) -> None:
    member_id, email = tenant.member()["id"], fresh_email()
    with world.members.tenant(tenant.id) as session:
        users.invite_member(
            session,
            world.settings,
            tenant.id,
            member_id,
            name="Budi Santoso",
            email=email,
        )
    (mail,) = mails(world, "invitation", email)
    # Six characters are enough for members (R7).
    accept(world, token_of(mail), "melati")
    signed = sign_in(world, email, password="melati")
    assert signed["member_id"] == member_id

    with world.members.tenant(tenant.id) as session:
        users.end_membership(session, member_id)

    with pytest.raises(InvalidLogin):
        sign_in(world, email, password="melati")


def test_who_leaves_as_a_member_stays_as_staff(world: World, tenant: Tenant) -> None:
    both = user(tenant, "admin", "anggota")
    assert both.member_id is not None
    with world.members.tenant(tenant.id) as session:
        users.end_membership(session, both.member_id)

    signed = sign_in(world, both.email)
    assert (signed["roles"], signed["member_id"]) == (["admin"], None)


def test_nobody_of_a_closed_cooperative_signs_in(
    world: World, tenant: Tenant, admin: Person, neighbour: Tenant
) -> None:
    other = user(neighbour, "admin")
    with world.members.hub() as session:
        assert users.disable_all(session, tenant.id) == 1

    with pytest.raises(InvalidLogin):
        sign_in(world, admin.email)
    assert sign_in(world, other.email)["user_id"] == other.user_id


def test_an_operator_is_invited_from_the_command_line(world: World) -> None:
    email = fresh_email()
    made = users.add_operator(
        world.members, world.settings, name="Made Wirawan", email=email
    )

    accept(world, made["invitation_url"].partition("?token=")[2])

    assert sign_in(world, email)["cooperative_id"] == HUB
    with pytest.raises(contract.LoginTaken):
        users.add_operator(
            world.members, world.settings, name="Made Wirawan", email=email
        )


def test_links_are_limited_to_five_a_day(
    world: World, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = invite(world, admin)
    for _ in range(4):
        travel(monkeypatch, timedelta(minutes=2))
        users.invite_again(world.members, world.settings, actor(admin), invited["id"])
    travel(monkeypatch, timedelta(minutes=2))

    with world.members.tenant(admin.cooperative_id) as session:
        found = store.find_user(session, invited["id"])
        assert found is not None
        wait = links.seconds_to_wait(session, found, links.INVITATION, clock.now())
    assert 23 * 3600 < wait <= 24 * 3600


# Oneself.


def test_people_learn_who_they_are_and_with_whom(tenant: Tenant, world: World) -> None:
    clerk = user(tenant, "analis")
    own = users.get_own_user(world.members, world.settings, clerk.identity())

    assert (own["id"], own["email"], own["roles"]) == (
        clerk.user_id,
        clerk.email,
        ["analis"],
    )
    assert own["cooperative"]["id"] == tenant.id
    assert own["cooperative"]["status"] == "active"


def test_an_operator_is_with_no_cooperative(world: World) -> None:
    person = operator(world)
    own = users.get_own_user(world.members, world.settings, person.identity())

    assert (own["id"], own["cooperative"]) == (person.user_id, None)
