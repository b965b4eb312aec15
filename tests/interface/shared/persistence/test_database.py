"""How a transaction ends when something goes wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import Any

import eventlet
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from services.shared import settings
from services.shared.errors import (
    DatabaseUnavailable,
    InvariantViolated,
    OutcomeUnknown,
    ServiceBusy,
)
from services.shared.persistence import database
from services.shared.persistence.database import Database
from tests.databases import RunDatabases

INSERT = text("INSERT INTO notes VALUES (:id, :cooperative_id, :body)")
COUNT = text("SELECT count(*) FROM notes WHERE cooperative_id = :cooperative_id")
LOCK = text("UPDATE notes SET body = body WHERE id = :id")


def write(session: Session, cooperative_id: str, name: str) -> None:
    values = {"id": f"{cooperative_id}-{name}", "cooperative_id": cooperative_id}
    session.execute(INSERT, values | {"body": name})


def count(given: Database, cooperative_id: str) -> int:
    with given.hub() as session:
        values = {"cooperative_id": cooperative_id}
        return int(session.execute(COUNT, values).scalar_one())


def backend(session: Session) -> int:
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


@pytest.fixture
def lonely(
    sample_database: Database, run_databases: RunDatabases
) -> Generator[Database]:
    """The same database through a pool of one connection."""
    url = settings.replace_login(
        run_databases.admin_url,
        user=sample_database.roles.login,
        password=run_databases.settings().derive("database password of sample").hex(),
        database=sample_database.name,
    )
    one = Database(url, service="sample", pool_size=1)
    yield one
    one.dispose()


def test_the_block_commits_at_its_end(
    sample_database: Database, cooperative: str
) -> None:
    with sample_database.tenant(cooperative) as session:
        write(session, cooperative, "kept")
    assert count(sample_database, cooperative) == 1


def test_an_exception_rolls_everything_back(
    sample_database: Database, cooperative: str
) -> None:
    with (
        pytest.raises(LookupError),
        sample_database.tenant(cooperative) as session,
    ):
        write(session, cooperative, "gone")
        raise LookupError
    assert count(sample_database, cooperative) == 0


def test_a_transaction_begins_in_one_round_trip(
    sample_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample_database.ping()
    sent: list[object] = []
    execute = psycopg.Connection.execute

    def counting(self: psycopg.Connection, query: Any, **how: Any) -> object:
        sent.append(query)
        return execute(self, query, **how)

    monkeypatch.setattr(psycopg.Connection, "execute", counting)
    with sample_database.tenant("coop_maju"):
        pass
    assert len(sent) == 1
    assert str(sent[0]).count(";") == 2


def test_a_violation_found_at_commit_is_told_by_its_name(
    sample_database: Database, cooperative: str
) -> None:
    with (
        pytest.raises(IntegrityError) as caught,
        sample_database.tenant(cooperative) as session,
    ):
        for number in ("1", "2"):
            values = {"id": f"{cooperative}{number}", "cooperative_id": cooperative}
            session.execute(INSERT, values | {"body": "twice"})
    assert isinstance(caught.value.orig, psycopg.Error)
    assert caught.value.orig.diag.constraint_name == "uq_notes_body"
    assert count(sample_database, cooperative) == 0


def test_an_error_does_not_tell_what_was_to_be_written(
    sample_database: Database, cooperative: str
) -> None:
    values = {"id": f"{cooperative}-1", "cooperative_id": cooperative}
    told = values | {"body": "Wati Kusumawardhani"}
    with (
        pytest.raises(IntegrityError) as caught,
        sample_database.tenant(cooperative) as session,
    ):
        session.execute(INSERT, told)
        session.execute(INSERT, told)
    assert "Kusumawardhani" not in str(caught.value)


def test_a_connection_lost_before_commit_means_nothing_was_done(
    sample_database: Database, administrator: psycopg.Connection, cooperative: str
) -> None:
    with (
        pytest.raises(DatabaseUnavailable),
        sample_database.tenant(cooperative) as session,
    ):
        write(session, cooperative, "lost")
        administrator.execute("SELECT pg_terminate_backend(%s)", (backend(session),))
        write(session, cooperative, "never")
    assert count(sample_database, cooperative) == 0


def test_a_connection_lost_during_commit_leaves_the_outcome_unknown(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    def terminate(pid: int) -> None:
        administrator.execute("SELECT pg_terminate_backend(%s)", (pid,))

    with (
        pytest.raises(OutcomeUnknown, match="COMMIT"),
        sample_database.hub() as session,
    ):
        session.execute(text("INSERT INTO slow VALUES ('x')"))
        eventlet.spawn_after(0.2, terminate, backend(session))
    sample_database.ping()


def test_a_connection_that_died_in_the_pool_is_replaced_unseen(
    lonely: Database, administrator: psycopg.Connection, cooperative: str
) -> None:
    with lonely.hub() as session:
        pooled = backend(session)
    administrator.execute("SELECT pg_terminate_backend(%s, 5000)", (pooled,))
    with lonely.tenant(cooperative) as session:
        write(session, cooperative, "all the same")
    assert count(lonely, cooperative) == 1


def test_an_error_that_was_swallowed_is_not_committed_in_silence(
    sample_database: Database, cooperative: str
) -> None:
    def swallow(session: Session) -> None:
        with contextlib.suppress(DBAPIError):
            session.execute(text("SELECT 1 / 0"))

    with (
        pytest.raises(InvariantViolated, match="swallowed"),
        sample_database.tenant(cooperative) as session,
    ):
        write(session, cooperative, "gone")
        swallow(session)
    assert count(sample_database, cooperative) == 0


def test_a_server_that_is_not_there_is_unavailable() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", service="sample")
    with pytest.raises(DatabaseUnavailable):
        nowhere.ping()


def test_whoever_finds_no_free_connection_hears_that_the_service_is_busy(
    lonely: Database,
    run_databases: RunDatabases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "POOL_WAIT_SECONDS", 0.05)
    url = settings.replace_login(
        run_databases.admin_url,
        user=lonely.roles.login,
        password=run_databases.settings().derive("database password of sample").hex(),
        database=lonely.name,
    )
    impatient = Database(url, service="sample", pool_size=1)
    with impatient.hub():
        started = time.monotonic()
        with pytest.raises(ServiceBusy):
            impatient.ping()
        assert time.monotonic() - started < 2
    impatient.dispose()


def test_queries_of_other_greenthreads_go_on_meanwhile(
    sample_database: Database,
) -> None:
    def sleep(_number: int) -> None:
        with sample_database.hub() as session:
            session.execute(text("SELECT pg_sleep(0.3)"))

    for _ in range(2):
        # The first round opens the connections.
        started = time.monotonic()
        list(eventlet.GreenPool(8).imap(sleep, range(8)))
        took = time.monotonic() - started
    assert took < 1.2


def test_a_killed_greenthread_leaves_no_answer_for_the_next(lonely: Database) -> None:
    def sleep() -> None:
        with lonely.hub() as session:
            session.execute(text("SELECT 'of the killed' FROM pg_sleep(30)"))

    victim = eventlet.spawn(sleep)
    eventlet.sleep(0.2)
    victim.kill()
    with lonely.hub() as session:
        assert session.execute(text("SELECT 'mine'")).scalar_one() == "mine"


def test_a_deadlock_is_retried(sample_database: Database, cooperative: str) -> None:
    with sample_database.hub() as session:
        write(session, cooperative, "left")
        write(session, cooperative, "right")
    runs: list[str] = []

    @database.retrying
    def lock(first: str, second: str) -> None:
        runs.append(first)
        with sample_database.hub() as session:
            session.execute(LOCK, {"id": f"{cooperative}-{first}"})
            eventlet.sleep(0.2)
            session.execute(LOCK, {"id": f"{cooperative}-{second}"})

    both = [
        eventlet.spawn(lock, "left", "right"),
        eventlet.spawn(lock, "right", "left"),
    ]
    for each in both:
        each.wait()
    assert len(runs) == 3


def test_a_lock_that_stays_taken_ends_as_busy_after_three_attempts(
    sample_database: Database, cooperative: str
) -> None:
    with sample_database.hub() as session:
        write(session, cooperative, "taken")
    runs: list[int] = []

    @database.retrying
    def lock() -> None:
        runs.append(1)
        with sample_database.hub() as session:
            session.execute(text("SET LOCAL lock_timeout = '30ms'"))
            session.execute(LOCK, {"id": f"{cooperative}-taken"})

    with sample_database.hub() as holder:
        holder.execute(LOCK, {"id": f"{cooperative}-taken"})
        with pytest.raises(ServiceBusy):
            lock()
    assert len(runs) == database.ATTEMPTS


def test_a_refusal_is_not_retried() -> None:
    runs: list[int] = []

    @database.retrying
    def refuse() -> None:
        runs.append(1)
        raise ServiceBusy

    with pytest.raises(ServiceBusy):
        refuse()
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("53100", DatabaseUnavailable),
        ("53300", DatabaseUnavailable),
        ("57P03", DatabaseUnavailable),
        ("25006", DatabaseUnavailable),
        ("57014", ServiceBusy),
        ("40001", ServiceBusy),
    ],
    ids=[
        "disk full",
        "too many connections",
        "starting up",
        "a replica",
        "too slow",
        "not serializable",
    ],
)
def test_a_fault_that_is_nobodys_doing_has_a_name(
    sample_database: Database, state: str, answer: type[Exception]
) -> None:
    raising = text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(answer), sample_database.hub() as session:
        session.execute(raising)


def test_the_limits_of_a_service_are_set_by_its_role(
    sample_database: Database,
) -> None:
    with sample_database.hub() as session:
        shown = {
            name: session.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout", "timezone", "jit")
        }
    assert shown == {
        "statement_timeout": "30s",
        "lock_timeout": "5s",
        "timezone": "UTC",
        "jit": "off",
    }
