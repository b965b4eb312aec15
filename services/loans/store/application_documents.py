"""How the papers of applications are read and written."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.loans.models import ApplicationDocument


def add_document(session: Session, document: ApplicationDocument) -> None:
    """Keep a document."""
    session.add(document)
    session.flush()


def find_document(session: Session, document_id: str) -> ApplicationDocument | None:
    """One document without its content, if this transaction may see it."""
    return session.get(ApplicationDocument, document_id)


def find_content(session: Session, document_id: str) -> bytes:
    """The encrypted content of a document that exists."""
    return session.execute(
        select(ApplicationDocument.content).where(ApplicationDocument.id == document_id)
    ).scalar_one()


def list_documents(
    session: Session, application_id: str
) -> Sequence[ApplicationDocument]:
    """The documents of an application, oldest first."""
    return session.scalars(
        select(ApplicationDocument)
        .where(ApplicationDocument.application_id == application_id)
        .order_by(ApplicationDocument.id)
    ).all()


def has_document(session: Session, application_id: str, document_id: str) -> bool:
    """Whether this is a document of this application."""
    found = session.scalar(
        select(ApplicationDocument.id).where(
            ApplicationDocument.id == document_id,
            ApplicationDocument.application_id == application_id,
        )
    )
    return found is not None


def count_documents(session: Session, application_id: str) -> int:
    """How many documents an application has."""
    return session.execute(
        select(func.count())
        .select_from(ApplicationDocument)
        .where(ApplicationDocument.application_id == application_id)
    ).scalar_one()


def kinds_of(session: Session, application_id: str) -> set[str]:
    """Which kinds of documents an application has."""
    return set(
        session.scalars(
            select(ApplicationDocument.kind)
            .where(ApplicationDocument.application_id == application_id)
            .distinct()
        )
    )
