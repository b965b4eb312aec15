"""Who always pays in time gets part of the interest back, once (R158)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.loans.models import Loan
from services.loans.operations import arrears, recovery, repayments
from services.loans.operations.repayments import Payment
from services.shared import clock
from services.shared.contracts.ledger import AccountNotActive
from services.shared.errors import BusUnavailable
from tests.factories.loans import Lender
from tests.factories.savings import Calendar, calendar_at

START = date(2026, 8, 10)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", START.isoformat()) as calendar:
        yield calendar


def a_loan(lender: Lender, *, count: int = 2, **terms: Any) -> Loan:
    """Rp 1.000.000 over two months at 24 %, of whose interest a tenth comes back."""
    rules = {"rebate_bps": 1000, "rebate_grace_days": 2} | terms
    return lender.loan(
        lender.member(), lender.product(**rules), principal=1_000_000, count=count
    )


def pay(lender: Lender, loan: Loan, amount: int, channel: str = "bank") -> None:
    payment = Payment(
        loan_id=loan.id,
        amount=amount,
        channel=channel,
        source_key=lender.key("1-1010"),
    )
    repayments.record(lender.database, lender.asked, lender.actor, payment)


def follow(lender: Lender) -> None:
    """What the timer does when everything planned has become due."""
    with lender.database.hub() as session:
        session.connection().exec_driver_sql(
            "UPDATE loan_journals SET due_at = now() WHERE state = 'planned'"
        )
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)


def shown(lender: Lender, loan: Loan) -> dict[str, Any]:
    return lender.call(lender.staff("pengurus"), "get_loan", {"loan_id": loan.id})


def pay_all_in_time(lender: Lender, calendar: Calendar, loan: Loan) -> None:
    """20.000 and 10.000 of interest; the second within the days of grace."""
    calendar.turn_to("2026-09-10")
    pay(lender, loan, 520_000)
    calendar.turn_to("2026-10-12")
    pay(lender, loan, 510_000)


def test_who_was_never_late_gets_part_of_the_interest_back(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    pay_all_in_time(lender, calendar, loan)
    before = lender.balance(loan.savings_account or "")
    assert shown(lender, loan)["rebate"] == {"amount": 3_000, "posted_at": None}
    assert lender.events("loan_rebated") == []

    # Due at once: nobody waits for it to be left behind.
    recovery.follow_due(lender.database, lender.ledger.on_behalf_of)

    assert lender.balance(loan.savings_account or "") == before + 3_000
    assert lender.balance("4-1000") == 30_000 - 3_000
    assert shown(lender, loan)["rebate"]["posted_at"] is not None
    [event] = lender.events("loan_rebated")
    assert (event["amount"], event["member_id"]) == (3_000, loan.member_id)


def test_a_rebate_is_neither_lost_nor_doubled_by_a_kill(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    pay_all_in_time(lender, calendar, loan)
    before = lender.balance(loan.savings_account or "")

    def lose(_method: str) -> None:
        raise BusUnavailable

    lender.ledger.fault = BusUnavailable()
    follow(lender)
    lender.ledger.fault, lender.ledger.after = None, lose
    follow(lender)
    assert lender.events("loan_rebated") == []
    lender.ledger.after = lambda _method: None
    follow(lender)
    follow(lender)

    assert lender.balance(loan.savings_account or "") == before + 3_000
    assert len(lender.events("loan_rebated")) == 1


def test_a_rebate_without_savings_is_owed_to_the_member(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender)
    pay_all_in_time(lender, calendar, loan)
    lender.ledger.fault = AccountNotActive()
    follow(lender)
    lender.ledger.fault = None
    follow(lender)

    assert lender.balance("2-1100") == 3_000
    assert shown(lender, loan)["rebate"]["amount"] == 3_000


def test_who_was_late_once_gets_nothing(lender: Lender, calendar: Calendar) -> None:
    loan = a_loan(lender)
    calendar.turn_to("2026-09-13")
    pay(lender, loan, 520_000)
    calendar.turn_to("2026-10-12")
    pay(lender, loan, 510_000)
    assert shown(lender, loan)["status"] == "settled"
    assert shown(lender, loan)["rebate"] is None


def test_who_was_charged_a_penalty_gets_nothing_though_within_the_grace(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender, penalty_grace_days=0)
    calendar.turn_to("2026-09-12")
    arrears.look(lender.database, lender.id, clock.business_date())
    pay(lender, loan, 521_040)
    calendar.turn_to("2026-10-12")
    arrears.look(lender.database, lender.id, clock.business_date())
    pay(lender, loan, 511_020)
    assert shown(lender, loan)["status"] == "settled"
    assert shown(lender, loan)["rebate"] is None


@pytest.mark.parametrize("channel", ["insurance", "collateral", "guarantor"])
def test_what_others_have_paid_earns_the_borrower_nothing(
    lender: Lender, calendar: Calendar, channel: str
) -> None:
    loan = a_loan(lender)
    calendar.turn_to("2026-09-10")
    pay(lender, loan, 1_020_000, channel)
    assert shown(lender, loan)["status"] == "settled"
    assert shown(lender, loan)["rebate"] is None


def test_a_loan_that_took_the_place_of_another_earns_nothing(
    lender: Lender, calendar: Calendar
) -> None:
    first = a_loan(lender)
    loan = lender.loan(
        lender.member(),
        lender.product(rebate_bps=1000),
        principal=1_000_000,
        count=2,
        restructured_from=first.id,
        times_restructured=1,
    )
    calendar.turn_to("2026-09-10")
    pay(lender, loan, 520_000)
    pay(lender, loan, 510_000)
    assert shown(lender, loan)["status"] == "settled"
    assert shown(lender, loan)["rebate"] is None


def test_a_product_gives_nothing_back_unless_it_says_so(
    lender: Lender, calendar: Calendar
) -> None:
    loan = a_loan(lender, rebate_bps=0)
    pay_all_in_time(lender, calendar, loan)
    assert shown(lender, loan)["status"] == "settled"
    assert shown(lender, loan)["rebate"] is None
