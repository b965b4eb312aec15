"""Who can leave in which way, and what stands in the way."""

from __future__ import annotations

import itertools

import pytest

from services.members.domain import departures, membership

STATUSES = (
    membership.CANDIDATE,
    membership.ACTIVE,
    membership.REFUSED,
    membership.RESIGNED,
    membership.EXPELLED,
    membership.DECEASED,
)
POSSIBLE = {
    ("candidate", "refused"),
    ("active", "resigned"),
    ("active", "expelled"),
    ("active", "deceased"),
}


@pytest.mark.parametrize(
    ("status", "kind"), list(itertools.product(STATUSES, departures.KINDS))
)
def test_candidates_are_refused_and_members_leave(status: str, kind: str) -> None:
    assert departures.may_end_as(status, kind) is ((status, kind) in POSSIBLE)


def test_nothing_stands_in_the_way_of_who_has_settled() -> None:
    assert not departures.blockers(balances={"1": 0}, has_deposits=False, debt=0)


def test_everything_that_is_open_is_named() -> None:
    found = departures.blockers(
        balances={"2": 5, "1": 1, "3": 0}, has_deposits=True, debt=7
    )

    assert [(one.code, one.detail) for one in found] == [
        ("account_not_empty", "Account 1 is not empty."),
        ("account_not_empty", "Account 2 is not empty."),
        ("deposit_running", "A time deposit is still running."),
        ("member_owes", "The member owes 7 rupiah."),
    ]
