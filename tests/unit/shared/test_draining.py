"""What happens to a call that is handed over while its service stops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from services.shared.messaging.entrypoints import RpcServer


@pytest.fixture
def server() -> Any:
    """A server of calls whose methods have all gone, on a bus that takes notes."""
    made: Any = RpcServer()
    made.bus = Mock()
    made._is_stopping = False
    return made


def a_call(method: str) -> Any:
    return SimpleNamespace(
        delivery_info={"routing_key": f"transfers.{method}"},
        properties={"reply_to": "q", "correlation_id": "c"},
    )


def test_a_call_to_a_method_that_has_stopped_goes_back_to_the_queue(
    server: Any,
) -> None:
    server._is_stopping = True
    call = a_call("return_transfer")
    server._dispatch(call)
    server.bus.requeue.assert_called_once_with(call)
    server.bus.publish.assert_not_called()


def test_a_call_to_a_method_that_never_was_is_answered(server: Any) -> None:
    server._dispatch(a_call("no_such_method"))
    server.bus.requeue.assert_not_called()
    [answer], _ = server.bus.publish.call_args
    assert answer["error"]["exc_type"] == "MethodNotFound"
