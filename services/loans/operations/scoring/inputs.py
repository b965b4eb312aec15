"""What is known of an application: collected from here, members and kyc."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import limits as limits_domain
from services.loans.domain.peers import Asked
from services.loans.domain.scoring import simple
from services.loans.domain.scoring.models import BASIS_POINTS
from services.loans.domain.scoring.sources import Inputs
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import application_forms, applications, limits
from services.loans.store import application_checks as checks_store
from services.loans.store import applications as applications_store
from services.loans.store import collateral as collateral_store
from services.loans.store import limits as limits_store
from services.loans.store import products as products_store
from services.loans.store import scoring as store
from services.loans.store.scoring import History
from services.shared import clock
from services.shared.errors import InvariantViolated
from services.shared.settings import Settings


class Own(NamedTuple):
    """What this service knows of an application."""

    application: LoanApplication
    product: LoanProduct
    form: dict[str, Any] | None
    history: History
    obligations: int
    accepted_value: int
    check_result: str | None


def read_own(session: Session, settings: Settings, application_id: str) -> Own:
    """Everything that is here. Raises NotFound."""
    application = applications.found(
        applications_store.find_application(session, application_id)
    )
    product = products_store.find_product(session, application.product_id)
    if product is None:
        raise InvariantViolated("an application has a product")
    member_id = application.member_id
    check = checks_store.newest_check(session, application.id)
    return Own(
        application=application,
        product=product,
        form=application_forms.read(session, settings, application),
        history=store.history_of(session, member_id, clock.business_date()),
        obligations=sum(
            limits_domain.a_month(due.amount, due.frequency)
            for due in limits_store.dues_of(session, member_id)
        ),
        accepted_value=collateral_store.accepted_value(session, application.id),
        check_result=None if check is None else check.result,
    )


def collect(asked: Asked, own: Own) -> Inputs:
    """The inputs of a score, with what members and kyc know."""
    application, history, form = own.application, own.history, own.form or {}
    standing = asked.members.get_standing({"member_id": application.member_id})
    means = None
    if own.form is not None:
        means = limits.means_of(asked.kyc, application.member_id, own.form)
    due, savings = history.due, standing["savings_total"]
    wanted = limits.asked_for(application, own.product)
    paid = limits.instalment_of(wanted, own.product) + own.obligations
    known: dict[str, int | str | None] = {
        "amount": application.amount,
        "instalments": application.count,
        "sector": application.sector,
        "membership_months": standing["member_since_months"],
        "savings_total": savings,
        "savings_bps": savings * BASIS_POINTS // application.amount,
        "on_time_bps": history.on_time * BASIS_POINTS // due if due else None,
        "worst_dpd": history.worst_dpd if due else None,
        "settled_loans": history.settled,
        "cover_bps": own.accepted_value * BASIS_POINTS // application.amount,
        "check_result": own.check_result,
        "employment": form.get("employment"),
        "income_cycle": form.get("income_cycle"),
        "business_months": form.get("business_months"),
        "monthly_income": None if means is None else means.income,
        "bureau_score": None if means is None else means.bureau_score,
        "debt_service_bps": None
        if means is None
        else -(-(paid + means.obligations) * BASIS_POINTS // means.income),
    }
    return known | {
        "simple_class": simple.class_of(
            membership_months=standing["member_since_months"],
            worst_dpd=history.worst_dpd if due else None,
            business_months=form.get("business_months"),
            income_cycle=form.get("income_cycle"),
        )
    }
