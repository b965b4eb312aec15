"""What stands against a closing, and what follows its approval (R17-R19)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.gateway import translations
from services.members.domain import closing, registration
from services.members.domain.closing import Standing

FREE = Standing(
    balances={"1-1000": -50_000, "3-2000": 50_000, "2-1000": 0},
    position=0,
    reserved=0,
    unfinished_transfers=0,
    unsettled_windows=0,
    has_running_policies=False,
    unfinished={"payments": 0, "deposits": 0},
)


def codes(**changes: Any) -> list[str]:
    return [one.code for one in closing.blockers(replace(FREE, **changes))]


def test_a_cooperative_that_owes_nobody_anything_may_leave() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"has_running_policies": True}, "policies_running", id="R17"),
        pytest.param({"position": 1}, "position_open", id="owes"),
        pytest.param({"position": -1}, "position_open", id="is owed"),
        pytest.param({"reserved": 1}, "money_reserved", id="reserved"),
        pytest.param({"unfinished_transfers": 1}, "transfers_unfinished", id="on way"),
        pytest.param({"unsettled_windows": 1}, "windows_unsettled", id="unsettled"),
        pytest.param({"unfinished": {"payments": 1}}, "work_unfinished", id="work"),
        *(
            pytest.param({"balances": {code: 1}}, "members_not_paid_out", id=code)
            for code in ("2-1000", "2-1010", "2-1050", "3-1000", "3-1100")
        ),
    ],
)
def test_each_thing_stands_against_it_alone(
    changes: dict[str, Any], expected: str
) -> None:
    assert codes(**changes) == [expected]


def test_everything_is_listed_at_once() -> None:
    found = codes(
        has_running_policies=True, position=5, balances={"2-1000": 7, "3-1000": 9}
    )

    assert found == [
        "policies_running",
        "position_open",
        "members_not_paid_out",
        "members_not_paid_out",
    ]


def test_every_blocker_is_told_in_indonesian() -> None:
    standing = replace(
        FREE,
        has_running_policies=True,
        position=5,
        reserved=6,
        unfinished_transfers=7,
        unsettled_windows=8,
        balances={"2-1000": 9},
        unfinished=dict.fromkeys(closing.WORK, 10),
    )

    found = [one.detail for one in closing.blockers(standing)]

    assert len(found) == 11
    for detail in found:
        assert translations.translate(detail, translations.INDONESIAN) != detail


def test_after_the_first_step_there_is_no_way_back() -> None:
    for state in closing.STEPS[1:]:
        assert not closing.may_follow(state, closing.REJECTED)
        assert not closing.may_follow(state, closing.WITHDRAWN)
    assert closing.may_follow(closing.APPROVED, closing.REJECTED)


def test_the_steps_follow_each_other() -> None:
    for before, after in zip(closing.STEPS, closing.STEPS[1:], strict=False):
        assert closing.may_follow(before, after)
        skipped = [one for one in closing.STEPS if one not in {after, before}]
        assert not any(closing.may_follow(before, one) for one in skipped)


def test_every_state_is_in_both_tables() -> None:
    assert closing.TRANSITIONS.keys() == set(closing.STATES)
    assert registration.TRANSITIONS.keys() == set(registration.STATES)


def test_the_same_facts_have_the_same_text() -> None:
    one = closing.canonical({"b": 1, "a": "Ä"})

    assert one == closing.canonical({"a": "Ä", "b": 1}) == '{"a":"Ä","b":1}'
