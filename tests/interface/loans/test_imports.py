"""Loans of another system: an account each, and what is left of their schedules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.hub import loans_check
from services.ledger.operations import periods
from services.loans.domain.loans import account_key
from services.loans.models import Loan
from services.shared.contracts.loans import imports as contract
from services.shared.errors import ServiceBusy
from services.shared.identity import Identity
from tests.factories.loans import Lender
from tests.factories.savings import Calendar, calendar_at

CUT_OVER = date(2025, 12, 31)


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", "2026-01-05") as calendar:
        yield calendar


def the_members_service(lender: Lender) -> Identity:
    return replace(lender.staff("admin"), service="members")


def a_row(lender: Lender, row: int = 2, **more: Any) -> dict[str, Any]:
    member = lender.member(name=f"Anggota {row}")
    return {
        "row": row,
        "member_id": member.id,
        "member_name": member.name,
        "savings_account": member.savings,
        "product": "modal usaha",
        "outstanding": 1_000_000,
        "principal": 3_000_000,
        "rate_bps": None,
        "instalment": None,
        "count": 4,
        "disbursed_on": "2025-04-20",
        "days_past_due": 0,
        "interest_receivable": 0,
        "provision": 0,
    } | more


def bring(lender: Lender, *rows: dict[str, Any]) -> dict[str, Any]:
    command = {"import_id": "imp_1", "cut_over": CUT_OVER.isoformat(), "rows": rows}
    return lender.call(the_members_service(lender), "import_loans", command)


def opened(lender: Lender, amount: int) -> None:
    """What the opening journal of the import has put into the book."""
    lender.post((lender.key("1-1100"), lender.key("3-4000"), amount))


def loans_of(lender: Lender) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lender.call(lender.staff("pengurus"), "list_loans")[
        "items"
    ]
    return sorted(found, key=lambda loan: str(loan["member_name"]))


def schedule_of(lender: Lender, loan: dict[str, Any]) -> list[tuple[str, int, int]]:
    command = {"loan_id": loan["id"]}
    items = lender.call(lender.staff("pengurus"), "get_loan_schedule", command)["items"]
    return [(one["due_on"], one["principal"], one["interest"]) for one in items]


def test_days_that_were_closed_meanwhile_do_not_stop_it(
    lender: Lender, calendar: Calendar
) -> None:
    lender.product(code="modal", name="Modal Usaha")
    opened(lender, 1_000_000)
    lender.post((lender.key("1-1110"), lender.key("3-4000"), 70_000))
    row = a_row(lender, interest_receivable=70_000)
    for today, closed in (("2026-01-05", "2026-01-03"), ("2026-01-07", "2026-01-06")):
        calendar.turn_to(today)
        periods.close_period(lender.world.ledger, lender.id, date.fromisoformat(closed))
        bring(lender, row)

    [loan] = loans_of(lender)
    assert lender.balance(account_key(lender.id, "loan", loan["id"])) == 1_000_000
    assert lender.balance("1-1110") == 70_000


def test_each_loan_gets_an_account_and_what_is_left_of_its_schedule(
    lender: Lender,
) -> None:
    lender.product(code="modal", name="Modal Usaha")
    flat = {"product": "flat", "rate_bps": 1200}
    lender.product(code="flat", method="flat")
    opened(lender, 2_100_000)
    rows = [a_row(lender), a_row(lender, 3, days_past_due=95), a_row(lender, 4, **flat)]
    rows[2] |= {"outstanding": 100_000, "principal": None, "count": 1}

    assert bring(lender, *rows) == {"loans": 3}
    assert bring(lender, *rows) == {"loans": 3}

    assert lender.balance("1-1100") == 0
    first, late, last = loans_of(lender)
    assert lender.balance(account_key(lender.id, "loan", first["id"])) == 1_000_000
    assert (first["principal"], first["outstanding"]) == (3_000_000, 1_000_000)
    assert schedule_of(lender, first) == [
        ("2026-01-20", 250_000, 20_000),
        ("2026-02-20", 250_000, 15_000),
        ("2026-03-20", 250_000, 10_000),
        ("2026-04-20", 250_000, 5_000),
    ]
    # 95 days at cut-over are five more by now, and its class is that of today.
    assert (late["dpd"], late["collectibility"]) == (100, 3)
    assert schedule_of(lender, last) == [("2026-01-20", 100_000, 1_000)]


def test_what_the_old_book_had_set_aside_becomes_that_of_the_loans(
    lender: Lender,
) -> None:
    lender.product(code="modal", name="Modal Usaha")
    opened(lender, 1_000_000)
    lender.post(
        (lender.key("1-1110"), lender.key("3-4000"), 30_000),
        (lender.key("3-4000"), lender.key("1-1190"), 50_000),
    )
    row = a_row(lender, interest_receivable=30_000, provision=50_000)

    for _ in range(2):
        bring(lender, row)

    assert lender.balance("9-9000") == 0
    assert (lender.total("1-1110"), lender.total("1-1190")) == (30_000, -50_000)
    with lender.database.tenant(lender.id) as session:
        [loan] = session.query(Loan).all()
        assert (loan.interest_receivable, loan.provision) == (30_000, 50_000)
    # Nothing differs between the loans and the book.
    assert list(loans_check.check(lender.world.ledger, lender.world.loans))


def test_being_late_before_the_takeover_costs_nothing_here(lender: Lender) -> None:
    lender.product(code="modal", name="Modal Usaha")
    opened(lender, 1_000_000)
    bring(lender, a_row(lender, days_past_due=95, count=1))

    [loan] = loans_of(lender)
    shown = lender.call(lender.staff("pengurus"), "get_loan", {"loan_id": loan["id"]})

    # Of the 97th month's days since the grace, five are ours: 0,1 % each, less the cap.
    assert 0 < shown["due_penalty"] <= 5 * (1_000_000 + 20_000) // 1_000


def test_who_dies_after_the_journal_is_followed_by_the_same_page(
    lender: Lender,
) -> None:
    lender.product(code="modal", name="Modal Usaha")
    opened(lender, 1_000_000)
    row = a_row(lender)

    def lost(method: str) -> None:
        if method == "post_journal":
            raise ServiceBusy

    lender.ledger.after = lost
    with pytest.raises(ServiceBusy):
        bring(lender, row)
    assert loans_of(lender) == []
    lender.ledger.after = lambda _method: None
    bring(lender, row)

    [loan] = loans_of(lender)
    assert lender.balance(account_key(lender.id, "loan", loan["id"])) == 1_000_000


def test_a_product_that_there_is_not_takes_nothing_over(lender: Lender) -> None:
    with pytest.raises(contract.ImportProductUnknown):
        bring(lender, a_row(lender))
    assert loans_of(lender) == []
