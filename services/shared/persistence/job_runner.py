"""How the jobs of a service get their runs, and who works on them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Generic

from sqlalchemy.orm import Session

from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts import jobs as contract
from services.shared.errors import NotFound, ServiceError
from services.shared.identity import Actor
from services.shared.persistence import idempotency, jobs, trail
from services.shared.persistence.database import Database
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.persistence.jobs import Context, Job, Run, Turn

MARGIN: Final = timedelta(minutes=5)
"""How long after midnight a day counts as over: what was under way then has ended."""

REACH: Final = timedelta(days=400)
"""How far back a run may be asked for: a year, and somewhat more."""

STEPS_MAX: Final = 50
"""Steps taken in one tick, so that one long run does not keep all others waiting."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunner(Generic[Context]):
    """The jobs of one service, by name, and whom they run for.

    ``tenants`` are the cooperatives that are active, each with the business date since
    when it is. ``note`` tells the audit trail that somebody asked for a run.
    """

    jobs: Mapping[str, Job[Context]]
    tenants: Callable[[Session], Iterable[tuple[str, date]]]
    note: trail.Note = trail.note

    def schedule(self, database: Database) -> int:
        """Make the runs that have become due for active cooperatives; how many."""
        made = 0
        with database.hub() as session:
            tenants = list(self.tenants(session))
            for job in self.jobs.values():
                for day in due_dates(job):
                    active = [id_ for id_, since in tenants if _was_active(since, day)]
                    made += jobs.request_for_all(session, active, job.name, [day])
        return made

    def work(self, database: Database, context_of: Callable[[Run], Context]) -> int:
        """Take steps of runs that are due, the longest waiting first; how many."""
        for taken in range(STEPS_MAX):
            with database.hub() as session:
                run = jobs.claim(session, self.jobs.keys())
            if run is None:
                return taken
            self._take_step(database, context_of(run), run)
        return STEPS_MAX

    def request_run(
        self,
        database: Database,
        actor: Actor,
        cooperative_id: str,
        command: dict[str, Any],
    ) -> dict[str, Any]:
        """The run of a job for a business date, made unless there is one.

        One that failed is tried again at once; one that is done stays done. Raises
        NotFound for an unknown job, JobNotDue for a date that it does not run on, or
        not yet.
        """
        job, day = self._job(command["job"]), command["business_date"]
        latest = _latest_date(job)
        if not job.is_due(day) or not latest - REACH <= day <= latest:
            raise contract.JobNotDue

        def make() -> dict[str, Any]:
            run = jobs.request(session, cooperative_id, job.name, day)
            answer = answers.one(contract.JobRun(), run)
            self.note(session, actor, "job.requested", run.id)
            return answer

        with database.tenant(cooperative_id) as session:
            return idempotency.run_once(
                session,
                scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
                operation=make,
            )

    def _take_step(self, database: Database, context: Context, run: Run) -> None:
        """One step of a claimed run; what goes wrong is kept, and tried again."""
        try:
            step = self.jobs[run.job].run(context, run.position)
        except ServiceError as error:
            _log.warning("job %s of %s: %s", run.id, run.cooperative_id, error)
            _keep_fault(database, run, f"{error.code}: {error}")
            return
        except Exception as error:
            # A bug: raised on, so that it is logged whole, but this run waits from now
            # on and keeps none of the others from their turn.
            _keep_fault(database, run, type(error).__name__)
            raise
        with database.hub() as session:
            jobs.advance(session, run, step)

    def _job(self, name: str) -> Job[Context]:
        if name not in self.jobs:
            known = ", ".join(sorted(contract.OWNERS))
            raise NotFound(f"There is no job {name}; there are {known}.")
        return self.jobs[name]


def due_dates(job: Job[Context]) -> list[date]:
    """The business dates for which the job should have run by now."""
    latest = _latest_date(job)
    days = (latest - timedelta(days=ago) for ago in range(job.lookback_days + 1))
    return sorted(day for day in days if job.is_due(day))


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


def _keep_fault(database: Database, run: Run, fault: str) -> None:
    with database.hub() as session:
        jobs.fail(session, run, fault)


def _was_active(since: date, day: date) -> bool:
    # Of a simulated day it cannot be told: moments are never simulated.
    return since <= day or clock.is_simulated()


def _latest_date(job: Job[Context]) -> date:
    """The last business date whose turn for this job has come."""
    today = clock.business_date()
    if job.turn is Turn.OPENING:
        return today
    now = clock.now()
    is_just_over = clock.business_date(now - MARGIN) < clock.business_date(now)
    # A simulated day is over when the file says so, whatever time it is outside.
    waits = is_just_over and not clock.is_simulated()
    return today - timedelta(days=2 if waits else 1)


def _place(position: str) -> tuple[date, str]:
    day, _, job = position.partition(".")
    return date.fromisoformat(day), job
