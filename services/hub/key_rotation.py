"""How does a hub move to new keys while it goes on working?

`deploy/runbooks/key-rotation.md` says when, and in which order with the settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from services.hub.rupiah import format_number
from services.insurance.domain import encryption as insurance
from services.kyc.domain import encryption as kyc
from services.loans.domain import encryption as loans
from services.members.operations import rotation as members
from services.shared.encryption import EncryptedColumn
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database
from services.shared.persistence.rotation import PREVIOUS_KEPT, Rotation
from services.shared.settings import Settings, SettingsError
from services.transfers.operations import rotation as transfers

PERSONAL: Final[Mapping[str, Sequence[EncryptedColumn]]] = {
    "insurance": insurance.PERSONAL,
    "kyc": kyc.PERSONAL,
    "loans": loans.PERSONAL,
}
"""What the services keep under cooperatives' keys that keep nothing else."""

NEEDED: Final = ("members", "transfers", *PERSONAL)


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
    rotations = [
        members.of(databases["members"], settings),
        *_others(databases, settings),
    ]
    yield from _under_master(databases, settings)
    for one in rotations:
        if replaces_data_keys:
            yield _replaced(one)
        yield from _data_keys(one)


def _others(
    databases: Mapping[str, Database], settings: Settings
) -> Iterator[Rotation]:
    for service, columns in PERSONAL.items():
        yield Rotation(
            database=databases[service],
            settings=settings,
            service=service,
            personal=columns,
        )


def _under_master(
    databases: Mapping[str, Database], settings: Settings
) -> Iterator[str]:
    for column, renewed in members.rewrap(databases["members"], settings):
        yield _said(f"members: {column}", renewed)
    for one in _others(databases, settings):
        for column, renewed in one.rewrap():
            yield _said(f"{one.service}: {column}", renewed)
    renewed = transfers.renew_callback_secrets(databases["transfers"], settings)
    yield _said("transfers: participants.callback_secret", renewed)
    for service, database in sorted(databases.items()):
        yield _said(f"{service}: stored answers", idempotency.renew(database))


def _replaced(rotation: Rotation) -> str:
    cooperatives = rotation.list_cooperatives()
    replaced = sum(rotation.replace_data_key(one) for one in cooperatives)
    waiting = len(cooperatives) - replaced
    return (
        f"{rotation.service}: {format_number(replaced)} cooperatives have a new key; "
        f"{format_number(waiting)} are still being given the one before"
    )


def _data_keys(rotation: Rotation) -> Iterator[str]:
    kept = 0
    for cooperative_id, renewed, is_gone in rotation.finish_replacements():
        kept += not is_gone
        ending = "its old key is destroyed" if is_gone else "its old key is kept"
        what = f"{rotation.service}: personal data of {cooperative_id}"
        yield f"{_said(what, renewed)}; {ending}"
    if kept:
        hours = int(PREVIOUS_KEPT.total_seconds()) // 3600
        yield (
            f"{rotation.service}: {format_number(kept)} old keys are destroyed by the "
            f"first run that finds nothing under them, at least {hours} hours after "
            "they were replaced"
        )


def _said(what: str, renewed: int) -> str:
    return f"{what}: {format_number(renewed)} made anew"
