"""What is owed of a loan on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from services.loans.domain import allocation
from services.loans.domain import loans as loan_domain
from services.loans.domain.allocation import Allocation, Debt, Owed
from services.loans.domain.loans import Rules
from services.loans.models import Instalment, Loan
from services.loans.store import loans as store


def debt_of(loan: Loan, instalments: Sequence[Instalment], day: date) -> Debt:
    """How a loan stands on a day, penalties of that day included.

    A loan that was written off earns no more penalties.
    """
    rules = Rules.of(loan.rules)
    if loan.status == loan_domain.WRITTEN_OFF:
        rules = replace(rules, penalty_bps_per_day=0)
    return Debt(
        day=day,
        method=loan.method,
        frequency=loan.frequency,
        principal=loan.principal,
        rate_bps=loan.rate_bps,
        disbursed_on=loan.disbursed_on,
        rules=rules,
        instalments=tuple(_owed(one, day, rules) for one in instalments),
        deferred=loan.deferred_interest - loan.deferred_interest_paid,
    )


def payoff(session: Session, loan: Loan, on: date) -> dict[str, int]:
    """What pays the loan off on a day: principal, interest, penalty, fee and total."""
    debt = debt_of(loan, store.instalments_of(session, loan.id), on)
    return parts_of(allocation.settlement(debt))


def parts_of(paid: Allocation) -> dict[str, int]:
    """What an allocation comes to, by kind."""
    return {
        "principal": paid.principal,
        "interest": paid.interest,
        "penalty": paid.penalty,
        "fee": paid.fee,
        "total": paid.total,
    }


def _owed(one: Instalment, day: date, rules: Rules) -> Owed:
    before = Owed(
        number=one.number,
        due_on=one.due_on,
        principal=one.principal,
        interest=one.interest,
        principal_paid=one.principal_paid,
        interest_paid=one.interest_paid,
        penalty=one.penalty_base,
        forgiven=one.penalty_paid + one.penalty_waived,
    )
    now = allocation.owed_on(day, before, since=one.penalty_from, rules=rules)
    # What the daily job found stays, also if this day is before it.
    return replace(now, penalty=max(now.penalty, one.penalty))
