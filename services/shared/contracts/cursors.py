"""How a page of a list remembers where the next one begins.

A cursor carries the list and the cooperative it was made for, so that one taken from
another tenant or another list is refused and not silently misread. It is no secret and
grants nothing: row-level security decides what a page contains.
"""

from __future__ import annotations

import base64
import binascii
import json


def encode(owner: str, position: str) -> str:
    """A cursor that continues after ``position``; ``owner`` is list and tenant."""
    return base64.urlsafe_b64encode(json.dumps([owner, position]).encode()).decode()


def decode(owner: str, cursor: str) -> str:
    """The position in ``cursor``.

    Raises ValueError when it was not made by `encode` for this owner.
    """
    try:
        parts = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(cursor) from error
    match parts:
        case [str() as made_for, str() as position] if (
            # Positions are ids and numbers; anything else would only upset the query.
            made_for == owner and position.isascii() and position.isprintable()
        ):
            return position
    raise ValueError(cursor)
