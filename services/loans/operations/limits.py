"""How an application stands against what may be lent, and who let it pass anyway."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import limits as domain
from services.loans.domain import queue as lines
from services.loans.domain import schedules
from services.loans.domain.eligibility import EMPLOYEE, SELF_EMPLOYED
from services.loans.domain.peers import Asked, Kyc
from services.loans.models import LimitApproval, LoanApplication, LoanProduct
from services.loans.operations import application_forms, application_settings
from services.loans.operations.applications import found, locked, product_of
from services.loans.store import application_documents as documents_store
from services.loans.store import applications as applications_store
from services.loans.store import decisions as decisions_store
from services.loans.store import limits as store
from services.loans.store import queue as queue_store
from services.shared import clock
from services.shared.contracts import answers, loans
from services.shared.contracts.loans import limits as contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.errors import NotAllowed, NotFound, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

BUREAU_MONTHS: Final = 36
"""What the credit bureau knows to be owed elsewhere is paid back in this time at most:
SLIK tells balances and no instalments."""

CONSENT: Final = "consent"
PENGURUS: Final = "pengurus"


class Means(NamedTuple):
    """What comes in and goes out a month, and the bureau's score of 0 to 100."""

    income: int
    obligations: int
    bureau_score: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The terms of a loan that is judged: what was applied for, or is voted on."""

    amount: int
    count: int
    rate_bps: int


class Facts(NamedTuple):
    """What a borrower can carry, as told in the form and known of others.

    None where nothing is known.
    """

    means: Means | None
    monthly_turnover: int | None


class Assessed(NamedTuple):
    """An application, what its borrower can carry, and what comes of it."""

    application: LoanApplication
    facts: Facts
    assessment: domain.Assessment


def assess(
    database: Database,
    asked: Asked,
    application: LoanApplication,
    product: LoanProduct,
    facts: Facts,
) -> domain.Assessment:
    """All limits of an application as things stand now; nothing is kept."""
    standing = asked.members.get_standing({"member_id": application.member_id})
    balance = asked.ledger.get_trial_balance({})
    with database.tenant(application.cooperative_id) as session:
        rules = application_settings.rules_of(session, application.cooperative_id)
        outstanding = store.outstanding_of(
            session, application.member_id, application.id
        )
        service_ratio, turnover = _burden(
            session, facts, application, product, asked_for(application, product)
        )
    is_related = standing["is_related"]
    return domain.Assessment(
        service_ratio=service_ratio,
        turnover=turnover,
        lending_limit=domain.LendingLimit(
            is_related=is_related,
            own_capital=domain.own_capital(balance["accounts"]),
            outstanding=outstanding,
            amount=application.amount,
            limit_bps=rules["related_bps" if is_related else "other_bps"],
        ),
        service_ratio_is_hard=rules["service_ratio_is_hard"],
    )


def get_limits(
    database: Database,
    settings: Settings,
    asked: Asked,
    cooperative_id: str,
    application_id: str,
) -> dict[str, Any]:
    """How an application stands now; nothing is kept. Raises NotFound."""
    known = _assessed(database, settings, asked, cooperative_id, application_id)
    with database.tenant(cooperative_id) as session:
        return _answer(session, known.application, known.assessment)


def facts_of(
    database: Database,
    settings: Settings,
    kyc: Kyc,
    cooperative_id: str,
    application_id: str,
) -> Facts:
    """What the borrower can carry, as it is known now. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found(
            applications_store.find_application(session, application_id)
        )
        form = application_forms.read(session, settings, application)
    return _facts(kyc, application, form)


def keep_limits(
    database: Database,
    settings: Settings,
    asked: Asked,
    actor: Actor,
    application_id: str,
) -> Assessed:
    """Assess an application and keep what is found, to decide by. Raises NotFound."""
    known = _assessed(database, settings, asked, actor.cooperative_id, application_id)
    _keep(database, settings, actor, known.application, known.assessment)
    return known


def approve_limit(
    database: Database,
    settings: Settings,
    asked: Asked,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Give one's word that a warning may be passed over; it is kept for good.

    Raises NothingToApprove, LimitApproved when another has done so, SameProposer for
    who has written the application down or verifies it, OwnLoan for the borrower, and
    NotAllowed for who speaks for pengurus and is none of them.
    """
    if command["warning"] == domain.PENGURUS_CONSENT and PENGURUS not in by.roles:
        raise NotAllowed("Only pengurus give the consent of pengurus.")
    known = keep_limits(database, settings, asked, actor, command["application_id"])
    return _approve(database, actor, by, command, known.assessment)


@retrying
def _approve(
    database: Database,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
    assessment: domain.Assessment,
) -> dict[str, Any]:
    def give(session: Session) -> dict[str, Any]:
        application = locked(session, command["application_id"])
        warning = command["warning"]
        if warning not in assessment.warnings:
            raise contract.NothingToApprove
        if actor.subject in _proposers(session, application):
            raise SameProposer
        if application.member_id == by.member_id:
            raise OwnLoan
        if store.find_approval(session, application.id, warning) is not None:
            raise contract.LimitApproved
        _check_document(session, application, command["document_id"])
        store.add_approval(
            session,
            LimitApproval(
                application_id=application.id,
                warning=warning,
                cooperative_id=application.cooperative_id,
                reason=command["reason"],
                document_id=command["document_id"],
                given_by=actor.subject,
                given_at=clock.now(),
            ),
        )
        trail.note(
            session,
            actor,
            "application.limit_approved",
            application.id,
            after={"warning": warning},
        )
        return _answer(session, application, assessment)

    return idempotency.once(database, actor, command, give)


def _proposers(session: Session, application: LoanApplication) -> set[str | None]:
    """Who has written an application down, and who verifies or has verified it."""
    entry = queue_store.open_entry(session, application.id, lines.VERIFICATION)
    return {
        application.created_by,
        entry.analyst if entry else None,
        decisions_store.analyst_of(session, application.id),
    }


def missing(session: Session, application: LoanApplication) -> list[str]:
    """What of the limits still stands against a decision, as codes."""
    assessment = store.find_assessment(session, application.id)
    if assessment is None:
        return ["limits"]
    given = {one.warning for one in store.list_approvals(session, application.id)}
    found_missing = [
        *assessment.breaches,
        *(one for one in assessment.warnings if one not in given),
    ]
    return found_missing + [
        one for one in exceeded(session, application) if one not in found_missing
    ]


def against(
    session: Session,
    facts: Facts,
    application: LoanApplication,
    product: LoanProduct,
    wanted: Wanted,
) -> list[str]:
    """What of the limits stands against lending on these terms, as codes.

    Someone's word about the service ratio holds for what was applied for: it does not
    let pass instalments that are larger.
    """
    ratio, turnover = _burden(session, facts, application, product, wanted)
    codes = []
    if ratio is not None and not ratio.is_within:
        rules = application_settings.rules_of(session, application.cooperative_id)
        word = store.find_approval(session, application.id, domain.SERVICE_RATIO)
        highest = instalment_of(asked_for(application, product), product)
        is_let_pass = word is not None and ratio.instalment <= highest
        if rules["service_ratio_is_hard"] or not is_let_pass:
            codes.append(domain.SERVICE_RATIO)
    if turnover is not None and not turnover.is_within:
        codes.append(domain.TURNOVER)
    return codes + besides_burden(session, application, wanted.amount)


def against_any(
    session: Session, facts: Facts, application: LoanApplication, product: LoanProduct
) -> list[str]:
    """What stands even against the smallest and longest loan of the product.

    The committee may lend less than was applied for, or for longer.
    """
    least = Wanted(product.minimum_amount, product.maximum_count, product.rate_bps)
    return against(session, facts, application, product, least)


def besides_burden(
    session: Session, application: LoanApplication, amount: int
) -> list[str]:
    """The same without what the borrower can carry: consents, and BMPP."""
    assessment = store.find_assessment(session, application.id)
    if assessment is None:
        return ["limits"]
    given = {one.warning for one in store.list_approvals(session, application.id)}
    codes = [one for one in assessment.breaches if one == domain.OWN_CAPITAL]
    codes += [
        one
        for one in assessment.warnings
        if one in domain.CONSENTS and one not in given
    ]
    return codes + exceeded(session, application, amount)


def exceeded(
    session: Session, application: LoanApplication, amount: int | None = None
) -> list[str]:
    """Whether the member has borrowed too much besides since the limits were assessed.

    Of two applications each may be within its limit, and both together not.
    """
    assessment = store.find_assessment(session, application.id)
    if assessment is None:
        return []
    owed = store.outstanding_of(session, application.member_id, application.id)
    lent = amount or application.approved_amount or application.amount
    if owed + lent <= assessment.highest:
        return []
    if assessment.is_related:
        return [domain.RELATED_LIMIT]
    is_let_pass = store.find_approval(session, application.id, domain.OTHER_LIMIT)
    return [] if is_let_pass else [domain.OTHER_LIMIT]


def _burden(
    session: Session,
    facts: Facts,
    application: LoanApplication,
    product: LoanProduct,
    wanted: Wanted,
) -> tuple[domain.ServiceRatio | None, domain.Turnover | None]:
    """What the loan asks of its borrower, with all that it pays back besides."""
    rules = application_settings.rules_of(session, application.cooperative_id)
    ratio = turnover = None
    if facts.means is not None:
        dues = store.dues_of(session, application.member_id)
        promised = store.promised_to(session, application.member_id, application.id)
        ratio = domain.ServiceRatio(
            instalment=instalment_of(wanted, product),
            obligations=facts.means.obligations
            + sum(domain.a_month(one.amount, one.frequency) for one in dues)
            + sum(instalment_of(Wanted(*terms), other) for other, *terms in promised),
            income=facts.means.income,
            limit_bps=rules["service_ratio_bps"],
        )
    if facts.monthly_turnover:
        turnover = domain.Turnover(
            amount=wanted.amount,
            monthly_turnover=facts.monthly_turnover,
            limit_bps=rules["turnover_bps"],
        )
    return ratio, turnover


def _assessed(
    database: Database,
    settings: Settings,
    asked: Asked,
    cooperative_id: str,
    application_id: str,
) -> Assessed:
    with database.tenant(cooperative_id) as session:
        application = found(
            applications_store.find_application(session, application_id)
        )
        product = product_of(session, application.product_id)
        form = application_forms.read(session, settings, application)
    facts = _facts(asked.kyc, application, form)
    assessment = assess(database, asked, application, product, facts)
    return Assessed(application, facts, assessment)


def _facts(
    kyc: Kyc, application: LoanApplication, form: dict[str, Any] | None
) -> Facts:
    if form is None:
        return Facts(None, None)
    is_business = form["employment"] == SELF_EMPLOYED
    return Facts(
        means=means_of(kyc, application.member_id, form),
        monthly_turnover=form["monthly_turnover"] if is_business else None,
    )


def asked_for(application: LoanApplication, product: LoanProduct) -> Wanted:
    """What was applied for, at the product's rate."""
    return Wanted(application.amount, application.count, product.rate_bps)


@retrying
def _keep(
    database: Database,
    settings: Settings,
    actor: Actor,
    application: LoanApplication,
    assessment: domain.Assessment,
) -> None:
    with database.tenant(actor.cooperative_id) as session:
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        store.keep_assessment(
            session,
            application_id=application.id,
            cooperative_id=actor.cooperative_id,
            amount=application.amount,
            count=application.count,
            breaches=assessment.breaches,
            warnings=assessment.warnings,
            highest=assessment.lending_limit.highest,
            is_related=assessment.lending_limit.is_related,
            facts=own.encrypt(
                json.dumps(assessment.figures()).encode(), _place(application.id)
            ),
            assessed_by=actor.subject,
            assessed_at=clock.now(),
        )


def _answer(
    session: Session, application: LoanApplication, assessment: domain.Assessment
) -> dict[str, Any]:
    return answers.one(
        contract.Limits(),
        assessment.figures()
        | {
            "application_id": application.id,
            "breaches": assessment.breaches,
            "warnings": assessment.warnings,
            "approvals": store.list_approvals(session, application.id),
            "assessed_at": clock.now(),
        },
    )


def means_of(kyc: Kyc, member_id: str, form: dict[str, Any]) -> Means:
    """Income and obligations a month: as told, unless it is known to be worse."""
    income, obligations = form["monthly_income"], form["other_obligations"]
    bureau = kyc.get_bureau_summary({"member_id": member_id})
    obligations = max(obligations, -(-bureau["outstanding"] // BUREAU_MONTHS))
    if form["employment"] == EMPLOYEE:
        proven = kyc.get_income({"member_id": member_id})
        # A capped wage may be higher than what is reported of it.
        if proven["monthly_income"] and not proven["is_capped"]:
            income = min(income, proven["monthly_income"])
    return Means(income, obligations, bureau["score"])


def schedule_of(wanted: Wanted, product: LoanProduct) -> list[schedules.Instalment]:
    """How the loan would be paid back if it began today. Raises ImpossibleSchedule."""
    terms = schedules.Terms(
        method=product.method,
        frequency=product.frequency,
        principal=wanted.amount,
        rate_bps=wanted.rate_bps,
        count=wanted.count,
        grace_count=min(product.grace_count, wanted.count - 1),
        harvest_every=min(product.harvest_every, wanted.count),
        rounding_unit=product.rounding_unit,
        shifts_holidays=product.shifts_holidays,
    )
    first = schedules.first_due_date(terms.frequency, clock.business_date())
    return schedules.schedule(terms, first)


def instalment_of(wanted: Wanted, product: LoanProduct) -> int:
    """What the loan takes in a month at its worst; of a seasonal one on average."""
    try:
        amounts = [one.amount for one in schedule_of(wanted, product)]
    except schedules.ImpossibleSchedule:
        # The product's rounding has changed since it was handed in. It is judged by
        # the least that a loan so large and so long can be paid with.
        amounts = [-(-wanted.amount // wanted.count)]
    if product.method == schedules.SEASONAL:
        average = -(-sum(amounts) // len(amounts))
        return domain.a_month(average, product.frequency)
    return domain.a_month(max(amounts), product.frequency)


def _check_document(
    session: Session, application: LoanApplication, document_id: str | None
) -> None:
    if document_id is None:
        return
    document = documents_store.find_document(session, document_id)
    is_its = document is not None and document.application_id == application.id
    if document is None or not is_its or document.kind != CONSENT:
        raise NotFound("There is no such consent among the documents.")


def _place(application_id: str) -> bytes:
    return f"limit_assessments.facts:{application_id}".encode()
