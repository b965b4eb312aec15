"""Batched calls: outcomes in order, batches that grow by themselves, bounds."""

from __future__ import annotations

from typing import Any, ClassVar

import eventlet
import pytest

from services.shared import access
from services.shared.errors import (
    BusUnavailable,
    DeadlinePassed,
    NotAllowed,
    OutcomeUnknown,
    RemoteFault,
    RequestInProgress,
    ServiceBusy,
    ServiceError,
)
from services.shared.messaging import BatchedRpc, Call, Outcome, batched_rpc, batching
from tests.fakes.wire import CuttableProxy
from tests.interface.shared.messaging.conftest import (
    Eventually,
    Running,
    settings_for,
)


class Counter:
    """A service that is called in batches and remembers how large they were."""

    name = "counter"
    batches: ClassVar[list[list[Any]]] = []
    pause = 0.0

    @batched_rpc(access.service("teller"))
    def count(self, calls: list[Call]) -> list[Outcome]:
        Counter.batches.append([call.payload["n"] for call in calls])
        eventlet.sleep(self.pause)
        if any(call.payload["n"] == "poison" for call in calls):
            message = "nobody foresaw this"
            raise RuntimeError(message)
        return [
            RequestInProgress() if call.payload["n"] < 0 else {"n": call.payload["n"]}
            for call in calls
        ]


class Teller:
    """A service that calls in batches."""

    name = "teller"
    count = BatchedRpc("counter", "count")


class Stranger:
    """A service that may not."""

    name = "stranger"
    count = BatchedRpc("counter", "count")


@pytest.fixture
def hub(running: Running) -> Running:
    Counter.batches.clear()
    Counter.pause = 0.0
    running.start(Counter)
    running.start(Teller)
    return running


def test_outcomes_come_back_in_order_results_and_faults_alike(hub: Running) -> None:
    outcomes = hub.batched("teller").call_many([{"n": 1}, {"n": -1}, {"n": 3}])

    assert outcomes[0] == {"n": 1}
    assert isinstance(outcomes[1], RequestInProgress)
    assert outcomes[2] == {"n": 3}


def test_one_call_raises_its_own_fault(hub: Running) -> None:
    with pytest.raises(RequestInProgress):
        hub.batched("teller").call({"n": -1})


def test_calls_made_at_the_same_moment_arrive_as_one_batch(hub: Running) -> None:
    client = hub.batched("teller")
    calls = [eventlet.spawn(client.call, {"n": n}) for n in range(20)]

    assert [call.wait() for call in calls] == [{"n": n} for n in range(20)]
    assert max(len(batch) for batch in Counter.batches) == 20


def test_what_arrives_during_a_batch_makes_the_next_one(
    hub: Running, eventually: Eventually
) -> None:
    client = hub.batched("teller")
    Counter.pause = 0.3
    first = eventlet.spawn(client.call, {"n": 0})
    eventually(lambda: len(Counter.batches) == 1)
    rest = []
    for n in range(1, 4):
        rest.append(eventlet.spawn(client.call, {"n": n}))
        eventlet.sleep(0.02)

    assert first.wait() == {"n": 0}
    assert [call.wait() for call in rest] == [{"n": n} for n in range(1, 4)]
    assert Counter.batches == [[0], [1, 2, 3]]


def test_a_poison_call_fails_alone(hub: Running) -> None:
    outcomes = hub.batched("teller").call_many([{"n": 1}, {"n": "poison"}, {"n": 3}])

    assert outcomes[0] == {"n": 1}
    assert isinstance(outcomes[1], RemoteFault)
    assert outcomes[2] == {"n": 3}


def test_a_service_that_may_not_call_is_refused(hub: Running) -> None:
    hub.start(Stranger)

    with pytest.raises(NotAllowed):
        hub.batched("stranger").call({"n": 1})

    assert Counter.batches == []


def test_more_calls_than_the_bound_are_refused_as_busy(
    hub: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "PENDING_MAX", 3)
    Counter.pause = 0.2
    client = hub.batched("teller")
    waiting = [eventlet.spawn(client.call, {"n": n}) for n in range(3)]
    eventlet.sleep(0.05)

    with pytest.raises(ServiceBusy):
        client.call({"n": 9})

    assert [call.wait() for call in waiting] == [{"n": n} for n in range(3)]


def test_a_call_whose_deadline_passed_is_not_worked_on(
    hub: Running, eventually: Eventually
) -> None:
    client = hub.batched("teller")
    Counter.pause = 0.4
    first = eventlet.spawn(client.call, {"n": 0})
    eventually(lambda: len(Counter.batches) == 1)

    with pytest.raises(DeadlinePassed):
        client.call({"n": 1}, deadline=0.1)

    first.wait()
    assert client.call({"n": 2}) == {"n": 2}
    assert [0] in Counter.batches
    assert not any(1 in batch for batch in Counter.batches)


def test_a_batch_at_hand_is_finished_and_answered_before_the_service_stops(
    hub: Running, eventually: Eventually
) -> None:
    client = hub.batched("teller")
    Counter.pause = 0.4
    call = eventlet.spawn(client.call, {"n": 7})
    eventually(lambda: len(Counter.batches) == 1)

    hub.containers["counter"].stop()

    assert call.wait() == {"n": 7}


def test_what_a_stopping_service_had_not_begun_is_done_by_its_successor(
    rabbitmq_uri: str, eventually: Eventually
) -> None:
    Counter.batches.clear()
    Counter.pause = 0.4
    hub = Running(settings_for(rabbitmq_uri))
    hub.start(Counter)
    hub.start(Teller)
    try:
        client = hub.batched("teller")
        first = eventlet.spawn(client.call, {"n": 1})
        eventually(lambda: len(Counter.batches) == 1)
        second = eventlet.spawn(client.call, {"n": 2})
        eventlet.sleep(0.1)

        hub.containers["counter"].stop()
        hub.start(Counter)

        assert first.wait() == {"n": 1}
        assert second.wait() == {"n": 2}
        assert Counter.batches == [[1], [2]]
    finally:
        hub.stop()


def test_a_broken_connection_fails_pending_calls_as_unknown_and_heals(
    cuttable: CuttableProxy, eventually: Eventually
) -> None:
    Counter.batches.clear()
    Counter.pause = 1.0
    hub = Running(settings_for(cuttable.uri))
    hub.start(Counter)
    hub.start(Teller)
    client = hub.batched("teller")
    outcome: list[Any] = []

    def call() -> None:
        try:
            outcome.append(client.call({"n": 1}))
        except ServiceError as error:
            outcome.append(error)

    try:
        eventlet.spawn(call)
        eventually(lambda: len(Counter.batches) == 1)
        cuttable.cut()
        eventually(lambda: bool(outcome))
        assert isinstance(outcome[0], OutcomeUnknown)
        with pytest.raises(BusUnavailable):
            client.call({"n": 2})

        Counter.pause = 0.0
        cuttable.resume()
        eventually(lambda: hub.bus("teller").is_up and hub.bus("counter").is_up)
        assert client.call({"n": 3}) == {"n": 3}
    finally:
        hub.stop()
