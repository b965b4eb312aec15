"""Who proposed cannot approve, and supervisors change nothing (R101, R104)."""

from __future__ import annotations

import itertools

import pytest

from services.members.domain import duties
from services.shared import access
from services.shared.errors import SameProposer


def test_who_proposed_cannot_approve() -> None:
    with pytest.raises(SameProposer):
        duties.refuse_same("usr_sari", "usr_sari")


def test_somebody_else_can() -> None:
    duties.refuse_same("usr_sari", "usr_budi")


def test_duties_are_named_once() -> None:
    names = [duty.name for duty in duties.DUTIES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("role", sorted(access.STAFF_ROLES - {"pengawas"}))
def test_a_supervisor_holds_no_other_office(role: str) -> None:
    assert not duties.are_compatible(["pengawas", role])


def test_a_supervisor_is_a_member_all_the_same() -> None:
    assert duties.are_compatible(["pengawas", "anggota"])


def test_other_offices_may_be_held_together() -> None:
    others = sorted(access.STAFF_ROLES - {"pengawas"})
    assert all(
        duties.are_compatible(pair) for pair in itertools.combinations(others, 2)
    )


def test_whoever_a_supervisor_may_be_changes_nothing_of_others() -> None:
    held = access.scopes_of_roles(duties.BESIDE_SUPERVISOR)
    assert {one for one in held if one.endswith(":write")} <= access.SELF_SCOPES
