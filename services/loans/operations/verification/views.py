"""A verification as it is shown, with what is encrypted of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.loans.models import FieldVisit, LoanApplication, Verification
from services.loans.operations.applications import found, product_of
from services.loans.operations.verification.readiness import items_of, missing
from services.loans.store import applications as applications_store
from services.loans.store import verification as store
from services.shared.contracts import answers, loans
from services.shared.contracts.loans import verification as contract
from services.shared.persistence import keyring
from services.shared.persistence.database import Database
from services.shared.settings import Settings


def get_verification(
    database: Database, settings: Settings, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """How far the verification of an application is. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found(
            applications_store.find_application(session, application_id)
        )
        return answer(session, settings, application)


def answer(
    session: Session, settings: Settings, application: LoanApplication
) -> dict[str, Any]:
    """Everything about a verification, in the shape of `Verification`."""
    product = product_of(session, application.product_id)
    verification = store.find_verification(session, application.id)
    ticks = verification.ticks if verification else {}
    notes = notes_of(session, settings, verification)
    return answers.one(
        contract.Verification(),
        {
            "application_id": application.id,
            "checklist": [
                one | _tick(ticks.get(one["code"]))
                for one in items_of(session, product.id)
            ],
            "five_c": {
                name: {"score": score, "note": notes[name]}
                for name, score in (verification.scores if verification else {}).items()
            },
            "summary": notes.get("summary"),
            "visits": [
                _visited(session, settings, one)
                for one in store.list_visits(session, application.id)
            ],
            "outcome": verification.outcome if verification else None,
            "reason": verification.reason if verification else None,
            "finished_by": verification.finished_by if verification else None,
            "finished_at": verification.finished_at if verification else None,
            # The limits are assessed when it is finished: nobody has to do it before.
            "missing": [
                one for one in missing(session, application, product) if one != "limits"
            ],
        },
    )


def _tick(known: dict[str, str] | None) -> dict[str, Any]:
    if known is None:
        return {"ticked_by": None, "ticked_at": None}
    return {"ticked_by": known["by"], "ticked_at": datetime.fromisoformat(known["at"])}


def notes_of(
    session: Session, settings: Settings, verification: Verification | None
) -> dict[str, str]:
    """What the analyst wrote, by name of the C; the rest is under `summary`."""
    if verification is None or verification.notes is None:
        return {}
    own = keyring.cipher(session, settings, loans.SERVICE, verification.cooperative_id)
    place = place_of_notes(verification.application_id)
    notes: dict[str, str] = json.loads(own.decrypt(bytes(verification.notes), place))
    return notes


def _visited(session: Session, settings: Settings, visit: FieldVisit) -> dict[str, Any]:
    own = keyring.cipher(session, settings, loans.SERVICE, visit.cooperative_id)
    findings = own.decrypt(bytes(visit.findings), place_of_visit(visit.id)).decode()
    names = ("id", "kind", "held_on", "conducted_by", "latitude", "longitude")
    told = {name: getattr(visit, name) for name in names}
    return told | {
        "findings": findings,
        "recorded_by": visit.recorded_by,
        "recorded_at": visit.recorded_at,
    }


def shown_visit(
    session: Session, settings: Settings, visit: FieldVisit
) -> dict[str, Any]:
    """A visit or an interview, in the shape of `FieldVisit`."""
    return answers.one(contract.FieldVisit(), _visited(session, settings, visit))


def place_of_notes(application_id: str) -> bytes:
    """What the notes are bound to when they are encrypted."""
    return f"verifications.notes:{application_id}".encode()


def place_of_visit(visit_id: str) -> bytes:
    """What the findings are bound to when they are encrypted."""
    return f"field_visits.findings:{visit_id}".encode()
