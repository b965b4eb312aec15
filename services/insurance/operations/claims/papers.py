"""How the papers of a claim are handed in and looked at."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sqlalchemy.orm import Session

from services.insurance.domain import claims, documents
from services.insurance.domain.insurers import Paper
from services.insurance.models import ClaimDocument
from services.insurance.operations.claims import views
from services.insurance.operations.claims.views import found
from services.insurance.store import claims as store
from services.shared import clock, identifiers
from services.shared.contracts import files
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts.insurance import claims as contract
from services.shared.contracts.members.documents import DocumentNotRecognised
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import media
from services.shared.settings import Settings


@retrying
def upload_document(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A document of a draft.

    Raises DocumentNotRecognised, TooManyClaimDocuments, ClaimNotOpen.
    """
    content = _content(command)

    def keep(session: Session) -> dict[str, Any]:
        claim = found(store.lock_claim(session, command["claim_id"]))
        if claim.status != claims.DRAFT:
            raise contract.ClaimNotOpen
        known = len(store.list_documents(session, claim.id))
        if known >= claims.DOCUMENTS_PER_CLAIM_MAX:
            raise contract.TooManyClaimDocuments
        document_id = identifiers.new("cld")
        cipher = keyring.cipher(
            session, settings, insurance_contract.SERVICE, actor.cooperative_id
        )
        document = store.add_document(
            session,
            id=document_id,
            cooperative_id=actor.cooperative_id,
            claim_id=claim.id,
            kind=command["kind"],
            media_type=command["media_type"],
            size_bytes=len(content),
            content=cipher.encrypt(content, _place(document_id)),
            uploaded_by=actor.subject,
            uploaded_at=clock.now(),
        )
        _note(session, actor, "claim_document.uploaded", document)
        return views.document(document)

    return idempotency.once(database, actor, command, keep)


def get_document(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The file itself; that somebody looked is written down (R107)."""
    with database.tenant(actor.cooperative_id) as session:
        document = store.find_document(
            session, command["claim_id"], command["document_id"]
        )
        if document is None:
            raise NotFound("There is no such document.")
        content = _opened(session, settings, document)
        _note(session, actor, "claim_document.viewed", document)
    name = media.file_name(document.id, document.kind, document.media_type)
    return files.file_of(name, document.media_type, content)


def paper(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    claim_id: str,
    document_id: str,
) -> Paper:
    """A document as it is handed on to the insurer."""
    with database.tenant(cooperative_id) as session:
        document = store.find_document(session, claim_id, document_id)
        if document is None:
            raise NotFound("There is no such document.")
        return Paper(
            id=document.id,
            kind=document.kind,
            media_type=document.media_type,
            content=_opened(session, settings, document),
        )


def _content(command: dict[str, Any]) -> bytes:
    """The bytes of the file, which must be what they are called."""
    try:
        content = base64.b64decode(command["content"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentNotRecognised from error
    is_known = media.media_type_of(content) == command["media_type"]
    if not is_known or len(content) > documents.SIZE_BYTES_MAX:
        raise DocumentNotRecognised
    return content


def _opened(session: Session, settings: Settings, document: ClaimDocument) -> bytes:
    cipher = keyring.cipher(
        session, settings, insurance_contract.SERVICE, document.cooperative_id
    )
    return cipher.decrypt(document.content, _place(document.id))


def _note(session: Session, actor: Actor, action: str, document: ClaimDocument) -> None:
    told = {"claim_id": document.claim_id, "kind": document.kind}
    trail.note(session, actor, action, document.id, after=told)


def _place(document_id: str) -> bytes:
    return f"claim_documents.content:{document_id}".encode()
