"""How passwords are lost, changed and reset, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.members.operations import passwords as operations
from services.members.operations import sessions as signing_in
from services.shared.contracts.members import passwords as contract
from services.shared.contracts.members.sessions import (
    InvalidLogin,
    InvalidRefreshToken,
    InvalidSecondFactor,
    SecondFactorRequired,
    TooManyAttempts,
)
from tests.factories.members import Tenant, World
from tests.factories.users import PASSWORD, Person, user
from tests.interface.members.test_second_factors import enrolled
from tests.interface.members.test_sessions import (
    WRONG,
    caller_of,
    fail,
    sign_in,
    travel,
)
from tests.interface.members.test_users import disable, mails, token_of

NEW = "Kenanga-Kuning-7"


@pytest.fixture
def clerk(tenant: Tenant) -> Person:
    """Somebody of the staff."""
    return user(tenant, "analis")


def forget(world: World, login: str, code: str | None = None) -> dict[str, Any]:
    return operations.forget_password(
        world.members, world.settings, {"login": login, "cooperative_code": code}
    )


def reset(world: World, token: str, password: str = NEW) -> dict[str, Any]:
    return operations.reset_password(
        world.members,
        world.settings,
        {"token": token, "password": password},
        "req_test",
    )


def link_of(world: World, person: Person) -> str:
    forget(world, person.email)
    return token_of(mails(world, "password_reset", person.email)[-1])


def change(world: World, signed: dict[str, Any], current: str, new: str = NEW) -> None:
    operations.change_password(
        world.members,
        world.settings,
        caller_of(world, signed),
        {"current_password": current, "password": new},
    )


# --- forgotten (R13) ------------------------------------------------------------------


def test_who_forgot_a_password_sets_a_new_one_by_the_link_and_signs_in_again(
    world: World, clerk: Person
) -> None:
    signed = sign_in(world, clerk.email)

    reset(world, link_of(world, clerk))

    with pytest.raises(InvalidLogin):
        sign_in(world, clerk.email)
    with pytest.raises(InvalidRefreshToken):
        signing_in.refresh_session(
            world.members, world.settings, {"refresh_token": signed["refresh_token"]}
        )
    assert sign_in(world, clerk.email, password=NEW)["user_id"] == clerk.user_id
    assert mails(world, "password_changed", clerk.email)


def test_the_answer_does_not_tell_who_exists(world: World, clerk: Person) -> None:
    answers = [forget(world, one) for one in (clerk.email, "siapa@contoh.id", "12")]

    assert answers[0] == answers[1] == answers[2]
    assert len(mails(world, "password_reset", clerk.email)) == 1


def test_by_the_phone_number_the_link_still_goes_to_the_address(
    world: World, clerk: Person
) -> None:
    forget(world, clerk.phone)

    assert len(mails(world, "password_reset", clerk.email)) == 1


def test_a_second_link_within_a_minute_is_not_sent(
    world: World, clerk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        forget(world, clerk.email)
    assert len(mails(world, "password_reset", clerk.email)) == 1

    travel(monkeypatch, timedelta(minutes=2))
    forget(world, clerk.email)
    assert len(mails(world, "password_reset", clerk.email)) == 2


def test_a_link_is_good_once_and_for_an_hour(
    world: World, clerk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = link_of(world, clerk)
    reset(world, token)
    with pytest.raises(contract.InvalidLink):
        reset(world, token, "Cempaka-Biru-8")

    travel(monkeypatch, timedelta(minutes=2))
    late = link_of(world, clerk)
    travel(monkeypatch, timedelta(minutes=61))
    with pytest.raises(contract.InvalidLink):
        reset(world, late)


def test_using_one_link_voids_the_others(
    world: World, clerk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = link_of(world, clerk)
    travel(monkeypatch, timedelta(minutes=2))
    reset(world, link_of(world, clerk))

    with pytest.raises(contract.InvalidLink):
        reset(world, first)


def test_a_link_for_one_deed_does_not_do_another(world: World, clerk: Person) -> None:
    with pytest.raises(contract.InvalidLink):
        operations.accept_invitation(
            world.members,
            world.settings,
            {"token": link_of(world, clerk), "password": NEW},
            "req_test",
        )


def test_who_was_disabled_gets_in_by_no_link(
    world: World, tenant: Tenant, clerk: Person
) -> None:
    token = link_of(world, clerk)
    disable(world, user(tenant, "admin"), clerk.user_id)

    with pytest.raises(contract.InvalidLink):
        reset(world, token)


def test_a_reset_opens_a_locked_login(world: World, clerk: Person) -> None:
    token = link_of(world, clerk)
    fail(world, clerk.email, 5)

    reset(world, token)

    assert sign_in(world, clerk.email, password=NEW)


def test_a_reset_does_not_replace_the_second_factor(
    world: World, tenant: Tenant
) -> None:
    teller = user(tenant, "teller")
    enrolled(world, teller)

    reset(world, link_of(world, teller))

    with pytest.raises(SecondFactorRequired):
        sign_in(world, teller.email, password=NEW)
    with pytest.raises(InvalidSecondFactor):
        sign_in(world, teller.email, password=NEW, second_factor="000000")


# --- changed --------------------------------------------------------------------------


def test_whoever_changes_the_password_stays_signed_in_here_alone(
    world: World, clerk: Person
) -> None:
    here, there = sign_in(world, clerk.email), sign_in(world, clerk.email)

    change(world, here, PASSWORD)

    assert signing_in.refresh_session(
        world.members, world.settings, {"refresh_token": here["refresh_token"]}
    )
    with pytest.raises(InvalidRefreshToken):
        signing_in.refresh_session(
            world.members, world.settings, {"refresh_token": there["refresh_token"]}
        )
    assert sign_in(world, clerk.email, password=NEW)


def test_an_open_session_is_not_enough_to_take_an_account_over(
    world: World, clerk: Person
) -> None:
    signed = sign_in(world, clerk.email)

    for _ in range(5):
        with pytest.raises(contract.WrongPassword):
            change(world, signed, WRONG)
    # Nor to try passwords without end.
    with pytest.raises(TooManyAttempts):
        change(world, signed, PASSWORD)


def test_a_weak_password_changes_nothing(world: World, clerk: Person) -> None:
    signed = sign_in(world, clerk.email)

    with pytest.raises(contract.WeakPassword):
        change(world, signed, PASSWORD, "melati7")

    assert sign_in(world, clerk.email)


def test_a_pin_is_set_by_who_knows_the_password(world: World, clerk: Person) -> None:
    caller = caller_of(world, sign_in(world, clerk.email))

    with pytest.raises(contract.WeakPin):
        operations.set_pin(world.members, caller, {"password": PASSWORD, "pin": "1234"})
    with pytest.raises(contract.WrongPassword):
        operations.set_pin(world.members, caller, {"password": WRONG, "pin": "285714"})
    assert operations.set_pin(
        world.members, caller, {"password": PASSWORD, "pin": "285714"}
    ) == {"has_pin": True}


def test_strength_is_told_without_keeping_anything() -> None:
    told = operations.rate_password({"password": "Melati-7", "staff": True})

    assert told == {"score": 3, "accepted": True, "advice": ["longer"]}
