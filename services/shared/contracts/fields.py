"""The few field types that every contract is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import fields, validate

AMOUNT_MAX: Final = 10**15
"""The largest amount of one posting, in whole rupiah (api.md, conventions)."""


class AmountField(fields.Integer):
    """Whole rupiah from 1 to 10^15. Floats, strings and booleans are refused."""

    def __init__(self, *, minimum: int = 1, **kwargs: Any) -> None:
        rule = validate.Range(min=minimum, max=AMOUNT_MAX)
        told: dict[str, Any] = {"invalid": "Must be an integer of whole rupiah."}
        super().__init__(strict=True, validate=rule, error_messages=told, **kwargs)

    def _validated(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class UtcField(fields.AwareDateTime):
    """A moment: RFC 3339 with offset on the wire, aware UTC inside."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> datetime:
        return super()._deserialize(*args, **kwargs).astimezone(UTC)


class FlagField(fields.Boolean):
    """JSON's true or false. Numbers and words that mean as much are refused."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        del args, kwargs
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def text(*, longest: int = 200, shortest: int = 1, **kwargs: Any) -> fields.String:
    """A string without control characters, of a bounded length."""
    rules = [
        validate.Length(min=shortest, max=longest),
        validate.Regexp(
            r"^[^\x00-\x1f\x7f]*\Z", error="Control characters are not allowed."
        ),
    ]
    return fields.String(validate=rules, **kwargs)
