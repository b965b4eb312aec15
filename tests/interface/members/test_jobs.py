"""Jobs run once per cooperative and business date, whoever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import eventlet
import pytest

from services.members.operations import jobs
from services.members.operations.job_context import Job, JobContext
from services.shared import clock
from services.shared.contracts import jobs as contract
from services.shared.errors import NotFound, ServiceBusy
from services.shared.persistence import job_runner
from services.shared.persistence import jobs as runs
from services.shared.persistence.database import Database
from services.shared.persistence.jobs import Run, Step, Turn
from tests.factories.members import PAGE, Tenant, World
from tests.factories.savings import Calendar, Counter, calendar_at

DAY = date(2026, 11, 5)


class Work:
    """A job of three steps that remembers who did what."""

    def __init__(self) -> None:
        self.done: list[tuple[str, date, str | None]] = []
        self.faults: list[BaseException] = []

    def run(self, context: JobContext, position: str | None) -> Step:
        if self.faults:
            raise self.faults.pop()
        self.done.append((context.cooperative_id, context.business_date, position))
        following = {None: "a", "a": "b", "b": None}[position]
        return Step(position=following, done=10)

    def of(self, tenant: Tenant) -> list[str | None]:
        """The positions at which steps for this cooperative began."""
        return [
            place for cooperative, _, place in self.done if cooperative == tenant.id
        ]


def every_day(_day: date) -> bool:
    return True


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """The only job there is."""
    work = Work()
    job: Job = Job(name="uji", is_due=every_day, run=work.run)
    monkeypatch.setattr(jobs, "JOBS", {"uji": job})
    return work


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path, world: World) -> Iterator[Calendar]:
    """An own day for these tests, on which nothing is left to do from others."""
    with world.members.hub() as session:
        session.connection().exec_driver_sql(
            "UPDATE job_runs SET state = 'done', finished_at = now(), "
            "started_at = coalesce(started_at, now()) WHERE state <> 'done'"
        )
    with calendar_at(tmp_path / "hari-ini", DAY.isoformat()) as calendar:
        yield calendar


def request(tenant: Tenant, job: str = "uji", day: date = DAY) -> dict[str, Any]:
    return jobs.request_run(
        tenant.world.members,
        tenant.actor,
        tenant.id,
        {"job": job, "business_date": day, "idempotency": None},
    )


def work_on(tenant: Tenant) -> int:
    return jobs.work(
        tenant.world.members, tenant.world.settings, lambda _cooperative: tenant.ledger
    )


def state(tenant: Tenant, day: date = DAY) -> dict[str, Any]:
    return job_runner.get_run(tenant.world.members, tenant.id, "uji", day)


def wait_no_longer(tenant: Tenant) -> None:
    """Let what waits for its next attempt, or for a lease to end, be due now."""
    with tenant.world.members.hub() as session:
        session.connection().exec_driver_sql(
            "UPDATE job_runs SET due_at = now() WHERE cooperative_id = %s", (tenant.id,)
        )


def test_a_run_is_worked_on_to_its_end(tenant: Tenant, work: Work) -> None:
    assert request(tenant)["state"] == "waiting"
    assert work_on(tenant) == 3

    found = state(tenant)
    assert work.of(tenant) == [None, "a", "b"]
    assert (found["state"], found["done_count"]) == ("done", 30)
    assert found["finished_at"] is not None


def test_a_run_that_is_asked_for_again_is_the_same_run(
    tenant: Tenant, work: Work
) -> None:
    request(tenant)
    work_on(tenant)

    assert request(tenant)["state"] == "done"
    assert work_on(tenant) == 0
    assert len(work.of(tenant)) == 3


def test_a_step_that_fails_is_tried_again_later(tenant: Tenant, work: Work) -> None:
    request(tenant)
    work.faults = [ServiceBusy()]

    work_on(tenant)
    failed = state(tenant)
    assert failed["state"] == "failed"
    assert failed["fault"].startswith("service_busy")
    assert work_on(tenant) == 0

    wait_no_longer(tenant)
    work_on(tenant)
    assert state(tenant)["state"] == "done"
    assert state(tenant)["fault"] is None


def test_a_failed_run_that_is_asked_for_is_tried_at_once(
    tenant: Tenant, work: Work
) -> None:
    request(tenant)
    work.faults = [ServiceBusy()]
    work_on(tenant)

    request(tenant)

    assert work_on(tenant) == 3


def test_a_bug_in_one_run_ends_no_other(tenant: Tenant, work: Work) -> None:
    request(tenant)
    work.faults = [ZeroDivisionError("3 / 0")]

    with pytest.raises(ZeroDivisionError):
        work_on(tenant)
    found = state(tenant)
    assert (found["state"], found["fault"]) == ("failed", "ZeroDivisionError")


def test_who_was_killed_leaves_the_step_to_the_next(tenant: Tenant, work: Work) -> None:
    """A kill is no exception that anybody could handle."""
    request(tenant)
    work.faults = [SystemExit()]
    with pytest.raises(SystemExit):
        work_on(tenant)
    assert state(tenant)["state"] == "running"
    assert work_on(tenant) == 0, "its lease has not ended"

    wait_no_longer(tenant)
    work_on(tenant)

    assert work.of(tenant) == [None, "a", "b"]
    assert state(tenant)["state"] == "done"


def test_an_earlier_date_comes_before_a_later_one(tenant: Tenant, work: Work) -> None:
    request(tenant, day=DAY)
    request(tenant, day=date(2026, 11, 4))
    work.faults = [ServiceBusy()]

    work_on(tenant)
    wait_no_longer(tenant)
    work_on(tenant)

    days = [day for cooperative, day, _ in work.done if cooperative == tenant.id]
    assert days == [date(2026, 11, 4)] * 3 + [DAY] * 3


def test_two_workers_never_hold_the_same_run(tenant: Tenant, work: Work) -> None:
    request(tenant)
    database = tenant.world.members

    def claim(_number: int) -> Run | None:
        with database.hub() as session:
            return runs.claim(session, ["uji"])

    claimed = list(eventlet.GreenPool().imap(claim, range(5)))

    assert len([run for run in claimed if run is not None]) == 1


def test_a_worker_that_was_only_slow_throws_nobody_back(
    tenant: Tenant, work: Work
) -> None:
    request(tenant)
    database: Database = tenant.world.members
    with database.hub() as session:
        slow = runs.claim(session, ["uji"])
    assert slow is not None
    wait_no_longer(tenant)
    work_on(tenant)

    with database.hub() as session:
        assert not runs.advance(session, slow, Step(position="a", done=10))
    assert state(tenant)["done_count"] == 30


def test_a_worker_that_was_only_slow_stops_nobody(tenant: Tenant, work: Work) -> None:
    request(tenant)
    database: Database = tenant.world.members
    with database.hub() as session:
        slow = runs.claim(session, ["uji"])
    wait_no_longer(tenant)
    with database.hub() as session:
        other = runs.claim(session, ["uji"])
    assert slow is not None
    assert other is not None

    with database.hub() as session:
        runs.fail(session, slow, "too late")
    with database.hub() as session:
        assert runs.advance(session, other, Step(position="a", done=10))
    assert state(tenant)["state"] == "running"


def test_what_is_due_is_made_for_every_active_cooperative_once(
    tenant: Tenant, neighbour: Tenant, work: Work
) -> None:
    jobs.schedule(tenant.world.members)

    assert jobs.schedule(tenant.world.members) == 0
    assert state(tenant)["state"] == state(neighbour)["state"] == "waiting"


@pytest.mark.parametrize(
    ("turn", "lookback", "today", "due"),
    [
        pytest.param(Turn.OPENING, 0, "2026-10-31", ["2026-10-31"], id="that day"),
        pytest.param(Turn.CLOSING, 0, "2026-10-31", [], id="not before its end"),
        pytest.param(Turn.CLOSING, 0, "2026-11-01", ["2026-10-31"], id="after it"),
        pytest.param(Turn.CLOSING, 0, "2026-11-02", [], id="missed"),
        pytest.param(
            Turn.CLOSING,
            62,
            "2026-11-02",
            ["2026-08-31", "2026-09-30", "2026-10-31"],
            id="made up for",
        ),
    ],
)
def test_when_a_job_is_due(
    calendar: Calendar,
    turn: Turn,
    lookback: int,
    today: str,
    due: list[str],
    work: Work,
) -> None:
    calendar.turn_to(today)
    job: Job = Job(
        name="uji",
        is_due=lambda day: day in {date(2026, m, d) for m, d in _LAST_DAYS},
        run=work.run,
        turn=turn,
        lookback_days=lookback,
    )

    assert [day.isoformat() for day in job_runner.due_dates(job)] == due


_LAST_DAYS = ((8, 31), (9, 30), (10, 31))


@pytest.mark.parametrize(
    ("job", "day", "refusal"),
    [
        pytest.param("interest", "2026-10-30", contract.JobNotDue, id="not its day"),
        pytest.param("interest", "2026-11-30", contract.JobNotDue, id="to come"),
        pytest.param("dues", "2026-11-06", contract.JobNotDue, id="tomorrow"),
        pytest.param("dues", "0001-01-01", contract.JobNotDue, id="long ago"),
        pytest.param("sihir", "2026-11-05", NotFound, id="no job"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    tenant: Tenant, job: str, day: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        request(tenant, job, date.fromisoformat(day))


def test_runs_are_listed_the_latest_first_and_only_ones_own(
    tenant: Tenant, neighbour: Tenant, work: Work
) -> None:
    for number in (3, 5, 4):
        request(tenant, day=date(2026, 11, number))
    request(neighbour)

    def page(cursor: str | None) -> dict[str, Any]:
        return job_runner.list_runs(
            tenant.world.members,
            tenant.id,
            PAGE | {"job": None, "limit": 2, "cursor": cursor},
        )

    first = page(None)
    second = page(first["next_cursor"])

    days = [run["business_date"] for run in first["items"] + second["items"]]
    assert days == ["2026-11-05", "2026-11-04", "2026-11-03"]
    assert second["next_cursor"] is None


def test_the_interest_of_a_month_killed_half_way_is_taken_up_and_paid_once(
    tenant: Tenant, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same through the real job: three steps, killed in the second."""
    from services.members.operations import interest

    monkeypatch.setattr(interest, "SAVERS_MAX", 2)
    calendar.turn_to("2026-10-01")
    counter = Counter(tenant=tenant)
    counter.set_rate(600, "2026-10-01")
    numbers = [tenant.account(balance=10_000_000) for _ in range(5)]
    calendar.turn_to("2026-11-01")
    request(tenant, "interest", date(2026, 10, 31))
    post, journals = tenant.ledger.post_journal, []

    def killed(command: dict[str, Any]) -> dict[str, Any]:
        journals.append(command["id"])
        answer = post(command)
        if len(journals) == 2:
            raise SystemExit
        return answer

    monkeypatch.setattr(tenant.ledger, "post_journal", killed)
    with pytest.raises(SystemExit):
        work_on(tenant)
    for _ in range(2):
        wait_no_longer(tenant)
        work_on(tenant)

    assert [counter.balance(number) for number in numbers] == [10_050_958] * 5
    assert len(set(journals)) == 3
    assert clock.business_date() == date(2026, 11, 1)


def test_a_run_is_asked_for_on_the_command_line(
    tenant: Tenant, neighbour: Tenant, work: Work, loans_database: Database
) -> None:
    from services.hub import jobs as command_line

    databases = {"members": tenant.world.members, "loans": loans_database}
    (made,) = command_line.request(databases, "uji", DAY, tenant.code)
    work_on(tenant)

    assert (made["state"], len(work.of(tenant))) == ("waiting", 3)
    (listed,) = command_line.list_runs(databases, tenant.code)
    assert (listed["job"], listed["state"]) == ("uji", "done")
    assert command_line.list_runs(databases, neighbour.code) == []
    with pytest.raises(NotFound):
        command_line.request(databases, "uji", DAY, "9999")
    with pytest.raises(NotFound):
        command_line.request(databases, "sihir", DAY, tenant.code)
