"""How results become answers: JSON primitives, and lists page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from marshmallow import Schema

from services.shared.contracts import cursors
from services.shared.contracts.paging import InvalidCursor

Row = TypeVar("Row")


def one(schema: Schema, value: object) -> dict[str, Any]:
    """The answer about one thing."""
    return cast("dict[str, Any]", schema.dump(value))


def many(schema: Schema, values: Sequence[object]) -> list[dict[str, Any]]:
    """The items of a list."""
    return cast("list[dict[str, Any]]", schema.dump(values, many=True))


def position(owner: str, cursor: str | None) -> str | None:
    """Where the page begins; None is the beginning of the list.

    Raises InvalidCursor for a cursor of another list or another cooperative.
    """
    if cursor is None:
        return None
    try:
        return cursors.decode(owner, cursor)
    except ValueError as error:
        raise InvalidCursor from error


def cursor_at(owner: str, position: str) -> str:
    """The cursor of a page that begins behind ``position``."""
    return cursors.encode(owner, position)


def cut(
    owner: str, rows: Sequence[Row], *, limit: int, key: str
) -> tuple[Sequence[Row], str | None]:
    """The page out of ``rows``, of which one more than ``limit`` was read.

    With it comes the cursor of the next page, None at the end of the list.
    """
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    return shown, cursors.encode(owner, getattr(shown[-1], key))
