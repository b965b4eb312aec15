"""How a file arrives: in parts, each encrypted, the last of which puts it in place."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.models import Import
from services.members.operations import audit, personal_data
from services.members.operations.imports.batches import (
    answer,
    forget_findings,
    found_import,
    require_editable,
)
from services.members.store.imports import batches
from services.shared import clock
from services.shared.contracts.members import imports as contract
from services.shared.crypto import FieldCipher
from services.shared.errors import Malformed
from services.shared.identity import Actor
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

PLACE: Final = "import_parts.content"


@retrying
def put_part(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep a part; with the last one the file takes the place of the one before.

    Raises ImportNotEditable, and Malformed when an earlier part has not arrived.
    """
    import_id, upload_id = command["import_id"], command["upload_id"]
    content = _decoded(command["content"])
    with database.tenant(actor.cooperative_id) as session:
        found = found_import(batches.lock(session, import_id))
        require_editable(found)
        cipher = personal_data.cipher(session, settings, actor.cooperative_id)
        batches.put_part(
            session,
            clock.now(),
            cooperative_id=actor.cooperative_id,
            import_id=import_id,
            upload_id=upload_id,
            part=command["part"],
            content=cipher.encrypt(content, _place(upload_id, command["part"])),
        )
        if command["part"] == command["parts"] - 1:
            _finish(session, cipher, actor, found, command)
        return answer(found, batches.files(session, [import_id]))


def content_of(
    session: Session, cipher: FieldCipher, import_id: str, upload_id: str
) -> bytes:
    """The bytes of an uploaded file."""
    return b"".join(
        cipher.decrypt(content, _place(upload_id, part))
        for part, content in batches.parts(session, import_id, upload_id)
    )


def _finish(
    session: Session,
    cipher: FieldCipher,
    actor: Actor,
    found: Import,
    command: dict[str, Any],
) -> None:
    """Put a file in place whose last part is here, and forget the one before."""
    upload_id = command["upload_id"]
    present = [part for part, _ in batches.parts(session, found.id, upload_id)]
    if present != list(range(command["parts"])):
        raise Malformed("Parts of the file are missing; upload it again.")
    content = content_of(session, cipher, found.id, upload_id)
    if len(content) > contract.FILE_BYTES_MAX:
        raise Malformed("The file is too large.")
    digest = hashlib.sha512(content).hexdigest()
    batches.keep_file(
        session,
        cooperative_id=found.cooperative_id,
        import_id=found.id,
        sheet=command["sheet"],
        upload_id=upload_id,
        media_type=command["media_type"],
        bytes=len(content),
        sha512=digest,
        uploaded_at=clock.now(),
    )
    batches.drop_superseded_parts(session, found.id, upload_id)
    found.state = "draft"
    forget_findings(found)
    session.flush()
    audit.record(
        session,
        actor,
        "import.file_uploaded",
        found.id,
        after={"sheet": command["sheet"], "sha512": digest},
    )


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("The content is not base64.") from error


def _place(upload_id: str, part: int) -> bytes:
    return f"{PLACE}:{upload_id}:{part}".encode()
