"""How people sign in and stay signed in, on a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.members.operations import passwords, profiles, users
from services.members.operations import sessions as operations
from services.shared import access, clock, identity
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from tests.factories.members import PAGE, Tenant, World
from tests.factories.users import PASSWORD, Person, operator, user

WRONG = "Mawar-Merah-17"


def sign_in(world: World, login: str, **more: Any) -> dict[str, Any]:
    command = {
        "login": login,
        "password": PASSWORD,
        "cooperative_code": None,
        "second_factor": None,
        "remember": False,
        "device": "Firefox",
    } | more
    return operations.sign_in(world.members, world.settings, command, "req_test")


def refresh(world: World, token: str) -> dict[str, Any]:
    return operations.refresh_session(
        world.members, world.settings, {"refresh_token": token}
    )


def caller_of(world: World, signed: dict[str, Any]) -> Identity:
    return identity.verify(
        signed["access_token"], world.settings.identity_key, audience="api"
    )


def fail(world: World, login: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(contract.InvalidLogin):
            sign_in(world, login, password=WRONG)


def travel(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> datetime:
    """Let the clock go on from a moment that lies ahead."""
    moment = clock.now() + ahead
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


# --- signing in -----------------------------------------------------------------------


def test_who_knows_the_password_gets_the_rights_of_the_roles(
    world: World, tenant: Tenant
) -> None:
    admin = user(tenant, "admin", "analis")

    caller = caller_of(world, sign_in(world, admin.email))

    assert caller.subject == admin.user_id
    assert caller.cooperative_id == tenant.id
    assert caller.roles == {"admin", "analis"}
    assert caller.scopes == access.scopes_of_roles(["admin", "analis"])
    assert caller.is_person


def test_a_member_signs_in_as_the_member_that_it_is(
    world: World, tenant: Tenant
) -> None:
    member = user(tenant, "anggota")

    caller = caller_of(world, sign_in(world, member.phone))

    assert caller.member_id == member.member_id
    assert caller.scopes == access.SELF_SCOPES


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_login_is_an_email_or_a_phone_however_it_is_written(
    world: World, tenant: Tenant, kind: str
) -> None:
    admin = user(tenant, "admin")
    login = (
        f"  {admin.email.upper()} "
        if kind == "email"
        else admin.phone.replace("+62812", "0812-")
    )

    assert sign_in(world, login)["user_id"] == admin.user_id


def test_an_operator_signs_in_at_the_hub(world: World) -> None:
    signed = sign_in(world, operator(world).email)

    assert signed["cooperative_id"] == "hub"
    assert signed["must_enrol_second_factor"]
    assert signed["scope"] == ""


def test_staff_that_moves_money_has_no_rights_without_a_second_factor(
    world: World, tenant: Tenant
) -> None:
    signed = sign_in(world, user(tenant, "teller").email)

    assert signed["must_enrol_second_factor"]
    assert caller_of(world, signed).scopes == frozenset()


def test_neither_login_nor_password_is_told_to_be_the_wrong_one(
    world: World, tenant: Tenant
) -> None:
    admin = user(tenant, "admin")
    told = set()
    for login in (admin.email, "siapa@contoh.id", "+6281299999999", "apa saja"):
        with pytest.raises(contract.InvalidLogin) as caught:
            sign_in(world, login, password=WRONG)
        told.add((caught.value.message, str(caught.value.details)))

    assert len(told) == 1


def test_the_password_of_somebody_unknown_is_compared_too(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = user(tenant, "admin")
    invited = invited_user(world, tenant)
    compared: list[str | None] = []
    is_password = passwords.is_password

    def count(password: str, hashed: str | None) -> bool:
        compared.append(hashed)
        return is_password(password, hashed)

    monkeypatch.setattr(passwords, "is_password", count)
    for login in (admin.email, "siapa@contoh.id", invited):
        compared.clear()
        with pytest.raises(contract.InvalidLogin):
            sign_in(world, login, password=WRONG)
        assert len(compared) == 1


def invited_user(world: World, tenant: Tenant) -> str:
    email = f"{clock.now().timestamp()}@contoh.id"
    with world.members.hub() as session:
        users.add(
            session,
            world.settings,
            tenant.id,
            profiles.given(name="Wayan Putra", email=email),
            roles=["admin"],
        )
    return email


def test_who_was_invited_and_has_no_password_does_not_get_in(
    world: World, tenant: Tenant
) -> None:
    with pytest.raises(contract.InvalidLogin):
        sign_in(world, invited_user(world, tenant))


def test_people_of_a_cooperative_that_was_deactivated_do_not_get_in(
    world: World, tenant: Tenant
) -> None:
    admin = user(tenant, "admin")
    signed = sign_in(world, admin.email)
    with world.members.hub() as session:
        session.execute(
            text("UPDATE cooperatives SET status = 'deactivated' WHERE id = :id"),
            {"id": tenant.id},
        )

    with pytest.raises(contract.InvalidLogin):
        sign_in(world, admin.email)
    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, signed["refresh_token"])


# --- several cooperatives -------------------------------------------------------------


def same_person_at(world: World, tenant: Tenant, person: Person) -> None:
    with world.members.hub() as session:
        users.add(
            session,
            world.settings,
            tenant.id,
            profiles.given(name="Sari Dewi", email=person.email),
            roles=["admin"],
            password_hash=passwords.accepted(PASSWORD, is_staff=True),
        )


def test_who_is_with_two_cooperatives_has_to_say_with_which(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    admin = user(tenant, "admin")
    same_person_at(world, neighbour, admin)

    with pytest.raises(contract.CooperativeCodeRequired):
        sign_in(world, admin.email)

    named = sign_in(world, admin.email, cooperative_code=neighbour.code)
    assert named["cooperative_id"] == neighbour.id


def test_that_there_are_two_is_not_told_without_the_password(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    admin = user(tenant, "admin")
    same_person_at(world, neighbour, admin)

    fail(world, admin.email, 1)


def test_a_code_of_another_cooperative_lets_nobody_in(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    admin = user(tenant, "admin")

    with pytest.raises(contract.InvalidLogin):
        sign_in(world, admin.email, cooperative_code=neighbour.code)


# --- lock-out (R7) --------------------------------------------------------------------


def test_five_failures_lock_even_for_the_right_password(
    world: World, tenant: Tenant
) -> None:
    admin = user(tenant, "admin")
    fail(world, admin.email, 5)

    with pytest.raises(contract.TooManyAttempts) as caught:
        sign_in(world, admin.email)

    assert 890 <= caught.value.details["retry_after"] <= 901


def test_a_login_that_nobody_has_is_locked_the_same_way(world: World) -> None:
    login = f"{clock.now().timestamp()}@contoh.id"
    fail(world, login, 5)

    with pytest.raises(contract.TooManyAttempts):
        sign_in(world, login)


def test_failures_by_email_count_for_the_phone_number(
    world: World, tenant: Tenant
) -> None:
    admin = user(tenant, "admin")
    fail(world, admin.email, 5)

    with pytest.raises(contract.TooManyAttempts):
        sign_in(world, admin.phone)


def test_after_fifteen_minutes_it_opens_again(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = user(tenant, "admin")
    fail(world, admin.email, 5)
    travel(monkeypatch, timedelta(minutes=15, seconds=1))

    assert sign_in(world, admin.email)["user_id"] == admin.user_id


def test_signing_in_forgives_the_failures_before(world: World, tenant: Tenant) -> None:
    admin = user(tenant, "admin")
    for _ in range(3):
        fail(world, admin.email, 4)
        sign_in(world, admin.email)


def test_guesses_at_the_same_moment_are_five_too(world: World, tenant: Tenant) -> None:
    admin = user(tenant, "admin")

    def guess(_number: int) -> str:
        try:
            sign_in(world, admin.email, password=WRONG)
        except contract.InvalidLogin:
            return "compared"
        except contract.TooManyAttempts:
            return "refused"
        return "let in"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(12)))

    assert outcomes.count("compared") == 5
    assert outcomes.count("refused") == 7


# --- staying signed in (R12, C11) -----------------------------------------------------


@pytest.mark.parametrize(
    ("remember", "lasts"), [(False, timedelta(hours=12)), (True, timedelta(days=30))]
)
def test_a_session_lasts_as_long_as_was_asked_for(
    world: World,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    lasts: timedelta,
    *,
    remember: bool,
) -> None:
    signed = sign_in(world, user(tenant, "admin").email, remember=remember)
    travel(monkeypatch, lasts - timedelta(seconds=30))
    refreshed = refresh(world, signed["refresh_token"])
    # No access token outlives its session.
    assert refreshed["expires_in"] <= 30
    travel(monkeypatch, timedelta(seconds=60))

    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, refreshed["refresh_token"])


def test_each_refresh_token_is_good_once(world: World, tenant: Tenant) -> None:
    signed = sign_in(world, user(tenant, "admin").email)

    second = refresh(world, signed["refresh_token"])
    third = refresh(world, second["refresh_token"])

    tokens = {one["refresh_token"] for one in (signed, second, third)}
    assert len(tokens) == 3
    assert third["session_id"] == signed["session_id"]


def test_a_token_that_comes_twice_ends_the_session_for_both(
    world: World, tenant: Tenant
) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    second = refresh(world, signed["refresh_token"])

    for token in (signed["refresh_token"], second["refresh_token"]):
        with pytest.raises(contract.InvalidRefreshToken):
            refresh(world, token)


@pytest.mark.parametrize("forged", ["", "x", "a.b", "a.b.c", "..", "é.b.c", "a.b.c.d"])
def test_what_is_no_refresh_token_is_refused(world: World, forged: str) -> None:
    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, forged)


def test_who_knows_only_the_sessions_id_cannot_end_it(
    world: World, tenant: Tenant
) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, f"{signed['session_id']}.guess.guess")

    assert refresh(world, signed["refresh_token"])["refresh_token"]


def test_no_token_is_kept_readable(world: World, tenant: Tenant) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    with world.members.hub() as session:
        row = session.execute(
            text("SELECT sessions::text FROM sessions WHERE id = :id"),
            {"id": signed["session_id"]},
        ).scalar_one()

    _session, family, secret = signed["refresh_token"].split(".")
    assert family not in row
    assert secret not in row


# --- one's own sessions ---------------------------------------------------------------


def test_sessions_are_listed_and_ended_one_by_one(world: World, tenant: Tenant) -> None:
    admin = user(tenant, "admin")
    office, phone = (
        sign_in(world, admin.email, device=device) for device in ("Firefox", "Android")
    )
    caller = caller_of(world, office)

    listed = operations.list_sessions(world.members, caller, PAGE)["items"]
    assert [one["device"] for one in listed] == ["Firefox", "Android"]

    for _ in range(2):
        ended = operations.end_session(world.members, caller, phone["session_id"])
        assert ended["ended_at"] is not None
    listed = operations.list_sessions(world.members, caller, PAGE)["items"]
    assert [one["id"] for one in listed] == [office["session_id"]]
    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, phone["refresh_token"])


def test_sessions_come_page_by_page(world: World, tenant: Tenant) -> None:
    admin = user(tenant, "admin")
    made = [sign_in(world, admin.email) for _ in range(3)]
    caller = caller_of(world, made[0])

    first = operations.list_sessions(
        world.members, caller, {"limit": 2, "cursor": None}
    )
    rest = operations.list_sessions(
        world.members, caller, {"limit": 2, "cursor": first["next_cursor"]}
    )

    ids = [one["id"] for one in first["items"] + rest["items"]]
    assert ids == [one["session_id"] for one in made]
    assert rest["next_cursor"] is None


def test_nobody_ends_anothers_session(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    for other in (user(tenant, "admin"), user(neighbour, "admin"), operator(world)):
        with pytest.raises(NotFound):
            operations.end_session(
                world.members, other.identity(), signed["session_id"]
            )


def test_a_gateway_is_told_which_sessions_ended(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    caller = caller_of(world, signed)

    def ended(since: datetime | None) -> list[str]:
        told = operations.list_ended_sessions(
            world.members, world.settings, {"since": since}
        )
        return list(told["items"])

    assert signed["session_id"] not in ended(None)
    operations.end_session(world.members, caller, signed["session_id"])
    assert signed["session_id"] in ended(None)
    assert signed["session_id"] in ended(clock.now())
    later = travel(monkeypatch, timedelta(seconds=world.settings.token_seconds + 60))
    # By then every access token has run out by itself.
    assert signed["session_id"] not in ended(None)
    assert signed["session_id"] not in ended(later)


def test_what_was_over_long_ago_is_forgotten(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign_in(world, user(tenant, "admin").email)
    travel(monkeypatch, timedelta(days=36))
    operations.forget_old_sessions(world.members)

    with world.members.hub() as session:
        count = session.execute(
            text("SELECT count(*) FROM sessions WHERE id = :id"),
            {"id": signed["session_id"]},
        ).scalar_one()
    assert count == 0


# --- rights that change ---------------------------------------------------------------


def test_rights_taken_away_are_gone_at_once(world: World, tenant: Tenant) -> None:
    admin, clerk = user(tenant, "admin"), user(tenant, "admin")
    signed = sign_in(world, clerk.email)

    users.change_user(
        world.members,
        world.settings,
        Actor(cooperative_id=tenant.id, subject=admin.user_id),
        {
            "user_id": clerk.user_id,
            "roles": ["analis"],
            "branch_id": None,
            "member_id": None,
        },
    )

    with pytest.raises(contract.InvalidRefreshToken):
        refresh(world, signed["refresh_token"])
    again = sign_in(world, clerk.email)
    assert caller_of(world, again).scopes == access.ROLE_SCOPES["analis"]


def test_signing_in_of_staff_is_in_the_trail(world: World, tenant: Tenant) -> None:
    admin = user(tenant, "admin")
    signed = sign_in(world, admin.email)

    with world.members.tenant(tenant.id) as session:
        rows = session.execute(
            text(
                "SELECT actor, action FROM audit_entries "
                "WHERE subject = :subject ORDER BY position"
            ),
            {"subject": signed["session_id"]},
        ).all()
    assert [tuple(row) for row in rows] == [(admin.user_id, "session.begun")]
