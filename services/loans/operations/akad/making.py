"""How a loan agreement is drawn up, kept and printed.

It is built once from what was approved and kept as data: everything that the borrower
signs, the schedule and the true cost among it, can be printed again to the byte.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import schedules
from services.loans.domain.loans import Rules
from services.loans.domain.peers import Asked
from services.loans.models import Akad, LoanApplication, LoanDecision, LoanProduct
from services.loans.operations import applications, collateral, letters
from services.loans.operations.akad.drawing import Drawn, draw_up
from services.loans.operations.akad.signing import DRAWN_UP, answer, place
from services.loans.store import akad as store
from services.loans.store import applications as applications_store
from services.loans.store import decisions as decisions_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import akad as contract
from services.shared.errors import InvariantViolated
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, numbering, tenants, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import formats
from services.shared.settings import Settings

PREFIX: Final = "AKAD"
REPLACED: Final = "replaced"


def make_akad(
    database: Database,
    settings: Settings,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The agreement on an approved loan; it replaces one that nobody has signed.

    Raises ApplicationNotReady, NotTheMembersAccount, FirstDueDateInvalid,
    ScheduleNotPossible, DeductionsTooLarge, RateOverCap, FeeNotScheduled, and what
    insurance says of its product.
    """
    with database.tenant(actor.cooperative_id) as session:
        application = applications.found(
            applications_store.find_application(session, command["application_id"])
        )
        product = applications.product_of(session, application.product_id)
    if application.approved_amount is None:
        raise loans_contract.ApplicationNotReady(details={"status": application.status})
    drawn = draw_up(asked, application, product, command)
    secured = collateral.list_collateral(
        database, settings, actor.cooperative_id, application.id
    )
    drawn = replace(drawn, collateral=_collateral(secured))
    return _keep(database, settings, actor, drawn, command)


@retrying
def _keep(
    database: Database,
    settings: Settings,
    actor: Actor,
    drawn: Drawn,
    command: dict[str, Any],
) -> dict[str, Any]:
    def keep(session: Session) -> dict[str, Any]:
        application = applications.locked(session, command["application_id"])
        decision = decisions_store.find_decision(session, application.id)
        if application.status != states.APPROVED or decision is None:
            raise loans_contract.ApplicationNotReady(
                details={"status": application.status}
            )
        earlier = store.lock_valid(session, application.id)
        if earlier is not None:
            earlier.status = REPLACED
            session.flush()
        akad = _row(session, settings, application, decision, drawn, command)
        akad.made_by = actor.subject
        session.add(akad)
        session.flush()
        trail.note(
            session,
            actor,
            "akad.made",
            akad.id,
            after={"number": akad.number, "application_id": application.id},
        )
        return answer(session, settings, akad)

    return idempotency.once(database, actor, command, keep)


def _row(
    session: Session,
    settings: Settings,
    application: LoanApplication,
    decision: LoanDecision,
    drawn: Drawn,
    command: dict[str, Any],
) -> Akad:
    today = clock.business_date()
    cooperative_id, akad_id = application.cooperative_id, identifiers.new("akd")
    number = numbering.next_document(session, cooperative_id, PREFIX, today)
    facts = {
        "number": number,
        "made_on": today,
        "made_at": clock.now(),
        "is_first_due_fixed": command["first_due_on"] is not None,
    }
    content = answers.one(
        contract.AkadContent(),
        _parties(session, application, decision, drawn)
        | _money(session, application, drawn)
        | facts,
    )
    product = applications.product_of(session, application.product_id)
    own = keyring.cipher(session, settings, loans_contract.SERVICE, cooperative_id)
    return Akad(
        id=akad_id,
        cooperative_id=cooperative_id,
        application_id=application.id,
        number=number,
        status=DRAWN_UP,
        principal=drawn.terms.principal,
        rate_bps=drawn.terms.rate_bps,
        effective_rate_bps=drawn.effective_rate_bps,
        count=drawn.terms.count,
        administration=drawn.agreed.administration,
        passed_fee=drawn.agreed.passed_fee,
        passed_premium=drawn.agreed.passed_premium,
        savings_account=drawn.savings_account,
        first_due_on=command["first_due_on"],
        terms=asdict(drawn.terms),
        rules=_rules(product).to_json(),
        content=own.encrypt(json.dumps(content).encode(), place(akad_id)),
        fingerprint=hashlib.sha512(letters.akad(content)).hexdigest(),
        made_at=facts["made_at"],
        signed_on=None,
        signed_by=None,
        document_id=None,
        recorded_by=None,
        recorded_at=None,
    )


def _parties(
    session: Session,
    application: LoanApplication,
    decision: LoanDecision,
    drawn: Drawn,
) -> dict[str, Any]:
    """Who agrees on what, and what secures it."""
    tenant = tenants.find(session, application.cooperative_id)
    if tenant is None:
        raise InvariantViolated("only tenants have applications")
    return {
        "cooperative_name": tenant.name,
        "cooperative_code": tenant.code,
        "member_name": application.member_name,
        "member_number": drawn.standing["number"],
        "application_number": application.number,
        "decision_number": decision.number,
        "conditions": decision.conditions,
        "purpose": application.purpose,
        "savings_account": drawn.savings_account,
        "collateral": drawn.collateral,
        "guarantors": store.guarantors_of(session, application.id),
        "insurance": drawn.cover
        and {
            "product": drawn.cover.product,
            "premium": drawn.cover.premium,
            "months": drawn.cover.charged_months,
            "coverage_bps": drawn.cover.coverage_bps,
        },
    }


def _money(
    session: Session, application: LoanApplication, drawn: Drawn
) -> dict[str, Any]:
    """The terms, what they cost, and what falls due when."""
    product = applications.product_of(session, application.product_id)
    terms, agreed = drawn.terms, drawn.agreed
    interest = schedules.total_interest(drawn.parts)
    told = _rules(product).to_json() | asdict(terms)
    return told | {
        "product_name": product.name,
        "terbilang": formats.terbilang(terms.principal),
        "effective_rate_bps": drawn.effective_rate_bps,
        "administration": agreed.administration,
        "fee": agreed.fee,
        "premium": agreed.premium,
        "deducted": agreed.deducted,
        "received": agreed.received,
        "total_interest": interest,
        "total_cost": interest + agreed.deducted,
        "total_payments": terms.principal + interest,
        "first_due_on": drawn.parts[0].due_on,
        "schedule": _schedule(terms.principal, drawn.parts),
    }


def _schedule(
    principal: int, parts: list[schedules.Instalment]
) -> list[dict[str, Any]]:
    balance, rows = principal, []
    for part in parts:
        balance -= part.principal
        rows.append(
            {
                "number": part.number,
                "due_on": part.due_on,
                "principal": part.principal,
                "interest": part.interest,
                "balance": balance,
            }
        )
    return rows


def _collateral(secured: dict[str, Any]) -> list[dict[str, Any]]:
    """What secures the loan, as far as it was not taken back."""
    return [
        {
            "kind": one["kind"],
            "description": one["description"],
            "value": one["accepted_value"] or None,
        }
        for one in secured["items"]
        if one["status"] in {"offered", "bound"}
    ]


def _rules(product: LoanProduct) -> Rules:
    return Rules(
        allocation=tuple(product.allocation),
        overpayment=product.overpayment,
        penalty_bps_per_day=product.penalty_bps_per_day,
        penalty_grace_days=product.penalty_grace_days,
        penalty_cap_bps_per_month=product.penalty_cap_bps_per_month,
        settlement_fee_months=product.settlement_fee_months,
        rebate_bps=product.rebate_bps,
        rebate_grace_days=product.rebate_grace_days,
        fee_payer=product.fee_payer,
        premium_payer=product.premium_payer,
    )
