"""Events leave with the change that made them, and are applied once."""

from __future__ import annotations

import json
from collections.abc import Callable

import eventlet
import psycopg
import pytest

from services.shared import telemetry
from services.shared.persistence import deadletters, inbox, outbox
from services.shared.persistence.database import Database

CONSUMER = "members.on_ledger_period_closed"


@pytest.fixture(autouse=True)
def empty(administrator: psycopg.Connection) -> None:
    """Tests of queues begin with empty ones."""
    administrator.execute("TRUNCATE outbox, inbox, parked_events")


def park(database: Database, event_id: str, error: str = "boom") -> None:
    body = json.dumps({"event_id": event_id, "name": "period_closed"})
    with database.hub() as session:
        deadletters.park(session, consumer=CONSUMER, body=body, error=error)


def make_due(administrator: psycopg.Connection) -> None:
    administrator.execute("UPDATE parked_events SET next_attempt_at = now()")


def test_an_event_is_written_only_if_its_change_is(
    sample_database: Database, cooperative: str
) -> None:
    with pytest.raises(LookupError), sample_database.tenant(cooperative) as session:
        outbox.add(session, "member_activated", {"id": "mem_1"})
        raise LookupError
    with sample_database.tenant(cooperative) as session:
        outbox.add(session, "member_activated", {"id": "mem_2"})
    with sample_database.hub() as session:
        messages = outbox.take(session, 10)
        assert [message.payload for message in messages] == [{"id": "mem_2"}]


def test_events_come_out_in_order_and_are_forgotten_when_removed(
    sample_database: Database,
) -> None:
    with sample_database.hub() as session:
        names = [f"event_{number}" for number in range(5)]
        for name in names:
            outbox.add(session, name, {})
    with sample_database.hub() as session:
        messages = outbox.take(session, 3)
        assert [message.name for message in messages] == names[:3]
        outbox.remove(session, [message.id for message in messages])
    with sample_database.hub() as session:
        assert [message.name for message in outbox.take(session, 10)] == names[3:]


def test_two_relays_never_take_the_same_event(sample_database: Database) -> None:
    with sample_database.hub() as session:
        for _ in range(4):
            outbox.add(session, "event", {})
    with sample_database.hub() as one, sample_database.hub() as other:
        taken = [message.id for message in outbox.take(one, 3)]
        rest = [message.id for message in outbox.take(other, 3)]
    assert len(taken) == 3
    assert len(rest) == 1
    assert not set(taken) & set(rest)


def test_an_event_carries_the_request_that_caused_it(sample_database: Database) -> None:
    token = telemetry.request_id.set("req-from-context")
    try:
        with sample_database.hub() as session:
            outbox.add(session, "first", {})
            outbox.add(session, "second", {}, request_id="req-given")
    finally:
        telemetry.request_id.reset(token)
    with sample_database.hub() as session:
        requests = [message.request_id for message in outbox.take(session, 2)]
    assert requests == ["req-from-context", "req-given"]


def test_the_lag_is_the_age_of_the_oldest_event(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    with sample_database.hub() as session:
        assert outbox.lag(session) == (0, 0.0)
        outbox.add(session, "old", {})
    administrator.execute("UPDATE outbox SET occurred_at = now() - interval '90 s'")
    with sample_database.hub() as session:
        outbox.add(session, "young", {})
        waiting, seconds = outbox.lag(session)
    assert waiting == 2
    assert 90 <= seconds < 100


def test_a_consumer_applies_an_event_once(
    sample_database: Database, fresh: Callable[[], str]
) -> None:
    event_id = fresh()
    with sample_database.hub() as session:
        assert inbox.first_time(session, CONSUMER, event_id)
    with sample_database.hub() as session:
        assert not inbox.first_time(session, CONSUMER, event_id)
        assert inbox.first_time(session, "another consumer", event_id)


def test_an_effect_that_failed_is_not_remembered_as_applied(
    sample_database: Database, fresh: Callable[[], str]
) -> None:
    event_id = fresh()
    with pytest.raises(LookupError), sample_database.hub() as session:
        inbox.first_time(session, CONSUMER, event_id)
        raise LookupError
    with sample_database.hub() as session:
        assert inbox.first_time(session, CONSUMER, event_id)


def test_of_two_copies_at_once_exactly_one_is_applied(
    sample_database: Database, fresh: Callable[[], str]
) -> None:
    event_id = fresh()

    def apply(_number: int) -> bool:
        with sample_database.hub() as session:
            is_first = inbox.first_time(session, CONSUMER, event_id)
            eventlet.sleep(0.05)
            return is_first

    assert sorted(eventlet.GreenPool().imap(apply, range(4))) == [False] * 3 + [True]


def test_old_rows_of_the_inbox_are_forgotten(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    with sample_database.hub() as session:
        inbox.first_time(session, CONSUMER, "old")
        inbox.first_time(session, CONSUMER, "young")
    administrator.execute(
        "UPDATE inbox SET received_at = now() - interval '91 days' "
        "WHERE event_id = 'old'"
    )
    with sample_database.hub() as session:
        assert inbox.forget(session, older_than_days=90) == 1


def test_a_parked_event_waits_before_it_is_due(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    park(sample_database, "evt_1")
    with sample_database.hub() as session:
        assert deadletters.due(session, [CONSUMER]) is None
    make_due(administrator)
    with sample_database.hub() as session:
        assert deadletters.due(session, ["another consumer"]) is None
        parked = deadletters.due(session, [CONSUMER])
        assert parked is not None
        assert (parked.event_id, parked.attempts) == ("evt_1", 1)
        deadletters.succeed(session, parked.id)
    with sample_database.hub() as session:
        assert deadletters.show(session, parked.id) is None


def test_pauses_grow_until_the_event_is_dead(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    park(sample_database, "evt_1")
    pauses = []
    while True:
        row = administrator.execute(
            "SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp())) "
            "FROM parked_events"
        ).fetchone()
        assert row is not None
        pauses.append(int(row[0]))
        make_due(administrator)
        with sample_database.hub() as session:
            parked = deadletters.due(session, [CONSUMER])
            assert parked is not None
            if deadletters.fail_again(session, parked.id, "boom again"):
                break
    assert tuple(pauses) == deadletters.RETRY_SECONDS
    with sample_database.hub() as session:
        assert deadletters.count_dead(session) == 1
        (dead,) = deadletters.list_dead(session)
        assert (dead.error, dead.attempts) == ("boom again", 6)
        assert deadletters.due(session, [CONSUMER]) is None


def test_a_dead_event_can_be_sent_back(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    park(sample_database, "evt_1")
    administrator.execute("UPDATE parked_events SET state = 'dead', attempts = 6")
    with sample_database.hub() as session:
        (dead,) = deadletters.list_dead(session)
        assert deadletters.requeue(session, dead.id)
        assert not deadletters.requeue(session, dead.id)
    with sample_database.hub() as session:
        parked = deadletters.due(session, [CONSUMER])
        assert parked is not None
        assert not deadletters.fail_again(session, parked.id, "still boom")


def test_a_second_copy_of_a_parked_event_changes_nothing(
    sample_database: Database,
) -> None:
    park(sample_database, "evt_1", "first error")
    park(sample_database, "evt_1", "second error")
    with sample_database.hub() as session:
        rows = session.connection().exec_driver_sql("SELECT error FROM parked_events")
        assert rows.scalars().all() == ["first error"]


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"event_id": 7}', '"evt_1"', "\x00\ud800 not json"],
)
def test_what_is_no_event_is_dead_at_once_and_kept(
    sample_database: Database, body: str
) -> None:
    for _ in range(2):
        with sample_database.hub() as session:
            deadletters.park(session, consumer=CONSUMER, body=body, error="unreadable")
    with sample_database.hub() as session:
        (dead,) = deadletters.list_dead(session)
        assert dead.event_id.startswith("sha512:")


def test_two_workers_never_retry_the_same_event(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    park(sample_database, "evt_1")
    make_due(administrator)
    with sample_database.hub() as one, sample_database.hub() as other:
        assert deadletters.due(one, [CONSUMER]) is not None
        assert deadletters.due(other, [CONSUMER]) is None
