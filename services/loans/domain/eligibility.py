"""Who may apply, for what, and with which papers (R119-R121; C13)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

EMPLOYEE: Final = "employee"
SELF_EMPLOYED: Final = "self_employed"

FORM: Final = "application_form"
PROOF_OF_INCOME: Final = {EMPLOYEE: "payslip", SELF_EMPLOYED: "cash_book"}
"""What shows an income: slip gaji, or the cash records of the business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the member stands with the cooperative, and its group with it."""

    is_active: bool
    months: int
    has_paid_principal: bool
    mandatory_months_open: int
    has_late_group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the product allows; amounts in whole rupiah."""

    is_offered: bool
    minimum_amount: int
    maximum_amount: int
    minimum_count: int
    maximum_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is applied for, with which answers and papers."""

    amount: int
    count: int
    # None while the form has not been filled in.
    employment: str | None
    has_turnover: bool
    documents: Collection[str]


def faults_of_member(standing: Standing, minimum_months: int) -> list[str]:
    """Why this member gets no loan now, as codes."""
    checks = {
        "member_not_active": standing.is_active,
        "membership_too_short": standing.months >= minimum_months,
        "principal_unpaid": standing.has_paid_principal,
        "mandatory_in_arrears": standing.mandatory_months_open == 0,
        "group_in_arrears": not standing.has_late_group,
    }
    return [code for code, is_met in checks.items() if not is_met]


def faults_of_wish(wish: Wish, offer: Offer) -> list[str]:
    """Why the application is not one that can be taken, as codes."""
    is_amount = offer.minimum_amount <= wish.amount <= offer.maximum_amount
    is_count = offer.minimum_count <= wish.count <= offer.maximum_count
    checks = {
        "product_not_offered": offer.is_offered,
        "amount_out_of_range": is_amount,
        "count_out_of_range": is_count,
        "form_missing": wish.employment is not None,
        "turnover_missing": wish.employment != SELF_EMPLOYED or wish.has_turnover,
    }
    return [code for code, is_met in checks.items() if not is_met]


def missing_documents(wish: Wish) -> list[str]:
    """Which kinds of documents are asked for and not there."""
    wanted = [FORM]
    if wish.employment is not None:
        wanted.append(PROOF_OF_INCOME[wish.employment])
    return [kind for kind in wanted if kind not in wish.documents]
