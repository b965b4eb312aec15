"""The weekly and monthly report on what lending moves, and what will come in (R159)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from services.loans.domain import cash_flow as domain
from services.loans.domain.cash_flow import Flow
from services.loans.operations import cash_flow_papers
from services.loans.store import cash_flow as store
from services.loans.store.cash_flow import Expected
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts.loans import cash_flow as contract
from services.shared.contracts.loans.verification import DateInTheFuture
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.presentation import pdf, sheets


def get_cash_flow(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The report as JSON, on paper or as a workbook. Raises DateInTheFuture."""
    today = clock.business_date()
    first, last, by = command["from_"], command["to"], command["by"]
    if last > today:
        raise DateInTheFuture
    with database.tenant(cooperative_id) as session:
        moved = store.movements(session, cooperative_id, first, last, by)
        scheduled = store.scheduled(session, cooperative_id, first, last, by)
        expected = store.expected(
            session, cooperative_id, today, command["weeks_ahead"]
        )
        tenant = tenants.find(session, cooperative_id)
    whole, parts = domain.flows(first, last, by, moved)
    due, *ahead = _ahead(today, command["weeks_ahead"], expected)
    report = answers.one(
        contract.CashFlow(),
        {
            "by": by,
            "whole": _shown(whole, sum(scheduled.values())),
            "periods": [_shown(one, scheduled.get(one.begins, 0)) for one in parts],
            "due": due,
            "ahead": ahead,
        },
    )
    name = f"arus-kas-pinjaman-{first.isoformat()}-{last.isoformat()}"
    if command["format"] == files.XLSX:
        return files.file_of(
            f"{name}.xlsx", sheets.MEDIA_TYPE, cash_flow_papers.workbook(report)
        )
    if command["format"] == files.PDF and tenant is not None:
        paper = cash_flow_papers.paper(tenant.name, tenant.code, report, clock.now())
        return files.file_of(f"{name}.pdf", pdf.MEDIA_TYPE, paper)
    return report


def _shown(flow: Flow, scheduled: int) -> dict[str, Any]:
    received, channels = _received(flow), Counter[str]()
    for one in flow.received:
        channels[one.channel or ""] += one.amount
    disbursed = flow.principal_of(domain.DISBURSED)
    return {
        "from_": flow.begins,
        "to": flow.ends,
        "opening": flow.opening,
        "disbursed": disbursed,
        "taken_over": flow.principal_of(domain.TAKEN_OVER),
        "restructured": flow.restructured,
        "repaid": flow.principal_of(domain.REPAID),
        "written_off": flow.principal_of(domain.WRITTEN_OFF),
        "closing": flow.closing,
        "opening_loans": flow.opening_loans,
        "new_loans": flow.new_loans,
        "ended_loans": flow.ended_loans,
        "closing_loans": flow.closing_loans,
        "scheduled": scheduled,
        "received": received,
        "channels": [
            {"channel": channel, "amount": amount}
            for channel, amount in sorted(channels.items())
        ],
        "net": received["total"] - disbursed,
    }


def _received(flow: Flow) -> dict[str, int]:
    repaid = [one for one in flow.received if one.kind == domain.REPAID]
    return {
        "principal": sum(one.principal for one in repaid),
        "interest": sum(one.interest for one in repaid),
        "penalty": sum(one.penalty for one in repaid),
        "fee": sum(one.fee for one in repaid),
        "recovered": sum(
            one.amount for one in flow.received if one.kind == domain.RECOVERED
        ),
        "total": sum(one.amount for one in flow.received),
    }


def _ahead(
    today: date, weeks: int, expected: Sequence[Expected]
) -> list[dict[str, Any]]:
    """What is due now, then week by week, those in which nothing falls due as well."""
    known = {one.week: one for one in expected}
    shown = []
    for week in range(weeks + 1):
        one = known.get(week, Expected(week, 0, 0, 0))
        ends = today + timedelta(weeks=week)
        shown.append(
            {
                "from_": ends - timedelta(days=6) if week else None,
                "to": ends,
                "instalments": one.instalments,
                "principal": one.principal,
                "interest": one.interest,
                "total": one.principal + one.interest,
            }
        )
    return shown
