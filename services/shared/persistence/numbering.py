"""How documents are numbered: ``PREFIX/YYYY/MM/n``, per cooperative and month.

Gap-free: the counter's row stays locked until the transaction ends, so that a number
that is rolled back is given to the next document (domain.md, topic 9).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared.persistence import roles


def next_document(
    session: Session,
    cooperative_id: str,
    prefix: str,
    day: date,
    *,
    branch_code: str = "",
) -> str:
    """The number of a new document, such as ``SLIP/2026/11/7``.

    Every branch that has a code counts by itself: ``SLIP-02/2026/11/1``. Call it late:
    until the commit whoever wants a number of the same kind waits.
    """
    kind = f"{prefix}-{branch_code}" if branch_code else prefix
    [number] = next_documents(session, cooperative_id, kind, day, 1)
    return number


def next_documents(
    session: Session, cooperative_id: str, prefix: str, day: date, count: int
) -> list[str]:
    """The numbers of ``count`` new documents of one kind, in order."""
    series = f"{prefix}/{day:%Y/%m}"
    numbers = next_numbers(session, cooperative_id, f"document {series}", count)
    return [f"{series}/{number}" for number in numbers]


def next_number(session: Session, cooperative_id: str, counter: str) -> int:
    """The next number of a gap-free sequence, from 1; see the head of this module."""
    return next_numbers(session, cooperative_id, counter, 1)[0]


def next_numbers(
    session: Session, cooperative_id: str, counter: str, count: int
) -> range:
    """The next ``count`` numbers of a gap-free sequence."""
    last: int = session.execute(
        text(
            "INSERT INTO counters (cooperative_id, name, value) "
            "VALUES (:cooperative_id, :name, :count) "
            "ON CONFLICT (cooperative_id, name) DO UPDATE "
            "SET value = counters.value + :count RETURNING value"
        ),
        {"cooperative_id": cooperative_id, "name": counter, "count": count},
    ).scalar_one()
    return range(last - count + 1, last + 1)


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE counters (
            cooperative_id text NOT NULL,
            name text NOT NULL,
            value bigint NOT NULL,
            CONSTRAINT pk_counters PRIMARY KEY (cooperative_id, name),
            CONSTRAINT ck_counters_value CHECK (value > 0)
        )
        """
    )
    roles.grant(
        op,
        "counters",
        tenant="SELECT, INSERT, UPDATE (value)",
        hub="SELECT, INSERT, UPDATE (value)",
    )
    roles.enable_row_level_security(op, "counters")
