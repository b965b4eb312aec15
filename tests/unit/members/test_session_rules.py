"""How long people stay signed in, and what they may do meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.members.domain import sessions
from services.shared import access


def test_remembered_means_thirty_days_and_otherwise_half_a_day() -> None:
    assert sessions.lasts_for(is_remembered=True) == timedelta(days=30)
    assert sessions.lasts_for(is_remembered=False) == timedelta(hours=12)


@pytest.mark.parametrize(
    "role", ["teller", "komite", "bendahara", "pengurus", "operator"]
)
def test_who_moves_money_or_approves_has_no_rights_without_a_second_factor(
    role: str,
) -> None:
    assert sessions.needs_second_factor([role])
    assert not sessions.scopes_of([role], "active", has_second_factor=False)
    assert sessions.scopes_of([role], "active", has_second_factor=True)


@pytest.mark.parametrize("role", ["anggota", "analis", "admin", "pengawas"])
def test_others_need_none(role: str) -> None:
    held = sessions.scopes_of([role], "active", has_second_factor=False)
    assert held == access.ROLE_SCOPES[role]


def test_before_a_cooperative_is_active_its_staff_sees_to_joining_alone() -> None:
    held = sessions.scopes_of(["admin"], "registered", has_second_factor=False)
    assert "cooperative:write" in held
    assert "users:write" in held
    assert held.isdisjoint({"members:write", "accounts:read", "imports:write"})


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("registered", True),
        ("active", True),
        (None, True),
        ("deactivated", False),
        ("closed", False),
    ],
)
def test_people_of_a_cooperative_that_left_are_not_let_in(
    status: str | None, *, may: bool
) -> None:
    assert sessions.may_sign_in(status) == may
