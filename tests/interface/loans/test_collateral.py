"""Collateral: what it counts for, when it is bound, and when it is given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.loans.models import Loan, LoanApplication
from services.loans.operations import collateral
from services.shared import clock
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import collateral as contract
from services.shared.contracts.loans import verification as verification_contract
from services.shared.errors import NotAllowed, NotFound
from tests.factories.applications import Desk, desk_of
from tests.factories.loans import Lender

TODAY = clock.business_date().isoformat()


@pytest.fixture
def desk(lender: Lender) -> Desk:
    return desk_of(lender)


@pytest.fixture
def application(lender: Lender) -> LoanApplication:
    return lender.application(lender.member(), lender.product(), "verifying")


def offer(desk: Desk, application: LoanApplication, **more: Any) -> dict[str, Any]:
    thing = {
        "kind": "land_certificate",
        "owner_name": "Hasan Basri",
        "description": "Tanah 200 m2",
        "paper_number": "M-77",
    }
    return desk.call("add_collateral", application_id=application.id, **(thing | more))


def appraise(desk: Desk, thing: dict[str, Any], value: int, day: str) -> dict[str, Any]:
    return desk.call(
        "appraise_collateral",
        collateral_id=thing["id"],
        market_value=value,
        appraised_on=day,
        appraised_by="Rina",
    )


def become(lender: Lender, application: LoanApplication, status: str) -> None:
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loan_applications SET status = :status, "
                "approved_amount = amount, approved_count = count, "
                "approved_rate_bps = 2400 WHERE id = :id"
            ),
            {"status": status, "id": application.id},
        )


def test_the_newest_appraisal_counts_less_the_haircut_of_its_kind(
    desk: Desk, application: LoanApplication
) -> None:
    lender = desk.lender
    thing = offer(desk, application)
    assert thing["accepted_value"] == 0
    appraise(desk, thing, 9_000_000, TODAY)
    lender.call(
        lender.staff("pengurus"),
        "put_application_settings",
        {"haircuts": {"land_certificate": 2000}},
    )

    newest = appraise(desk, thing, 5_000_001, TODAY)

    assert newest["accepted_value"] == 4_000_000
    assert [one["haircut_bps"] for one in newest["appraisals"]] == [3000, 2000]
    tomorrow = (clock.business_date() + timedelta(days=1)).isoformat()
    with pytest.raises(verification_contract.DateInTheFuture):
        appraise(desk, thing, 1, tomorrow)
    listed = desk.call("list_collateral", application_id=application.id)
    assert listed["cover_bps"] == 13_333


def test_whose_it_is_stands_nowhere_to_be_read(
    desk: Desk, application: LoanApplication
) -> None:
    thing = offer(desk, application)

    with desk.lender.database.tenant(desk.lender.id) as session:
        details = session.execute(
            text("SELECT details FROM collaterals WHERE id = :id"), {"id": thing["id"]}
        ).scalar_one()
    assert b"Hasan" not in bytes(details)
    assert desk.call("get_collateral", collateral_id=thing["id"]) == thing


def test_it_is_bound_with_the_akad_and_given_back_when_nothing_is_owed(
    desk: Desk, application: LoanApplication
) -> None:
    lender = desk.lender
    treasurer = lender.staff("bendahara")
    thing = offer(desk, application)
    command = {"collateral_id": thing["id"]}
    with pytest.raises(loans_contract.ApplicationNotReady):
        lender.call(treasurer, "bind_collateral", command)
    become(lender, application, "approved")
    with pytest.raises(contract.CollateralNotAppraised):
        lender.call(treasurer, "bind_collateral", command)
    appraise(desk, thing, 5_000_000, TODAY)
    with pytest.raises(NotAllowed):
        desk.call("bind_collateral", **command)

    bound = lender.call(treasurer, "bind_collateral", command)

    assert (bound["status"], bound["bound_on"]) == ("bound", TODAY)
    assert lender.call(treasurer, "bind_collateral", command) == bound
    with pytest.raises(contract.CollateralNotReady):
        desk.call("withdraw_collateral", **command)
    # Not while the loan may be paid out yet, nor while it or its successor is owed.
    with pytest.raises(contract.LoanNotSettled):
        lender.call(treasurer, "release_collateral", command)
    old = lender.loan(lender.member(), lender.product(), application_id=application.id)
    new = lender.loan(lender.member(), lender.product(), restructured_from=old.id)
    _close(lender, old, "restructured")
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loan_applications SET status = 'disbursed', loan_id = :loan "
                "WHERE id = :id"
            ),
            {"loan": old.id, "id": application.id},
        )
    with pytest.raises(contract.LoanNotSettled):
        lender.call(treasurer, "release_collateral", command)
    _close(lender, new, "settled")

    released = lender.call(treasurer, "release_collateral", command)

    assert (released["status"], released["ended_on"]) == ("released", TODAY)


def test_what_is_turned_into_money_secures_nothing_any_more(
    desk: Desk, application: LoanApplication
) -> None:
    lender = desk.lender
    thing = offer(desk, application)
    appraise(desk, thing, 5_000_000, TODAY)
    with (
        pytest.raises(contract.CollateralNotReady),
        lender.database.tenant(lender.id) as session,
    ):
        collateral.execute(session, lender.actor, thing["id"])
    become(lender, application, "signed")
    lender.call(
        lender.staff("bendahara"), "bind_collateral", {"collateral_id": thing["id"]}
    )

    with lender.database.tenant(lender.id) as session:
        assert collateral.execute(session, lender.actor, thing["id"]).ended_on

    listed = desk.call("list_collateral", application_id=application.id)
    assert (listed["accepted_value"], listed["cover_bps"]) == (0, 0)


def test_another_cooperative_finds_none_of_it(
    desk: Desk, application: LoanApplication, neighbour: Lender
) -> None:
    thing = offer(desk, application)
    stranger = neighbour.staff("teller")

    for method in ("get_collateral", "withdraw_collateral"):
        with pytest.raises(NotFound):
            neighbour.call(stranger, method, {"collateral_id": thing["id"]})
    with pytest.raises(NotFound):
        neighbour.call(stranger, "list_collateral", {"application_id": application.id})


def _close(lender: Lender, loan: Loan, status: str) -> None:
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text(
                "UPDATE loans SET outstanding = 0, status = :status, "
                "closed_on = current_date WHERE id = :id"
            ),
            {"status": status, "id": loan.id},
        )
