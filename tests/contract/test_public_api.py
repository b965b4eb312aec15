"""What outside callers rely on: a change of it shows in review, never by accident.

``UPDATE_SNAPSHOTS=1 pytest tests/contract`` writes the snapshots anew.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from services.gateway import openapi
from services.gateway.http import entrypoints, problems
from services.gateway.http.operations import Operation
from services.gateway.service import GatewayService
from services.shared.errors import ServiceError

SNAPSHOT = Path(__file__).parent / "snapshots" / "public_api.json"
OPERATIONS = entrypoints.operations_of(GatewayService)

# The table of the API's description, version 1: not to be renamed or retyped.
PROMISED = {
    ("POST", "/v1/oauth/token"): 200,
    ("POST", "/v1/cooperatives"): 201,
    ("POST", "/v1/cooperatives/{}/activate"): 200,
    ("POST", "/v1/cooperatives/{}/clients"): 201,
    ("PUT", "/v1/participants/{}"): 200,
    ("POST", "/v1/participants/{}/funds"): 201,
    ("GET", "/v1/participants/{}"): 200,
    ("POST", "/v1/participants/{}/suspend"): 200,
    ("POST", "/v1/participants/{}/reactivate"): 200,
    ("POST", "/v1/agreements"): 201,
    ("POST", "/v1/settlement-windows/close"): 200,
    ("GET", "/v1/settlement-windows/{}"): 200,
    ("POST", "/v1/settlements"): 201,
    ("POST", "/v1/settlements/{}/settle"): 200,
    ("POST", "/v1/cooperatives/{}/wallet/topups"): 201,
    ("GET", "/v1/ledger/integrity"): 200,
    ("POST", "/v1/members"): 201,
    ("POST", "/v1/members/{}/activate"): 200,
    ("GET", "/v1/members"): 200,
    ("GET", "/v1/members/{}"): 200,
    ("POST", "/v1/accounts"): 201,
    ("GET", "/v1/accounts/{}"): 200,
    ("GET", "/v1/accounts/{}/statement"): 200,
    ("POST", "/v1/accounts/{}/deposits"): 201,
    ("POST", "/v1/accounts/{}/withdrawals"): 201,
    ("POST", "/v1/journals/{}/reverse"): 201,
    ("GET", "/v1/inquiries/accounts/{}"): 200,
    ("POST", "/v1/transfers"): 201,
    ("GET", "/v1/transfers/{}"): 200,
    ("GET", "/v1/transfers"): 200,
    ("POST", "/v1/bulk-transfers"): 200,
    ("GET", "/v1/cooperatives/me/wallet"): 200,
    ("GET", "/v1/cooperatives/me/fees"): 200,
    ("GET", "/v1/ledger/trial-balance"): 200,
    ("POST", "/v1/transfers/{}/accept"): 200,
    ("POST", "/v1/transfers/{}/reject"): 200,
    ("GET", "/v1/settlements/{}/proof"): 200,
    ("POST", "/v1/transfers/{}/return"): 201,
}
REFUSALS_OF_A_TRANSFER = {
    "account_not_found",
    "account_not_active",
    "same_account",
    "no_agreement",
    "transfer_limit_exceeded",
    "daily_limit_exceeded",
    "participant_suspended",
    "insufficient_funds",
    "insufficient_liquidity",
    "net_debit_cap_exceeded",
    "payee_rejected",
    "expired",
}


def _bare(operation: Operation) -> tuple[str, str]:
    path = operation.path
    for name in operation.parameters:
        path = path.replace(f"{{{name}}}", "{}")
    return operation.method, path


def test_everything_promised_is_served() -> None:
    served = {_bare(one): one.status for one in OPERATIONS}
    assert PROMISED.items() <= served.items()


def test_a_transfer_is_refused_with_the_promised_codes() -> None:
    transfer = next(one for one in OPERATIONS if one.name == "submit_transfer")
    refusals = {
        kind.code
        for kind in openapi.errors_of(transfer)
        if problems.status_of(kind) == 422
    }
    assert refusals >= REFUSALS_OF_A_TRANSFER


class Shapes:
    """Every schema that operations name, each of them once."""

    def __init__(self) -> None:
        self.by_name: dict[str, dict[str, Any]] = {}

    def named(self, schema: Schema) -> str:
        """What a schema is called; its fields are kept under that name."""
        # `test_openapi.py` sees to it that no two of them share a name.
        name = type(schema).__name__
        if name not in self.by_name:
            self.by_name[name] = {}
            self.by_name[name] |= self._fields(schema)
        return name

    def _fields(self, schema: Schema) -> dict[str, Any]:
        return {
            declared.data_key or name: self._field(declared)
            for name, declared in schema.fields.items()
            # What a service tells the gateway becomes the header Idempotency-Replayed.
            if name != "replayed"
        }

    def _field(self, declared: fields.Field[Any]) -> Any:
        if isinstance(declared, fields.List):
            return [self._field(declared.inner)]
        kind = (
            self.named(declared.schema)
            if isinstance(declared, fields.Nested)
            else type(declared).__name__
        )
        needed = "" if declared.required else "?"
        return f"{kind}{needed}{' or null' if declared.allow_none else ''}"


def _codes(kinds: Iterable[type[ServiceError]]) -> list[str]:
    return sorted({f"{problems.status_of(kind)} {kind.code}" for kind in kinds})


def _described(operation: Operation, shapes: Shapes) -> dict[str, Any]:
    schemas = {
        part: shapes.named(schema())
        for part in ("query", "body", "answer")
        if (schema := getattr(operation, part)) is not None
    }
    return {
        "name": operation.name,
        "needs": operation.rule.__doc__,
        "idempotency_key": operation.idempotency.value,
        "statuses": [operation.status, *operation.other_statuses],
        "codes": _codes(operation.errors),
        **schemas,
    }


def test_the_api_is_the_one_in_the_snapshot() -> None:
    shapes = Shapes()
    found: dict[str, Any] = {
        f"{one.method} {one.path}": _described(one, shapes) for one in OPERATIONS
    }
    # What follows from the kind of an operation is counted, not repeated.
    ends = Counter(
        code for one in OPERATIONS for code in _codes(openapi.errors_of(one))
    )
    found["every code"] = dict(sorted(ends.items()))
    found |= {f"schema {name}": shape for name, shape in shapes.by_name.items()}
    # A line per operation and schema: what changed is in one place.
    lines = [
        f"{json.dumps(name)}: {json.dumps(found[name], ensure_ascii=False)}"
        for name in sorted(found)
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    if not SNAPSHOT.exists():
        pytest.fail("There is no snapshot yet: UPDATE_SNAPSHOTS=1 writes it.")
    assert found == json.loads(SNAPSHOT.read_text())
