"""The few field types that every contract is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from marshmallow import ValidationError, fields, validate

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


DEGREES: Final = re.compile(r"^-?[0-9]{1,3}(\.[0-9]{1,6})?\Z")


class CoordinateField(fields.String):
    """Degrees as a text of at most six decimals, such as "-6.200000"; inside Decimal.

    ``limit`` is 90 for a latitude and 180 for a longitude.
    """

    def __init__(self, limit: int, **kwargs: Any) -> None:
        self._limit = limit
        rule = validate.Regexp(DEGREES, error="Must be decimal degrees.")
        super().__init__(validate=[rule, self._within], **kwargs)

    def _within(self, value: str) -> None:
        # Every rule is asked; the other one refuses what is not written as a number,
        # such as NaN, which cannot be compared.
        if DEGREES.match(value) and abs(Decimal(value)) > self._limit:
            raise ValidationError(f"Must be between -{self._limit} and {self._limit}.")

    def _serialize(self, value: Any, *_args: Any, **_kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def deserialize(self, *args: Any, **kwargs: Any) -> Any:
        """The checked text as a number."""
        value = super().deserialize(*args, **kwargs)
        return Decimal(value) if isinstance(value, str) else value


def text(*, longest: int = 200, shortest: int = 1, **kwargs: Any) -> fields.String:
    """A string without control characters, of a bounded length."""
    rules = [
        validate.Length(min=shortest, max=longest),
        validate.Regexp(
            r"^[^\x00-\x1f\x7f]*\Z", error="Control characters are not allowed."
        ),
    ]
    return fields.String(validate=rules, **kwargs)
