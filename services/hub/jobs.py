"""Jobs by business date, asked for from the command line.

What is asked for is written into the database; whoever runs the members service works
on it, as on what it has found due by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from services.members.domain.audit import Actor
from services.members.operations import jobs
from services.members.store import cooperatives as store
from services.members.store import jobs as jobs_store
from services.shared.errors import NotFound
from services.shared.persistence.database import Database

ACTOR: Final = "operator:command-line"
PAGE: Final = 200


def names() -> list[str]:
    """Every job there is."""
    return sorted(jobs.JOBS)


def request(
    database: Database, job: str, business_date: date, code: str | None
) -> list[dict[str, Any]]:
    """The runs of one cooperative, by its code, or of all that are active.

    Raises NotFound, and JobNotDue for a date on which the job does not run.
    """
    command = {"job": job, "business_date": business_date, "idempotency": None}
    return [
        jobs.request_run(
            database,
            Actor(cooperative_id=cooperative_id, subject=ACTOR),
            cooperative_id,
            command,
        )
        for cooperative_id in _cooperatives(database, code)
    ]


def list_runs(database: Database, code: str) -> list[dict[str, Any]]:
    """The latest runs of one cooperative, by its code."""
    (cooperative_id,) = _cooperatives(database, code)
    page = jobs.list_runs(
        database, cooperative_id, {"job": None, "limit": PAGE, "cursor": None}
    )
    items: list[dict[str, Any]] = page["items"]
    return items


def _cooperatives(database: Database, code: str | None) -> Sequence[str]:
    with database.hub() as session:
        if code is None:
            return [one.id for one in jobs_store.active_cooperatives(session)]
        found = store.find_cooperative_by_code(session, code)
    if found is None:
        raise NotFound(f"There is no cooperative {code}.")
    return [found.id]
