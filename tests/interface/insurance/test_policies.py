"""Policies: reserved before the money moves, active after it, refunded once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from sqlalchemy import text

from services.insurance.operations import policies
from services.shared.contracts.insurance import policies as contract
from services.shared.errors import BusUnavailable, NotFound
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.insurance import (
    Agency,
    ago,
    another_cooperative,
    offer,
    page,
)


def at_insurer(agency: Agency, policy: dict[str, object]) -> str:
    return agency.company.policies[str(policy["id"])].status


def test_a_quote_is_the_premium_of_the_requirements(agency: Agency) -> None:
    quote = policies.quote_premium(
        agency.database,
        agency.id,
        {
            "product_code": agency.product["code"],
            "principal": 10_000_000,
            "months": 18,
        },
    )

    contract.Quote().load(quote)
    assert (quote["premium"], quote["charged_months"]) == (675_000, 18)


def test_whole_years_are_charged_where_the_product_says_so(agency: Agency) -> None:
    agency.product = offer(agency.database, rounds_years_up=True)

    policy = agency.reserve(months=18)

    assert (policy["premium"], policy["charged_months"]) == (900_000, 24)


def test_the_life_of_a_policy(agency: Agency) -> None:
    policy = agency.reserve()
    contract.Policy().load(policy)
    assert (policy["status"], policy["premium"]) == ("reserved", 450_000)
    assert at_insurer(agency, policy) == "provisional"

    active = agency.activate(policy)
    assert (active["status"], active["number"]) == ("active", policy["number"])
    assert at_insurer(agency, policy) == "active"
    assert agency.activate(policy) == active

    assert agency.cancel(policy) == {"status": "cancelling", "refund_amount": 330_000}
    # A restructured loan is insured anew at once, on whatever terms.
    assert agency.reserve(policy["reference"], months=24)["status"] == "reserved"
    agency.sweep()

    assert agency.show(policy)["status"] == "cancelled"
    assert at_insurer(agency, policy) == "cancelled"
    assert agency.wallet() == 10_000_000 - 450_000 + 330_000
    assert agency.events("policy_refunded") == [
        {
            "cooperative_id": agency.id,
            "policy_id": policy["id"],
            "loan_id": policy["reference"],
            "amount": 330_000,
        }
    ]


def test_a_loan_has_one_policy_however_often_it_asks(agency: Agency) -> None:
    first = agency.reserve("loa_satu")

    assert agency.reserve("loa_satu") == first
    with pytest.raises(contract.PolicyExists):
        agency.reserve("loa_satu", principal=11_000_000)
    assert len(agency.company.policies) == 1


def test_the_insurers_refusal_is_told(agency: Agency) -> None:
    with pytest.raises(contract.InsurerRefused) as refused:
        agency.reserve("loa_dua", principal=10_000_001)

    assert "risiko" in refused.value.details["errors"][0]["detail"]
    assert agency.reserve("loa_dua")["status"] == "reserved"


@pytest.mark.parametrize(
    ("principal", "refusal"),
    [
        pytest.param(10_000_002, contract.InsurerUnavailable, id="slow"),
        pytest.param(10_000_003, contract.InsurerRefused, id="another premium"),
    ],
)
def test_cover_that_may_have_been_reserved_is_released(
    agency: Agency, principal: int, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        agency.reserve("loa_tiga", principal=principal)
    [policy] = agency.company.policies.values()
    assert policy.status == "provisional"

    agency.sweep()

    assert policy.status == "cancelled"
    running = policies.has_running_policies(agency.database, agency.id)
    assert running == {"count": 0, "last_day": None}


def test_without_an_insurer_nothing_is_kept(agency: Agency) -> None:
    agency.insurer = None

    with pytest.raises(contract.InsurerUnavailable):
        agency.reserve()

    listed = policies.list_policies(
        agency.database, agency.id, page(member_id=None, reference=None)
    )
    assert listed["items"] == []


def test_who_dies_while_reserving_leaves_something_to_release(agency: Agency) -> None:
    policy = agency.reserve()
    with agency.database.tenant(agency.id) as session:
        # As it is when the process is killed before it records the answer.
        session.execute(text("UPDATE policies SET status = 'reserving'"))

    agency.sweep()

    assert agency.show(policy)["status"] == "cancelled"
    assert at_insurer(agency, policy) == "cancelled"


def test_activation_succeeds_when_the_insurer_is_back(agency: Agency) -> None:
    policy = agency.reserve()
    agency.company.is_down = True

    assert agency.activate(policy)["status"] == "activating"
    agency.sweep()
    waiting = agency.show(policy)
    assert waiting["status"] == "activating"
    assert waiting["fault"] == "insurer_unavailable"
    assert policies.has_running_policies(agency.database, agency.id)["count"] == 1

    agency.company.is_down = False
    agency.sweep()

    assert agency.show(policy)["status"] == "active"
    assert at_insurer(agency, policy) == "active"


def test_an_insurer_that_is_away_is_left_alone(agency: Agency) -> None:
    agency.company.is_down = True
    assert agency.insurer is not None
    agency.insurer._breaker.reset_timeout = 60
    for _ in range(5):
        with pytest.raises(contract.InsurerUnavailable):
            agency.reserve()
    agency.company.is_down = False

    with pytest.raises(contract.InsurerUnavailable):
        agency.reserve()

    assert not agency.company.policies


def test_a_reservation_is_released_and_another_one_made(agency: Agency) -> None:
    policy = agency.reserve("loa_empat")
    command = {"policy_id": policy["id"], "reason": "Pencairan batal"}
    released = policies.cancel_reservation(agency.database, agency.actor, command)
    assert released["status"] == "releasing"

    agency.sweep()

    again = policies.cancel_reservation(agency.database, agency.actor, command)
    assert again["status"] == "cancelled"
    with pytest.raises(contract.PolicyNotReserved):
        agency.activate(policy)
    assert agency.reserve("loa_empat")["id"] != policy["id"]


def test_cover_that_has_begun_is_no_reservation(agency: Agency) -> None:
    policy = agency.active()

    with pytest.raises(contract.PolicyNotReserved):
        policies.cancel_reservation(
            agency.database,
            agency.actor,
            {"policy_id": policy["id"], "reason": "Pencairan batal"},
        )


def test_a_refund_is_given_once_whoever_dies_in_between(agency: Agency) -> None:
    policy = agency.activate(agency.reserve())
    agency.cancel(policy)
    agency.ledger.fault = BusUnavailable()
    agency.sweep()
    assert agency.show(policy)["status"] == "cancelling"

    agency.ledger.fault = None
    agency.sweep()
    with agency.database.tenant(agency.id) as session:
        # As it is when the process is killed before it records the refund.
        session.execute(text("UPDATE policies SET status = 'cancelling'"))
    agency.sweep()

    assert agency.show(policy)["status"] == "cancelled"
    assert agency.wallet() == 10_000_000 - 450_000 + 330_000
    assert agency.cancel(policy) == {"status": "cancelled", "refund_amount": 330_000}


def test_a_settled_loan_gives_nothing_back(agency: Agency) -> None:
    policy = agency.active()

    agency.cancel(policy, reason="settled", refund=False)
    agency.sweep()

    assert agency.show(policy)["status"] == "cancelled"
    assert agency.events("policy_refunded") == []


def test_cover_expires_after_its_last_day_and_not_on_it(agency: Agency) -> None:
    over = agency.active(months=1, days_ago=40)
    claimed = agency.active(months=1, days_ago=40)
    agency.open_claim(claimed, occurred_on=ago(20))
    runs = agency.active(days_ago=40)
    last_day = agency.active(days_ago=40)
    with agency.database.tenant(agency.id) as session:
        session.execute(
            text("UPDATE policies SET ends_on = :today WHERE id = :id"),
            {"today": ago(0), "id": last_day["id"]},
        )

    policies.end_by_date(agency.database)

    assert agency.show(over)["status"] == "expired"
    assert agency.show(claimed)["status"] == "active"
    assert agency.show(last_day)["status"] == "active"
    assert agency.show(runs)["status"] == "active"
    assert agency.cancel(over) == {"status": "expired", "refund_amount": 0}
    running = policies.has_running_policies(agency.database, agency.id)
    assert running == {"count": 3, "last_day": runs["ends_on"]}


def test_a_forgotten_reservation_is_released(agency: Agency) -> None:
    policy = agency.reserve()
    with agency.database.tenant(agency.id) as session:
        session.execute(
            text("UPDATE policies SET held_until = :day"),
            {"day": ago(0) - timedelta(days=1)},
        )

    policies.end_by_date(agency.database)
    agency.sweep()

    assert agency.show(policy)["status"] == "cancelled"


def test_another_cooperative_sees_nothing(
    agency: Agency, ledger_database: Database, settings: Settings
) -> None:
    policy = agency.active()
    other = another_cooperative(agency.database, ledger_database, settings)

    with pytest.raises(NotFound):
        policies.get_policy(agency.database, other, policy["id"])
    with pytest.raises(NotFound):
        policies.cancel_policy(
            agency.database,
            Actor(cooperative_id=other, subject="usr"),
            {
                "policy_id": policy["id"],
                "on": ago(0),
                "reason": "settled",
                "refund": True,
            },
        )
    assert policies.has_running_policies(agency.database, other)["count"] == 0


def test_who_is_insured_cannot_be_read_in_the_database(agency: Agency) -> None:
    agency.reserve()

    with agency.database.tenant(agency.id) as session:
        [kept] = session.scalars(text("SELECT insured FROM policies"))
    assert b"Budi" not in bytes(kept)


def test_who_does_not_sign_learns_nothing_from_the_insurer(agency: Agency) -> None:
    agency.reserve()
    [policy] = agency.company.policies.values()
    url = agency.settings.insurer_url

    path = f"{url}/{policy.insurer}/policies/{policy.id}/cancel"
    assert requests.post(path, json={}, timeout=5).status_code == 401
    assert policy.status == "provisional"
