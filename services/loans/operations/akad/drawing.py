"""What a loan agreement comes to: terms, schedule, costs, cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.loans.domain import costs, rates, schedules
from services.loans.domain.costs import Costs
from services.loans.domain.peers import Asked
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import decisions
from services.shared import clock
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import akad as contract
from services.shared.errors import InvariantViolated

FIRST_DUE_WITHIN: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What insuring a loan costs and for how long, as the insurer quotes it."""

    product: str
    premium: int
    charged_months: int
    coverage_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What an agreement comes to before it has a number."""

    terms: schedules.Terms
    parts: list[schedules.Instalment]
    agreed: Costs
    cover: Cover | None
    effective_rate_bps: int
    savings_account: str
    standing: dict[str, Any]
    collateral: Sequence[dict[str, Any]] = ()


def draw_up(
    asked: Asked,
    application: LoanApplication,
    product: LoanProduct,
    command: dict[str, Any],
) -> Drawn:
    """The agreement on an approved loan, before it has a number."""
    terms = approved_terms(application, product)
    today = clock.business_date()
    first_due_on = command["first_due_on"]
    if first_due_on and not today < first_due_on <= today + FIRST_DUE_WITHIN:
        raise contract.FirstDueDateInvalid
    try:
        parts = schedules.schedule(
            terms, first_due_on or schedules.first_due_date(terms.frequency, today)
        )
    except schedules.ImpossibleSchedule as error:
        raise contract.ScheduleNotPossible from error
    standing = asked.members.get_standing({"member_id": application.member_id})
    account = savings_account_of(standing, command["savings_account"])
    agreed, cover = cost_of(asked, product, terms)
    if agreed.received <= 0:
        raise contract.DeductionsTooLarge(details={"deducted": agreed.deducted})
    effective = rates.effective_bps(parts, agreed.received, terms.frequency)
    if rates.is_over_cap(
        rate_bps=terms.rate_bps,
        effective_rate_bps=effective,
        basis=product.cap_basis,
    ):
        raise loans_contract.RateOverCap(details={"effective_rate_bps": effective})
    return Drawn(
        terms=terms,
        parts=parts,
        agreed=agreed,
        cover=cover,
        effective_rate_bps=effective,
        savings_account=account,
        standing=standing,
    )


def cost_of(
    asked: Asked, product: LoanProduct, terms: schedules.Terms
) -> tuple[Costs, Cover | None]:
    """What paying a loan out costs today, and the cover that comes with it.

    Raises FeeNotScheduled, and what insurance says of its product.
    """
    prices = asked.ledger.get_fee_schedule({})["items"]
    try:
        fee = costs.platform_fee(prices, terms.principal)
    except costs.NoPrice as error:
        raise ledger_contract.FeeNotScheduled from error
    cover = _cover(asked, product, terms)
    agreed = costs.shared(
        principal=terms.principal,
        administration=costs.administration(
            terms.principal,
            rate_bps=product.administration_bps,
            amount=product.administration_amount,
        ),
        fee=fee,
        fee_payer=product.fee_payer,
        premium=cover.premium if cover else 0,
        premium_payer=product.premium_payer,
    )
    return agreed, cover


def savings_account_of(standing: dict[str, Any], wanted: str | None) -> str:
    """Where the loan is paid out to. Raises NotTheMembersAccount."""
    numbers = [account["number"] for account in standing["savings"]]
    if not numbers or (wanted is not None and wanted not in numbers):
        raise contract.NotTheMembersAccount
    return numbers[0] if wanted is None else wanted


def approved_terms(
    application: LoanApplication, product: LoanProduct
) -> schedules.Terms:
    """The terms that were approved. Only for who knows that some were."""
    amount, count = application.approved_amount, application.approved_count
    rate_bps = application.approved_rate_bps
    if amount is None or count is None or rate_bps is None:
        raise InvariantViolated("approved applications have terms")
    return decisions.terms_of(product, amount, count, rate_bps)


def _cover(asked: Asked, product: LoanProduct, terms: schedules.Terms) -> Cover | None:
    if product.insurance_product is None:
        return None
    months = schedules.months_of(terms)
    quote = asked.insurance.quote_premium(
        {
            "product_code": product.insurance_product,
            "principal": terms.principal,
            "months": months,
        }
    )
    return Cover(
        product=product.insurance_product,
        premium=quote["premium"],
        charged_months=quote["charged_months"],
        coverage_bps=quote["coverage_bps"],
    )
