"""Carrying out what was signed: the old loan closes and the new one begins.

Both in one transaction; the book follows (`recovery.follow`). Whoever pays in between
makes the akad outdated.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import collections as collections_domain
from services.loans.domain import loans, schedules
from services.loans.domain import recovery as recovery_domain
from services.loans.domain import restructurings as domain
from services.loans.domain.peers import Asked
from services.loans.models import Loan, Restructuring
from services.loans.operations import applications, recovery
from services.loans.operations import collateral as collaterals
from services.loans.operations import loans as book
from services.loans.operations.restructurings.terms import case_of
from services.loans.operations.restructurings.views import (
    active,
    akad_of,
    answer,
    in_state,
)
from services.loans.store import collateral as collateral_store
from services.loans.store import collections as collections_store
from services.loans.store import products as products_store
from services.loans.store import repayments as repayments_store
from services.shared import clock, identifiers
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import executions as executions_contract
from services.shared.contracts.loans import restructurings as contract
from services.shared.errors import InvariantViolated
from services.shared.identity import Actor
from services.shared.persistence import idempotency, numbering, trail
from services.shared.persistence.database import Database, retrying

LOAN_PREFIX: Final = "PINJ"
TEXT: Final = "Restrukturisasi pinjaman"


def sign(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Carry out what was signed: the new loan takes the place of the old one.

    Raises NotFound, LoanNotActive, RestructuringNotReady, RestructuringOutdated,
    RepaymentUnderWay, SigningDateInvalid, CollateralNotBound.
    """
    told, journal_id = _carry_out(database, actor, command)
    if journal_id is not None:
        recovery.follow(database, asked.ledger, actor.cooperative_id, journal_id)
    return told


@retrying
def _carry_out(
    database: Database, actor: Actor, command: dict[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """The answer, and the journal that follows unless this was done before."""
    planned: list[str] = []

    def carry_out(session: Session) -> dict[str, Any]:
        loan = active(session, command["loan_id"])
        restructuring = in_state(session, command, domain.APPROVED)
        recovery.require_quiet(session, loan)
        content = akad_of(restructuring)
        today = clock.business_date()
        if not content["made_on"] <= command["signed_on"] <= today:
            raise akad_contract.SigningDateInvalid(
                details={"made_on": content["made_on"].isoformat()}
            )
        _require_current(session, loan, content, today)
        _require_bound(session, restructuring)
        if restructuring.method == domain.CONVERT_TO_EQUITY:
            planned.append(_convert(session, loan))
        else:
            new = _begin(session, actor, loan, restructuring, content)
            restructuring.new_loan_id = new.id
            planned.append(_replace(session, loan, new, content))
        recovery.close_replaced(session, loan)
        restructuring.status = domain.CARRIED_OUT
        restructuring.signed_on = command["signed_on"]
        restructuring.signed_by = command["signed_by"]
        restructuring.report_due_on = command["signed_on"] + timedelta(
            days=domain.REPORT_DAYS
        )
        session.flush()
        collections_store.add_task(
            session,
            book.locked(session, restructuring.new_loan_id or loan.id),
            code=collections_domain.REPORT,
            action=collections_domain.REPORT_ACTION,
            since=command["signed_on"],
            due_on=restructuring.report_due_on,
        )
        trail.note(
            session,
            actor,
            "restructuring.carried_out",
            restructuring.id,
            after={"loan_id": loan.id, "new_loan_id": restructuring.new_loan_id},
        )
        return answer(restructuring)

    told = idempotency.once(database, actor, command, carry_out)
    return told, planned[0] if planned else None


def _require_current(
    session: Session, loan: Loan, content: dict[str, Any], today: date
) -> None:
    """Raises RestructuringOutdated when the figures of the akad do not hold now."""
    now = case_of(session, loan, today)
    is_late = content["schedule"] and content["schedule"][0]["due_on"] <= today
    if now.paid_before != content["paid_before"] or is_late:
        raise contract.RestructuringOutdated


def _require_bound(session: Session, restructuring: Restructuring) -> None:
    """Raises CollateralNotBound while what secures the new loan is only offered."""
    if restructuring.method != domain.EXTRA_COLLATERAL:
        return
    wanted = restructuring.wanted["collateral_id"]
    collateral = collateral_store.find_collateral(session, wanted)
    if collateral is None or collateral.status != collaterals.BOUND:
        raise executions_contract.CollateralNotBound


def _begin(
    session: Session,
    actor: Actor,
    loan: Loan,
    restructuring: Restructuring,
    content: dict[str, Any],
) -> Loan:
    """The loan that takes the place of the old one, with the class of the old one."""
    product = applications.product_of(session, loan.product_id)
    rules = loans.Rules.of(loan.rules)
    if restructuring.method == domain.CONVERT_PRODUCT:
        code = restructuring.wanted["product_code"]
        other = products_store.find_by_code(session, loan.cooperative_id, code)
        if other is None:
            raise InvariantViolated("products are never removed")
        product = other
        rules = replace(
            rules,
            allocation=tuple(product.allocation),
            overpayment=product.overpayment,
            penalty_bps_per_day=product.penalty_bps_per_day,
            penalty_grace_days=product.penalty_grace_days,
            penalty_cap_bps_per_month=product.penalty_cap_bps_per_month,
            settlement_fee_months=product.settlement_fee_months,
        )
    instalments = [schedules.Instalment(**one) for one in content["schedule"]]
    today = clock.business_date()
    terms = schedules.Terms(
        method=content["method"],
        frequency=content["frequency"],
        principal=content["principal"],
        rate_bps=content["rate_bps"],
        count=content["count"],
    )
    new = book.add_loan(
        session,
        actor,
        book.NewLoan(
            id=identifiers.new("loa"),
            number=numbering.next_document(
                session, loan.cooperative_id, LOAN_PREFIX, today
            ),
            product_id=product.id,
            member_id=loan.member_id,
            member_name=loan.member_name,
            branch_code=loan.branch_code,
            officer=loan.officer,
            sector=loan.sector,
            purpose=loan.purpose,
            terms=terms,
            rules=rules,
            disbursed_on=today,
            first_due_on=instalments[0].due_on,
            savings_account=loan.savings_account,
            kind=loan.kind,
            restructured_from=loan.id,
            times_restructured=loan.times_restructured + 1,
            deferred_interest=content["deferred"],
            cause=restructuring.cause,
            instalments=instalments,
        ),
    )
    recovery.keep_class(session, loan, new, instalments)
    return new


def _replace(session: Session, loan: Loan, new: Loan, content: dict[str, Any]) -> str:
    """Move the principal to the new loan's account, capitalised interest with it."""
    capitalised = content["capitalised"]
    receivable = min(capitalised, loan.interest_receivable)
    loan.interest_receivable -= receivable
    session.refresh(new)
    return recovery.plan(
        session,
        new,
        recovery_domain.RESTRUCTURING,
        f"{TEXT} {loan.number} menjadi {new.number}",
        recovery_domain.restructured(
            loan.cooperative_id,
            before=recovery.key_of(loan),
            after=recovery.key_of(new),
            principal=loan.outstanding,
            capitalised=capitalised,
            receivable=receivable,
        ),
        opens=[recovery.account_of(new)],
    )


def _convert(session: Session, loan: Loan) -> str:
    # Nothing is left to be covered; the rest of the premium comes back.
    repayments_store.add_ending(
        session, loan.cooperative_id, loan.id, clock.business_date(), clock.now()
    )
    return recovery.plan(
        session,
        loan,
        recovery_domain.RESTRUCTURING,
        f"{TEXT} {loan.number} menjadi modal penyertaan",
        recovery_domain.converted(
            loan.cooperative_id,
            before=recovery.key_of(loan),
            principal=loan.outstanding,
        ),
        opens=[recovery.shares_of(loan.cooperative_id)],
    )
