"""Applying for a loan: writing it down, handing it in, giving it up (R119-R121)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.loans.domain import applications as domain
from services.loans.domain import eligibility, schedules
from services.loans.domain import queue as lines
from services.loans.domain.peers import Members
from services.loans.models import LoanApplication, LoanProduct
from services.loans.operations import (
    application_forms,
    application_settings,
    application_views,
    limits,
    queue,
)
from services.loans.operations.applications import found, locked, move, product_of
from services.loans.store import application_documents as documents_store
from services.loans.store import applications as store
from services.loans.store import groups as groups_store
from services.shared import clock, identifiers
from services.shared.contracts import loans
from services.shared.contracts.loans import applications as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, numbering, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings


@retrying
def create_application(
    database: Database,
    settings: Settings,
    members: Members,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """A draft, which nobody looks at until it is handed in.

    Raises NotFound for a member or product of somebody else, ApplicationUnderWay.
    """
    standing = members.get_standing({"member_id": command["member_id"]})

    def write(session: Session) -> dict[str, Any]:
        product = product_of(session, command["product_id"])
        if store.find_open(
            session, actor.cooperative_id, command["member_id"], product.id
        ):
            raise contract.ApplicationUnderWay
        now = clock.now()
        application = LoanApplication(
            id=identifiers.new("app"),
            cooperative_id=actor.cooperative_id,
            number=numbering.next_document(
                session, actor.cooperative_id, "PJM", clock.business_date()
            ),
            member_id=standing["member_id"],
            member_name=standing["name"],
            product_id=product.id,
            amount=command["amount"],
            count=command["count"],
            purpose=command["purpose"],
            sector=command["sector"],
            urgency=command["urgency"],
            feature=domain.feature_of(command["amount"]),
            status=domain.DRAFT,
            branch_code=command["branch_code"],
            created_at=now,
            created_by=actor.subject,
            status_at=now,
        )
        if command["form"] is not None:
            application_forms.seal(session, settings, application, command["form"])
        session.add(application)
        session.flush()
        trail.note(
            session,
            actor,
            "application.created",
            application.id,
            after=_wish(application),
        )
        return application_views.details(session, settings, application)

    try:
        return idempotency.once(database, actor, command, write)
    except IntegrityError as error:
        # Two at the same moment: the index lets one of them in.
        if "uq_loan_applications_open" in str(error):
            raise contract.ApplicationUnderWay from error
        raise


@retrying
def change_application(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """Another wish or another form, while it is a draft; of ``member_id`` if given.

    Raises NotFound and ApplicationNotReady.
    """
    with database.tenant(actor.cooperative_id) as session:
        application = _own(locked(session, command["application_id"]), member_id)
        if application.status != domain.DRAFT:
            raise loans.ApplicationNotReady(details={"status": application.status})
        before = _wish(application)
        for name in ("amount", "count", "purpose", "sector", "urgency"):
            if command[name] is not None:
                setattr(application, name, command[name])
        application.feature = domain.feature_of(application.amount)
        if command["form"] is not None:
            application_forms.seal(session, settings, application, command["form"])
        session.flush()
        trail.note(
            session,
            actor,
            "application.changed",
            application.id,
            before=before,
            after=_wish(application),
        )
        return application_views.details(session, settings, application)


def submit_application(
    database: Database,
    settings: Settings,
    members: Members,
    actor: Actor,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """Hand a draft in: it stands in the queue from this moment on (R127).

    Raises NotFound, ApplicationNotReady, and NotEligible with every reason at once.
    """
    with database.tenant(actor.cooperative_id) as session:
        application = _own(
            found(store.find_application(session, command["application_id"])), member_id
        )
    standing = members.get_standing({"member_id": application.member_id})
    return _submit(database, settings, actor, command, standing)


@retrying
def _submit(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    standing: dict[str, Any],
) -> dict[str, Any]:
    def hand_in(session: Session) -> dict[str, Any]:
        application = locked(session, command["application_id"])
        if application.status != domain.DRAFT:
            raise loans.ApplicationNotReady(details={"status": application.status})
        errors = _faults(session, settings, application, standing)
        if errors:
            reasons = list(dict.fromkeys(one["code"] for one in errors))
            raise contract.NotEligible(details={"reasons": reasons, "errors": errors})
        application.applied_at = clock.now()
        move(session, actor, application, domain.QUEUED)
        queue.enter(session, application, lines.VERIFICATION)
        return application_views.details(session, settings, application)

    return idempotency.once(database, actor, command, hand_in)


@retrying
def withdraw_application(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """Give an application up, at any time before the money is on its way.

    Raises NotFound and ApplicationNotReady.
    """

    def give_up(session: Session) -> dict[str, Any]:
        application = _own(locked(session, command["application_id"]), member_id)
        move(session, actor, application, domain.WITHDRAWN)
        for line in lines.LINES:
            queue.leave(session, application, line, domain.WITHDRAWN)
        trail.note(
            session,
            actor,
            "application.given_up",
            application.id,
            after={"reason": command["reason"]},
        )
        return application_views.details(session, settings, application)

    return idempotency.once(database, actor, command, give_up)


def _faults(
    session: Session,
    settings: Settings,
    application: LoanApplication,
    standing: dict[str, Any],
) -> list[dict[str, str]]:
    """Everything that stands against taking the application, as errors of fields."""
    rules = application_settings.rules_of(session, application.cooperative_id)
    product = product_of(session, application.product_id)
    form = application_forms.read(session, settings, application)
    wish = eligibility.Wish(
        amount=application.amount,
        count=application.count,
        employment=form["employment"] if form else None,
        has_turnover=bool(form and form["monthly_turnover"]),
        documents=documents_store.kinds_of(session, application.id),
    )
    codes = eligibility.faults_of_member(
        eligibility.Standing(
            is_active=standing["status"] == "active",
            months=standing["member_since_months"],
            has_paid_principal=standing["has_paid_principal"],
            mandatory_months_open=standing["mandatory_months_open"],
            has_late_group=_has_late_group(
                session, application.member_id, rules["group_arrears_days"]
            ),
        ),
        rules["minimum_membership_months"],
    ) + eligibility.faults_of_wish(
        wish,
        eligibility.Offer(
            is_offered=product.is_offered,
            minimum_amount=product.minimum_amount,
            maximum_amount=product.maximum_amount,
            minimum_count=product.minimum_count,
            maximum_count=product.maximum_count,
        ),
    )
    if not codes and not _can_be_divided(application, product):
        codes.append("schedule_impossible")
    return [
        *(_fault(code) for code in codes),
        *(
            _fault("document_missing", field=f"documents.{kind}")
            for kind in eligibility.missing_documents(wish)
        ),
        *(application_forms.faults(product.form, form) if form else ()),
    ]


def _can_be_divided(application: LoanApplication, product: LoanProduct) -> bool:
    """Whether the product's rounding leaves something for the last instalment."""
    try:
        limits.schedule_of(limits.asked_for(application, product), product)
    except schedules.ImpossibleSchedule:
        return False
    return True


def _has_late_group(session: Session, member_id: str, days: int) -> bool:
    """Whether somebody of the member's group is further behind than is borne with."""
    group_id = groups_store.group_of(session, member_id)
    if group_id is None:
        return False
    members = [one.member_id for one in groups_store.members_of(session, [group_id])]
    late = groups_store.days_late(session, members)
    return any(dpd > days for dpd in late.values())


_FIELDS: Final = {
    "amount_out_of_range": "amount",
    "count_out_of_range": "count",
    "schedule_impossible": "count",
    "form_missing": "form",
    "turnover_missing": "form.monthly_turnover",
    "product_not_offered": "product_id",
}


def _fault(code: str, *, field: str = "") -> dict[str, str]:
    return {
        "field": field or _FIELDS.get(code, "member_id"),
        "code": code,
        "detail": contract.REASONS[code],
    }


def _own(application: LoanApplication, member_id: str | None) -> LoanApplication:
    """The application, if it is the member's. Raises NotFound."""
    if member_id is not None and application.member_id != member_id:
        raise NotFound("There is no such application.")
    return application


def _wish(application: LoanApplication) -> dict[str, Any]:
    return {
        "product_id": application.product_id,
        "amount": application.amount,
        "count": application.count,
        "urgency": application.urgency,
    }
