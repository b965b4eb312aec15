"""How does a hub get the people who run it?"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from services.hub.errors import HubError
from services.members.domain import logins
from services.members.operations import users
from services.shared.persistence import database
from services.shared.persistence.database import Database
from services.shared.settings import Settings


def add(settings: Settings, *, name: str, email: str) -> dict[str, Any]:
    """Invite a person; the user's id and the link, which nobody else is told.

    Whoever may run this holds the master secret: no one has to approve it. The link is
    good for 72 hours and once. Raises HubError for what is no address, LoginTaken.
    """
    local, at, host = logins.email(email).partition("@")
    if not (local and at and "." in host) or not name.strip():
        raise HubError("Give a name and an e-mail address.")
    with _members(settings) as opened:
        return users.add_operator(opened, settings, name=name, email=email)


def list_all(settings: Settings) -> list[dict[str, Any]]:
    """The people who run the hub."""
    with _members(settings) as opened:
        return users.list_operators(opened, settings)


def disable(settings: Settings, email: str) -> dict[str, Any]:
    """Let the operator with this address sign in no more. Raises NotFound."""
    with _members(settings) as opened:
        return users.disable_operator(opened, settings, email)


@contextmanager
def _members(settings: Settings) -> Generator[Database]:
    opened = database.of_service(settings, "members", pool_size=1)
    try:
        yield opened
    finally:
        opened.dispose()
