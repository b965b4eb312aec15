"""New terms for loans: who decides, what is moved, what is kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.loans.domain import schedules
from services.loans.models import Collateral, Loan
from services.loans.operations import arrears, recovery
from services.loans.store import loans as loans_store
from services.shared import clock, identifiers
from services.shared.contracts.loans import restructurings as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.contracts.loans.executions import CollateralNotBound
from services.shared.contracts.loans.repayments import RepaymentUnderWay
from services.shared.errors import BusUnavailable, SameProposer
from tests.factories.loans import Lender, part

PROOF = {
    "business_financials": "DOK-1",
    "field_minutes": "BA-2",
    "good_faith": "SP-3",
}


def loan_of(lender: Lender, loan_id: str) -> Loan:
    with lender.database.tenant(lender.id) as session:
        loan = loans_store.find_loan(session, loan_id)
        assert loan is not None
        session.expunge_all()
    return loan


def late(lender: Lender, dpd: int = 100, **more: Any) -> Loan:
    """A loan of 3 million over 12 months that is late, as the daily job sees it."""
    loan = lender.late_loan(lender.member(), lender.product(), dpd, **more)
    arrears.look(lender.database, lender.id, clock.business_date())
    arrears.post_planned(lender.database, lender.ledger, lender.id)
    return loan_of(lender, loan.id)


def proposal(loan: Loan, method: str, **terms: Any) -> dict[str, Any]:
    return {
        "loan_id": loan.id,
        "method": method,
        "terms": terms,
        "reason": "Omzet turun",
        "cause": "usaha_macet",
        "is_going_concern": True,
        "documents": PROOF,
    }


def restructured(
    lender: Lender, loan: Loan, method: str, **terms: Any
) -> dict[str, Any]:
    """Proposed, approved by another, and signed."""
    made = lender.call(
        lender.staff("bendahara"),
        "propose_restructuring",
        proposal(loan, method, **terms),
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    return lender.call(
        lender.staff("bendahara"),
        "sign_restructuring",
        one | {"signed_on": clock.business_date().isoformat(), "signed_by": "Budi"},
    )


def test_a_longer_tenor_moves_the_principal_and_keeps_the_class(lender: Lender) -> None:
    loan = late(lender)
    assert (loan.dpd, loan.collectibility) == (100, 3)
    done = restructured(lender, loan, "longer_tenor", count=24)

    old, new = loan_of(lender, loan.id), loan_of(lender, done["new_loan_id"])
    assert (old.status, old.outstanding, old.closed_on) == (
        "restructured",
        0,
        clock.business_date(),
    )
    assert (new.status, new.principal, new.count) == ("active", 3_000_000, 24)
    assert (new.restructured_from, new.times_restructured) == (loan.id, 1)
    assert (new.dpd, new.collectibility, new.class_floor_until_paid) == (0, 3, 3)
    assert new.cause == "usaha_macet"
    assert lender.balance(recovery.key_of(old)) == 0
    assert lender.balance(recovery.key_of(new)) == 3_000_000
    # Four instalments were due; their interest waits behind the last one, and what
    # has been earned of the running one.
    due = [one for one in done["content"]["old_schedule"] if one["due_on"] <= today()]
    assert done["content"]["deferred"] >= sum(one["interest"] for one in due) > 0
    assert new.deferred_interest == done["content"]["deferred"]
    assert (
        done["report_due_on"] == (clock.business_date() + timedelta(days=7)).isoformat()
    )
    paper = lender.call(
        lender.staff("pengawas"),
        "get_restructuring",
        {"loan_id": loan.id, "restructuring_id": done["id"], "format": "pdf"},
    )
    assert paper["media_type"] == "application/pdf"


def test_who_proposes_does_not_approve_and_proof_is_needed(lender: Lender) -> None:
    loan = late(lender)
    both = lender.staff("bendahara")
    made = lender.call(
        both, "propose_restructuring", proposal(loan, "longer_tenor", count=18)
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    with pytest.raises(SameProposer):
        lender.call(both, "approve_restructuring", one)
    borrower = lender.staff("komite", member_id=loan.member_id)
    with pytest.raises(OwnLoan):
        lender.call(borrower, "approve_restructuring", one)
    with pytest.raises(contract.RestructuringNotReady):
        lender.call(
            both,
            "sign_restructuring",
            one | {"signed_on": today(), "signed_by": "Budi"},
        )
    with pytest.raises(contract.RestructuringOpen):
        lender.call(
            both, "propose_restructuring", proposal(loan, "longer_tenor", count=18)
        )
    rejection = one | {"idempotency": part("reject")}
    rejected = lender.call(both, "reject_restructuring", rejection)
    again = lender.call(both, "reject_restructuring", rejection)
    assert again == rejected | {"replayed": True}
    with pytest.raises(contract.NotGoingConcern):
        lender.call(
            both,
            "propose_restructuring",
            proposal(loan, "longer_tenor", count=18) | {"is_going_concern": False},
        )


def test_all_extensions_together_are_two_years_at_most(lender: Lender) -> None:
    loan = late(lender)
    caller = lender.staff("bendahara")
    with pytest.raises(contract.ExtensionTooLong):
        lender.call(
            caller, "propose_restructuring", proposal(loan, "longer_tenor", count=60)
        )
    first = restructured(lender, loan, "longer_tenor", count=30)
    again = loan_of(lender, first["new_loan_id"])
    with pytest.raises(contract.ExtensionTooLong):
        # Within two years of its own end, but not of the first one.
        lender.call(
            caller, "propose_restructuring", proposal(again, "longer_tenor", count=40)
        )


@pytest.mark.parametrize(
    ("method", "terms"),
    [
        (
            "lower_instalment",
            {"reduced_count": 6, "reduced_amount": 40_000, "count": 20},
        ),
        ("grace_period", {"grace_count": 3}),
        ("principal_first", {"count": 15}),
        ("seasonal", {"harvest_every": 4, "count": 12}),
        ("lower_rate", {"rate_bps": 0, "reduced_count": 6}),
        ("capitalise_interest", {"count": 18}),
    ],
)
def test_every_kind_keeps_what_is_owed(
    lender: Lender, method: str, terms: dict[str, Any]
) -> None:
    loan = late(lender)
    before = lender.total("4-1000") + lender.total("1-1110")
    done = restructured(lender, loan, method, **terms)
    content, new = done["content"], loan_of(lender, done["new_loan_id"])
    made = content["schedule"]
    assert (
        sum(one["principal"] for one in made) == new.principal == content["principal"]
    )
    assert new.principal == 3_000_000 + content["capitalised"]
    assert lender.balance(recovery.key_of(new)) == new.principal
    assert lender.balance(recovery.key_of(loan)) == 0
    owed = content["interest"] + content["penalty"]
    assert content["capitalised"] + content["deferred"] >= owed > 0
    if method == "capitalise_interest":
        assert content["capitalised"] == content["interest"]
        # What was receivable is principal now, and the rest is income.
        assert lender.total("4-1000") + lender.total("1-1110") == (
            before - content["capitalised"]
        )
    if method == "lower_rate":
        assert [one["interest"] for one in made[:6]] == [0] * 6
        assert made[6]["interest"] > 0
    if method == "lower_instalment":
        assert {one["principal"] + one["interest"] for one in made[:6]} == {40_000}
    if method == "principal_first":
        assert sum(one["interest"] for one in made) == 0


def test_what_was_put_off_falls_due_with_the_last_instalment(lender: Lender) -> None:
    done = restructured(lender, late(lender), "principal_first", count=12)
    ended = clock.business_date() - timedelta(days=40)
    with lender.database.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE instalments SET principal_paid = principal, settled_on = %s "
            "WHERE loan_id = %s",
            (ended, done["new_loan_id"]),
        )
        session.connection().exec_driver_sql(
            "UPDATE loans SET outstanding = 0, matures_on = %s WHERE id = %s",
            (ended, done["new_loan_id"]),
        )
    arrears.look(lender.database, lender.id, clock.business_date())
    new = loan_of(lender, done["new_loan_id"])
    assert (new.dpd, new.oldest_due_on) == (40, ended)
    letter = lender.call(
        lender.staff("analis"),
        "issue_collection_letter",
        {"loan_id": new.id, "level": 0},
    )
    assert letter["content"]["total"] == new.deferred_interest > 0


def test_conversion_to_equity_ends_the_debt(lender: Lender) -> None:
    loan = late(lender)
    done = restructured(lender, loan, "convert_to_equity")
    assert done["new_loan_id"] is None
    assert loan_of(lender, loan.id).status == "restructured"
    assert lender.balance(recovery.key_of(loan)) == 0
    assert lender.total("1-1600") == 3_000_000


def test_another_product_brings_its_own_terms(lender: Lender) -> None:
    loan = late(lender)
    other = lender.product(
        code="modal-kerja",
        method=schedules.FLAT,
        rate_bps=1200,
        overpayment="principal",
    )
    done = restructured(
        lender, loan, "convert_product", product_code="modal-kerja", count=12
    )
    new = loan_of(lender, done["new_loan_id"])
    assert (new.product_id, new.method, new.rate_bps) == (other.id, "flat", 1200)
    assert new.rules["overpayment"] == "principal"


def test_extra_collateral_is_bound_before_the_akad_is_signed(lender: Lender) -> None:
    member, product = lender.member(), lender.product()
    application = lender.application(member, product)
    loan = lender.late_loan(member, product, 100, application_id=application.id)
    arrears.look(lender.database, lender.id, clock.business_date())
    collateral_id = identifiers.new("col")
    with lender.database.tenant(lender.id) as session:
        session.add(
            Collateral(
                id=collateral_id,
                cooperative_id=lender.id,
                application_id=application.id,
                kind="vehicle_bpkb",
                details=b"-",
                status="offered",
                accepted_value=1_000_000,
                bound_on=None,
                ended_on=None,
                created_by="usr_test",
                created_at=clock.now(),
            )
        )
    caller = lender.staff("bendahara")
    with pytest.raises(contract.CollateralNotOffered):
        lender.call(
            caller,
            "propose_restructuring",
            proposal(loan, "extra_collateral", collateral_id="col_other"),
        )
    made = lender.call(
        caller,
        "propose_restructuring",
        proposal(loan, "extra_collateral", collateral_id=collateral_id),
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    signing = one | {"signed_on": today(), "signed_by": "Budi"}
    with pytest.raises(CollateralNotBound):
        lender.call(caller, "sign_restructuring", signing)
    with lender.database.tenant(lender.id) as session:
        bound = session.get_one(Collateral, collateral_id)
        bound.status, bound.bound_on = "bound", clock.business_date()
    done = lender.call(caller, "sign_restructuring", signing)
    assert loan_of(lender, done["new_loan_id"]).count == loan.count


def test_payment_after_the_akad_makes_it_outdated(lender: Lender) -> None:
    loan = late(lender)
    made = lender.call(
        lender.staff("bendahara"),
        "propose_restructuring",
        proposal(loan, "longer_tenor", count=24),
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    lender.call(
        lender.staff("bendahara"),
        "repay_loan",
        {
            "loan_id": loan.id,
            "amount": 50_000,
            "channel": "bank",
            "idempotency": part(),
        },
    )
    with pytest.raises(contract.RestructuringOutdated):
        lender.call(
            lender.staff("bendahara"),
            "sign_restructuring",
            one | {"signed_on": today(), "signed_by": "Budi"},
        )


def test_the_book_follows_when_the_ledger_was_away(lender: Lender) -> None:
    loan = late(lender)
    made = lender.call(
        lender.staff("bendahara"),
        "propose_restructuring",
        proposal(loan, "longer_tenor", count=24),
    )
    one = {"loan_id": loan.id, "restructuring_id": made["id"]}
    lender.call(lender.staff("komite"), "approve_restructuring", one)
    signing = one | {
        "signed_on": today(),
        "signed_by": "Budi",
        "idempotency": part("sign"),
    }
    lender.ledger.fault = BusUnavailable()
    done = lender.call(lender.staff("bendahara"), "sign_restructuring", signing)
    new = loan_of(lender, done["new_loan_id"])
    lender.ledger.fault = None
    with pytest.raises(RepaymentUnderWay):
        lender.call(
            lender.staff("bendahara"),
            "repay_loan",
            {
                "loan_id": new.id,
                "amount": 50_000,
                "channel": "bank",
                "idempotency": part(),
            },
        )
    again = lender.call(lender.staff("bendahara"), "sign_restructuring", signing)
    assert again["new_loan_id"] == new.id
    _make_due(lender)
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)
    assert lender.balance(recovery.key_of(new)) == 3_000_000
    assert lender.balance(recovery.key_of(loan)) == 0


def test_an_answer_that_was_lost_is_no_second_journal(lender: Lender) -> None:
    loan = late(lender)

    def lose(method: str) -> None:
        if method == "post_journal":
            raise BusUnavailable

    lender.ledger.after = lose
    done = restructured(lender, loan, "longer_tenor", count=24)
    lender.ledger.after = lambda _method: None
    _make_due(lender)
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)
    new = loan_of(lender, done["new_loan_id"])
    assert lender.balance(recovery.key_of(new)) == 3_000_000


def _make_due(lender: Lender) -> None:
    with lender.database.hub() as session:
        session.connection().exec_driver_sql(
            "UPDATE loan_journals SET due_at = now() - interval '1 hour' "
            "WHERE state = 'planned' AND cooperative_id = %s",
            (lender.id,),
        )


def today() -> str:
    day: date = clock.business_date()
    return day.isoformat()
