"""A real gateway on a real socket, with stand-ins for the services behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.shared.messaging import memory
from tests.fakes import hub_services, running_gateway
from tests.fakes.hub_services import Script


class Gateway(running_gateway.Gateway):
    """A gateway whose services answer what the script says."""

    def __init__(self, overrides: dict[str, Any]) -> None:
        super().__init__(overrides)
        self.script = Script()
        self.start_all(hub_services.services(self.script))


@pytest.fixture
def start_gateway() -> Iterator[Callable[..., Gateway]]:
    """Starts gateways with other options; they are stopped at the end."""
    memory.install()
    started: list[Gateway] = []

    def start(**overrides: Any) -> Gateway:
        started.append(Gateway(overrides))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[Gateway]:
    """One with the usual options: to start it takes longer than to ask it."""
    memory.install()
    gateway = Gateway({})
    yield gateway
    gateway.stop()


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """A gateway with the usual options that nobody has asked anything."""
    shared_gateway.script.forget()
    return shared_gateway
