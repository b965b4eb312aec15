"""How often PostgreSQL is asked does not grow with the number of rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from services.loans.models import LoanApplication
from services.loans.operations import guarantees
from services.loans.store import autodebits, loans
from services.loans.store import disbursements as disbursements_store
from services.loans.store import guarantees as guarantees_store
from services.shared import clock, identifiers
from tests.factories.applications import desk_of
from tests.factories.loans import Lender


def asked(lender: Lender, deed: Callable[[], Any]) -> int:
    """How many statements the deed sends to the service's database."""
    with lender.database.tenant(lender.id) as session:
        engine = session.connection().engine
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        deed()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return count


def test_the_debt_of_many_loans_is_asked_for_at_once(lender: Lender) -> None:
    product = lender.product()
    caller = replace(lender.staff("admin"), service="members")

    def debt(count: int) -> int:
        member = lender.member()
        for _ in range(count):
            lender.loan(member, product)
        command = {"member_id": member.id}
        return asked(lender, lambda: lender.call(caller, "get_debt", command))

    assert debt(1) == debt(4)


def test_rows_that_are_taken_over_are_stored_at_once(lender: Lender) -> None:
    lender.product(code="modal", name="Modal Usaha")
    lender.post((lender.key("1-1100"), lender.key("3-4000"), 8_000_000))
    caller = replace(lender.staff("admin"), service="members")

    def bring(count: int) -> int:
        command = {
            "import_id": identifiers.new("imp"),
            "cut_over": "2025-12-31",
            "rows": [a_row(lender, number) for number in range(count)],
        }
        return asked(lender, lambda: lender.call(caller, "import_loans", command))

    assert bring(1) == bring(6)


def a_row(lender: Lender, row: int) -> dict[str, Any]:
    member = lender.member()
    return {
        "row": row + 2,
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
    }


def test_the_holds_of_many_guarantors_are_given_up_at_once(lender: Lender) -> None:
    product = lender.product()

    def release(count: int) -> int:
        application = lender.application(lender.member(), product, "approved")
        loan_id = promised(lender, application, count)
        return asked(
            lender,
            lambda: guarantees.release_all(
                lender.database, lender.holds, lender.id, loan_id
            ),
        )

    assert release(1) == release(4)


def promised(lender: Lender, application: LoanApplication, count: int) -> str:
    """The loan for which so many guarantors' savings are held."""
    for _ in range(count):
        guarantor = lender.member(savings=1_000_000)
        desk_of(lender).call(
            "add_guarantee",
            application_id=application.id,
            member_id=guarantor.id,
            savings_account=guarantor.savings,
            amount=500_000,
            agreed_on=clock.business_date().isoformat(),
        )
    loan_id = identifiers.new("loa")
    guarantees.hold_all(
        lender.database, lender.asked, lender.holds, application, loan_id
    )
    return loan_id


_BY = {
    "payouts": "",
    "payouts by status": "status = ",
    "loans by status": "status = ",
    "loans by officer": "officer = ",
    "guarantees of a member": "member_id = ",
    "consents of a loan": "loan_id = ",
}
_LISTS: dict[str, Callable[[Any], Any]] = {
    "payouts": lambda session: disbursements_store.list_shown(
        session, status=None, business_date=None, before=None, limit=10
    ),
    "payouts by status": lambda session: disbursements_store.list_shown(
        session, status="refused", business_date=None, before=None, limit=10
    ),
    "loans by status": lambda session: loans.list_loans(
        session, status="written_off", after=None, limit=10
    ),
    "loans by officer": lambda session: loans.list_loans(
        session, officer="usr_other", after=None, limit=10
    ),
    "guarantees of a member": lambda session: guarantees_store.list_of_guarantor(
        session, "mem_other", after=None, limit=10
    ),
    "consents of a loan": lambda session: autodebits.list_of(
        session, "loa_other", after=None, limit=10
    ),
}


@pytest.mark.parametrize("name", _LISTS)
def test_a_list_reads_an_index_and_no_table(lender: Lender, name: str) -> None:
    plans: list[str] = []
    with lender.database.tenant(lender.id) as session:
        # Of a table with few rows the whole is read; this asks whether it must be.
        session.execute(text("SET LOCAL enable_seqscan = off"))
        session.execute(text("SET LOCAL enable_sort = off"))
        engine = session.connection().engine

        def explain(_: Any, cursor: Any, statement: str, values: Any, *__: Any) -> None:
            if statement.startswith("SELECT"):
                cursor.execute(f"EXPLAIN {statement}", values)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))

        event.listen(engine, "before_cursor_execute", explain)
        try:
            _LISTS[name](session)
        finally:
            event.remove(engine, "before_cursor_execute", explain)

    [plan] = plans
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan
    # By the tenant and by what is asked for: nothing is read to be thrown away.
    assert re.search(rf"Index Cond: .*cooperative_id = .*{_BY[name]}", plan), plan
