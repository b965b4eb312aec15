"""How money and moments are stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator


class MoneyColumn(TypeDecorator[int]):
    """Whole rupiah as BIGINT; anything but an int is refused before it is sent."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Dialect) -> int | None:
        """Refuse floats, decimals and booleans: they are never an amount."""
        if value is not None and type(value) is not int:
            message = f"An amount is an int of whole rupiah, not {value!r}."
            raise TypeError(message)
        return value


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment: ``timestamptz`` there, UTC here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, _dialect: Dialect
    ) -> datetime | None:
        """Refuse a naive moment: nobody knows when it was."""
        if value is not None and value.tzinfo is None:
            message = f"The moment {value!r} has no time zone."
            raise TypeError(message)
        return value

    def process_result_value(
        self, value: Any | None, _dialect: Dialect
    ) -> datetime | None:
        """The stored moment in UTC, whatever the connection's time zone."""
        return None if value is None else value.astimezone(UTC)
