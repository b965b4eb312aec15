"""What is done by business date, per cooperative, in steps that can be taken up again.

A run is one job of one cooperative for one business date, and there is one row of it,
however often it is asked for. It is worked on step by step; how far it has come is
kept after each. Whoever dies in between leaves a lease behind that ends by itself, and
the next one repeats the step that was under way: **a step must change nothing when it
is done again.**
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Final, Generic, TypeVar

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.shared.errors import InvariantViolated
from services.shared.persistence import roles

Context = TypeVar("Context")

LEASE_SECONDS: Final = 120
"""How long one step may take before somebody else takes the run over."""

RETRY_SECONDS: Final = (5, 30, 120, 600, 3600)
"""The pause after each failure; the last one goes on for ever: nothing stays stuck."""

_FAULT_CHARACTERS: Final = 1000
_COLUMNS: Final = (
    "cooperative_id, job, business_date, state, position, done_count, attempts, "
    "fault, requested_at, started_at, finished_at"
)


class Turn(Enum):
    """When on its business date a job runs."""

    OPENING = "opening"
    """As soon as the day has begun in Jakarta."""

    CLOSING = "closing"
    """When the day is over, so that everything that happened on it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step has done, and where the next begins; None is the end."""

    position: str | None = None
    done: int = 0


@dataclass(frozen=True, kw_only=True)
class Job(Generic[Context]):
    """Something done by business date, until its ``run`` has no next position.

    ``run`` gets the position that its last step returned, at first None. One step is
    one transaction and idempotent calls of other services. ``lookback_days`` is how
    many past days with a missed run are still made up for; a job whose run of today
    does what was missed needs none.
    """

    name: str
    is_due: Callable[[date], bool]
    run: Callable[[Context, str | None], Step]
    turn: Turn = Turn.OPENING
    lookback_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it is stored; ``done_count`` is what its steps have done together."""

    cooperative_id: str
    job: str
    business_date: date
    state: str
    position: str | None
    done_count: int
    attempts: int
    fault: str | None
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def id(self) -> str:
        """What names the run inside its cooperative; also the order of lists."""
        return f"{self.business_date.isoformat()}.{self.job}"


def request(
    session: Session, cooperative_id: str, job: str, business_date: date
) -> Run:
    """The run, made if there is none; one that failed is tried again at once."""
    session.execute(
        text(
            "INSERT INTO job_runs "
            "(cooperative_id, job, business_date, state, done_count, attempts, "
            " requested_at, due_at) "
            "VALUES (:cooperative_id, :job, :business_date, 'waiting', 0, 0, "
            " clock_timestamp(), clock_timestamp()) "
            "ON CONFLICT (cooperative_id, job, business_date) DO UPDATE "
            "SET due_at = clock_timestamp() WHERE job_runs.state = 'failed'"
        ),
        _key(cooperative_id, job, business_date),
    )
    found = find(session, cooperative_id, job, business_date)
    if found is None:
        raise InvariantViolated("a run that was just made cannot be seen")
    return found


def request_for_all(
    session: Session, cooperatives: Sequence[str], job: str, dates: Collection[date]
) -> int:
    """Make the runs of these dates that some of these cooperatives lack; how many."""
    result = session.execute(
        text(
            "INSERT INTO job_runs "
            "(cooperative_id, job, business_date, state, done_count, attempts, "
            " requested_at, due_at) "
            "SELECT tenant.id, :job, day.day, 'waiting', 0, 0, clock_timestamp(), "
            " clock_timestamp() "
            "FROM unnest(CAST(:cooperatives AS text[])) AS tenant (id) "
            "CROSS JOIN unnest(CAST(:dates AS date[])) AS day (day) "
            "WHERE NOT EXISTS (SELECT FROM job_runs known "
            " WHERE known.cooperative_id = tenant.id AND known.job = :job "
            " AND known.business_date = day.day) "
            "ON CONFLICT DO NOTHING"
        ),
        {"job": job, "cooperatives": list(cooperatives), "dates": sorted(dates)},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def claim(session: Session, jobs: Collection[str]) -> Run | None:
    """The next run that is due and that nobody works on, leased to the caller.

    Of one job and cooperative the earlier date comes first, and a later one waits
    for it. Only under the hub's role: it looks at all cooperatives.
    """
    row = session.execute(
        text(
            "UPDATE job_runs SET state = 'running', attempts = attempts + 1, "  # noqa: S608  a constant
            " started_at = coalesce(started_at, clock_timestamp()), "
            " due_at = clock_timestamp() + make_interval(secs => :lease) "
            "WHERE (cooperative_id, job, business_date) = ("
            " SELECT cooperative_id, job, business_date FROM job_runs mine "
            " WHERE job = ANY (CAST(:jobs AS text[])) AND state <> 'done' "
            "  AND due_at <= clock_timestamp() AND NOT EXISTS ("
            "   SELECT FROM job_runs earlier "
            "   WHERE earlier.cooperative_id = mine.cooperative_id "
            "    AND earlier.job = mine.job AND earlier.state <> 'done' "
            "    AND earlier.business_date < mine.business_date) "
            " ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) "
            f"RETURNING {_COLUMNS}"
        ),
        {"jobs": sorted(jobs), "lease": LEASE_SECONDS},
    ).one_or_none()
    return None if row is None else _run(row)


def advance(session: Session, run: Run, step: Step) -> bool:
    """Keep how far the run has come and end the lease; whether it was still ours.

    Guarded by the position that the step began at: a worker that was only slow does
    not throw back who took the run over.
    """
    is_done = step.position is None
    result = session.execute(
        text(
            "UPDATE job_runs SET position = :position, attempts = 0, fault = NULL, "
            " done_count = done_count + :done, "
            " state = CASE WHEN :is_done THEN 'done' ELSE 'running' END, "
            " finished_at = CASE WHEN :is_done THEN clock_timestamp() END, "
            " due_at = clock_timestamp() "
            "WHERE cooperative_id = :cooperative_id AND job = :job "
            " AND business_date = :business_date AND state = 'running' "
            " AND position IS NOT DISTINCT FROM :begun_at"
        ),
        _key(run.cooperative_id, run.job, run.business_date)
        | {
            "position": step.position,
            "done": step.done,
            "is_done": is_done,
            "begun_at": run.position,
        },
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def fail(session: Session, run: Run, fault: str) -> None:
    """Keep what went wrong, and try again after a pause that grows.

    Only the fault of the last one that claimed the step: a worker that was only slow
    does not stop who took the run over.
    """
    pause = RETRY_SECONDS[min(run.attempts, len(RETRY_SECONDS)) - 1]
    session.execute(
        text(
            "UPDATE job_runs SET state = 'failed', fault = :fault, "
            " due_at = clock_timestamp() + make_interval(secs => :pause) "
            "WHERE cooperative_id = :cooperative_id AND job = :job "
            " AND business_date = :business_date AND state = 'running' "
            " AND attempts = :attempts AND position IS NOT DISTINCT FROM :begun_at"
        ),
        _key(run.cooperative_id, run.job, run.business_date)
        | {
            "fault": fault[:_FAULT_CHARACTERS],
            "pause": pause,
            "attempts": run.attempts,
            "begun_at": run.position,
        },
    )


def drop_unfinished(session: Session, cooperative_id: str) -> int:
    """Forget what a cooperative that has left still had to run; how many runs."""
    result = session.execute(
        text(
            "DELETE FROM job_runs "
            "WHERE cooperative_id = :cooperative_id AND state <> 'done'"
        ),
        {"cooperative_id": cooperative_id},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def find(
    session: Session, cooperative_id: str, job: str, business_date: date
) -> Run | None:
    """One run, if this transaction may see it."""
    row = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM job_runs "  # noqa: S608  a constant
            "WHERE cooperative_id = :cooperative_id AND job = :job "
            "AND business_date = :business_date"
        ),
        _key(cooperative_id, job, business_date),
    ).one_or_none()
    return None if row is None else _run(row)


def list_runs(
    session: Session,
    cooperative_id: str,
    *,
    job: str | None,
    before: tuple[date, str] | None,
    limit: int,
) -> list[Run]:
    """Runs of one cooperative, the latest business date first."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM job_runs "  # noqa: S608  a constant
            "WHERE cooperative_id = :cooperative_id "
            "AND (CAST(:job AS text) IS NULL OR job = :job) "
            "AND (CAST(:before_date AS date) IS NULL "
            " OR (business_date, job) < (:before_date, :before_job)) "
            "ORDER BY business_date DESC, job DESC LIMIT :limit"
        ),
        {
            "cooperative_id": cooperative_id,
            "job": job,
            "before_date": before[0] if before else None,
            "before_job": before[1] if before else "",
            "limit": limit,
        },
    )
    return [_run(row) for row in rows]


def count_failed(session: Session) -> int:
    """How many runs failed and wait for their next attempt."""
    return int(
        session.execute(
            text("SELECT count(*) FROM job_runs WHERE state = 'failed'")
        ).scalar_one()
    )


def _key(cooperative_id: str, job: str, business_date: date) -> dict[str, object]:
    return {
        "cooperative_id": cooperative_id,
        "job": job,
        "business_date": business_date,
    }


def _run(row: Row[tuple[object, ...]]) -> Run:
    return Run(**row._mapping)  # noqa: SLF001  public, despite its name


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a migration of the service that has jobs."""
    op.execute(
        """
        CREATE TABLE job_runs (
            cooperative_id text NOT NULL,
            job text NOT NULL,
            business_date date NOT NULL,
            state text NOT NULL,
            position text,
            done_count bigint NOT NULL,
            attempts integer NOT NULL,
            fault text,
            requested_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_job_runs PRIMARY KEY (cooperative_id, job, business_date),
            CONSTRAINT ck_job_runs_state
                CHECK (state IN ('waiting', 'running', 'failed', 'done')),
            CONSTRAINT ck_job_runs_finished_at
                CHECK ((state = 'done') = (finished_at IS NOT NULL)),
            CONSTRAINT ck_job_runs_started_at
                CHECK ((state = 'waiting') = (started_at IS NULL)),
            CONSTRAINT ck_job_runs_done_count CHECK (done_count >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_job_runs_due ON job_runs (due_at) WHERE state <> 'done'"
    )
    op.execute(
        "CREATE INDEX ix_job_runs_cooperative_id_business_date "
        "ON job_runs (cooperative_id, business_date, job)"
    )
    roles.enable_row_level_security(op, "job_runs")
    roles.grant(
        op,
        "job_runs",
        tenant="SELECT, INSERT, UPDATE (due_at)",
        hub="SELECT, INSERT, UPDATE, DELETE",
    )
