"""How a loan agreement is read, printed again, and signed."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import queue as lines
from services.loans.models import Akad
from services.loans.operations import applications, decisions, letters, queue
from services.loans.store import akad as store
from services.loans.store import application_documents as documents_store
from services.loans.store import applications as applications_store
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import akad as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import pdf
from services.shared.settings import Settings

DRAWN_UP: Final = "drawn_up"
SIGNED: Final = "signed"

_HEAD: Final = contract.Akad(exclude=("content",))


def get_akad(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
    *,
    member_id: str | None = None,
) -> dict[str, Any]:
    """The agreement of an application, as JSON or on paper.

    Only to ``member_id`` if given. Raises NotFound before there is one.
    """
    with database.tenant(cooperative_id) as session:
        application = applications.found(
            applications_store.find_application(session, command["application_id"])
        )
        decisions.require_own(application, member_id)
        akad = found(store.find_valid(session, application.id))
        told = answer(session, settings, akad)
    if command["format"] == files.JSON:
        return told
    name = f"{akad.number.replace('/', '-')}.pdf"
    return files.file_of(name, pdf.MEDIA_TYPE, letters.akad(told["content"]))


@retrying
def sign_akad(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Record who signed the agreement and when; the loan waits to be paid out.

    Raises ApplicationNotReady, NotFound for a document of another application,
    SigningDateInvalid.
    """

    def sign(session: Session) -> dict[str, Any]:
        application = applications.locked(session, command["application_id"])
        akad = found(store.lock_valid(session, application.id))
        if application.status != states.APPROVED or akad.status != DRAWN_UP:
            raise loans_contract.ApplicationNotReady(
                details={"status": application.status}
            )
        made_on = clock.business_date(akad.made_at)
        if not made_on <= command["signed_on"] <= clock.business_date():
            raise contract.SigningDateInvalid(details={"made_on": made_on.isoformat()})
        document_id = command["document_id"]
        if document_id and not documents_store.has_document(
            session, application.id, document_id
        ):
            raise NotFound("There is no such document of this application.")
        akad.status = SIGNED
        akad.signed_on, akad.signed_by = command["signed_on"], command["signed_by"]
        akad.document_id = document_id
        akad.recorded_by, akad.recorded_at = actor.subject, clock.now()
        applications.move(session, actor, application, states.SIGNED)
        queue.enter(session, application, lines.DISBURSEMENT)
        trail.note(
            session,
            actor,
            "akad.signed",
            akad.id,
            after={"number": akad.number, "signed_on": akad.signed_on.isoformat()},
        )
        return answer(session, settings, akad)

    return idempotency.once(database, actor, command, sign)


def found(akad: Akad | None) -> Akad:
    """The agreement. Raises NotFound when there is none."""
    if akad is None:
        raise NotFound("There is no agreement on this loan yet.")
    return akad


def answer(session: Session, settings: Settings, akad: Akad) -> dict[str, Any]:
    """An agreement as it is answered."""
    names = (
        "id",
        "application_id",
        "number",
        "status",
        "fingerprint",
        "signed_on",
        "signed_by",
        "document_id",
        "recorded_by",
        "recorded_at",
    )
    plain = {name: getattr(akad, name) for name in names}
    own = keyring.cipher(session, settings, loans_contract.SERVICE, akad.cooperative_id)
    content = json.loads(own.decrypt(bytes(akad.content), place(akad.id)))
    # It is JSON as it was dumped then; dumping it again would not read it.
    return answers.one(_HEAD, plain) | {"content": content}


def place(akad_id: str) -> bytes:
    """What the encrypted content is bound to."""
    return f"akads.content:{akad_id}".encode()
