"""Applications as they are shown, with where they stand in words (R129)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as domain
from services.loans.domain import queue as lines
from services.loans.domain import status_texts
from services.loans.models import LoanApplication
from services.loans.operations import application_forms, queue
from services.loans.operations.applications import found
from services.loans.store import applications as store
from services.loans.store import verification as verification_store
from services.shared.contracts import answers
from services.shared.contracts.loans import applications as contract
from services.shared.persistence.database import Database
from services.shared.settings import Settings

_LINE_OF: Final = {
    domain.QUEUED: lines.VERIFICATION,
    domain.SIGNED: lines.DISBURSEMENT,
}


def details(
    session: Session, settings: Settings, application: LoanApplication
) -> dict[str, Any]:
    """Everything about one application, in the shape of `ApplicationDetails`."""
    line = _LINE_OF.get(application.status)
    position = queue.position(session, application, line) if line else None
    verification = verification_store.find_verification(session, application.id)
    outcome = verification.outcome if verification else None
    told = {
        "form": application_forms.read(session, settings, application),
        "position": position,
        "status_text": status_texts.status_text(application.status, position),
        "verification_status": status_texts.verification_status(
            application.status, outcome
        ),
        "reason": verification.reason if verification else None,
    }
    listed = answers.one(contract.Application(), application)
    return listed | answers.one(contract.ApplicationDetails(only=list(told)), told)


def get_application(
    database: Database, settings: Settings, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """One application. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found(store.find_application(session, application_id))
        return details(session, settings, application)


def list_applications(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Applications of the cooperative or of one member, oldest first."""
    member_id, status = command["member_id"], command["status"]
    owner = f"applications {cooperative_id} {member_id or ''} {status or ''}"
    limit = command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_applications(
            session,
            member_id=member_id,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Application(), shown),
        "next_cursor": next_cursor,
    }
