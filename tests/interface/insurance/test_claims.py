"""Claims: opened, documented, submitted, and paid only as far as can be believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from services.insurance.operations import claims, policies, subrogations
from services.shared import identifiers
from services.shared.contracts.insurance import claims as contract
from services.shared.contracts.insurance import policies as policies_contract
from services.shared.contracts.insurance import subrogations as subrogations_contract
from services.shared.contracts.members.documents import DocumentNotRecognised
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.insurance import (
    PDF,
    Agency,
    ago,
    another_cooperative,
    offer,
    page,
)


@pytest.fixture
def guarantee(agency: Agency) -> Agency:
    """The same, with a guarantee that pays 75 % of a default."""
    agency.product = offer(agency.database, kind="credit_guarantee", coverage_bps=7_500)
    return agency


def decided(agency: Agency, claim: dict[str, Any], **decision: Any) -> dict[str, Any]:
    url = f"{agency.settings.insurer_url}/simulate/claims/{claim['id']}/decide"
    assert requests.post(url, json=decision, timeout=5).json() == {"callback": 200}
    agency.sweep()
    return agency.show_claim(claim)


def test_a_claim_is_paid_and_told_of_once(agency: Agency) -> None:
    claim = agency.submitted(10_000_000)
    contract.Claim().load(claim)
    assert (claim["status"], claim["claimed_amount"]) == ("submitted", 7_600_000)

    for status in ("in_review", "approved", "paid"):
        agency.sweep()
        assert agency.show_claim(claim)["status"] == status
    agency.sweep()

    paid = agency.show_claim(claim)
    assert (paid["paid_amount"], paid["approved_amount"]) == (7_600_000, 7_600_000)
    [told] = agency.events("claim_paid")
    contract.ClaimPaid().load(told)
    assert told["amount"] == 7_600_000
    assert told["loan_id"] == claim["reference"]
    policy = policies.get_policy(agency.database, agency.id, claim["policy_id"])
    assert (policy["status"], policy["end_reason"]) == ("claimed", "claim")
    # The insurer has got the very papers that were handed in.
    assert len(agency.company.papers[claim["id"]]) == len(claim["checklist"])


def test_the_shortfall_of_a_guarantee_is_not_claimed(guarantee: Agency) -> None:
    claim = guarantee.submitted(10_000_010, cause="default", occurred_on=ago(100))
    assert claim["claimed_amount"] == 5_700_000

    for _ in range(3):
        guarantee.sweep()

    # By the simulator's rule half of what was claimed.
    assert guarantee.show_claim(claim)["paid_amount"] == 2_850_000


def test_a_rejected_claim_says_why(agency: Agency) -> None:
    claim = agency.submitted(10_000_020)

    agency.sweep()
    agency.sweep()

    shown = agency.show_claim(claim)
    assert (shown["status"], shown["reason"]) == ("rejected", "Pengecualian polis")
    assert agency.events("claim_rejected")[0]["claim_id"] == claim["id"]
    # The same again is the same, so that nobody claims anew every day.
    assert agency.open_claim({"id": claim["policy_id"]})["id"] == claim["id"]


def test_a_lying_insurer_is_not_believed(agency: Agency) -> None:
    claim = agency.submitted(10_000_040)
    agency.sweep()
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "disputed"
    agency.sweep()

    disputed = agency.show_claim(claim)
    assert (disputed["status"], disputed["paid_amount"]) == ("disputed", None)
    assert agency.events("claim_paid") == []
    assert len(agency.events("claim_disputed")) == 1
    # What it says when it has come to its senses is taken.
    assert decided(agency, claim, status="paid", amount=7_600_000)["status"] == "paid"


def test_a_callback_makes_us_ask_and_is_not_believed(agency: Agency) -> None:
    claim = agency.submitted(10_000_030)
    with agency.database.tenant(agency.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE claims SET due_at = now() + interval '1 day'"
        )
    claims.sweep(agency.desk)
    decision = {"status": "approved", "amount": 7_000_000}

    assert agency.company.decide(claim["id"], decision | {"signature": "0" * 64}) == 200
    claims.sweep(agency.desk)
    assert agency.show_claim(claim)["status"] == "submitted"

    assert agency.company.decide(claim["id"], decision) == 200
    assert agency.show_claim(claim)["status"] == "submitted"
    claims.sweep(agency.desk)
    # Asking moves the simulator on: from approved to paid.
    shown = agency.show_claim(claim)
    assert (shown["status"], shown["paid_amount"]) == ("paid", 7_000_000)


def test_a_claim_waits_for_an_insurer_that_is_away(agency: Agency) -> None:
    policy = agency.reserve()
    agency.company.is_down = True
    policy = agency.activate(policy)
    claim = agency.open_claim(policy)
    for needed in claim["checklist"]:
        agency.hand_in(claim, needed["kind"])
    assert agency.submit(claim)["status"] == "submitting"

    # An insurer that has not heard of the loan would refuse the claim.
    agency.company.is_down = False
    claims.carry_on(agency.desk, agency.id, claim["id"])
    assert agency.show(policy)["status"] == "active"
    assert agency.show_claim(claim)["status"] == "submitting"
    agency.sweep()

    assert agency.show_claim(claim)["status"] == "submitted"


def test_an_insurer_that_has_forgotten_is_told_again(agency: Agency) -> None:
    claim = agency.submitted(10_000_000)
    agency.company.claims.clear()

    agency.sweep()
    assert agency.show_claim(claim)["status"] == "submitting"
    agency.sweep()

    assert agency.show_claim(claim)["status"] == "submitted"
    with agency.database.tenant(agency.id) as session:
        # As it is when the process is killed before it records the answer.
        session.connection().exec_driver_sql("UPDATE claims SET status = 'submitting'")
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "submitted"
    assert list(agency.company.claims) == [claim["id"]]


def test_nothing_is_submitted_without_its_papers(agency: Agency) -> None:
    claim = agency.open_claim(agency.active())
    with pytest.raises(contract.ClaimIncomplete) as incomplete:
        agency.submit(claim)
    needed = [one["kind"] for one in claim["checklist"]]
    assert [one["detail"] for one in incomplete.value.details["errors"]] == needed

    with pytest.raises(DocumentNotRecognised):
        agency.hand_in(claim, needed[0], b"<html>bukan PDF</html>")
    agency.hand_in(claim, needed[0])

    shown = agency.show_claim(claim)
    assert [one["is_present"] for one in shown["checklist"]] == [
        True,
        *[False] * (len(needed) - 1),
    ]
    file = claims.get_document(
        agency.database,
        agency.settings,
        agency.actor,
        {"claim_id": claim["id"], "document_id": shown["documents"][0]["id"]},
    )
    assert file["media_type"] == "application/pdf"
    with agency.database.tenant(agency.id) as session:
        [kept] = session.connection().exec_driver_sql(
            "SELECT content FROM claim_documents"
        )
    assert PDF not in bytes(kept[0])


def test_one_claim_at_a_time_and_none_after_the_payment(agency: Agency) -> None:
    policy = agency.active()
    first = agency.open_claim(policy)
    corrected = agency.open_claim(policy, outstanding_principal=7_000_000)
    assert corrected["id"] == first["id"]
    assert corrected["claimed_amount"] == 7_100_000

    with pytest.raises(contract.AnotherClaimOpen):
        agency.open_claim(policy, cause="default", occurred_on=ago(100))

    paid = agency.submitted(10_000_030)
    decided(agency, paid, status="paid", amount=7_600_000)
    again = agency.open_claim({"id": paid["policy_id"]}, outstanding_principal=1)
    assert (again["id"], again["claimed_amount"]) == (paid["id"], 7_600_000)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"occurred_on": ago(99)}, contract.ClaimTooLate),
        ({"occurred_on": ago(130)}, contract.PolicyNotClaimable),
        ({"occurred_on": ago(-1)}, contract.PolicyNotClaimable),
        ({"cause": "force_majeure"}, contract.CauseNotCovered),
        ({"outstanding_principal": 10_000_001}, contract.ClaimTooLarge),
    ],
)
def test_what_is_not_covered_is_not_claimed(
    agency: Agency, facts: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        agency.open_claim(agency.active(), **facts)


def test_a_default_is_claimed_after_the_waiting_period(guarantee: Agency) -> None:
    policy = guarantee.active()

    with pytest.raises(contract.ClaimTooEarly):
        guarantee.open_claim(policy, cause="default", occurred_on=ago(89))
    claim = guarantee.open_claim(policy, cause="default", occurred_on=ago(90))

    assert claim["deadline_on"] == (ago(0) + timedelta(days=90)).isoformat()


def test_a_draft_is_reminded_of_and_lapses(agency: Agency) -> None:
    near = agency.open_claim(agency.active(), occurred_on=ago(85))
    late = agency.open_claim(agency.active(), occurred_on=ago(90))
    with agency.database.tenant(agency.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE claims SET deadline_on = deadline_on - 1 WHERE id = %s",
            (late["id"],),
        )

    claims.remind(agency.database)
    claims.remind(agency.database)

    [told] = agency.events("claim_deadline_near")
    contract.ClaimDeadlineNear().load(told)
    assert (told["claim_id"], told["days_left"]) == (near["id"], 5)
    assert agency.show_claim(late)["status"] == "lapsed"
    assert agency.show_claim(near)["status"] == "draft"
    assert [one["claim_id"] for one in agency.events("claim_lapsed")] == [late["id"]]


def test_a_claim_is_taken_back_while_it_is_undecided(agency: Agency) -> None:
    claim = agency.submitted(10_000_030)
    withdrawn = claims.withdraw_claim(agency.database, agency.actor, claim["id"])
    assert withdrawn["status"] == "withdrawing"
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "withdrawn"
    assert claim["id"] not in agency.company.claims

    other = agency.submitted(10_000_030)
    agency.company.decide(other["id"], {"status": "approved"})
    claims.withdraw_claim(agency.database, agency.actor, other["id"])
    agency.sweep()
    assert agency.show_claim(other)["status"] == "submitted"
    agency.sweep()
    assert agency.show_claim(other)["status"] == "paid"


def test_cover_under_claim_is_not_cancelled(agency: Agency) -> None:
    claim = agency.submitted(10_000_030)
    with pytest.raises(policies_contract.PolicyUnderClaim):
        agency.cancel({"id": claim["policy_id"]})

    draft = agency.open_claim(agency.active())
    agency.cancel({"id": draft["policy_id"]})
    assert agency.show_claim(draft)["status"] == "withdrawn"


def test_what_happened_in_time_is_claimed_after_the_cover(agency: Agency) -> None:
    policy = agency.active(months=1, days_ago=40)
    policies.end_by_date(agency.database)
    assert agency.show(policy)["status"] == "expired"

    running = policies.has_running_policies(agency.database, agency.id)
    assert running["count"] == 0

    claim = agency.open_claim(policy, occurred_on=ago(20))

    assert claim["status"] == "draft"
    running = policies.has_running_policies(agency.database, agency.id)
    assert running["count"] == 1


def test_a_death_drafts_claims_on_the_life_of_the_member(agency: Agency) -> None:
    member_id = identifiers.new("mem")
    policy = agency.active(member_id=member_id)
    agency.active(member_id="mem_lain")
    told = {
        "cooperative_id": agency.id,
        "member_id": member_id,
        "number": "0101-000001",
        "kind": "deceased",
    }

    claims.open_for_deceased(
        agency.database, "evt_resigned", told | {"kind": "resigned"}
    )
    for event in ("evt_1", "evt_1", "evt_2"):
        claims.open_for_deceased(agency.database, f"{event}_{agency.id}", told)

    listed = claims.list_claims(agency.database, agency.id, page(policy_id=None))
    [claim] = listed["items"]
    contract.ClaimPage().load(listed)
    assert (claim["policy_id"], claim["cause"]) == (policy["id"], "death")
    assert claim["claimed_amount"] is None
    # Loans tells what is outstanding, in the same claim.
    named = {"id": None}
    opened = agency.open_claim(named, reference=policy["reference"])
    assert (opened["id"], opened["claimed_amount"]) == (claim["id"], 7_600_000)


def test_what_is_recovered_is_recorded_once_and_within_bounds(agency: Agency) -> None:
    claim = agency.submitted(10_000_030)
    decided(agency, claim, status="paid", amount=7_600_000)
    command = {
        "claim_id": claim["id"],
        "recovery_reference": "rec_1",
        "amount": 7_000_000,
        "recovered_on": ago(0),
    }

    for _ in range(2):
        row = subrogations.record_recovery(agency.database, agency.actor, command)
        assert (row["amount"], row["recovered_amount"]) == (7_600_000, 7_000_000)
    with pytest.raises(subrogations_contract.RecoveryTooLarge):
        subrogations.record_recovery(
            agency.database,
            agency.actor,
            command | {"recovery_reference": "rec_2", "amount": 600_001},
        )

    listed = subrogations.list_subrogations(agency.database, agency.id, page())
    subrogations_contract.SubrogationPage().load(listed)
    assert listed["items"] == [row]


def test_another_cooperative_sees_no_claim(
    agency: Agency, ledger_database: Database, settings: Settings
) -> None:
    claim = agency.open_claim(agency.active())
    other = another_cooperative(agency.database, ledger_database, settings)
    stranger = Actor(cooperative_id=other, subject="usr")

    with pytest.raises(NotFound):
        claims.get_claim(agency.database, other, claim["id"])
    with pytest.raises(NotFound):
        claims.withdraw_claim(agency.database, stranger, claim["id"])
    with pytest.raises(NotFound):
        claims.submit_claim(agency.desk, stranger, claim["id"])
