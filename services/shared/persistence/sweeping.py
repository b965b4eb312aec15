"""How what was left on its way is found again and finished, whoever's it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from logging import Logger
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, inspect, select, update
from sqlalchemy.orm import Session

from services.shared.errors import ServiceError

Key = TypeVar("Key")


def take_due(
    session: Session,
    model: type[Any],
    *unfinished: ColumnElement[bool],
    until: datetime,
    again_at: datetime,
    limit: int,
    **also: Any,
) -> list[tuple[str, str]]:
    """Rows that somebody has to carry on with, the longest due first.

    As cooperative and primary key. They are due again at ``again_at``, so that nobody
    else takes them meanwhile and one that fails comes back behind the others; ``also``
    sets further columns. Only under the hub's role: it looks at all cooperatives.
    """
    (key,) = inspect(model).primary_key
    due = (
        select(key)
        .where(*unfinished, model.due_at <= until)
        .order_by(model.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(model)
        .where(key.in_(due.scalar_subquery()))
        .values(due_at=again_at, **also)
        .returning(model.cooperative_id, key)
    )
    return [(cooperative_id, id_) for cooperative_id, id_ in rows]


def one_by_one(
    log: Logger,
    what: str,
    due: Sequence[tuple[str, Key]],
    finish: Callable[[str, Key], object],
) -> int:
    """Finish what is due, each for itself; how many were tried.

    The fault of one, foreseen or not, is not the next one's: it is logged, and the row
    is tried again when it is due again.
    """
    for cooperative_id, key in due:
        try:
            finish(cooperative_id, key)
        except ServiceError as fault:
            log.warning("%s %s rests: %s", what, key, fault.code)
        except Exception:
            log.exception("%s %s rests", what, key)
    return len(due)
