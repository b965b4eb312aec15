"""A cursor is good for the list and the tenant it was made for, nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.http.cursors import CursorSeal
from services.gateway.http.problems import InvalidCursor

SEAL = CursorSeal(b"k" * 32)
SCOPE = "coop_maju GET /v1/members"


@given(st.text(max_size=100))
def test_a_sealed_cursor_opens_to_itself(cursor: str) -> None:
    encodable = cursor.encode("utf-8", "replace").decode()
    assert SEAL.open(SEAL.seal(encodable, scope=SCOPE), scope=SCOPE) == encodable


@pytest.mark.parametrize(
    "scope", ["coop_sejahtera GET /v1/members", "coop_maju GET /v1/accounts"]
)
def test_a_cursor_of_another_tenant_or_list_is_refused(scope: str) -> None:
    with pytest.raises(InvalidCursor):
        SEAL.open(SEAL.seal("mem_01", scope=SCOPE), scope=scope)


def test_a_cursor_of_another_key_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        CursorSeal(b"x" * 32).open(SEAL.seal("mem_01", scope=SCOPE), scope=SCOPE)


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        SEAL.open(text, scope=SCOPE)


def test_a_touched_cursor_is_refused_wherever_it_was_touched() -> None:
    sealed = SEAL.seal("mem_01jd8x", scope=SCOPE)
    for at in range(len(sealed)):
        other = "A" if sealed[at] != "A" else "B"
        touched = sealed[:at] + other + sealed[at + 1 :]
        with pytest.raises(InvalidCursor):
            SEAL.open(touched, scope=SCOPE)
