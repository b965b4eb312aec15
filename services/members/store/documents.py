"""How documents of members are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.members.domain import documents
from services.members.models import Document
from services.shared.presentation import media


def add_document(session: Session, **columns: Any) -> Document:
    """A document that nobody has looked at yet."""
    document = Document(status=documents.SUBMITTED, **columns)
    session.add(document)
    session.flush()
    return document


def find_document(session: Session, document_id: str) -> Document | None:
    """One document without its content, if this transaction may see it."""
    return session.get(Document, document_id)


def lock_document(session: Session, document_id: str) -> Document | None:
    """One document without its content, held until this transaction ends."""
    return session.scalar(
        select(Document)
        .where(Document.id == document_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_content(session: Session, document_id: str) -> bytes:
    """The encrypted content of a document that exists."""
    return session.execute(
        select(Document.content).where(Document.id == document_id)
    ).scalar_one()


def find_newest_photo(session: Session, member_id: str, kind: str) -> Document | None:
    """The newest image of a kind that was handed in for a member and not rejected."""
    return session.scalar(
        select(Document)
        .where(
            Document.member_id == member_id,
            Document.kind == kind,
            Document.media_type.in_(media.IMAGES),
            Document.status != documents.REJECTED,
        )
        .order_by(Document.id.desc())
        .limit(1)
    )


def count_documents(session: Session, member_id: str) -> int:
    """How many documents there are of a member."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Document)
            .where(Document.member_id == member_id)
        )
        or 0
    )


def accepted_kinds(session: Session, member_id: str) -> Collection[str]:
    """Which kinds of documents of a member have been accepted."""
    return set(
        session.scalars(
            select(Document.kind).where(
                Document.member_id == member_id, Document.status == documents.ACCEPTED
            )
        )
    )


def list_documents(
    session: Session,
    *,
    member_id: str | None,
    status: str | None,
    after: str | None,
    limit: int,
) -> Sequence[Document]:
    """Documents of the tenant past ``after``, oldest first."""
    query = select(Document).order_by(Document.id).limit(limit)
    if member_id is not None:
        query = query.where(Document.member_id == member_id)
    if status is not None:
        query = query.where(Document.status == status)
    if after is not None:
        query = query.where(Document.id > after)
    return session.scalars(query).all()
