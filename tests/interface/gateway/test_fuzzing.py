"""The API keeps what its own OpenAPI document promises, whatever it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from services.gateway import openapi
from services.gateway.routes import documentation
from services.gateway.service import GatewayService
from services.shared import access
from services.shared.contracts import files
from services.shared.identity import HUB
from services.shared.messaging import memory
from services.shared.presentation import sheets
from tests.fakes import uploads
from tests.interface.gateway.conftest import Gateway

load_all_checks()
uploads.register()
SCHEMA = schemathesis.openapi.from_dict(
    json.loads(documentation.document_of(GatewayService))
)
SCHEMA.config.generation.update(modes=list(GenerationMode))

# JSON Schema cannot say that a cursor was made here, that two dates are in order, or
# that 1.0 is no integer of rupiah; so not all that fits the schemas is accepted.
NOT_PROMISED: list[Any] = [positive_data_acceptance]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Gateway]:
    """A gateway for all examples of this module."""
    memory.install()
    gateway = Gateway({"rate_per_second": 0})
    # The one file that is no PDF, whatever the example of a file is.
    template = openapi.example_of(files.File()) | {"media_type": sheets.MEDIA_TYPE}
    gateway.script.answers["get_import_template"] = template
    yield gateway
    gateway.stop()


@SCHEMA.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_document_describes(
    fuzzed: Gateway, case: schemathesis.Case[Any]
) -> None:
    host, port = fuzzed.address
    scopes = access.TENANT_SCOPES | access.SELF_SCOPES | {"operator"}
    token = fuzzed.token(*scopes, cooperative_id=HUB)
    case.call_and_validate(
        base_url=f"http://{host}:{port}",
        headers={"Authorization": f"Bearer {token}"},
        excluded_checks=NOT_PROMISED,
        timeout=10,
    )
