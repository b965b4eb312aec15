"""Applications: how they are moved from one state to the next."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.loans.domain import applications as domain
from services.loans.models import LoanApplication, LoanProduct
from services.loans.store import applications as store
from services.loans.store import products as products_store
from services.shared import clock
from services.shared.contracts import loans as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import outbox, trail


def found(application: LoanApplication | None) -> LoanApplication:
    """The application. Raises NotFound when there is none."""
    if application is None:
        raise NotFound("There is no such application.")
    return application


def locked(session: Session, application_id: str) -> LoanApplication:
    """The application with its row locked. Raises NotFound."""
    return found(store.lock_application(session, application_id))


def product_of(session: Session, product_id: str) -> LoanProduct:
    """The product of an application. Raises NotFound when there is none."""
    product = products_store.find_product(session, product_id)
    if product is None:
        raise NotFound("There is no such loan product.")
    return product


def move(
    session: Session, actor: Actor, application: LoanApplication, status: str
) -> None:
    """Take a locked application to its next state, and tell whom it concerns.

    Raises ApplicationNotReady when that state does not follow the present one.
    """
    before = application.status
    if not domain.may_follow(before, status):
        raise contract.ApplicationNotReady(details={"status": before, "wanted": status})
    application.status, application.status_at = status, clock.now()
    session.flush()
    outbox.add(
        session,
        contract.APPLICATION_MOVED,
        contract.ApplicationMoved().dump(
            {
                "cooperative_id": application.cooperative_id,
                "application_id": application.id,
                "number": application.number,
                "member_id": application.member_id,
                "before": before,
                "status": status,
            }
        ),
    )
    trail.note(
        session,
        actor,
        f"application.{status}",
        application.id,
        before={"status": before},
        after={"status": status},
    )
