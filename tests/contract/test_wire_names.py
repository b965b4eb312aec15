"""Names that travel: queues, entrypoints with their rules, and the paths of errors.

Renaming one orphans a durable queue with the messages in it, or makes a typed error
arrive as an unknown one. ``UPDATE_SNAPSHOTS=1 pytest tests/contract`` writes the
snapshot anew.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from pathlib import Path
from typing import Any, Final

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.shared.contracts import insurance, kyc, ledger, loans, members, transfers
from services.shared.errors import ServiceError
from services.shared.messaging import runner
from services.shared.messaging.batching import BatchedRpcEntrypoint
from services.shared.messaging.entrypoints import OnEvent, Rpc
from services.shared.messaging.topology import Topology
from tests.fakes import hub_services

SNAPSHOT: Final = Path(__file__).parent / "snapshots" / "wire_names.json"
CONTRACTS: Final = (members, ledger, transfers, kyc, loans, insurance)
NAMES: Final = tuple(contract.SERVICE for contract in CONTRACTS)
TOPOLOGY: Final = Topology()


def _entrypoints(service: str) -> list[tuple[str, Any]]:
    kind = runner.service_class(service)
    return [
        (name, extension)
        for name in dir(kind)
        for extension in getattr(getattr(kind, name), ENTRYPOINT_EXTENSIONS_ATTR, ())
    ]


def _queues(service: str) -> list[str]:
    found = {TOPOLOGY.rpc_queue(service).name}
    for name, extension in _entrypoints(service):
        if isinstance(extension, BatchedRpcEntrypoint):
            found.add(TOPOLOGY.batch_queue(service, name).name)
        if isinstance(extension, OnEvent):
            source, event = extension.source, extension.event
            found.add(TOPOLOGY.event_queue(source, event, service, name).name)
    return sorted(found)


def _calls(service: str) -> dict[str, str]:
    """Each call with the rule that says who may make it."""
    return {
        name: str(extension.rule.__doc__)
        for name, extension in sorted(_entrypoints(service), key=lambda one: one[0])
        if isinstance(extension, Rpc)
    }


def _errors(contract: Any) -> dict[str, str]:
    areas = [
        importlib.import_module(f"{contract.__name__}.{area.name}")
        for area in pkgutil.iter_modules(getattr(contract, "__path__", ()))
    ]
    return {
        f"{kind.__module__}.{kind.__qualname__}": kind.code
        for module in (contract, *areas)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and issubclass(kind, ServiceError)
        and kind.__module__ == module.__name__
    }


def test_names_on_the_wire_are_those_in_the_snapshot() -> None:
    found = {
        contract.SERVICE: {
            "queues": _queues(contract.SERVICE),
            "calls": _calls(contract.SERVICE),
            "errors": _errors(contract),
        }
        for contract in CONTRACTS
    }
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    if not SNAPSHOT.exists():
        pytest.fail("There is no snapshot yet: UPDATE_SNAPSHOTS=1 writes it.")
    assert found == json.loads(SNAPSHOT.read_text())


@pytest.mark.parametrize(
    ("service", "methods"),
    [
        (members.SERVICE, hub_services.MEMBERS),
        (ledger.SERVICE, hub_services.LEDGER),
        (transfers.SERVICE, hub_services.TRANSFERS),
        (kyc.SERVICE, hub_services.KYC),
        (loans.SERVICE, hub_services.LOANS),
        (insurance.SERVICE, hub_services.INSURANCE),
    ],
)
def test_what_the_gateway_asks_a_service_has(
    service: str, methods: hub_services.Methods
) -> None:
    assert set(methods) | {"get_health"} <= set(_calls(service))


def test_what_the_gateway_asks_in_batches_a_service_has() -> None:
    batched = {
        name
        for name, extension in _entrypoints(transfers.SERVICE)
        if isinstance(extension, BatchedRpcEntrypoint)
    }
    assert set(hub_services.BATCHED) <= batched
