"""Which jobs there are by business date, and how their runs are made and worked on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from services.members.domain.audit import Actor
from services.members.domain.peers import Ledger
from services.members.operations import answers, audit, deposits, dues, interest
from services.members.operations.job_context import Job, JobContext
from services.members.store import jobs as store
from services.shared import clock
from services.shared.contracts.members import jobs as contract
from services.shared.errors import NotFound, ServiceError
from services.shared.persistence import idempotency, jobs
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.persistence.jobs import Run, Turn
from services.shared.settings import Settings

JOBS: Final[dict[str, Job]] = {
    job.name: job
    for job in (dues.DUES, dues.REMINDERS, interest.INTEREST, deposits.JOB)
}
"""Every job of the service, by name; each is defined in the module of its area."""

MARGIN: Final = timedelta(minutes=5)
"""How long after midnight a day counts as over: what was under way then has ended."""

REACH: Final = timedelta(days=400)
"""How far back a run may be asked for: a year, and somewhat more."""

STEPS_MAX: Final = 50
"""Steps taken in one tick, so that one long run does not keep all others waiting."""

LedgerOf = Callable[[str], Ledger]
"""The ledger in the name of one cooperative."""

_log = logging.getLogger(__name__)


def schedule(database: Database) -> int:
    """Make the runs that have become due for active cooperatives; how many."""
    made = 0
    with database.hub() as session:
        tenants = store.active_cooperatives(session)
        for job in JOBS.values():
            for day in due_dates(job):
                since = [one.id for one in tenants if _was_active(one, day)]
                made += jobs.request_for_all(session, since, job.name, [day])
    return made


def due_dates(job: Job) -> list[date]:
    """The business dates for which the job should have run by now."""
    latest = _latest_date(job)
    days = (latest - timedelta(days=ago) for ago in range(job.lookback_days + 1))
    return sorted(day for day in days if job.is_due(day))


def work(database: Database, settings: Settings, ledger_of: LedgerOf) -> int:
    """Take steps of runs that are due, the longest waiting first; how many."""
    for taken in range(STEPS_MAX):
        with database.hub() as session:
            run = jobs.claim(session, JOBS.keys())
        if run is None:
            return taken
        _take_step(database, settings, ledger_of, run)
    return STEPS_MAX


def request_run(
    database: Database, actor: Actor, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The run of a job for a business date, made unless there is one.

    One that failed is tried again at once; one that is done stays done. Raises
    NotFound for an unknown job, JobNotDue for a date that it does not run on, or not
    yet.
    """
    job, day = _job(command["job"]), command["business_date"]
    latest = _latest_date(job)
    if not job.is_due(day) or not latest - REACH <= day <= latest:
        raise contract.JobNotDue

    def make() -> dict[str, Any]:
        run = jobs.request(session, cooperative_id, job.name, day)
        answer = answers.one(contract.JobRun(), run)
        audit.record(session, actor, "job.requested", run.id)
        return answer

    with database.tenant(cooperative_id) as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=make,
        )


def get_run(
    database: Database, cooperative_id: str, job: str, business_date: date
) -> dict[str, Any]:
    """One run of the cooperative."""
    with database.tenant(cooperative_id) as session:
        run = jobs.find(session, cooperative_id, job, business_date)
    if run is None:
        raise NotFound("There is no such run.")
    return answers.one(contract.JobRun(), run)


def list_runs(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The runs of the cooperative, the latest business date first."""
    job, limit = command["job"], command["limit"]
    owner = f"job runs {cooperative_id} {job or ''}"
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = jobs.list_runs(
            session,
            cooperative_id,
            job=job,
            before=None if after is None else _place(after),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.JobRun(), shown),
        "next_cursor": next_cursor,
    }


def _take_step(
    database: Database, settings: Settings, ledger_of: LedgerOf, run: Run
) -> None:
    """One step of a claimed run; what goes wrong is kept with it, and tried again."""
    context = JobContext(
        database=database,
        settings=settings,
        ledger=ledger_of(run.cooperative_id),
        cooperative_id=run.cooperative_id,
        business_date=run.business_date,
    )
    try:
        step = JOBS[run.job].run(context, run.position)
    except ServiceError as error:
        _log.warning("job %s of %s: %s", run.id, run.cooperative_id, error)
        _keep_fault(database, run, f"{error.code}: {error}")
        return
    except Exception as error:
        # A bug: raised on, so that it is logged whole, but this run waits from now on
        # and keeps none of the others from their turn.
        _keep_fault(database, run, type(error).__name__)
        raise
    with database.hub() as session:
        jobs.advance(session, run, step)


def _keep_fault(database: Database, run: Run, fault: str) -> None:
    with database.hub() as session:
        jobs.fail(session, run, fault)


def _was_active(cooperative: store.ActiveCooperative, day: date) -> bool:
    # Of a simulated day it cannot be told: moments are never simulated.
    return cooperative.active_since <= day or clock.is_simulated()


def _latest_date(job: Job) -> date:
    """The last business date whose turn for this job has come."""
    today = clock.business_date()
    if job.turn is Turn.OPENING:
        return today
    now = clock.now()
    is_just_over = clock.business_date(now - MARGIN) < clock.business_date(now)
    return today - timedelta(days=2 if is_just_over else 1)


def _job(name: str) -> Job:
    if name not in JOBS:
        known = ", ".join(sorted(JOBS))
        raise NotFound(f"There is no job {name}; there are {known}.")
    return JOBS[name]


def _place(position: str) -> tuple[date, str]:
    day, _, job = position.partition(".")
    return date.fromisoformat(day), job
