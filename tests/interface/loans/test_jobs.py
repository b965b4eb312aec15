"""Jobs of the loans service run for the cooperatives that it knows as active."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from services.loans.operations import jobs
from services.loans.operations.job_context import Job, JobContext, Peers
from services.members.operations import jobs as members
from services.shared.contracts import jobs as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import job_runner, tenants
from services.shared.persistence.database import Database
from services.shared.persistence.jobs import Step
from services.shared.settings import Settings
from tests.factories.savings import Calendar, calendar_at

DAY = date(2026, 11, 5)
BUDI, ANI = "coop_budi", "coop_ani"


@pytest.fixture(autouse=True)
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    with calendar_at(tmp_path / "hari-ini", DAY.isoformat()) as calendar:
        yield calendar


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the only job there is did: for whom, and in whose name it asked others."""
    done: list[tuple[str, str]] = []

    def run(context: JobContext, position: str | None) -> Step:
        del position
        done.append((context.actor.cooperative_id, context.peers.ledger))
        return Step(done=1)

    job: Job = Job(name="uji", is_due=lambda _day: True, run=run)
    monkeypatch.setattr(jobs, "JOBS", {"uji": job})
    return done


def peers(cooperative_id: str) -> Peers:
    return Peers(ledger=f"ledger of {cooperative_id}", members=0, kyc=0, insurance=0)


def know(database: Database, settings: Settings, *cooperatives: str) -> None:
    for one in cooperatives:
        payload = {"cooperative_id": one, "code": "0101", "name": one}
        tenants.take_in(database, settings, "loans", f"evt_{one}", payload)


def test_a_job_runs_once_for_every_active_cooperative_in_its_name(
    loans_database: Database, settings: Settings, done: list[tuple[str, str]]
) -> None:
    know(loans_database, settings, BUDI, ANI)
    tenants.set_aside(loans_database, "loans", "evt_off", {"cooperative_id": ANI})

    assert jobs.schedule(loans_database) == 1
    assert jobs.schedule(loans_database) == 0
    jobs.work(loans_database, settings, peers)
    jobs.work(loans_database, settings, peers)

    assert done == [(BUDI, f"ledger of {BUDI}")]
    run = job_runner.get_run(loans_database, BUDI, "uji", DAY)
    assert (run["state"], run["done_count"]) == ("done", 1)
    with pytest.raises(NotFound):
        job_runner.get_run(loans_database, ANI, "uji", DAY)


@pytest.mark.usefixtures("done")
def test_who_asked_for_a_run_is_told_to_the_audit_trail(
    loans_database: Database,
) -> None:
    command = {"job": "uji", "business_date": DAY, "idempotency": None}
    actor = Actor(cooperative_id=ANI, subject="usr_ani")

    assert jobs.request_run(loans_database, actor, ANI, command)["state"] == "waiting"

    with loans_database.hub() as session:
        noted = session.scalars(
            text(
                "SELECT payload ->> 'actor' FROM outbox WHERE name = 'audited' "
                "AND payload ->> 'action' = 'job.requested'"
            )
        ).all()
    assert noted == ["usr_ani"]


@pytest.mark.usefixtures("done")
def test_who_has_left_has_no_runs_to_be_tried_for_ever(
    loans_database: Database, settings: Settings
) -> None:
    gone = "coop_gone"
    know(loans_database, settings, gone)
    jobs.schedule(loans_database)
    tenants.let_go(loans_database, "loans", "evt_gone", {"cooperative_id": gone})

    with pytest.raises(NotFound):
        job_runner.get_run(loans_database, gone, "uji", DAY)
    assert jobs.schedule(loans_database) == 0


def test_the_gateway_knows_the_owner_of_every_job() -> None:
    owners = dict.fromkeys(members.JOBS, "members")

    assert not members.JOBS.keys() & jobs.JOBS.keys()
    assert owners | dict.fromkeys(jobs.JOBS, "loans") == contract.OWNERS
    assert set(contract.OWNERS.values()) <= set(contract.SERVICES)
