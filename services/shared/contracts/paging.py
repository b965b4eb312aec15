"""How much of a list is asked for, and from where: the same for every list."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import text
from services.shared.errors import MalformedError

PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 200


class InvalidCursor(MalformedError):
    """The cursor was not made by this list for this cooperative."""

    code = "invalid_cursor"


class Page(Schema):
    """How much of a list, and from where; also the query string of an HTTP list."""

    limit = fields.Integer(
        load_default=PAGE_SIZE_DEFAULT,
        validate=validate.Range(min=1, max=PAGE_SIZE_MAX),
        metadata={"description": "How many items at most."},
    )
    cursor = text(
        longest=500,
        load_default=None,
        allow_none=True,
        metadata={"description": "`next_cursor` of the page before."},
    )
