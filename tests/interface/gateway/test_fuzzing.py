"""The API keeps what its own OpenAPI document promises, whatever it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway import openapi
from services.shared import access
from services.shared.contracts import files
from services.shared.identity import HUB
from services.shared.messaging import memory
from services.shared.presentation import sheets
from tests.fakes import fuzzing
from tests.interface.gateway.conftest import Gateway


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


@fuzzing.each_operation
def test_every_answer_is_one_that_the_document_describes(
    fuzzed: Gateway, operation: Any
) -> None:
    scopes = access.TENANT_SCOPES | access.SELF_SCOPES | {"operator"}
    token = fuzzed.token(*scopes, cooperative_id=HUB)
    fuzzing.fuzz(
        operation,
        lambda case: fuzzing.call(case, fuzzed.address, token),
        examples=10,
    )
