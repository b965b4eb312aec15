"""The scopes of a token."""

from __future__ import annotations

import pytest

from services.members.domain import clients

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
