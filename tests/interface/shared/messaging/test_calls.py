"""Plain calls: answers, typed faults, deadlines, and who may call."""

from __future__ import annotations

from typing import Any, ClassVar

import eventlet
import pytest

from services.shared import access
from services.shared.errors import (
    BusUnavailable,
    DeadlinePassed,
    IdempotencyKeyReused,
    NotAllowed,
    NotAuthenticated,
    OutcomeUnknown,
    RemoteFault,
    ServiceError,
    UnavailableError,
)
from services.shared.messaging import Caller, CurrentCaller, ServiceRpc, rpc
from tests.fakes.wire import CuttableProxy
from tests.interface.shared.messaging.conftest import (
    Eventually,
    Running,
    settings_for,
)


class Greeter:
    """A service that is called."""

    name = "greeter"
    caller: CurrentCaller = Caller()
    started: ClassVar[list[str]] = []

    @rpc(access.anyone)
    def greet(self, command: dict[str, Any]) -> dict[str, Any]:
        return {"greeting": f"Selamat pagi, {command['name']}"}

    @rpc(access.scope("members:read"))
    def tell_caller(self, command: dict[str, Any]) -> dict[str, Any]:
        del command
        identity = self.caller.identity
        return {
            "subject": identity.subject,
            "cooperative_id": identity.cooperative_id,
            "service": identity.service,
            "request_id": self.caller.request_id,
        }

    @rpc(access.service("visitor"))
    def tell_visitor(self, command: dict[str, Any]) -> dict[str, Any]:
        return self.tell_caller(command)

    @rpc(access.anyone)
    def refuse(self, command: dict[str, Any]) -> dict[str, Any]:
        raise IdempotencyKeyReused("Kunci itu sudah dipakai.", {"key": command["key"]})

    @rpc(access.anyone)
    def stumble(self, command: dict[str, Any]) -> dict[str, Any]:
        message = f"a secret: {command}"
        raise RuntimeError(message)

    @rpc(access.anyone)
    def dawdle(self, command: dict[str, Any]) -> dict[str, Any]:
        self.started.append(command["mark"])
        eventlet.sleep(command["seconds"])
        return {"done": True}


class Visitor:
    """A service that calls."""

    name = "visitor"
    greeter = ServiceRpc("greeter")


@pytest.fixture
def hub(running: Running) -> Running:
    running.start(Greeter)
    running.start(Visitor)
    return running


def test_a_call_brings_back_the_answer(hub: Running) -> None:
    answer = hub.proxy("visitor", "greeter").greet({"name": "Sari"})

    assert answer == {"greeting": "Selamat pagi, Sari"}


def test_the_identity_travels_with_the_name_of_the_service_it_came_through(
    hub: Running,
) -> None:
    token = hub.token("members:read")

    answer = hub.proxy("visitor", "greeter", token).tell_caller({})

    assert answer == {
        "subject": "cli_budi",
        "cooperative_id": "coop_maju",
        "service": "visitor",
        "request_id": "req-1",
    }


def test_a_service_of_its_own_accord_asks_for_one_cooperative(hub: Running) -> None:
    proxy = hub.proxy("visitor", "greeter", hub.token("members:read"))
    assert proxy.on_behalf_of("coop_sejahtera").tell_visitor({}) == {
        "subject": "service:visitor",
        "cooperative_id": "coop_sejahtera",
        "service": "visitor",
        "request_id": "req-1",
    }


def test_a_caller_without_the_scope_is_refused_before_the_method_runs(
    hub: Running,
) -> None:
    with pytest.raises(NotAllowed):
        hub.proxy("visitor", "greeter", hub.token("members:write")).tell_caller({})


def test_a_token_signed_with_another_key_is_not_accepted(hub: Running) -> None:
    with pytest.raises(NotAuthenticated):
        hub.proxy("visitor", "greeter", "eyJhbGciOiJIUzUxMiJ9.e30.AAAA").greet({})


def test_a_refusal_arrives_with_its_type_code_and_details(hub: Running) -> None:
    with pytest.raises(IdempotencyKeyReused) as caught:
        hub.proxy("visitor", "greeter").refuse({"key": "k-1"})

    assert caught.value.code == "idempotency_key_reused"
    assert caught.value.message == "Kunci itu sudah dipakai."
    assert caught.value.details == {"key": "k-1"}


def test_a_bug_tells_the_caller_nothing_of_its_inside(hub: Running) -> None:
    with pytest.raises(RemoteFault) as caught:
        hub.proxy("visitor", "greeter").stumble({"nik": "3175"})

    assert "secret" not in str(caught.value)


def test_an_unknown_method_is_a_fault_and_not_a_silence(hub: Running) -> None:
    with pytest.raises(RemoteFault, match="MethodNotFound"):
        hub.proxy("visitor", "greeter").dance({})


def test_a_call_gives_up_at_its_deadline(hub: Running) -> None:
    with pytest.raises(DeadlinePassed):
        hub.proxy("visitor", "greeter").dawdle(
            {"mark": "deadline", "seconds": 2}, deadline=0.2
        )


def test_a_service_that_never_ran_is_told_at_once_on_rabbitmq(
    rabbitmq_uri: str,
) -> None:
    hub = Running(settings_for(rabbitmq_uri))
    hub.start(Visitor)
    try:
        with pytest.raises(UnavailableError, match="greeter is not running"):
            hub.proxy("visitor", "greeter").greet({"name": "Sari"}, deadline=5)
    finally:
        hub.stop()


def test_a_call_in_progress_is_finished_before_the_service_stops(
    hub: Running,
) -> None:
    Greeter.started.clear()
    call = eventlet.spawn(
        hub.proxy("visitor", "greeter").dawdle, {"mark": "last", "seconds": 0.5}
    )
    while not Greeter.started:
        eventlet.sleep(0.01)

    hub.containers["greeter"].stop()

    assert call.wait() == {"done": True}


def test_a_broken_connection_fails_what_was_pending_and_heals(
    cuttable: CuttableProxy, eventually: Eventually
) -> None:
    hub = Running(settings_for(cuttable.uri))
    hub.start(Greeter)
    hub.start(Visitor)
    proxy = hub.proxy("visitor", "greeter")
    Greeter.started.clear()
    outcome: list[Any] = []

    def call() -> None:
        try:
            outcome.append(proxy.dawdle({"mark": "cut", "seconds": 5}))
        except ServiceError as error:
            outcome.append(error)

    try:
        eventlet.spawn(call)
        eventually(lambda: bool(Greeter.started))
        cuttable.cut()
        eventually(lambda: bool(outcome))
        assert isinstance(outcome[0], OutcomeUnknown)

        with pytest.raises(BusUnavailable):
            proxy.greet({"name": "Sari"})

        cuttable.resume()
        eventually(lambda: hub.bus("visitor").is_up and hub.bus("greeter").is_up)
        assert proxy.greet({"name": "Sari"}) == {"greeting": "Selamat pagi, Sari"}
    finally:
        hub.stop()


def test_a_blocked_broker_refuses_calls_at_once(hub: Running) -> None:
    bus = hub.bus("visitor")
    bus._on_blocked("low on disk")

    with pytest.raises(BusUnavailable):
        hub.proxy("visitor", "greeter").greet({"name": "Sari"})

    bus._on_unblocked()
    assert hub.proxy("visitor", "greeter").greet({"name": "Sari"})
