"""What the insurer says no to, or says what cannot be, is ended by people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.insurance.operations import policies
from services.insurance.service import InsuranceService
from services.shared.contracts.insurance import claims as claims_contract
from services.shared.contracts.insurance import policies as policies_contract
from services.shared.contracts.insurance import resolutions as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.contracts.trail import AUDITED
from services.shared.errors import (
    BusUnavailable,
    Malformed,
    NotAllowed,
    NotFound,
    SameProposer,
    StepUpRequired,
)
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.insurance import Agency, another_cooperative
from tests.factories.members import idempotency
from tests.fakes import in_process
from tests.interface.insurance.test_service import Nobody

Call = Callable[..., dict[str, Any]]

LYING = 10_000_040
UNWANTED = 10_000_004
PREMIUM = 450_000
CLAIMED = 7_600_000


def calling(agency: Agency, who: Identity) -> Call:
    service = in_process.service(
        InsuranceService,
        database=agency.database,
        settings=agency.settings,
        caller=who,
        ledger=Nobody(),
    )

    def call(method: str, **command: Any) -> dict[str, Any]:
        return in_process.call(service, method, command)

    return call


@pytest.fixture
def siti(agency: Agency) -> Call:
    """Who proposes."""
    return calling(agency, agency.staff("siti"))


@pytest.fixture
def dewi(agency: Agency) -> Call:
    """Who decides."""
    return calling(agency, agency.staff("dewi"))


def disputed(agency: Agency) -> dict[str, Any]:
    claim = agency.submitted(LYING)
    agency.sweep()
    agency.sweep()
    claim = agency.show_claim(claim)
    assert claim["status"] == "disputed"
    return claim


def refused(agency: Agency) -> dict[str, Any]:
    policy = agency.activate(agency.reserve(principal=UNWANTED))
    assert policy["status"] == "activation_refused"
    return policy


def agreed(siti: Call, claim: dict[str, Any], **terms: Any) -> dict[str, Any]:
    proposed = siti(
        "propose_claim_resolution",
        claim_id=claim["id"],
        reason="Dibahas dengan perusahaan asuransi",
        **({"outcome": "accept_amount", "amount": 5_000_000} | terms),
    )
    contract.Resolution().load(proposed)
    return proposed


def audited(agency: Agency, action: str) -> list[tuple[str, Any]]:
    told = agency.events(AUDITED)
    return [(one["actor"], one["after"]) for one in told if one["action"] == action]


def test_what_was_agreed_on_is_paid_and_nothing_else(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    claim = disputed(agency)
    proposed = agreed(siti, claim)
    assert agency.show_claim(claim)["status"] == "disputed"

    part = idempotency("POST /v1/insurance/resolutions/x/approve", {})
    done = dewi("approve_resolution", resolution_id=proposed["id"], idempotency=part)
    again = dewi("approve_resolution", resolution_id=proposed["id"], idempotency=part)

    assert again == done | {"replayed": True}
    assert (done["status"], done["decided_by"]) == ("approved", "usr_dewi")
    shown = agency.show_claim(claim)
    assert (shown["status"], shown["approved_amount"]) == ("approved", 5_000_000)
    # The insurer still says ten times as much: that is not believed now either.
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "disputed"
    assert agency.events("claim_paid") == []

    second = agreed(siti, claim)
    dewi("approve_resolution", resolution_id=second["id"])
    agency.company.decide(claim["id"], {"status": "paid", "amount": 5_000_000})
    agency.sweep()
    assert agency.show_claim(claim)["paid_amount"] == 5_000_000
    assert [one["amount"] for one in agency.events("claim_paid")] == [5_000_000]


def test_less_than_was_agreed_on_is_not_taken_for_it(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    claim = disputed(agency)
    proposed = agreed(siti, claim)
    dewi("approve_resolution", resolution_id=proposed["id"])
    known = agency.company.claims[claim["id"]]
    known.claimed //= 100
    agency.company.decide(claim["id"], {"status": "in_review", "is_called_back": False})

    # A tenth of the claim is approved now, then paid.
    agency.sweep()
    agency.sweep()

    assert (known.status, known.amount) == ("paid", CLAIMED // 10)
    shown = agency.show_claim(claim)
    assert (shown["status"], shown["approved_amount"]) == ("disputed", 5_000_000)
    assert agency.events("claim_paid") == []


def test_nobody_decides_on_the_cover_of_an_own_loan(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    claim, policy = disputed(agency), refused(agency)
    ends = siti(
        "propose_policy_resolution", policy_id=policy["id"], reason="Tidak memenuhi"
    )
    insured = calling(agency, replace(agency.staff("budi"), member_id="mem_budi"))

    for proposed in (agreed(siti, claim), ends):
        with pytest.raises(OwnLoan):
            insured("approve_resolution", resolution_id=proposed["id"])

    assert agency.show_claim(claim)["status"] == "disputed"
    assert agency.show(policy)["status"] == "activation_refused"
    assert dewi("approve_resolution", resolution_id=ends["id"])["status"] == "approved"


def test_a_rejection_that_is_accepted_ends_the_claim(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    claim = disputed(agency)
    proposed = agreed(siti, claim, outcome="accept_rejection", amount=None)

    dewi("approve_resolution", resolution_id=proposed["id"])
    agency.sweep()

    shown = agency.show_claim(claim)
    assert (shown["status"], shown["reason"]) == ("rejected", proposed["reason"])
    assert [one["claim_id"] for one in agency.events("claim_rejected")] == [claim["id"]]
    # The loan is covered as before.
    assert agency.show({"id": claim["policy_id"]})["status"] == "active"


def test_who_proposes_does_not_approve_and_nobody_without_a_second_factor(
    agency: Agency, siti: Call
) -> None:
    proposed = agreed(siti, disputed(agency))
    named = {"resolution_id": proposed["id"]}

    with pytest.raises(SameProposer):
        siti("approve_resolution", **named)
    with pytest.raises(StepUpRequired):
        calling(agency, agency.staff("dewi", is_strong=False))(
            "approve_resolution", **named
        )
    with (
        pytest.raises(IntegrityError, match="two_persons"),
        agency.database.tenant(agency.id) as session,
    ):
        session.execute(
            text(
                "UPDATE resolutions SET status = 'approved', decided_at = now(), "
                "decided_by = proposed_by"
            )
        )
    # Taken back, it is over, and something else can be proposed.
    assert siti("reject_resolution", **named)["status"] == "rejected"
    with pytest.raises(contract.ResolutionDecided):
        siti("reject_resolution", **named)


def test_no_more_is_agreed_on_than_was_claimed(agency: Agency, siti: Call) -> None:
    claim = disputed(agency)

    with pytest.raises(contract.AmountOverClaim) as refusal:
        agreed(siti, claim, amount=CLAIMED + 1)
    assert refusal.value.details == {"claimed": CLAIMED}
    for terms in (
        {"amount": 0},
        {"amount": None},
        {"outcome": "accept_rejection", "amount": 1},
        {"outcome": "end_policy", "amount": None},
    ):
        with pytest.raises(Malformed):
            agreed(siti, claim, **terms)

    agreed(siti, claim, amount=CLAIMED)
    with pytest.raises(contract.ResolutionOpen):
        agreed(siti, claim)


def test_what_the_insurer_has_settled_meanwhile_is_not_agreed_on(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    claim = disputed(agency)
    proposed = agreed(siti, claim)
    agency.company.decide(claim["id"], {"status": "paid", "amount": CLAIMED})
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "paid"

    with pytest.raises(contract.ClaimNotDisputed):
        dewi("approve_resolution", resolution_id=proposed["id"])

    assert agency.show_claim(claim)["paid_amount"] == CLAIMED


def test_who_insists_is_answered_anew(agency: Agency, siti: Call) -> None:
    claim = disputed(agency)
    reason = "Jumlah klaim sudah sesuai polis"

    same = siti("insist_on_claim", claim_id=claim["id"], reason=reason)
    assert same["status"] == "disputed"
    agency.company.decide(
        claim["id"], {"status": "approved", "amount": CLAIMED, "is_called_back": False}
    )
    better = siti("insist_on_claim", claim_id=claim["id"], reason=reason)

    assert better["status"] != "disputed"
    told = audited(agency, "claim.insisted_on")
    assert told == [("usr_siti", {"reason": reason})] * 2
    with pytest.raises(contract.ClaimNotDisputed):
        siti("insist_on_claim", claim_id=claim["id"], reason=reason)


def test_a_refused_activation_waits_for_a_person(agency: Agency) -> None:
    policy = refused(agency)
    asked = dict(agency.company.policies)
    agency.company.policies.clear()

    # Nobody asks any more, and nothing is claimed from who does not cover it.
    agency.sweep()
    agency.company.policies.update(asked)

    shown = agency.show(policy)
    assert (shown["status"], shown["fault"]) == (
        "activation_refused",
        "Usia peserta melebihi ketentuan",
    )
    [told] = agency.events("policy_activation_refused")
    policies_contract.PolicyEvent().load(told)
    assert told["loan_id"] == policy["reference"]
    gauges = calling(agency, agency.staff("siti"))("get_health")["gauges"]
    assert gauges["policies_activation_refused"] >= 1
    assert policies.has_running_policies(agency.database, agency.id)["count"] == 1
    with pytest.raises(claims_contract.PolicyNotClaimable):
        agency.open_claim(policy)
    # The loan service asks again after a crash: nothing changes.
    named = {"policy_id": policy["id"], "premium_fee_reference": policy["reference"]}
    again = policies.activate_policy(
        agency.desk, agency.actor, named | {"disbursed_on": None}
    )
    assert again["status"] == "activation_refused"
    assert len(agency.events("policy_activation_refused")) == 1


def test_a_refused_activation_is_tried_again(agency: Agency, siti: Call) -> None:
    policy = refused(agency)
    named = {"policy_id": policy["id"], "reason": "Usia sudah dikoreksi"}

    assert siti("retry_activation", **named)["status"] == "activation_refused"
    agency.company.policies[policy["id"]].is_allowed = True
    assert siti("retry_activation", **named)["status"] == "active"

    assert siti("retry_activation", **named)["status"] == "active"
    assert len(audited(agency, "policy.activation_retried")) == 2
    agency.cancel(policy)
    with pytest.raises(contract.ActivationNotRefused):
        siti("retry_activation", **named)


def test_a_policy_that_never_began_gives_the_whole_premium_back(
    agency: Agency, siti: Call, dewi: Call
) -> None:
    policy = refused(agency)
    wallet = agency.wallet()
    proposed = siti(
        "propose_policy_resolution",
        policy_id=policy["id"],
        reason="Anggota tidak memenuhi syarat",
    )
    with pytest.raises(SameProposer):
        siti("approve_resolution", resolution_id=proposed["id"])
    # Who never let it begin says that there is nothing to end.
    agency.ledger.fault = BusUnavailable()
    dewi("approve_resolution", resolution_id=proposed["id"])
    agency.sweep()
    assert agency.show(policy)["status"] == "cancelling"

    agency.ledger.fault = None
    agency.sweep()
    agency.sweep()

    ended = agency.show(policy)
    assert (ended["status"], ended["end_reason"]) == ("cancelled", "activation_refused")
    assert agency.wallet() == wallet + PREMIUM
    [told] = agency.events("policy_refunded")
    assert (told["loan_id"], told["amount"]) == (policy["reference"], PREMIUM)
    with pytest.raises(contract.ResolutionDecided):
        dewi("approve_resolution", resolution_id=proposed["id"])
    with pytest.raises(contract.ActivationNotRefused):
        siti("propose_policy_resolution", policy_id=policy["id"], reason="Sekali lagi")


def test_a_loan_that_ends_before_its_cover_began_has_all_of_it_back(
    agency: Agency,
) -> None:
    policy = refused(agency)
    wallet = agency.wallet()

    told = agency.cancel(policy, refund=False, reason="settled")
    agency.sweep()

    assert told == {"status": "cancelling", "refund_amount": PREMIUM}
    assert agency.show(policy)["status"] == "cancelled"
    assert agency.wallet() == wallet + PREMIUM


def test_a_claim_waits_until_its_cover_has_begun(agency: Agency, siti: Call) -> None:
    policy = agency.reserve(principal=UNWANTED)
    agency.company.is_down = True
    agency.activate(policy)
    claim = agency.open_claim(policy)
    for needed in claim["checklist"]:
        agency.hand_in(claim, needed["kind"])
    agency.company.is_down = False

    assert agency.submit(claim)["status"] == "submitting"
    agency.sweep()
    assert agency.show(policy)["status"] == "activation_refused"
    assert agency.show_claim(claim)["status"] == "submitting"

    agency.company.policies[policy["id"]].is_allowed = True
    siti("retry_activation", policy_id=policy["id"], reason="Sudah disetujui")
    agency.sweep()
    assert agency.show_claim(claim)["status"] == "submitted"


def test_another_cooperative_and_those_without_the_scope_decide_nothing(
    agency: Agency, siti: Call, ledger_database: Database, settings: Settings
) -> None:
    claim = disputed(agency)
    proposed = agreed(siti, claim)
    other = another_cooperative(agency.database, ledger_database, settings)
    stranger = calling(
        agency,
        Identity(
            subject="usr_asing",
            cooperative_id=other,
            scopes=frozenset({"insurance:write", "insurance:read", "approvals:write"}),
            service="gateway",
            strong_until=agency.staff("x").strong_until,
        ),
    )
    reader = calling(
        agency,
        Identity(
            subject="usr_pengawas",
            cooperative_id=agency.id,
            scopes=frozenset({"insurance:read"}),
            service="gateway",
        ),
    )

    with pytest.raises(NotFound):
        stranger("approve_resolution", resolution_id=proposed["id"])
    with pytest.raises(NotFound):
        agreed(stranger, claim)
    with pytest.raises(NotFound):
        stranger("insist_on_claim", claim_id=claim["id"], reason="Bukan milik saya")
    assert stranger("list_resolutions", limit=10)["items"] == []
    with pytest.raises(NotAllowed):
        reader("approve_resolution", resolution_id=proposed["id"])
    with pytest.raises(NotAllowed):
        agreed(reader, claim)
    listed = reader("list_resolutions", policy_id=claim["policy_id"], limit=10)
    contract.ResolutionPage().load(listed)
    assert listed["items"] == [proposed]
