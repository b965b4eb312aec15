"""What every comparison of two services' databases needs."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.shared.persistence.database import Database

FETCH_ROWS: Final = 5_000


class Difference(Exception):
    """Two things that must agree do not; the message names both."""


@contextmanager
def reading(database: Database) -> Generator[Session]:
    """A transaction that sees one moment, and may take its time."""
    with database.hub() as session:
        session.execute(
            text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        )
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            session.execute(text(f"SET LOCAL {name} = 0"))
        yield session


def stream(session: Session, query: str) -> Iterator[Row[Any]]:
    """The rows of a query, some thousands at a time."""
    # Executed now, so that it sees this moment; read when its turn comes.
    result = session.execute(
        text(query).execution_options(stream_results=True, yield_per=FETCH_ROWS)
    )
    return iter(result)
