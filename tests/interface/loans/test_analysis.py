"""Verification: what an analyst has to find out, and what no one lets pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import application_checks, verification
from services.shared import clock, identifiers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.ledger import InsufficientWalletBalance
from services.shared.contracts.loans import limits as limits_contract
from services.shared.contracts.loans import verification as contract
from services.shared.contracts.loans.decisions import ApplicationIncomplete, OwnLoan
from services.shared.contracts.loans.verification import USUAL_ITEMS
from services.shared.errors import (
    DeadlinePassed,
    Malformed,
    NotAllowed,
    NotFound,
    SameProposer,
)
from tests.factories.applications import FORM, SCORES, Desk, checked, desk_of
from tests.factories.loans import Lender, Lending, part

CAPITAL = 100_000_000


@pytest.fixture
def desk(lending: Lending) -> Desk:
    """A cooperative with 100 million of own capital."""
    return desk_of(lending.tenant(cash=CAPITAL))


def taken(desk: Desk, product: LoanProduct | None = None, **more: Any) -> str:
    """An application that the analyst has taken; its id."""
    standing = more.pop("standing", {})
    member = desk.lender.member(**standing)
    desk.submitted(member, product or desk.lender.product(), **more)
    return desk.take()


def missing_of(desk: Desk, application_id: str) -> list[str]:
    with pytest.raises(contract.VerificationIncomplete) as refused:
        desk.analyse("finish_verification", application_id=application_id)
    missing: list[str] = refused.value.details["missing"]
    return missing


def test_from_the_queue_to_the_committee(desk: Desk) -> None:
    product = desk.lender.product(requires_visit=True)
    application_id = taken(desk, product)
    shown = desk.call("get_application", application_id=application_id)
    assert shown["status_text"] == "Sedang Diverifikasi"
    assert missing_of(desk, application_id) == [
        "checklist",
        "five_c",
        "identity_check",
        "visit",
        "interview",
    ]

    desk.examine(application_id)
    today = clock.business_date().isoformat()
    for kind in ("visit", "interview"):
        desk.analyse(
            "record_field_visit",
            application_id=application_id,
            kind=kind,
            held_on=today,
            conducted_by="Siti Aminah",
            findings="Warung ramai",
            latitude="-6.200000",
            longitude="106.816666",
        )
    finished = desk.analyse(
        "finish_verification",
        application_id=application_id,
        idempotency=part("finish", "once"),
    )

    assert finished["status"] == "verified"
    assert finished["verification_status"] == "Lolos"
    found = desk.call("get_verification", application_id=application_id)
    assert found["five_c"]["character"] == SCORES["character"]
    assert [one["findings"] for one in found["visits"]] == ["Warung ramai"] * 2
    assert found["visits"][0]["latitude"] == "-6.200000"
    assert found["missing"] == []
    assert all(one["ticked_by"] == desk.analyst.subject for one in found["checklist"])
    assert not desk.lender.call(desk.analyst, "list_queue", {"line": "verification"})[
        "items"
    ]


def test_what_the_analyst_writes_of_a_person_is_encrypted(desk: Desk) -> None:
    application_id = taken(desk)
    desk.examine(application_id)

    with desk.lender.database.tenant(desk.lender.id) as session:
        row = session.execute(
            text("SELECT notes FROM verifications WHERE application_id = :id"),
            {"id": application_id},
        ).one()
    assert b"Catatan" not in bytes(row.notes)


def test_only_who_has_taken_an_application_works_on_it(desk: Desk) -> None:
    application_id = taken(desk)
    another = desk.lender.staff("analis")

    with pytest.raises(contract.NotYourApplication):
        desk.lender.call(
            another,
            "assess_five_c",
            {"application_id": application_id, **SCORES},
        )
    with pytest.raises(contract.UnknownItem):
        desk.analyse("tick_checklist", application_id=application_id, codes=["akad"])
    with pytest.raises(contract.DateInTheFuture):
        desk.analyse(
            "record_field_visit",
            application_id=application_id,
            kind="visit",
            held_on=(clock.business_date() + timedelta(days=1)).isoformat(),
            conducted_by="Siti",
            findings="-",
        )


@pytest.mark.parametrize("longitude", ["", "timur", "NaN", "181"])
def test_a_place_that_is_none_is_refused(desk: Desk, longitude: str) -> None:
    with pytest.raises(Malformed) as caught:
        desk.analyse(
            "record_field_visit",
            application_id="app_1",
            kind="visit",
            held_on=clock.business_date().isoformat(),
            conducted_by="Siti",
            findings="-",
            latitude="-6.2",
            longitude=longitude,
        )
    assert "longitude" in str(caught.value)


def test_nobody_brings_a_loan_of_his_own_before_the_committee(desk: Desk) -> None:
    application_id = taken(desk)
    desk.examine(application_id)
    borrower = replace(desk.analyst, member_id=next(iter(desk.lender.standings)))

    with pytest.raises(OwnLoan):
        desk.lender.call(
            borrower, "finish_verification", {"application_id": application_id}
        )


def test_an_analyst_rejects_with_a_reason_that_the_member_reads(desk: Desk) -> None:
    application_id = taken(desk)
    reason = "Slip gaji tidak sesuai"

    rejected = desk.analyse(
        "reject_application", application_id=application_id, reason=reason
    )

    assert (rejected["status"], rejected["reason"]) == ("rejected", reason)
    assert rejected["verification_status"] == "Ditolak"
    with pytest.raises(loans_contract.ApplicationNotReady):
        desk.analyse("finish_verification", application_id=application_id)


def test_a_product_has_a_checklist_of_its_own(desk: Desk) -> None:
    product, chief = desk.lender.product(), desk.lender.staff("pengurus")
    items = [
        {"code": "sawah", "label": "Sawah ditinjau", "is_required": True},
        {"code": "irigasi", "label": "Irigasi", "is_required": False},
    ]
    desk.lender.call(chief, "put_checklist", {"product_id": product.id, "items": items})
    application_id = taken(desk, product)
    desk.analyse("assess_five_c", application_id=application_id, **SCORES)
    desk.check(application_id)

    assert missing_of(desk, application_id) == ["checklist"]
    desk.analyse("tick_checklist", application_id=application_id, codes=["sawah"])
    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"


def test_the_product_may_ask_for_cover(desk: Desk) -> None:
    application_id = taken(desk, desk.lender.product(minimum_cover_bps=12_500))
    desk.examine(application_id)
    thing = desk.call(
        "add_collateral",
        application_id=application_id,
        kind="vehicle_bpkb",
        owner_name="Budi Santoso",
        description="Honda Beat 2022",
    )

    def appraise(value: int) -> dict[str, Any]:
        return desk.analyse(
            "appraise_collateral",
            collateral_id=thing["id"],
            market_value=value,
            appraised_on="2026-11-20",
            appraised_by="Siti",
        )

    # 125 % of 3.000.000 are 3.750.000; a vehicle counts for 70 %: 5.357.143 and more.
    assert appraise(5_357_142)["accepted_value"] == 3_749_999
    assert missing_of(desk, application_id) == ["cover"]
    assert appraise(5_357_143)["accepted_value"] == 3_750_000
    listed = desk.call("list_collateral", application_id=application_id)
    assert listed["cover_bps"] == 12_500
    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"


# Limits


def voted(desk: Desk, application_id: str, **terms: Any) -> dict[str, Any]:
    """A vote of the committee for an application, on these terms."""
    vote = {"choice": "approve", "reason": "Layak", "idempotency": part("vote")}
    vote |= {"application_id": application_id} | terms
    return desk.lender.call(desk.lender.staff("komite"), "cast_vote", vote)


def refused(desk: Desk, application_id: str, **terms: Any) -> list[str]:
    """The limits because of which a committee may not vote for these terms."""
    with pytest.raises(ApplicationIncomplete) as caught:
        voted(desk, application_id, **terms)
    missing: list[str] = caught.value.details["missing"]
    return missing


def test_the_committee_may_lend_what_the_income_carries(desk: Desk) -> None:
    # 600.000 a month for debts: 3.000.000 takes 310.000 at first, the rest 290.001.
    form = FORM | {"monthly_income": 2_000_000, "other_obligations": 290_001}
    application_id = taken(desk, form=form)
    desk.examine(application_id)
    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"

    assert refused(desk, application_id) == ["service_ratio"]
    # Less, but in half the time: 416.667 and interest.
    fewer = {"amount": 2_500_000, "count": 6}
    assert refused(desk, application_id, **fewer) == ["service_ratio"]
    ballot = voted(desk, application_id, amount=2_900_000)
    assert (ballot["status"], ballot["missing"]) == ("offered", [])


def test_what_no_loan_is_small_enough_for_is_not_brought_before_it(desk: Desk) -> None:
    form = FORM | {"monthly_income": 2_000_000, "other_obligations": 600_000}
    application_id = taken(desk, form=form)
    desk.examine(application_id)

    assert missing_of(desk, application_id) == ["service_ratio"]


def test_a_word_on_the_ratio_does_not_let_larger_instalments_pass(desk: Desk) -> None:
    chief = desk.lender.staff("pengurus")
    rules = desk.lender.call(chief, "get_application_settings", {})
    desk.lender.call(
        chief, "put_application_settings", rules | {"service_ratio_is_hard": False}
    )
    form = FORM | {"monthly_income": 1_000_000, "other_obligations": 0}
    application_id = taken(desk, form=form)
    desk.examine(application_id)
    desk.analyse("finish_verification", application_id=application_id)
    assert refused(desk, application_id) == ["service_ratio"]
    word = {"warning": "service_ratio", "reason": "Penghasilan istri"}
    word["application_id"] = application_id
    desk.lender.call(desk.lender.staff("komite"), "approve_limit", word)

    assert refused(desk, application_id, count=3) == ["service_ratio"]
    assert voted(desk, application_id)["status"] == "approved"


def test_two_loans_at_once_are_carried_by_one_income(desk: Desk) -> None:
    member = desk.lender.member()
    form = FORM | {"monthly_income": 2_000_000}
    taken_now = []
    for _ in range(2):
        desk.submitted(member, desk.lender.product(), form=form)
        taken_now.append(desk.take())
        desk.examine(taken_now[-1])
        desk.analyse("finish_verification", application_id=taken_now[-1])

    def vote(application_id: str) -> str:
        try:
            status: str = voted(desk, application_id)["status"]
        except ApplicationIncomplete as error:
            return str(error.details["missing"])
        return status

    with ThreadPoolExecutor(max_workers=2) as pool:
        ended = sorted(pool.map(vote, taken_now))
    assert ended == ["['service_ratio']", "approved"]


def test_debts_may_not_take_more_than_is_earned_for_them(desk: Desk) -> None:
    # 3.000.000 over 12 months at 24 %: 310.000 at first, and 250.000 elsewhere.
    form = FORM | {"monthly_income": 1_866_666, "other_obligations": 250_000}
    application_id = taken(desk, form=form)
    desk.examine(application_id)

    limits = desk.call("get_limits", application_id=application_id)

    assert limits["service_ratio"] == {
        "instalment": 310_000,
        "obligations": 250_000,
        "income": 1_866_666,
        "ratio_bps": 3001,
        "limit_bps": 3000,
        "is_within": False,
    }
    with pytest.raises(limits_contract.NothingToApprove):
        desk.lender.call(
            desk.lender.staff("komite"),
            "approve_limit",
            {
                "application_id": application_id,
                "warning": "service_ratio",
                "reason": "Penghasilan istri",
            },
        )


def test_what_others_know_counts_when_it_is_worse(desk: Desk) -> None:
    application_id = taken(desk)
    desk.lender.kyc.answers["get_bureau_summary"] = {
        "outstanding": 36_000_001,
        "score": 70,
    }
    desk.lender.kyc.answers["get_income"] = {
        "monthly_income": 5_000_000,
        "is_capped": False,
    }

    ratio = desk.call("get_limits", application_id=application_id)["service_ratio"]

    assert ratio["obligations"] == 1_000_001
    assert ratio["income"] == 5_000_000


def test_own_loans_are_debts_too(desk: Desk) -> None:
    lender, product = desk.lender, desk.lender.product()
    member = lender.member()
    lender.loan(member, lender.product())
    desk.submitted(member, product)
    application_id = desk.take()

    limits = desk.call("get_limits", application_id=application_id)

    assert limits["service_ratio"]["obligations"] == 310_000
    assert limits["lending_limit"]["outstanding"] == 3_000_000
    assert limits["lending_limit"]["exposure"] == 6_000_000
    assert limits["lending_limit"]["own_capital"] == CAPITAL


def test_a_loan_in_its_grace_counts_with_what_it_will_ask_for(desk: Desk) -> None:
    lender, product = desk.lender, desk.lender.product()
    member = lender.member()
    easy = lender.product(grace_count=2, minimum_count=3)
    lender.loan(member, easy, count=12)
    harvest = lender.product(method="musiman", harvest_every=6, minimum_count=6)
    lender.loan(member, harvest, count=12)
    desk.submitted(member, product)
    application_id = desk.take()

    limits = desk.call("get_limits", application_id=application_id)

    # 300.000 and interest of 60.000 once the grace is over; of the two harvests half
    # of 3.000.000 each, and 60.000, then 30.000 a month: 295.000 on average.
    assert limits["service_ratio"]["obligations"] == 360_000 + 295_000


def test_a_business_borrows_half_of_its_turnover(desk: Desk) -> None:
    form = FORM | {"employment": "self_employed", "monthly_turnover": 5_999_999}
    application_id = taken(desk, form=form)
    desk.examine(application_id)
    desk.analyse("finish_verification", application_id=application_id)

    assert refused(desk, application_id) == ["turnover"]
    assert voted(desk, application_id, amount=2_999_000)["status"] == "offered"


def test_to_others_a_word_with_a_reason_lets_more_pass(desk: Desk) -> None:
    form = FORM | {"monthly_income": 90_000_000}
    application_id = taken(desk, amount=15_000_001, form=form)
    desk.examine(application_id)
    desk.analyse("finish_verification", application_id=application_id)
    assert refused(desk, application_id) == ["other_limit"]
    word = {
        "application_id": application_id,
        "warning": "other_limit",
        "reason": "Deposito menutup seluruhnya",
    }

    with pytest.raises(NotAllowed):
        desk.analyse("approve_limit", **word)
    for concerned in (desk.clerk.subject, desk.analyst.subject):
        both = desk.lender.staff("komite", "teller", subject=concerned)
        with pytest.raises(SameProposer):
            desk.lender.call(both, "approve_limit", word)
    given = desk.lender.call(desk.lender.staff("komite"), "approve_limit", word)

    assert [one["warning"] for one in given["approvals"]] == ["other_limit"]
    assert voted(desk, application_id)["votes"]


def test_a_loan_to_the_board_needs_both_consents_on_record(desk: Desk) -> None:
    form = FORM | {"monthly_income": 90_000_000}
    application_id = taken(
        desk, amount=10_000_000, form=form, standing={"is_related": True}
    )
    desk.examine(application_id)
    assert missing_of(desk, application_id) == ["pengurus_consent", "pengawas_consent"]
    chief = desk.lender.staff("pengurus")
    word = {"application_id": application_id, "reason": "Rapat 20 November 2026"}
    paper = desk.hand_in_papers(application_id, "consent", "other")

    agreed = word | {"warning": "pengurus_consent"}
    borrower = desk.lender.staff(
        "pengurus", member_id=next(iter(desk.lender.standings))
    )
    with pytest.raises(OwnLoan):
        desk.lender.call(borrower, "approve_limit", agreed)
    with pytest.raises(NotAllowed):
        desk.lender.call(desk.lender.staff("komite"), "approve_limit", agreed)
    desk.lender.call(chief, "approve_limit", agreed)
    consent = word | {"warning": "pengawas_consent"}
    with pytest.raises(NotFound):
        desk.lender.call(
            chief, "approve_limit", consent | {"document_id": paper[1]["id"]}
        )
    desk.lender.call(chief, "approve_limit", consent | {"document_id": paper[0]["id"]})

    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"


def test_nobody_lets_more_than_ten_percent_pass_to_the_board(desk: Desk) -> None:
    form = FORM | {"monthly_income": 90_000_000}
    application_id = taken(
        desk, amount=10_000_001, form=form, standing={"is_related": True}
    )
    desk.examine(application_id)
    [paper] = desk.hand_in_papers(application_id, "consent")
    for warning in ("pengurus_consent", "pengawas_consent"):
        word = {"warning": warning, "reason": "Rapat", "document_id": paper["id"]}
        desk.lender.call(
            desk.lender.staff("pengurus"),
            "approve_limit",
            word | {"application_id": application_id},
        )
    desk.analyse("finish_verification", application_id=application_id)

    assert refused(desk, application_id) == ["related_limit"]
    assert voted(desk, application_id, amount=10_000_000)["votes"]


def test_two_loans_that_are_each_within_are_not_so_together(desk: Desk) -> None:
    lender, product = desk.lender, desk.lender.product()
    member = lender.member()
    form = FORM | {"monthly_income": 90_000_000}
    desk.submitted(member, product, amount=8_000_000, form=form)
    application_id = desk.take()
    desk.examine(application_id)
    desk.analyse("finish_verification", application_id=application_id)

    def against() -> tuple[list[str], list[str]]:
        with lender.database.tenant(lender.id) as session:
            known = session.get_one(LoanApplication, application_id)
            terms = session.get_one(LoanProduct, product.id)
            return (
                verification.missing(session, known, terms),
                verification.missing_for_disbursement(session, known, terms),
            )

    assert against() == ([], [])
    # 15 % of 100 million are 15 million: another 7 are within, a rupiah more is not.
    other = lender.application(member, lender.product(), "approved", amount=7_000_000)
    assert against() == ([], [])
    lender.loan(member, product, principal=500_000, count=1, outstanding=1)
    assert against() == (["other_limit"], ["other_limit"])
    limits = desk.call("get_limits", application_id=application_id)
    assert limits["lending_limit"]["exposure"] == 15_000_001
    assert other.approved_amount == 7_000_000


# Checks


def test_a_check_is_asked_for_once_however_often(desk: Desk) -> None:
    application_id = taken(desk)
    desk.lender.kyc.answers["request_check"] = DeadlinePassed()
    with pytest.raises(DeadlinePassed):
        desk.check(application_id)
    desk.lender.kyc.answers["request_check"] = checked("LOLOS")

    first = desk.check(application_id)
    again = desk.check(application_id)

    assert first == again
    assert (first["result"], first["fee_amount"]) == ("LOLOS", 5000)
    assert first["parts"] == [{"kind": "ektp", "result": "LOLOS", "score": 97}]
    asked = desk.lender.kyc.called("request_check")
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert asked[0]["feature"] == "ekyc"


def test_a_check_for_less_does_not_do_for_more(desk: Desk) -> None:
    draft = desk.draft(desk.lender.member(), desk.lender.product())
    desk.check(draft["id"])
    form = FORM | {"monthly_income": 90_000_000}
    desk.call(
        "change_application", application_id=draft["id"], amount=10_000_001, form=form
    )
    desk.hand_in_papers(draft["id"])
    desk.submit(draft["id"])
    application_id = desk.take()
    codes = [one["code"] for one in USUAL_ITEMS]
    desk.analyse("tick_checklist", application_id=application_id, codes=codes)
    desk.analyse("assess_five_c", application_id=application_id, **SCORES)

    assert missing_of(desk, application_id) == ["identity_check"]
    desk.check(application_id)
    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"


def test_a_check_that_came_to_nothing_is_made_anew(desk: Desk) -> None:
    application_id = taken(desk, amount=10_000_001)
    desk.lender.kyc.answers["request_check"] = InsufficientWalletBalance()
    with pytest.raises(InsufficientWalletBalance):
        desk.check(application_id)
    desk.lender.kyc.answers["request_check"] = checked("LOLOS")

    assert desk.check(application_id)["attempt"] == 2
    first, second = desk.lender.kyc.called("request_check")
    assert first["feature"] == second["feature"] == "skoring"
    assert first["request_id"] != second["request_id"]


def test_what_a_reviewer_decides_is_taken_over(desk: Desk) -> None:
    application_id = taken(desk)
    desk.lender.kyc.answers["request_check"] = checked("TINJAU")
    desk.examine(application_id)
    assert missing_of(desk, application_id) == ["identity_check"]
    desk.lender.kyc.answers["get_check"] = checked("LOLOS")
    payload = {
        "cooperative_id": desk.lender.id,
        "check_id": "kck_1",
        "reference": application_id,
    }
    event_id = identifiers.new("evt")
    told = (desk.lender.database, desk.lender.kyc)
    for _ in range(2):
        application_checks.take_result(*told, event_id, payload)
    # What comes late does not undo what is known.
    for late in (checked("TINJAU"), checked(None, "checking")):
        desk.lender.kyc.answers["get_check"] = late
        application_checks.take_result(*told, identifiers.new("evt"), payload)

    finished = desk.analyse("finish_verification", application_id=application_id)
    assert finished["status"] == "verified"


# Before the money


def test_before_the_payout_the_member_has_been_taught(lender: Lender) -> None:
    product = lender.product(requires_training=True, minimum_cover_bps=10_000)
    member = lender.member()
    application = lender.application(member, product, "signed")

    def missing() -> list[str]:
        with lender.database.tenant(lender.id) as session:
            return verification.missing_for_disbursement(
                session,
                session.get_one(LoanApplication, application.id),
                session.get_one(LoanProduct, product.id),
            )

    assert missing() == ["training", "binding"]
    clerk = lender.staff("teller")
    for days in (400, 10):
        day = clock.business_date() - timedelta(days=days)
        assert "training" in missing()
        lender.call(
            clerk,
            "record_training",
            {
                "member_id": member.id,
                "topic": "Literasi keuangan",
                "held_on": day.isoformat(),
            },
        )
    assert missing() == ["binding"]
    listed = lender.call(clerk, "list_trainings", {"member_id": member.id})
    assert len(listed["items"]) == 2
