"""Committees vote, letters say what was decided, members answer, agreements follow."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.shared import clock
from services.shared.contracts import files
from services.shared.contracts.loans import ApplicationNotReady, RateOverCap
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import decisions as contract
from services.shared.contracts.loans import lending as lending_contract
from services.shared.errors import NotFound, SameProposer, StepUpRequired
from tests.factories.decisions import ANALYST, scored, verified, vote
from tests.factories.loans import Lender, Member, part


def status_of(lender: Lender, application_id: str) -> str:
    reader = lender.staff("komite")
    told = lender.call(reader, "get_decision", {"application_id": application_id})
    status: str = told["status"]
    return status


def test_as_many_votes_as_the_amount_needs_decide(lender: Lender) -> None:
    application = verified(lender, lender.product(), amount=20_000_000)
    first = lender.staff("komite")

    open_ballot = vote(lender, first, application, reason="Usaha lancar")
    assert (open_ballot["status"], open_ballot["quorum"]) == ("verified", 2)
    with pytest.raises(contract.AlreadyVoted):
        vote(lender, first, application)
    ballot = vote(lender, lender.staff("pengurus"), application)

    decision = ballot["decision"]
    assert ballot["status"] == "approved"
    assert decision["outcome"] == "approved"
    assert decision["terms"]["amount"] == 20_000_000
    assert decision["number"].startswith("SK/")
    command = {"application_id": application.id}
    letter = lender.call(first, "get_decision_letter", command | {"format": "pdf"})
    printed = files.content_of(letter)
    assert printed.startswith(b"%PDF")
    assert hashlib.sha512(printed).hexdigest() == decision["fingerprint"]
    told = lender.call(first, "get_decision_letter", command)
    assert told["terbilang"] == "dua puluh juta rupiah"
    with pytest.raises(ApplicationNotReady):
        vote(lender, lender.staff("komite"), application)


def test_who_brought_it_in_or_would_get_the_money_does_not_vote(
    lender: Lender,
) -> None:
    member = lender.member()
    application = verified(lender, lender.product(), member)

    for subject in (ANALYST, "usr_clerk"):
        with pytest.raises(SameProposer):
            vote(lender, lender.staff("komite", subject=subject), application)
    with pytest.raises(contract.OwnLoan):
        vote(lender, lender.staff("pengurus", member_id=member.id), application)
    weak = replace(lender.staff("komite"), strong_until=0)
    with pytest.raises(StepUpRequired):
        vote(lender, weak, application)


def test_other_terms_begin_a_new_round_and_have_to_be_accepted(
    lender: Lender,
) -> None:
    member = lender.member()
    application = verified(lender, lender.product(), member, amount=20_000_000)
    first, second = lender.staff("komite"), lender.staff("komite")
    vote(lender, first, application)

    ballot = vote(
        lender, second, application, amount=15_000_000, conditions="Serahkan BPKB"
    )
    assert (ballot["round"], ballot["status"]) == (2, "verified")
    ballot = vote(lender, first, application)

    assert ballot["status"] == "offered"
    assert ballot["decision"]["terms"] == {
        "amount": 15_000_000,
        "count": 12,
        "rate_bps": 2400,
        "conditions": "Serahkan BPKB",
    }
    command = {"application_id": application.id, "idempotency": part("accept")}
    someone = lender.staff("anggota", member_id=lender.member().id)
    with pytest.raises(NotFound):
        lender.call(someone, "accept_my_offer", command)
    borrower = lender.staff("anggota", member_id=member.id)
    accepted = lender.call(borrower, "accept_my_offer", command)
    assert accepted["answer"] == "accepted"
    assert lender.call(borrower, "accept_my_offer", command)["replayed"]
    assert status_of(lender, application.id) == "approved"


def test_a_member_may_decline_what_is_offered(lender: Lender) -> None:
    application = verified(lender, lender.product())
    vote(lender, lender.staff("komite"), application, count=6)

    command = {"application_id": application.id, "idempotency": part("decline")}
    told = lender.call(lender.staff("teller"), "decline_offer", command)

    assert told["answer"] == "declined"
    assert status_of(lender, application.id) == "withdrawn"


def test_a_rejection_says_why(lender: Lender) -> None:
    application = verified(lender, lender.product())

    with pytest.raises(contract.ReasonRequired):
        vote(lender, lender.staff("komite"), application, choice="reject")
    ballot = vote(
        lender,
        lender.staff("komite"),
        application,
        choice="reject",
        reason="Kapasitas bayar kurang",
    )

    assert ballot["decision"]["outcome"] == "rejected"
    assert ballot["decision"]["reason"] == "Kapasitas bayar kurang"
    assert status_of(lender, application.id) == "rejected"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"amount": 3_000_001}, contract.TermsNotAllowed),
        ({"amount": 400_000}, contract.TermsNotAllowed),
        ({"count": 61}, contract.TermsNotAllowed),
        ({"amount": 2_500_000}, contract.ReasonRequired),
        ({"amount": 2_000_000, "rate_bps": 1200}, contract.ReasonRequired),
    ],
)
def test_nobody_approves_beyond_the_product_or_silently_beyond_the_score(
    lender: Lender, body: dict[str, Any], refusal: type[Exception]
) -> None:
    application = verified(lender, lender.product(minimum_amount=500_000))
    scored(lender, application, max_amount=2_000_000, rate_bps=1800)

    with pytest.raises(refusal):
        vote(lender, lender.staff("komite"), application, **body)


def test_nothing_incomplete_is_approved(lender: Lender) -> None:
    application = verified(lender, lender.product(minimum_cover_bps=10_000))

    with pytest.raises(contract.ApplicationIncomplete) as refusal:
        vote(lender, lender.staff("komite"), application)

    assert refusal.value.details["missing"] == ["cover"]


def test_votes_lapse_when_an_application_is_sent_back(lender: Lender) -> None:
    application = verified(lender, lender.product(), amount=20_000_000)
    voter = lender.staff("komite")
    vote(lender, voter, application)

    told = lender.call(
        voter,
        "send_back",
        {
            "application_id": application.id,
            "reason": "Periksa arus kas",
            "idempotency": part("back"),
        },
    )
    assert told["status"] == "queued"
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE verifications SET finished_at = now() WHERE application_id = %s",
            (application.id,),
        )
        session.connection().exec_driver_sql(
            "UPDATE loan_applications SET status = 'verified' WHERE id = %s",
            (application.id,),
        )

    ballot = vote(lender, voter, application)
    assert (ballot["status"], ballot["round"]) == ("verified", 2)


def test_a_cooperative_sets_its_own_tiers(lender: Lender, neighbour: Lender) -> None:
    board = lender.staff("pengurus")
    tiers = [{"through": None, "quorum": 2, "roles": ["pengurus"]}]
    lender.call(board, "put_lending_settings", {"tiers": tiers, "cash_reserve": 0})
    application = verified(lender, lender.product())

    with pytest.raises(contract.NotOnCommittee):
        vote(lender, lender.staff("komite"), application)
    assert vote(lender, board, application)["decision"] is None
    falling = [
        {"through": 1_000_000, "quorum": 2, "roles": ["komite"]},
        {"through": None, "quorum": 1, "roles": ["komite"]},
    ]
    with pytest.raises(lending_contract.InvalidTiers):
        lender.call(board, "put_lending_settings", {"tiers": falling})
    with pytest.raises(NotFound):
        vote(neighbour, neighbour.staff("komite"), application)


# Agreements


def an_approved(lender: Lender, member: Member | None = None, **terms: Any) -> str:
    application = verified(lender, lender.product(**terms), member, count=12)
    vote(lender, lender.staff("komite"), application)
    return application.id


def make(lender: Lender, application_id: str, **body: Any) -> dict[str, Any]:
    command = {"application_id": application_id, "idempotency": part("akad")}
    return lender.call(lender.staff("teller"), "make_akad", command | body)


def sign(lender: Lender, application_id: str, **body: Any) -> dict[str, Any]:
    command = {
        "application_id": application_id,
        "signed_on": clock.business_date().isoformat(),
        "signed_by": [
            {"role": "Ketua", "name": "Siti"},
            {"role": "Peminjam", "name": "Budi"},
        ],
        "idempotency": part("sign"),
    }
    return lender.call(lender.staff("bendahara"), "sign_akad", command | body)


def test_what_is_passed_on_is_in_the_agreement_and_in_the_effective_rate(
    lender: Lender,
) -> None:
    lender.insurance.answers["quote_premium"] = {
        "premium": 135_000,
        "charged_months": 12,
        "rate_bps": 450,
        "coverage_bps": 10_000,
        "product_code": "jiwa_kredit",
    }
    costly = an_approved(
        lender,
        administration_bps=100,
        administration_amount=5_000,
        fee_payer="borrower",
        premium_payer="borrower",
        insurance_product="jiwa_kredit",
    )
    plain = make(lender, an_approved(lender, lender.member()))["content"]

    akad = make(lender, costly)

    content = akad["content"]
    assert (content["administration"], content["fee"], content["premium"]) == (
        35_000,
        15_000,
        135_000,
    )
    assert content["received"] == 3_000_000 - 185_000
    # Vector 2: menurun, 24 %, twelve months.
    assert content["total_interest"] == 390_000
    assert content["total_cost"] == 390_000 + 185_000
    assert plain["effective_rate_bps"] == 2400
    assert content["effective_rate_bps"] > 3000
    assert [row["principal"] + row["interest"] for row in content["schedule"]][:2] == [
        310_000,
        305_000,
    ]
    printed = files.content_of(
        lender.call(
            lender.staff("komite"),
            "get_akad",
            {"application_id": costly, "format": "pdf"},
        )
    )
    assert hashlib.sha512(printed).hexdigest() == akad["fingerprint"]


def test_a_loan_over_the_effective_cap_gets_no_agreement(lender: Lender) -> None:
    # The committee sees the fee of the cooperative, the agreement that of the hub too.
    application_id = an_approved(
        lender, rate_bps=2390, cap_basis="effective", fee_payer="borrower"
    )

    with pytest.raises(RateOverCap):
        make(lender, application_id)


def test_an_agreement_is_replaced_until_it_is_signed(lender: Lender) -> None:
    member = lender.member()
    application_id = an_approved(lender, member)
    today = clock.business_date()
    first = make(lender, application_id)
    harvest = (today + timedelta(days=120)).isoformat()
    second = make(lender, application_id, first_due_on=harvest)

    assert second["number"] != first["number"]
    assert second["content"]["schedule"][0]["due_on"] == harvest
    late = (today + timedelta(days=1)).isoformat()
    with pytest.raises(akad_contract.SigningDateInvalid):
        sign(lender, application_id, signed_on=late)
    with pytest.raises(NotFound):
        sign(lender, application_id, document_id="doc_of_another")
    signed = sign(lender, application_id)
    assert (signed["status"], signed["number"]) == ("signed", second["number"])
    with pytest.raises(ApplicationNotReady):
        make(lender, application_id)
    borrower = lender.staff("anggota", member_id=member.id)
    own = lender.call(borrower, "get_my_akad", {"application_id": application_id})
    assert own["content"]["member_name"] == member.name
    stranger = lender.staff("anggota", member_id="mem_other")
    with pytest.raises(NotFound):
        lender.call(stranger, "get_my_akad", {"application_id": application_id})


def test_loans_go_to_accounts_of_the_borrower(lender: Lender) -> None:
    other = lender.member("Sari")

    with pytest.raises(akad_contract.NotTheMembersAccount):
        make(lender, an_approved(lender), savings_account=other.savings)
