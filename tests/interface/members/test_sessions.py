"""How people sign in and stay signed in, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.members.operations import sessions as operations
from services.shared import access, clock, crypto, identity
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotFound
from services.shared.identity import Identity
from tests.factories.members import PAGE, Tenant, World
from tests.factories.users import PASSWORD, Person, operator, person, user


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


@pytest.mark.parametrize("kind", ["email", "phone"])
def test_login_is_an_email_or_a_phone_however_it_is_written(
    world: World, tenant: Tenant, kind: str
) -> None:
    admin = user(tenant, "admin")
    login = (
        f"  {admin.email.upper()} "
        if kind == "email"
        else admin.phone.replace("+62", "0").replace("812", "812-", 1)
    )

    assert sign_in(world, login)["user_id"] == admin.user_id
