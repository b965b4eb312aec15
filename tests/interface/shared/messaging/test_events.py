"""Events: told once the change is committed, applied exactly once, never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

import eventlet
import pytest
from sqlalchemy import text

from services.shared.contracts.envelope import Event
from services.shared.messaging import Caller, CurrentCaller, DatabaseProvider, on_event
from services.shared.persistence import deadletters, inbox, outbox
from services.shared.persistence.database import Database
from tests.fakes.wire import CuttableProxy
from tests.interface.shared.messaging.conftest import (
    Eventually,
    Running,
    settings_for,
)

CONSUMER = "listener.on_teller_drawer_opened"


class Teller:
    """A service to which something happens."""

    name = "teller"
    database = DatabaseProvider()


class Listener:
    """A service that is told."""

    name = "listener"
    database: Database = DatabaseProvider()
    caller: CurrentCaller = Caller()
    applied: ClassVar[list[str]] = []
    deliveries = 0
    failures_left = 0

    @on_event("teller", "drawer_opened")
    def on_teller_drawer_opened(self, event: Event) -> None:
        Listener.deliveries += 1
        if Listener.failures_left:
            Listener.failures_left -= 1
            message = "the drawer is stuck"
            raise RuntimeError(message)
        with self.database.hub() as session:
            if inbox.first_time(session, CONSUMER, event.event_id):
                Listener.applied.append(event.payload["drawer"])


@pytest.fixture(scope="module")
def two_databases(
    database_factory: Callable[[str], Database],
) -> tuple[Database, Database]:
    """Any service's database has the tables of the bus."""
    return database_factory("members"), database_factory("members")


def emptied(database: Database) -> Database:
    with database.hub() as session:
        for table in ("outbox", "inbox", "parked_events"):
            session.execute(text(f"DELETE FROM {table}"))
    return database


@pytest.fixture
def database(two_databases: tuple[Database, Database]) -> Database:
    """The teller's."""
    return emptied(two_databases[0])


@pytest.fixture
def listeners_database(two_databases: tuple[Database, Database]) -> Database:
    """The listener's."""
    Listener.applied.clear()
    Listener.deliveries = 0
    Listener.failures_left = 0
    return emptied(two_databases[1])


@pytest.fixture
def hub(running: Running, database: Database, listeners_database: Database) -> Running:
    running.start(Listener, {"listener": listeners_database})
    running.start(Teller, {"teller": database})
    return running


def tell(database: Database, drawer: str) -> None:
    with database.hub() as session:
        outbox.add(session, "drawer_opened", {"drawer": drawer}, request_id="req-7")


def waiting(database: Database) -> int:
    with database.hub() as session:
        return outbox.lag(session)[0]


def publish(hub: Running, body: Any) -> None:
    bus = hub.bus("teller")
    channel = bus._calls
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    message = channel.prepare_message(raw, content_type="application/json")
    exchange = bus.topology.event_exchange("teller").name
    channel.basic_publish(message, exchange=exchange, routing_key="drawer_opened")


def envelope(event_id: str, drawer: str) -> dict[str, Any]:
    return Event(
        event_id=event_id,
        source="teller",
        name="drawer_opened",
        version=1,
        occurred_at="2026-11-22T09:00:00+00:00",
        request_id="",
        payload={"drawer": drawer},
    ).to_dict()


def test_a_committed_event_reaches_its_listener_and_leaves_the_outbox(
    hub: Running, database: Database, eventually: Eventually
) -> None:
    tell(database, "laci-1")

    eventually(lambda: Listener.applied == ["laci-1"])
    eventually(lambda: waiting(database) == 0)


def test_an_event_of_a_transaction_that_failed_is_never_told(
    hub: Running, database: Database
) -> None:
    with pytest.raises(RuntimeError, match="no"), database.hub() as session:
        outbox.add(session, "drawer_opened", {"drawer": "laci-1"})
        raise RuntimeError("no")

    eventlet.sleep(0.6)
    assert Listener.deliveries == 0


def test_an_event_delivered_three_times_is_applied_once(
    hub: Running, eventually: Eventually
) -> None:
    for _ in range(3):
        publish(hub, envelope("evt_1", "laci-1"))

    eventually(lambda: Listener.deliveries == 3)
    assert Listener.applied == ["laci-1"]


def test_an_event_on_which_the_handler_fails_is_tried_again(
    hub: Running, database: Database, eventually: Eventually
) -> None:
    Listener.failures_left = 1

    tell(database, "laci-1")

    eventually(lambda: Listener.applied == ["laci-1"])
    assert Listener.deliveries == 2


def test_a_failing_event_does_not_hold_up_the_next_one(
    hub: Running, database: Database, eventually: Eventually
) -> None:
    Listener.failures_left = 1

    tell(database, "laci-1")
    tell(database, "laci-2")

    eventually(lambda: sorted(Listener.applied) == ["laci-1", "laci-2"])
    assert Listener.applied[0] == "laci-2"


def test_an_event_that_keeps_failing_ends_with_the_dead_and_can_be_sent_back(
    hub: Running,
    listeners_database: Database,
    database: Database,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadletters, "RETRY_SECONDS", (0.01,))
    Listener.failures_left = 2

    tell(database, "laci-1")

    def dead() -> list[deadletters.ParkedEvent]:
        with listeners_database.hub() as session:
            return deadletters.list_dead(session)

    eventually(lambda: len(dead()) == 1)
    assert "the drawer is stuck" in dead()[0].error
    assert Listener.applied == []

    with listeners_database.hub() as session:
        deadletters.requeue(session, dead()[0].id)
    eventually(lambda: Listener.applied == ["laci-1"])
    assert dead() == []


@pytest.mark.parametrize(
    "poison",
    [b"not json", b"\xff\xfe", b"{}", b"[1,2]", b'{"event_id": 7}', b"null"],
    ids=["no-json", "no-text", "empty", "a-list", "a-number-as-id", "null"],
)
def test_poison_is_put_aside_and_what_follows_is_handled(
    hub: Running,
    listeners_database: Database,
    eventually: Eventually,
    poison: bytes,
) -> None:
    publish(hub, poison)
    publish(hub, envelope("evt_2", "laci-2"))

    eventually(lambda: Listener.applied == ["laci-2"])
    with listeners_database.hub() as session:
        assert deadletters.count_dead(session) == 1


def test_events_wait_in_the_outbox_while_the_broker_is_away(
    cuttable: CuttableProxy,
    database: Database,
    listeners_database: Database,
    eventually: Eventually,
) -> None:
    hub = Running(settings_for(cuttable.uri))
    hub.start(Listener, {"listener": listeners_database})
    hub.start(Teller, {"teller": database})
    try:
        cuttable.cut()
        eventually(lambda: not hub.bus("teller").is_up)
        tell(database, "laci-1")
        eventlet.sleep(0.5)
        assert waiting(database) == 1

        cuttable.resume()
        eventually(lambda: Listener.applied == ["laci-1"])
        eventually(lambda: waiting(database) == 0)
    finally:
        hub.stop()


def test_events_travel_over_quorum_queues_when_asked_to(
    rabbitmq_uri: str,
    database: Database,
    listeners_database: Database,
    eventually: Eventually,
) -> None:
    hub = Running(settings_for(rabbitmq_uri, HUB_EVENT_QUEUE_TYPE="quorum"))
    hub.start(Listener, {"listener": listeners_database})
    hub.start(Teller, {"teller": database})
    try:
        tell(database, "laci-1")

        eventually(lambda: Listener.applied == ["laci-1"])
        eventually(lambda: waiting(database) == 0)
    finally:
        hub.stop()
