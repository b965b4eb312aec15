"""What a cooperative's registration form asks for, and whether it was answered."""

from __future__ import annotations

from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from sqlalchemy.orm import Session

from services.members.domain.forms import Form
from services.members.models import MemberForm
from services.members.operations import audit
from services.members.store import forms as store
from services.shared import clock
from services.shared.contracts import answers, form_schemas
from services.shared.contracts.members import forms as contract
from services.shared.errors import RequestInProgress
from services.shared.identity import Actor
from services.shared.persistence.database import Database, retrying

ERRORS_MAX: Final = 20


@retrying
def put_member_form(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A new version of the form; the one in force again, when nothing is new.

    Raises InvalidFormSchema. Who is registered already is not asked again.
    """
    content = _content(command)
    with database.tenant(actor.cooperative_id) as session:
        known = store.find_form(session, actor.cooperative_id)
        if known is not None and known.content == content:
            return _answer(known)
        made = store.add_form(
            session,
            cooperative_id=actor.cooperative_id,
            version=known.version + 1 if known else 1,
            content=content,
            created_at=clock.now(),
            created_by=actor.subject,
        )
        if made is None:
            raise RequestInProgress("Another version is being made; look at it first.")
        audit.record(
            session,
            actor,
            "member_form.changed",
            actor.cooperative_id,
            before={"version": made.version - 1},
            after={"version": made.version},
        )
        return _answer(made)


def get_member_form(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The form in force; one that asks for nothing where none was ever made."""
    with database.tenant(cooperative_id) as session:
        return _answer(store.find_form(session, cooperative_id))


def in_force(session: Session, cooperative_id: str) -> Form:
    """What the cooperative asks for now."""
    known = store.find_form(session, cooperative_id)
    if known is None:
        return Form()
    content = known.content
    return Form(
        version=known.version,
        required=tuple(content["required"]),
        fields=content["fields"],
        minimum_age=content["minimum_age"],
        required_documents=tuple(content["required_documents"]),
        accepts_applications=content["accepts_applications"],
    )


def check_answers(form: Form, data: dict[str, Any]) -> None:
    """Raise FormNotFilledIn naming each field that is missing or does not fit."""
    missing = [name for name in form.required if data.get(name) is None]
    found = [_error(name, "required", "The form asks for this.") for name in missing]
    refuse_unless_empty([*found, *faults_of_extra(form, data.get("extra"))])


def faults_of_extra(form: Form, extra: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What is wrong with the answers to the form's own questions, field by field."""
    values = extra or {}
    if form_schemas.is_too_large(values):
        detail = f"At most {form_schemas.VALUES_CHARACTERS_MAX} characters."
        return [_error("extra", "too_large", detail)]
    if form.fields is None:
        detail = "The form has no fields of its own."
        return [_error("extra", "unknown", detail)] if values else []
    validator = Draft202012Validator(
        form.fields, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    faults = list(validator.iter_errors(values))[:ERRORS_MAX]
    return [_error(_path(fault), "invalid", _sentence(fault)) for fault in faults]


def refuse_unless_empty(found: list[dict[str, Any]]) -> None:
    """Raise FormNotFilledIn with these errors, if there are any."""
    if found:
        raise contract.FormNotFilledIn(details={"errors": found})


def _content(command: dict[str, Any]) -> dict[str, Any]:
    """The form as it is stored, in one spelling for the same meaning."""
    schema = command["fields_schema"]
    if schema is not None:
        schema = form_schemas.closed(schema)
        fault = form_schemas.fault(schema)
        if fault is not None:
            error = _error("fields", contract.InvalidFormSchema.code, fault)
            raise contract.InvalidFormSchema(fault, {"errors": [error]})
    return {
        "required": sorted(set(command["required"])),
        "fields": schema,
        "minimum_age": command["minimum_age"],
        "required_documents": sorted(set(command["required_documents"])),
        "accepts_applications": command["accepts_applications"],
    }


def _path(fault: ValidationError) -> str:
    return ".".join(["extra", *(str(one) for one in fault.absolute_path)])


def _sentence(fault: ValidationError) -> str:
    # jsonschema's own sentence repeats the value, which is personal data.
    rule, given = fault.validator_value, fault.instance
    if isinstance(rule, list) and isinstance(given, dict):
        missing = [name for name in rule if name not in given]
        return f"The form asks for: {', '.join(missing)}."
    return f"Does not fit the form's rule {fault.validator!r}."


def _error(field: str, code: str, detail: str) -> dict[str, Any]:
    return {"field": field, "code": code, "detail": detail}


def _answer(known: MemberForm | None) -> dict[str, Any]:
    content = known.content if known else _content(contract.PutMemberForm().load({}))
    return answers.one(
        contract.MemberForm(),
        content
        | {
            "fields_schema": content["fields"],
            "version": known.version if known else 0,
            "created_at": known.created_at if known else None,
        },
    )
