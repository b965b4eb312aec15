"""How does a hub move to new keys while it goes on working?

`deploy/runbooks/key-rotation.md` says when, and in which order with the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from services.hub.rupiah import format_number
from services.members.domain import encryption
from services.members.operations import rotation as members
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.settings import Settings, SettingsError
from services.transfers.operations import rotation as transfers

NEEDED = ("members", "transfers")


def rotate(
    databases: Mapping[str, Database], settings: Settings, *, replaces_data_keys: bool
) -> Iterator[str]:
    """Sentences on what was made anew, as each part ends; safe to run again.

    Raises SettingsError when the connection of a service that takes part is not known.
    """
    for service in NEEDED:
        if service not in databases:
            raise SettingsError(
                f"Set {service.upper()}_DATABASE_URL or DATABASE_URL: a key that is "
                "not made anew everywhere cannot be given up."
            )
    yield from _under_master(databases, settings)
    if replaces_data_keys:
        yield _replaced(databases["members"], settings)
    yield from _data_keys(databases["members"], settings)


def _under_master(
    databases: Mapping[str, Database], settings: Settings
) -> Iterator[str]:
    for column, renewed in members.rewrap(databases["members"], settings):
        yield _said(column, renewed)
    renewed = transfers.renew_callback_secrets(databases["transfers"], settings)
    yield _said("participants.callback_secret", renewed)
    for service, database in sorted(databases.items()):
        yield _said(f"stored answers of {service}", idempotency.renew(database))


def _replaced(database: Database, settings: Settings) -> str:
    cooperatives = members.list_cooperatives(database)
    replaced = sum(
        members.replace_data_key(database, settings, one) for one in cooperatives
    )
    waiting = len(cooperatives) - replaced
    return (
        f"{format_number(replaced)} cooperatives have a new key; "
        f"{format_number(waiting)} are still being given the one before"
    )


def _data_keys(database: Database, settings: Settings) -> Iterator[str]:
    kept = 0
    for cooperative_id, renewed, is_gone in members.finish_replacements(
        database, settings
    ):
        kept += not is_gone
        ending = "its old key is destroyed" if is_gone else "its old key is kept"
        yield f"{_said(f'personal data of {cooperative_id}', renewed)}; {ending}"
    if kept:
        hours = int(encryption.PREVIOUS_KEPT.total_seconds()) // 3600
        yield (
            f"{format_number(kept)} old keys are destroyed by the first run that finds "
            f"nothing under them, at least {hours} hours after they were replaced"
        )


def _said(what: str, renewed: int) -> str:
    return f"{what}: {format_number(renewed)} made anew"
