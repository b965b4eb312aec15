"""Which terms a loan gets: computed with its debt of the day, told as an akad tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import allocation, schedules
from services.loans.domain import restructurings as domain
from services.loans.domain.restructurings import Arrears, Plan, Wanted
from services.loans.models import Instalment, Loan, LoanProduct
from services.loans.operations import applications
from services.loans.operations.repayments import debt_of
from services.loans.store import collateral as collateral_store
from services.loans.store import loans as loans_store
from services.loans.store import products as products_store
from services.loans.store import recovery as recovery_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import restructurings as contract
from services.shared.errors import InvariantViolated
from services.shared.persistence import tenants

_WANTED: Final = (
    "count",
    "rate_bps",
    "grace_count",
    "harvest_every",
    "reduced_count",
    "reduced_amount",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A loan on the day on which its new terms are computed."""

    loan: Loan
    instalments: list[Instalment]
    product: LoanProduct
    arrears: Arrears
    day: date

    @property
    def paid_before(self) -> int:
        """All that was paid or waived: another payment makes this another number."""
        return self.loan.deferred_interest_paid + sum(
            one.principal_paid
            + one.interest_paid
            + one.penalty_paid
            + one.penalty_waived
            for one in self.instalments
        )


def require_collateral(
    session: Session, loan: Loan, method: str, wanted: dict[str, Any]
) -> None:
    """Collateral that is added was offered for the application of the loan."""
    if method != domain.EXTRA_COLLATERAL:
        return
    if wanted["collateral_id"] is None:
        raise contract.TermsUnfit(details={"field": "collateral_id"})
    collateral = collateral_store.find_collateral(session, wanted["collateral_id"])
    origin = recovery_store.origin_of(session, loan.id)
    if (
        collateral is None
        or collateral.application_id != origin.application_id
        or collateral.status not in collateral_store.COUNTED
    ):
        raise contract.CollateralNotOffered


def content(
    session: Session, loan: Loan, method: str, wanted: dict[str, Any]
) -> dict[str, Any]:
    """What the akad says if it is drawn up today."""
    tenant = tenants.find(session, loan.cooperative_id)
    if tenant is None:
        raise InvariantViolated("only tenants have loans")
    case = case_of(session, loan, clock.business_date())
    plan = None
    if method != domain.CONVERT_TO_EQUITY:
        plan = _planned(session, case, method, wanted)
    terms = plan.terms if plan else _terms(case)
    return answers.one(
        contract.RestructuringContent(),
        {
            "cooperative_name": tenant.name,
            "cooperative_code": tenant.code,
            "member_name": loan.member_name,
            "loan_number": loan.number,
            "made_on": case.day,
            "made_at": clock.now(),
            "outstanding": loan.outstanding,
            "interest": case.arrears.interest + case.arrears.deferred,
            "penalty": case.arrears.penalty,
            "paid_before": case.paid_before,
            "principal": terms.principal,
            "capitalised": plan.capitalised if plan else 0,
            "deferred": plan.deferred if plan else 0,
            "method": terms.method,
            "frequency": terms.frequency,
            "rate_before_bps": loan.rate_bps,
            "rate_bps": terms.rate_bps,
            "count": terms.count if plan else 0,
            "matured_on": loan.matures_on,
            "matures_on": plan.instalments[-1].due_on if plan else None,
            "old_schedule": [
                {
                    "number": one.number,
                    "due_on": one.due_on,
                    "principal": one.principal - one.principal_paid,
                    "interest": one.interest - one.interest_paid,
                }
                for one in case.instalments
                if one.settled_on is None
            ],
            "schedule": plan.instalments if plan else [],
        },
    )


def case_of(session: Session, loan: Loan, day: date) -> Case:
    """What is owed of a loan on ``day``, interest by the day."""
    instalments = list(loans_store.instalments_of(session, loan.id))
    debt = debt_of(loan, instalments, day)
    interest = sum(
        max(earned - one.interest_paid, 0)
        for one, earned in zip(
            debt.instalments, allocation.interest_to_date(debt), strict=True
        )
    )
    return Case(
        loan=loan,
        instalments=instalments,
        product=applications.product_of(session, loan.product_id),
        arrears=Arrears(
            interest=interest,
            penalty=sum(one.penalty_left for one in debt.instalments),
            deferred=debt.deferred,
        ),
        day=day,
    )


def _terms(case: Case) -> schedules.Terms:
    """What is left of the loan, on its own terms."""
    open_ = [one for one in case.instalments if one.settled_on is None]
    count = max(len(open_), 1)
    return schedules.Terms(
        method=case.loan.method,
        frequency=case.loan.frequency,
        principal=case.loan.outstanding,
        rate_bps=case.loan.rate_bps,
        count=count,
        harvest_every=min(case.product.harvest_every, count),
        rounding_unit=case.product.rounding_unit,
        shifts_holidays=case.product.shifts_holidays,
    )


def _converted(session: Session, case: Case, code: str | None) -> schedules.Terms:
    """The same debt on the terms of another product."""
    product = None
    if code is not None:
        product = products_store.find_by_code(session, case.loan.cooperative_id, code)
    if product is None or not product.is_offered:
        raise contract.TermsUnfit(details={"field": "product_code"})
    terms = _terms(case)
    return replace(
        terms,
        method=product.method,
        frequency=product.frequency,
        rate_bps=product.rate_bps,
        harvest_every=min(product.harvest_every, terms.count),
        rounding_unit=product.rounding_unit,
        shifts_holidays=product.shifts_holidays,
    )


def _planned(session: Session, case: Case, method: str, wanted: dict[str, Any]) -> Plan:
    """The new loan; refusals of the terms in the words of the contract."""
    if method == domain.CONVERT_PRODUCT:
        terms = _converted(session, case, wanted["product_code"])
    else:
        terms = _terms(case)
    given = wanted["first_due_on"]
    first_due_on = (
        date.fromisoformat(given)
        if given
        else schedules.first_due_date(terms.frequency, case.day)
    )
    if first_due_on <= case.day:
        raise akad_contract.FirstDueDateInvalid
    try:
        plan = domain.plan(
            method,
            Wanted(**{name: wanted[name] for name in _WANTED}),
            terms,
            case.arrears,
            first_due_on,
        )
    except domain.UnfitTerms as error:
        raise contract.TermsUnfit(details={"field": error.what}) from error
    except schedules.ImpossibleSchedule as error:
        raise akad_contract.ScheduleNotPossible from error
    latest = domain.latest_maturity(
        recovery_store.origin_of(session, case.loan.id).matures_on
    )
    if plan.instalments[-1].due_on > latest:
        raise contract.ExtensionTooLong(details={"latest": latest.isoformat()})
    return plan
