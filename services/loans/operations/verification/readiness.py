"""What still stands against deciding on an application, or against paying it out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import verification as domain
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import application_settings, limits
from services.loans.store import application_checks as checks_store
from services.loans.store import collateral as collateral_store
from services.loans.store import verification as store
from services.shared import clock
from services.shared.contracts.loans import verification as contract

IDENTITY_PASSED: Final = "LOLOS"
MONTHS_OF_YEAR: Final = 12


def missing(
    session: Session,
    application: LoanApplication,
    product: LoanProduct,
    exceeded: Sequence[str] | None = None,
) -> list[str]:
    """What still stands against a decision, as codes; empty when nothing does.

    ``exceeded`` are the limits that other terms than those applied for exceed.
    """
    rules = application_settings.rules_of(session, application.cooperative_id)
    verification = store.find_verification(session, application.id)
    ticks = verification.ticks if verification else {}
    scores = verification.scores if verification else {}
    found_missing = []
    if domain.unticked(items_of(session, product.id), ticks):
        found_missing.append("checklist")
    if domain.unscored(scores):
        found_missing.append("five_c")
    if rules["requires_check"] and not _has_passed_check(session, application):
        found_missing.append("identity_check")
    found_missing += _missing_visits(session, application, product)
    value = collateral_store.accepted_value(session, application.id)
    if not domain.is_covered(value, _wished(application), product.minimum_cover_bps):
        found_missing.append("cover")
    if exceeded is None:
        exceeded = limits.missing(session, application)
    return [*found_missing, *exceeded]


def missing_for_disbursement(
    session: Session, application: LoanApplication, product: LoanProduct
) -> list[str]:
    """What still stands against paying out, as codes (R140).

    What guarantors promised is held by the payout itself (`operations/guarantees`).
    """
    found_missing = _missing_visits(session, application, product)
    if product.requires_training and not _is_taught(session, application):
        found_missing.append("training")
    bound = collateral_store.accepted_value(session, application.id, ("bound",))
    if not domain.is_covered(bound, _wished(application), product.minimum_cover_bps):
        found_missing.append("binding")
    return found_missing + limits.exceeded(session, application)


def _missing_visits(
    session: Session, application: LoanApplication, product: LoanProduct
) -> list[str]:
    if not product.requires_visit:
        return []
    kinds = store.kinds_of_visits(session, application.id)
    return [one for one in (domain.VISIT, domain.INTERVIEW) if one not in kinds]


def _has_passed_check(session: Session, application: LoanApplication) -> bool:
    """Whether the last check was passed, and was the one that this amount asks for."""
    newest = checks_store.newest_check(session, application.id)
    return (
        newest is not None
        and newest.result == IDENTITY_PASSED
        and newest.feature == application.feature
    )


def _is_taught(session: Session, application: LoanApplication) -> bool:
    rules = application_settings.rules_of(session, application.cooperative_id)
    last = store.last_training(
        session, application.cooperative_id, application.member_id
    )
    return last is not None and last >= _months_before(
        clock.business_date(), rules["training_months"]
    )


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * MONTHS_OF_YEAR + day.month - 1 - months, 12)
    # The 28th exists in every month; a few days do not matter for a lesson.
    return date(year, month + 1, min(day.day, 28))


def _wished(application: LoanApplication) -> int:
    return application.approved_amount or application.amount


def items_of(session: Session, product_id: str) -> list[dict[str, Any]]:
    """What is ticked off for loans of a product: its own list, or the usual one."""
    known = store.find_checklist(session, product_id)
    return [dict(one) for one in contract.USUAL_ITEMS] if known is None else known.items
