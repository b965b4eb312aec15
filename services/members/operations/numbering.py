"""How documents are numbered: ``PREFIX/YYYY/MM/n``, per cooperative and month.

Gap-free: the counter's row stays locked until the transaction ends, so that a number
that is rolled back is given to the next document (domain.md, topic 9).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from services.members import store


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
    series = f"{kind}/{day:%Y/%m}"
    number = store.next_number(session, cooperative_id, f"document {series}")
    return f"{series}/{number}"
