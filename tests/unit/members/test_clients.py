"""The scopes of a token."""

from __future__ import annotations

import pytest

from services.members.domain import clients
from services.shared import access

HELD = frozenset({"members:read", "members:write"})


@pytest.mark.parametrize("requested", [None, "", "  "])
def test_a_client_that_asks_for_nothing_gets_all_it_holds(
    requested: str | None,
) -> None:
    assert clients.granted_scopes(HELD, requested) == HELD


def test_a_client_gets_the_part_it_asks_for() -> None:
    assert clients.granted_scopes(HELD, "members:read") == {"members:read"}


def test_a_client_gets_no_scope_that_it_does_not_hold() -> None:
    with pytest.raises(ValueError, match="ledger:read"):
        clients.granted_scopes(HELD, "members:read ledger:read")


def test_what_is_asked_for_may_be_written_like_what_is_given() -> None:
    assert clients.granted_scopes(HELD, "members") == HELD


def test_a_scope_that_does_not_exist_is_not_granted() -> None:
    with pytest.raises(ValueError, match="members:delete"):
        clients.granted_scopes(HELD, "members:delete")


@pytest.mark.parametrize(
    ("stored", "held"),
    [
        (["*"], access.TENANT_SCOPES),
        (["members"], HELD),
        (["members:*"], HELD),
        (["members:write"], HELD),
        (["members:read"], {"members:read"}),
        (
            ["journals:write", "fees:read"],
            {"ledger:read", "ledger:write", "wallet:read"},
        ),
        (
            ["inquiries:read", "bulk-transfers:read"],
            {"accounts:read", "transfers:read"},
        ),
        (["operator"], {"operator"}),
    ],
)
def test_scopes_are_spelled_out(stored: list[str], held: set[str]) -> None:
    assert clients.held_scopes(stored) == held


@pytest.mark.parametrize(
    "scope", ["", ":", "members:", "members:delete", "member:read", "operator", "read"]
)
def test_an_unknown_scope_is_named(scope: str) -> None:
    with pytest.raises(ValueError, match=f"^{scope}$"):
        access.expand(["members:read", scope])
