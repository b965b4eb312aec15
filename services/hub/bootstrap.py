"""How does a hub get its schemas and its first client, the operator's?"""

from __future__ import annotations

import logging
from typing import Any, Final

from services.hub import provision
from services.members import operations as members
from services.shared.persistence import database
from services.shared.settings import SECRET_CHARACTERS_MIN, Settings, SettingsError

_log: Final = logging.getLogger(__name__)


def migrate(settings: Settings) -> list[str]:
    """Bring every service's database to its newest schema; the services' names.

    Raises SettingsError without an administrator's connection.
    """
    if not settings.database_url:
        raise SettingsError(
            "Set DATABASE_URL to an administrator's connection: roles and databases "
            "are made with it. No service needs or gets it."
        )
    return sorted(provision.provision(settings.database_url, settings))


def operator_client(settings: Settings) -> dict[str, Any]:
    """See that the operator's client exists; tells its secret when newly made."""
    given = settings.operator_client_secret
    if given and len(given) < SECRET_CHARACTERS_MIN:
        _log.warning(
            "HUB_OPERATOR_CLIENT_SECRET has fewer than %d characters: whoever guesses "
            "it runs this hub. Set a longer one before anybody else can reach it.",
            SECRET_CHARACTERS_MIN,
        )
    opened = database.of_service(settings, "members", pool_size=1)
    try:
        return members.bootstrap_operator(opened, settings)
    finally:
        opened.dispose()
