"""The table of duties says what the entrypoints do."""

from __future__ import annotations

import pytest

from services.members.domain import duties
from services.members.domain.duties import Duty
from services.members.service import MembersService
from services.shared import clock
from services.shared.errors import NotAllowed
from services.shared.identity import HUB, Identity


def caller(scope: str) -> Identity:
    is_operator = scope == "operator"
    return Identity(
        subject="usr_sari",
        cooperative_id=HUB if is_operator else "coop_maju",
        scopes=frozenset({scope}),
        session_id="ses_1",
        strong_until=int(clock.now().timestamp()) + 300,
    )


def admits(entrypoint: str, scope: str) -> bool:
    """Whether one who holds this scope alone is let in."""
    (declared,) = getattr(MembersService, entrypoint).nameko_entrypoints
    try:
        declared.rule(caller(scope))
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize("duty", duties.DUTIES, ids=lambda one: one.name)
def test_each_step_is_done_with_its_own_scope(duty: Duty) -> None:
    assert admits(duty.proposed_by, duty.proposed_with)
    assert admits(duty.approved_by, duty.approved_with)


@pytest.mark.parametrize("duty", duties.DUTIES, ids=lambda one: one.name)
def test_supervisors_do_neither(duty: Duty) -> None:
    assert not admits(duty.proposed_by, "audit:read")
    assert not admits(duty.approved_by, "audit:read")
