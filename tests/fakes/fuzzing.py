"""How the API is tried with whatever fits, and does not fit, what its document says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from services.gateway.routes import documentation
from services.gateway.service import GatewayService
from services.shared.contracts.members import documents, imports

Case = schemathesis.Case[Any]

# JSON Schema cannot say that a cursor was made here, that two dates are in order, or
# that 1.0 is no integer of rupiah; so not all that fits the schemas is accepted.
_NOT_PROMISED: Final[list[Any]] = [positive_data_acceptance]


def _operations() -> list[APIOperation[Any, Any, Any, Any]]:
    load_all_checks()
    # Files are sent as they are, whatever bytes are made up.
    for media_type in (*documents.MEDIA_TYPES, imports.XLSX):
        schemathesis.serializer.alias(media_type, "application/octet-stream")
    described = json.loads(documentation.document_of(GatewayService))
    api = schemathesis.openapi.from_dict(described)
    return [one.ok() for one in api.get_all_operations() if isinstance(one, Ok)]


# The library's own parametrisation makes its requests when tests are collected, in
# every worker, and gives all operations one name, of which xdist runs one.
each_operation: Final = pytest.mark.parametrize(
    "operation", _operations(), ids=lambda one: one.label
)


def fuzz(
    operation: APIOperation[Any, Any, Any, Any],
    send: Callable[[Case], None],
    *,
    examples: int,
) -> None:
    """Send requests that keep to the document, and as many that do not."""
    kinds = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(kinds))
    def sent(case: Case) -> None:
        send(case)

    sent()


def call(case: Case, address: tuple[str, int], token: str) -> None:
    """Send one request and hold the answer against the document."""
    host, port = address
    case.call_and_validate(
        base_url=f"http://{host}:{port}",
        headers={"Authorization": f"Bearer {token}"},
        excluded_checks=_NOT_PROMISED,
        timeout=20,
    )
