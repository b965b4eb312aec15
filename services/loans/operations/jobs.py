"""Which jobs there are by business date, for whom they run and with what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.operations import (
    arrears,
    autodebits,
    collections,
    reminders,
    scoring,
)
from services.loans.operations.job_context import Job, JobContext, Peers
from services.shared.identity import Actor
from services.shared.persistence import tenants
from services.shared.persistence.database import Database
from services.shared.persistence.job_runner import JobRunner
from services.shared.persistence.jobs import Run
from services.shared.settings import Settings

JOBS: Final[dict[str, Job]] = {
    job.name: job
    for job in (
        arrears.JOB,
        autodebits.JOB,
        collections.JOB,
        reminders.JOB,
        scoring.SCORECARD,
    )
}
"""Every job of the service, by name; each is defined in the module of its area.

Its name must also stand in `contracts/jobs.py`, where the gateway finds its owner.
"""

PeersOf = Callable[[str], Peers]
"""The other services in the name of one cooperative."""


def schedule(database: Database) -> int:
    """Make the runs that have become due for active cooperatives; how many."""
    return _runner().schedule(database)


def work(database: Database, settings: Settings, peers_of: PeersOf) -> int:
    """Take steps of runs that are due, the longest waiting first; how many."""

    def context_of(run: Run) -> JobContext:
        return JobContext(
            database=database,
            settings=settings,
            peers=peers_of(run.cooperative_id),
            cooperative_id=run.cooperative_id,
            business_date=run.business_date,
        )

    return _runner().work(database, context_of)


def request_run(
    database: Database, actor: Actor, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The run of a job for a business date; see `JobRunner.request_run`."""
    return _runner().request_run(database, actor, cooperative_id, command)


def _runner() -> JobRunner[JobContext]:
    return JobRunner(jobs=JOBS, tenants=_active)


def _active(session: Session) -> list[tuple[str, date]]:
    return [(one.cooperative_id, one.active_since) for one in tenants.active(session)]
