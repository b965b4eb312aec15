"""What applicants say of themselves: encrypted, and checked against the product."""

from __future__ import annotations

import json
from typing import Any, Final

from jsonschema import Draft202012Validator
from sqlalchemy.orm import Session

from services.loans.models import LoanApplication
from services.shared.contracts import loans as contract
from services.shared.persistence import keyring
from services.shared.settings import Settings

ANSWERS_CHARACTERS_MAX: Final = 4_000
ERRORS_MAX: Final = 20


def seal(
    session: Session, settings: Settings, application: LoanApplication, form: Any
) -> None:
    """Keep the form with its application, so that nobody reads it in the table."""
    own = keyring.cipher(
        session, settings, contract.SERVICE, application.cooperative_id
    )
    content = json.dumps(form, ensure_ascii=False).encode()
    application.form = own.encrypt(content, _place(application.id))


def read(
    session: Session, settings: Settings, application: LoanApplication
) -> dict[str, Any] | None:
    """What the applicant has filled in, in the shape of `LoanApplicationForm`."""
    if application.form is None:
        return None
    own = keyring.cipher(
        session, settings, contract.SERVICE, application.cooperative_id
    )
    content = own.decrypt(bytes(application.form), _place(application.id))
    form: dict[str, Any] = json.loads(content)
    return form


def faults(
    schema: dict[str, Any] | None, form: dict[str, Any] | None
) -> list[dict[str, str]]:
    """What is wrong with the answers to the product's own questions, one by one."""
    values = (form or {}).get("extra") or {}
    if schema is None:
        return [_fault("form.extra", "There are no further questions.")] * bool(values)
    if len(json.dumps(values)) > ANSWERS_CHARACTERS_MAX:
        return [_fault("form.extra", f"At most {ANSWERS_CHARACTERS_MAX} characters.")]
    validator = Draft202012Validator(
        schema, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    found = list(validator.iter_errors(values))[:ERRORS_MAX]
    return [
        # The validator's own sentence repeats the value, which is personal.
        _fault(
            ".".join(["form", "extra", *(str(step) for step in one.absolute_path)]),
            f"Does not fit the form's rule {one.validator!r}.",
        )
        for one in found
    ]


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"field": field, "code": "form_invalid", "detail": detail}


def _place(application_id: str) -> bytes:
    return f"loan_applications.form:{application_id}".encode()
