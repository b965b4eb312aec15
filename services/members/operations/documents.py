"""How documents of members are handed in, reviewed and looked at."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sqlalchemy.orm import Session

from services.members.domain import documents, duties, membership
from services.members.models import Document, Member
from services.members.operations import audit, personal_data
from services.members.operations.membership import found
from services.members.store import documents as store
from services.members.store import membership as members_store
from services.shared import clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts.members import documents as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import media
from services.shared.settings import Settings


@retrying
def upload_document(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A document that waits for its review.

    Raises DocumentNotRecognised, TooManyDocuments, MemberHasLeft.
    """
    content = _content(command)

    def keep(session: Session) -> dict[str, Any]:
        member = found(members_store.lock_member(session, command["member_id"]))
        if member.status not in membership.CHANGEABLE:
            raise membership_contract.MemberHasLeft
        known = store.count_documents(session, member.id)
        if known >= documents.DOCUMENTS_PER_MEMBER_MAX:
            raise contract.TooManyDocuments
        document_id = identifiers.new("doc")
        sealed = personal_data.cipher(session, settings, actor.cooperative_id).encrypt(
            content, _place(document_id)
        )
        document = store.add_document(
            session,
            id=document_id,
            cooperative_id=actor.cooperative_id,
            member_id=member.id,
            kind=command["kind"],
            media_type=command["media_type"],
            size_bytes=len(content),
            content=sealed,
            uploaded_by=actor.subject,
            uploaded_at=clock.now(),
        )
        _record(session, actor, "document.uploaded", document)
        return answers.one(contract.Document(), document)

    return idempotency.once(database, actor, command, keep)


def list_documents(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The documents of the cooperative, or of one member, oldest first."""
    member_id, limit = command["member_id"], command["limit"]
    owner = f"documents {cooperative_id} {member_id or ''}"
    with database.tenant(cooperative_id) as session:
        if member_id:
            found(members_store.find_member(session, member_id))
        rows = store.list_documents(
            session,
            member_id=member_id,
            status=command["status"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Document(), shown),
        "next_cursor": next_cursor,
    }


def get_document(
    database: Database, cooperative_id: str, document_id: str
) -> dict[str, Any]:
    """What is known of a document beside its content."""
    with database.tenant(cooperative_id) as session:
        document = _found(store.find_document(session, document_id))
    return answers.one(contract.Document(), document)


def get_content(
    database: Database, settings: Settings, actor: Actor, document_id: str
) -> dict[str, Any]:
    """The file itself; that somebody looked is written down (R107)."""
    with database.tenant(actor.cooperative_id) as session:
        document = _found(store.find_document(session, document_id))
        content = _opened(session, settings, document)
        _record(session, actor, "document.viewed", document)
    return _file(document, content)


def get_own_content(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    *,
    member_id: str,
    document_id: str,
) -> dict[str, Any]:
    """The file itself, for the member whose it is."""
    with database.tenant(cooperative_id) as session:
        document = _found(store.find_document(session, document_id))
        if document.member_id != member_id:
            raise NotFound("There is no such document.")
        content = _opened(session, settings, document)
    return _file(document, content)


def newest_photo(
    session: Session, settings: Settings, member: Member, kind: str
) -> bytes | None:
    """The newest image of a kind that was handed in for a member and not rejected."""
    document = store.find_newest_photo(session, member.id, kind)
    return None if document is None else _opened(session, settings, document)


@retrying
def accept_document(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The document shows what it should; again changes nothing.

    Raises DocumentReviewed after a rejection, and SameProposer for a proof of payment
    that the reviewer has handed in: it stands for money.
    """
    return _review(
        database,
        actor,
        command["document_id"],
        status=documents.ACCEPTED,
        reason=None,
    )


@retrying
def reject_document(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The document has to be handed in again; again changes nothing.

    Raises DocumentReviewed after it was accepted.
    """
    return _review(
        database,
        actor,
        command["document_id"],
        status=documents.REJECTED,
        reason=command["reason"],
    )


def _review(
    database: Database,
    actor: Actor,
    document_id: str,
    *,
    status: str,
    reason: str | None,
) -> dict[str, Any]:
    with database.tenant(actor.cooperative_id) as session:
        document = _found(store.lock_document(session, document_id))
        if document.status == status:
            return answers.one(contract.Document(), document)
        if document.status != documents.SUBMITTED:
            raise contract.DocumentReviewed
        if document.kind == documents.PAYMENT_PROOF and status == documents.ACCEPTED:
            duties.refuse_same(document.uploaded_by, actor.subject)
        document.status, document.reason = status, reason
        document.reviewed_by, document.reviewed_at = actor.subject, clock.now()
        session.flush()
        _record(session, actor, f"document.{status}", document)
        return answers.one(contract.Document(), document)


def _content(command: dict[str, Any]) -> bytes:
    """The bytes of the file, which must be what they are called."""
    try:
        content = base64.b64decode(command["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise contract.DocumentNotRecognised from error
    is_known = media.media_type_of(content) == command["media_type"]
    if not is_known or len(content) > documents.SIZE_BYTES_MAX:
        raise contract.DocumentNotRecognised
    return content


def _opened(session: Session, settings: Settings, document: Document) -> bytes:
    sealed = store.find_content(session, document.id)
    own = personal_data.cipher(session, settings, document.cooperative_id)
    return own.decrypt(sealed, _place(document.id))


def _file(document: Document, content: bytes) -> dict[str, Any]:
    name = media.file_name(document.id, document.kind, document.media_type)
    return files.file_of(name, document.media_type, content)


def _record(session: Session, actor: Actor, action: str, document: Document) -> None:
    told = {"member_id": document.member_id, "kind": document.kind}
    audit.record(session, actor, action, document.id, after=told)


def _place(document_id: str) -> bytes:
    return f"documents.content:{document_id}".encode()


def _found(document: Document | None) -> Document:
    if document is None:
        raise NotFound("There is no such document.")
    return document
