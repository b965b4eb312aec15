"""How checks of applications are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.loans.models import ApplicationCheck


def add_check(session: Session, check: ApplicationCheck) -> None:
    """Keep a request."""
    session.add(check)
    session.flush()


def find_check(
    session: Session, application_id: str, attempt: int
) -> ApplicationCheck | None:
    """One request."""
    return session.get(ApplicationCheck, (application_id, attempt))


def newest_check(session: Session, application_id: str) -> ApplicationCheck | None:
    """The request that counts, None before the first."""
    return session.scalar(
        select(ApplicationCheck)
        .where(ApplicationCheck.application_id == application_id)
        .order_by(ApplicationCheck.attempt.desc())
        .limit(1)
    )


def list_checks(session: Session, application_id: str) -> Sequence[ApplicationCheck]:
    """All requests of an application, oldest first."""
    return session.scalars(
        select(ApplicationCheck)
        .where(ApplicationCheck.application_id == application_id)
        .order_by(ApplicationCheck.attempt)
    ).all()
