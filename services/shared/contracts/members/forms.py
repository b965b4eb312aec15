"""What may be asked about the registration form of a cooperative (AD/ART).

| entrypoint | rule | command | result |
|---|---|---|---|
| `put_member_form` | cooperative:write | `PutMemberForm` | `MemberForm` |
| `get_member_form` | members:read | `GetMemberForm` | `MemberForm` |
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.errors import MalformedError, RefusedError

FORM_FIELDS: Final = ("nik", "phone", "email", "birth_date", "gender", "address")
"""What a form may insist on; the name always has to be given."""

REQUIRED_DOCUMENTS: Final = ("ktp", "selfie", "payment_proof")
AGE_DEFAULT: Final = 17
"""From this age on there is a KTP (UU 23/2006 art. 63)."""

EXAMPLE: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "nama_ibu": {"type": "string", "title": "Nama ibu kandung", "maxLength": 100}
    },
    "required": ["nama_ibu"],
}


class InvalidFormSchema(MalformedError):
    """The fields are not described by a JSON Schema of the kind that is taken."""

    code = "invalid_form_schema"


class FormNotFilledIn(RefusedError):
    """The cooperative's registration form asks for something else."""

    code = "form_not_filled_in"


class MemberFormBody(Schema):
    """What the cooperative asks of those who want to become members."""

    required = fields.List(
        fields.String(validate=validate.OneOf(FORM_FIELDS)),
        load_default=list,
        validate=validate.Length(max=len(FORM_FIELDS)),
        metadata={
            "description": "Which data must be given.",
            "example": ["nik", "phone"],
        },
    )
    fields_schema = fields.Dict(
        keys=text(longest=100),
        load_default=None,
        allow_none=True,
        data_key="fields",
        metadata={
            "description": "JSON Schema (2020-12) of the form's own fields, an object "
            "without references. Patterns are made of literal characters and classes "
            "with fixed counts.",
            "example": EXAMPLE,
        },
    )
    minimum_age = fields.Integer(
        strict=True,
        load_default=AGE_DEFAULT,
        validate=validate.Range(min=0, max=100),
        metadata={"description": "In years; who is married may be younger."},
    )
    required_documents = fields.List(
        fields.String(validate=validate.OneOf(REQUIRED_DOCUMENTS)),
        load_default=list,
        validate=validate.Length(max=len(REQUIRED_DOCUMENTS)),
        metadata={
            "description": "What must have been accepted before activation.",
            "example": ["ktp"],
        },
    )
    accepts_applications = FlagField(
        load_default=False,
        metadata={"description": "Whether people may register themselves."},
    )


class PutMemberForm(MemberFormBody):
    """A new version of the caller's registration form."""


class GetMemberForm(Schema):
    """The registration form of the caller's cooperative."""


class MemberForm(MemberFormBody):
    """The form that is in force; version 0 is the one of who never made one."""

    version = fields.Integer(required=True, metadata={"example": 1})
    created_at = UtcField(required=True, allow_none=True)
