"""Second factors and stepping up, on a real database."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from services.members.operations import passwords, users
from services.members.operations import second_factors as operations
from services.members.operations import sessions as signing_in
from services.shared import access, clock, crypto
from services.shared.contracts.members import second_factors as contract
from services.shared.contracts.members.passwords import WrongPassword
from services.shared.contracts.members.sessions import (
    InvalidLogin,
    InvalidRefreshToken,
    InvalidSecondFactor,
    SecondFactorRequired,
    TooManyAttempts,
)
from services.shared.errors import StepUpRequired
from services.shared.identity import Actor, Identity
from tests.factories.members import Tenant, World
from tests.factories.users import PASSWORD, Person, operator, user
from tests.interface.members.test_sessions import caller_of, sign_in


class Enrolled(NamedTuple):
    """A person with an authenticator app, as that person sees it."""

    secret: bytes
    recovery_codes: list[str]

    def code(self, steps: int = 0) -> str:
        """What the app shows now, or some steps later."""
        return crypto.totp_code(self.secret, clock.now().timestamp() + 30 * steps)


def enrolled(world: World, person: Person) -> Enrolled:
    """Enrol a second factor as the person would; the code of this step is used up."""
    caller = caller_of(world, sign_in(world, person.email))
    made = operations.enrol_second_factor(
        world.members, world.settings, caller, {"password": PASSWORD}
    )
    secret = base64.b32decode(made["secret"])
    told = confirm(world, caller, crypto.totp_code(secret, clock.now().timestamp()))
    return Enrolled(secret, told["codes"])


def confirm(world: World, caller: Identity, code: str) -> dict[str, Any]:
    return operations.confirm_second_factor(
        world.members, world.settings, caller, {"code": code}
    )


def step_up(
    world: World, caller: Identity, *, code: str | None = None, pin: str | None = None
) -> dict[str, Any]:
    return signing_in.step_up(
        world.members, world.settings, caller, {"code": code, "pin": pin}
    )


@pytest.fixture
def teller(tenant: Tenant) -> Person:
    """Somebody who moves money."""
    return user(tenant, "teller")


# --- enrolling ------------------------------------------------------------------------


def test_a_teller_enrols_and_has_all_rights_from_the_next_token_on(
    world: World, teller: Person
) -> None:
    signed = sign_in(world, teller.email)
    caller = caller_of(world, signed)
    assert caller.scopes == frozenset()
    made = operations.enrol_second_factor(
        world.members, world.settings, caller, {"password": PASSWORD}
    )
    assert made["uri"].startswith("otpauth://totp/")
    code = crypto.totp_code(base64.b32decode(made["secret"]), clock.now().timestamp())

    told = confirm(world, caller, code)

    assert len(set(told["codes"])) == 10
    refreshed = signing_in.refresh_session(
        world.members, world.settings, {"refresh_token": signed["refresh_token"]}
    )
    caller = caller_of(world, refreshed)
    assert caller.scopes == access.ROLE_SCOPES["teller"]
    access.require_strong(caller, clock.now().timestamp())


def test_an_operator_enrols_too(world: World) -> None:
    person = operator(world)
    app = enrolled(world, person)

    signed = sign_in(world, person.email, second_factor=app.code(1))

    assert caller_of(world, signed).is_operator


def test_what_was_not_confirmed_does_not_count(world: World, teller: Person) -> None:
    caller = caller_of(world, sign_in(world, teller.email))
    operations.enrol_second_factor(
        world.members, world.settings, caller, {"password": PASSWORD}
    )

    with pytest.raises(InvalidSecondFactor):
        confirm(world, caller, "000000")

    assert sign_in(world, teller.email)["must_enrol_second_factor"]


def test_enrolling_takes_the_password(world: World, teller: Person) -> None:
    caller = caller_of(world, sign_in(world, teller.email))
    with pytest.raises(WrongPassword):
        operations.enrol_second_factor(
            world.members, world.settings, caller, {"password": "Mawar-Merah-17"}
        )


def test_an_open_session_does_not_exchange_the_second_factor(
    world: World, teller: Person
) -> None:
    app = enrolled(world, teller)
    caller = caller_of(world, sign_in(world, teller.email, second_factor=app.code(1)))

    with pytest.raises(contract.SecondFactorEnrolled):
        operations.enrol_second_factor(
            world.members, world.settings, caller, {"password": PASSWORD}
        )
    with pytest.raises(contract.SecondFactorEnrolled):
        confirm(world, caller, app.code(1))


def test_the_secret_is_kept_encrypted(
    world: World, tenant: Tenant, teller: Person
) -> None:
    app = enrolled(world, teller)
    with world.members.tenant(tenant.id) as session:
        kept = session.execute(
            text("SELECT totp_secret FROM users WHERE id = :id"),
            {"id": teller.user_id},
        ).scalar_one()

    assert app.secret not in bytes(kept)


# --- signing in with it ---------------------------------------------------------------


def test_the_code_is_asked_for_only_of_who_knows_the_password(
    world: World, teller: Person
) -> None:
    enrolled(world, teller)

    with pytest.raises(SecondFactorRequired):
        sign_in(world, teller.email)
    with pytest.raises(InvalidLogin):
        sign_in(world, teller.email, password="Mawar-Merah-17")


def test_asking_for_the_code_is_no_failure(world: World, teller: Person) -> None:
    app = enrolled(world, teller)
    for _ in range(7):
        with pytest.raises(SecondFactorRequired):
            sign_in(world, teller.email)

    assert sign_in(world, teller.email, second_factor=app.code(1))


def test_a_code_is_good_once(world: World, teller: Person) -> None:
    app = enrolled(world, teller)
    code = app.code(1)
    sign_in(world, teller.email, second_factor=code)

    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, second_factor=code)


def test_codes_cannot_be_guessed_without_end(world: World, teller: Person) -> None:
    app = enrolled(world, teller)
    for _ in range(5):
        with pytest.raises(InvalidSecondFactor):
            sign_in(world, teller.email, second_factor="000000")

    with pytest.raises(TooManyAttempts):
        sign_in(world, teller.email, second_factor=app.code(1))


def test_asking_for_the_code_between_guesses_forgives_none_of_them(
    world: World, teller: Person
) -> None:
    enrolled(world, teller)
    for _ in range(4):
        with pytest.raises(InvalidSecondFactor):
            sign_in(world, teller.email, second_factor="000000")
        with pytest.raises(SecondFactorRequired):
            sign_in(world, teller.email)
    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, second_factor="000000")

    with pytest.raises(TooManyAttempts):
        sign_in(world, teller.email)


def test_a_recovery_code_stands_in_for_the_app_once(
    world: World, teller: Person
) -> None:
    app = enrolled(world, teller)
    written = app.recovery_codes[0].upper().replace("-", " ")

    assert sign_in(world, teller.email, second_factor=written)
    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, second_factor=app.recovery_codes[0])


def test_recovery_codes_of_somebody_else_are_worth_nothing(
    world: World, tenant: Tenant, teller: Person
) -> None:
    enrolled(world, teller)
    other = enrolled(world, user(tenant, "teller"))

    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, second_factor=other.recovery_codes[0])


# --- looking after it -----------------------------------------------------------------


def test_new_recovery_codes_replace_the_old_ones(world: World, teller: Person) -> None:
    app = enrolled(world, teller)
    signed = sign_in(world, teller.email, second_factor=app.recovery_codes[0])
    caller = caller_of(world, signed)
    assert operations.get_security(world.members, caller)["recovery_codes_left"] == 9

    fresh = operations.renew_recovery_codes(
        world.members, world.settings, caller, {"code": app.code(1)}
    )["codes"]

    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, second_factor=app.recovery_codes[1])
    assert sign_in(world, teller.email, second_factor=fresh[0])


def test_removing_it_takes_password_and_code_and_ends_every_session(
    world: World, teller: Person
) -> None:
    app = enrolled(world, teller)
    signed = sign_in(world, teller.email, second_factor=app.code(1))
    caller = caller_of(world, signed)

    def remove(password: str, code: str) -> dict[str, Any]:
        return operations.remove_second_factor(
            world.members,
            world.settings,
            caller,
            {"password": password, "code": code},
        )

    with pytest.raises(WrongPassword):
        remove("Mawar-Merah-17", app.recovery_codes[0])
    with pytest.raises(InvalidSecondFactor):
        remove(PASSWORD, "000000")
    assert not remove(PASSWORD, app.recovery_codes[0])["has_second_factor"]

    with pytest.raises(InvalidRefreshToken):
        signing_in.refresh_session(
            world.members, world.settings, {"refresh_token": signed["refresh_token"]}
        )
    assert sign_in(world, teller.email)["must_enrol_second_factor"]


def test_an_administrator_lets_who_lost_the_app_enrol_anew(
    world: World, tenant: Tenant, teller: Person
) -> None:
    enrolled(world, teller)
    admin = user(tenant, "admin")

    reset = users.reset_second_factor(
        world.members,
        world.settings,
        Actor(cooperative_id=tenant.id, subject=admin.user_id),
        teller.user_id,
    )

    assert not reset["has_second_factor"]
    assert sign_in(world, teller.email)["must_enrol_second_factor"]


# --- stepping up ----------------------------------------------------------------------


def test_a_code_makes_the_session_fresh_for_five_minutes(
    world: World, tenant: Tenant, teller: Person
) -> None:
    app = enrolled(world, teller)
    signed = sign_in(world, teller.email, second_factor=app.code(1))
    with world.members.tenant(tenant.id) as session:
        session.execute(text("UPDATE sessions SET strong_until = now()"))
    stale = signing_in.refresh_session(
        world.members, world.settings, {"refresh_token": signed["refresh_token"]}
    )
    with pytest.raises(StepUpRequired):
        access.require_strong(caller_of(world, stale), clock.now().timestamp())

    code = app.recovery_codes[0]
    fresh = caller_of(world, step_up(world, caller_of(world, stale), code=code))

    access.require_strong(fresh, clock.now().timestamp() + 290)
    with pytest.raises(StepUpRequired):
        access.require_strong(fresh, clock.now().timestamp() + 301)


def test_a_member_confirms_with_the_pin(world: World, tenant: Tenant) -> None:
    member = user(tenant, "anggota")
    caller = caller_of(world, sign_in(world, member.email))
    with pytest.raises(InvalidSecondFactor):
        step_up(world, caller, pin="285714")
    passwords.set_pin(world.members, caller, {"password": PASSWORD, "pin": "285714"})

    fresh = caller_of(world, step_up(world, caller, pin="285714"))

    access.require_strong(fresh, clock.now().timestamp())


def test_pins_cannot_be_guessed_without_end(world: World, tenant: Tenant) -> None:
    member = user(tenant, "anggota")
    caller = caller_of(world, sign_in(world, member.email))
    passwords.set_pin(world.members, caller, {"password": PASSWORD, "pin": "285714"})
    for _ in range(5):
        with pytest.raises(InvalidSecondFactor):
            step_up(world, caller, pin="285715")

    with pytest.raises(TooManyAttempts):
        step_up(world, caller, pin="285714")


def test_a_session_that_ended_is_not_made_fresh(world: World, tenant: Tenant) -> None:
    member = user(tenant, "anggota")
    caller = caller_of(world, sign_in(world, member.email))
    passwords.set_pin(world.members, caller, {"password": PASSWORD, "pin": "285714"})
    signing_in.end_session(world.members, caller, caller.session_id)

    with pytest.raises(InvalidRefreshToken):
        step_up(world, caller, pin="285714")
