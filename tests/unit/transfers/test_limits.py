"""Which refusals the hub decides itself, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from services.transfers.domain import limits
from services.transfers.domain.agreements import Agreement
from services.transfers.domain.limits import DailyUsage, Terms
from services.transfers.domain.participants import Participant

OWN = "0101100000000016"
PAYEE = "0102100000000018"


def participant(number: int, **changes: str) -> Participant:
    terms = {"status": "active", "mode": "hosted"} | changes
    return Participant(cooperative_id=f"coop_{number}", code=f"010{number}", **terms)


def agreement(**terms: int | None) -> Agreement:
    limits_of = {"transfer_limit": None, "daily_limit": None} | terms
    return Agreement(id="agr_1", pair=("coop_1", "coop_2"), **limits_of)


def code(
    payer: Participant,
    payee: Participant,
    *,
    payer_account: str = OWN,
    payee_account: str = PAYEE,
    agrees: bool = True,
) -> str | None:
    terms = Terms(
        by_id={one.cooperative_id: one for one in (payer, payee)},
        by_code={one.code: one for one in (payer, payee)},
        agreements={("coop_1", "coop_2"): agreement()} if agrees else {},
    )
    return limits.judge(
        terms, payer, payer_account=payer_account, payee_account=payee_account
    ).code


def test_two_active_cooperatives_with_an_agreement_may_pay() -> None:
    assert code(participant(1), participant(2)) is None


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"payer_account": PAYEE}, "same_account"),
        ({"payer_account": "0199"}, "account_not_found"),
        ({"payee_account": "0199"}, "account_not_found"),
        ({"agrees": False}, "no_agreement"),
    ],
)
def test_each_fault_has_its_code(given: dict[str, Any], expected: str) -> None:
    assert code(participant(1), participant(2), **given) == expected


@pytest.mark.parametrize("suspended", [1, 2])
def test_a_suspension_is_named_before_a_missing_agreement(suspended: int) -> None:
    sides = [
        participant(n, status="suspended" if n == suspended else "active")
        for n in (1, 2)
    ]
    assert code(*sides, agrees=False) == "participant_suspended"


def test_inside_one_cooperative_a_suspension_does_not_matter() -> None:
    own = participant(1, status="suspended")
    other = "0101100000000024"
    assert code(own, participant(2), payee_account=other) is None


def test_a_connected_cooperative_pays_its_own_members_itself() -> None:
    own = participant(1, mode="connected")
    other = "0101100000000024"
    assert code(own, participant(2), payee_account=other) == "account_not_found"


def test_a_daily_limit_is_reserved_in_order() -> None:
    usage = DailyUsage(used={"agr_1": 50})
    terms = agreement(daily_limit=100)
    codes = [limits.exceeded(terms, amount, usage) for amount in (40, 20, 10)]
    assert codes == [None, "daily_limit_exceeded", None]
    assert usage.reserved == {"agr_1": 50}


def test_the_limit_of_one_transfer_takes_nothing_of_the_day() -> None:
    usage = DailyUsage()
    terms = agreement(transfer_limit=10, daily_limit=100)
    assert limits.exceeded(terms, 11, usage) == "transfer_limit_exceeded"
    assert usage.reserved == {}
