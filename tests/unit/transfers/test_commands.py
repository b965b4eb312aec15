"""The hot path's own reading of commands agrees with the contract's schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.shared.contracts import transfers as contract
from services.shared.errors import Malformed
from services.transfers.operations import commands

IDEMPOTENCY = {"key": "k", "operation": "POST /v1/x", "request_hash": "0" * 128}
GOOD = {
    "payer_account": "0101",
    "payee_account": "0102",
    "amount": 5,
    "description": "Bayar",
    "idempotency": IDEMPOTENCY,
}
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 3),
    st.integers(10**15 - 1, 10**15 + 1),
    st.floats(),
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.sampled_from(["0", "12a", "1" * 16, "1" * 17, "", "\x00", "a\n", "٣", [], {}]),
)
FIELDS = st.dictionaries(
    st.sampled_from([*GOOD, "reference", "extra"]), ODD, max_size=3
)


def accepts(read: Any, payload: dict[str, Any]) -> bool:
    try:
        read(payload)
    except (ValidationError, Malformed):
        return False
    return True


def single(payload: dict[str, Any]) -> Any:
    return commands.single(payload, cooperative_id="coop_1", request_id="r")


def bulk(payload: dict[str, Any]) -> Any:
    return commands.bulk(payload, cooperative_id="coop_1", request_id="r")


@given(FIELDS)
def test_a_single_command_is_judged_as_by_its_schema(changes: dict[str, Any]) -> None:
    payload = GOOD | changes
    assert accepts(single, payload) == accepts(contract.SubmitTransfer().load, payload)


@given(st.lists(FIELDS, max_size=3))
def test_a_bulk_command_is_judged_as_by_its_schema(
    changes: list[dict[str, Any]],
) -> None:
    item = {key: value for key, value in GOOD.items() if key != "idempotency"}
    payload = {
        "transfers": [
            item | {"reference": str(number)} | change
            for number, change in enumerate(changes)
        ],
        "idempotency": IDEMPOTENCY,
    }
    assert accepts(bulk, payload) == accepts(contract.SubmitBulk().load, payload)


@pytest.mark.parametrize("missing", ["payer_account", "amount", "idempotency"])
def test_nothing_required_may_be_missing(missing: str) -> None:
    payload = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(Malformed):
        single(payload)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Malformed):
        single(GOOD | {"description": "\ud800"})


@given(FIELDS)
def test_the_idempotency_part_is_judged_as_by_its_schema(
    changes: dict[str, Any],
) -> None:
    payload = GOOD | {"idempotency": IDEMPOTENCY | changes}
    assert accepts(single, payload) == accepts(contract.SubmitTransfer().load, payload)
