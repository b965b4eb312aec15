"""The papers of an application: handed in, listed, looked at; encrypted."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.models import ApplicationDocument
from services.loans.operations.applications import found, locked
from services.loans.store import application_documents as store
from services.loans.store import applications as applications_store
from services.loans.store import collateral as collateral_store
from services.shared import clock, identifiers
from services.shared.contracts import answers, files, loans
from services.shared.contracts.loans import application_documents as contract
from services.shared.contracts.members.documents import DocumentNotRecognised
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import media
from services.shared.settings import Settings


@retrying
def upload_document(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """Keep a document of an application; of the member's own if one is given.

    Raises NotFound, DocumentNotRecognised, TooManyApplicationDocuments,
    and ApplicationNotReady once the application is closed.
    """
    content = _content(command)

    def keep(session: Session) -> dict[str, Any]:
        application = locked(session, command["application_id"])
        if member_id not in {None, application.member_id}:
            raise NotFound("There is no such application.")
        if application.status in states.CLOSED - {states.DISBURSED}:
            raise loans.ApplicationNotReady(details={"status": application.status})
        _check_collateral(session, application.id, command["collateral_id"])
        if store.count_documents(session, application.id) >= contract.DOCUMENTS_MAX:
            raise contract.TooManyApplicationDocuments
        document_id = identifiers.new("ado")
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        document = ApplicationDocument(
            id=document_id,
            cooperative_id=actor.cooperative_id,
            application_id=application.id,
            collateral_id=command["collateral_id"],
            kind=command["kind"],
            media_type=command["media_type"],
            size_bytes=len(content),
            content=own.encrypt(content, _place(document_id)),
            uploaded_by=actor.subject,
            uploaded_at=clock.now(),
        )
        store.add_document(session, document)
        _note(session, actor, "uploaded", document)
        return answers.one(contract.ApplicationDocument(), document)

    return idempotency.once(database, actor, command, keep)


def list_documents(
    database: Database,
    cooperative_id: str,
    application_id: str,
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """All documents of an application, oldest first. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found(
            applications_store.find_application(session, application_id)
        )
        if member_id not in {None, application.member_id}:
            raise NotFound("There is no such application.")
        documents = store.list_documents(session, application.id)
    return {"items": answers.many(contract.ApplicationDocument(), documents)}


def get_content(
    database: Database, settings: Settings, actor: Actor, document_id: str
) -> dict[str, Any]:
    """The file itself; that somebody looked is written down (R107)."""
    with database.tenant(actor.cooperative_id) as session:
        document = store.find_document(session, document_id)
        if document is None:
            raise NotFound("There is no such document.")
        own = keyring.cipher(session, settings, loans.SERVICE, actor.cooperative_id)
        sealed = store.find_content(session, document.id)
        content = own.decrypt(sealed, _place(document.id))
        _note(session, actor, "viewed", document)
    name = media.file_name(document.id, document.kind, document.media_type)
    return files.file_of(name, document.media_type, content)


def _content(command: dict[str, Any]) -> bytes:
    """The bytes of the file, which must be what they are called."""
    try:
        content = base64.b64decode(command["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentNotRecognised from error
    is_known = media.media_type_of(content) == command["media_type"]
    if not is_known or len(content) > contract.SIZE_BYTES_MAX:
        raise DocumentNotRecognised
    return content


def _check_collateral(
    session: Session, application_id: str, collateral_id: str | None
) -> None:
    if collateral_id is None:
        return
    collateral = collateral_store.find_collateral(session, collateral_id)
    if collateral is None or collateral.application_id != application_id:
        raise NotFound("There is no such collateral.")


def _note(
    session: Session, actor: Actor, what: str, document: ApplicationDocument
) -> None:
    told = {"application_id": document.application_id, "kind": document.kind}
    trail.note(session, actor, f"application_document.{what}", document.id, after=told)


def _place(document_id: str) -> bytes:
    return f"application_documents.content:{document_id}".encode()
