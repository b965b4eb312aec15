"""What becomes of a closing that was approved: step by step, each done once.

A timer carries on wherever the last attempt stopped, in whichever process. Every step
is safe to repeat and is recorded by the closing's state in the transaction that ends
it; what cannot be taken back comes after what proves that it may be done.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as cooperative_store
from services.members.domain import closing as domain
from services.members.domain import cooperatives
from services.members.domain.closing import Others
from services.members.models import Closing
from services.members.operations import (
    audit,
    book_export,
    closing,
    registration,
    savings,
    users,
)
from services.members.operations import cooperatives as register
from services.members.store import closing as store
from services.shared import clock, crypto
from services.shared.contracts.members import closing as contract
from services.shared.contracts.transfers import ParticipantNotFound
from services.shared.errors import InvariantViolated, RemoteFault, ServiceError
from services.shared.identity import Actor
from services.shared.persistence import jobs, keyring
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

PAUSE: Final = timedelta(seconds=10)
"""How long a closing waits before its next step is tried again."""

EACH_TURN_MAX: Final = 20
ACCOUNTS_AT_ONCE: Final = 200
PART_BYTES: Final = 4 * 1024 * 1024
"""A part in base64 fits into one message."""

EXPORT_PATH: Final = "/buku-koperasi"
_LABEL: Final = "closing export"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every step works with."""

    database: Database
    settings: Settings
    others: Others


def carry_on(
    database: Database,
    settings: Settings,
    others: Others,
    *,
    pause: timedelta = PAUSE,
) -> int:
    """Take approved closings on as far as they go; how many were completed."""
    context = Context(database=database, settings=settings, others=others)
    completed = 0
    for _ in range(EACH_TURN_MAX):
        now = clock.now()
        with database.hub() as session:
            closing_id = store.claim_running(session, now=now, before=now - pause)
        if closing_id is None:
            break
        completed += carry_on_one(context, closing_id)
    return completed


def carry_on_one(context: Context, closing_id: str) -> bool:
    """Take one closing on; whether it is completed. What stops it is kept with it."""
    try:
        while True:
            with context.database.hub() as session:
                row = store.find_closing(session, closing_id)
            if row is None or row.state not in STEPS:
                return row is not None and row.state == domain.COMPLETED
            if not STEPS[row.state](context, row):
                return False
    except ServiceError as fault:
        _log.warning("closing %s waits: %s", closing_id, fault)
        _note(context, closing_id, fault.code)
    except Exception:  # noqa: BLE001 whatever it is, it is one closing's
        _log.exception("closing %s failed", closing_id)
        _note(context, closing_id, RemoteFault.code)
    return False


def _note(context: Context, closing_id: str, code: str) -> None:
    with context.database.hub() as session:
        store.note_fault(session, closing_id, code)


def close_accounts(context: Context, row: Closing) -> bool:
    """Close the members' accounts, which the ledger does only with empty ones.

    Not before every access token of the cooperative has expired: until then its staff
    could still open one.
    """
    if row.decided_at is None:
        raise InvariantViolated(f"{row.id} was never decided")
    silent_from = row.decided_at + timedelta(seconds=context.settings.token_seconds)
    if clock.now() < silent_from:
        return False
    cooperative_id = row.cooperative_id
    books = context.others.books(cooperative_id)
    while True:
        with context.database.tenant(cooperative_id) as session:
            numbers = store.unclosed_accounts(session, ACCOUNTS_AT_ONCE)
        if not numbers:
            break
        for number in numbers:
            savings.close_account(context.database, books, cooperative_id, number)
    closing.refuse_unpaid(context.database, context.others, cooperative_id)
    return _advance(context, row, domain.ACCOUNTS_CLOSED)


def close_participant(context: Context, row: Closing) -> bool:
    """Leave clearing at position zero; what it holds at the hub is paid out."""
    try:
        context.others.clearing.close_participant(
            {"cooperative_id": row.cooperative_id}
        )
    except ParticipantNotFound:
        _log.info("closing %s: it never took part in clearing", row.id)
    return _advance(context, row, domain.PARTICIPANT_CLOSED)


def export_books(context: Context, row: Closing) -> bool:
    """Seal the books for the cooperative and mail it the only key to them.

    The hub keeps no copy of the key, so that destroying the data key leaves nobody
    else who could read the members' data.
    """
    secret = crypto.new_secret()
    content = book_export.archive(
        context.database,
        context.settings,
        context.others.books(row.cooperative_id),
        row.cooperative_id,
        {
            "closing_id": row.id,
            "cooperative_id": row.cooperative_id,
            "document_sha512": row.document_sha512,
        },
    )
    parts = _sealed_parts(row, secret, content)
    link = f"{context.settings.public_url}{EXPORT_PATH}?token={row.id}.{secret}"

    def keep(session: Session, held: Closing) -> None:
        store.add_exports(session, parts)
        closing.tell_contact(
            session,
            context.settings,
            held,
            "closing_exported",
            link=link,
            days=domain.EXPORT_LIFE.days,
        )

    return _advance(context, row, domain.EXPORTED, keep)


def destroy_key(context: Context, row: Closing) -> bool:
    """Make everything personal unreadable for ever.

    Names and hashes go first, in the tenant's role; should the rest fail, they are
    gone already, and the next attempt finds nothing to change.
    """
    cooperative_id = row.cooperative_id
    with context.database.tenant(cooperative_id) as session:
        store.anonymise_members(session)

    def destroy(session: Session, _held: Closing) -> None:
        # With the key, since the names of those who sign in are read with it too.
        users.disable_all(session, cooperative_id)
        keyring.destroy_key(session, cooperative_id)
        store.forget_answers(session, cooperative_id)
        registration.forget_contact(session, cooperative_id)

    return _advance(context, row, domain.KEY_DESTROYED, destroy)


def complete(context: Context, row: Closing) -> bool:
    """Let no machine sign in any more either, and tell everybody."""

    def end(session: Session, held: Closing) -> None:
        now = clock.now()
        store.revoke_clients(session, row.cooperative_id, now)
        # Without accounts and keys they would fail, and be tried again for ever.
        jobs.drop_unfinished(session, row.cooperative_id)
        cooperative = cooperative_store.lock_cooperative(session, row.cooperative_id)
        if cooperative is None:
            raise InvariantViolated(f"{row.cooperative_id} does not exist")
        cooperative.status = cooperatives.CLOSED
        register.tell(session, contract.COOPERATIVE_CLOSED, cooperative)
        closing.tell_contact(session, context.settings, held, "closing_completed")
        # Last: nothing may be written before the state that goes with it.
        held.completed_at = now

    return _advance(context, row, domain.COMPLETED, end)


STEPS: Final[Mapping[str, Callable[[Context, Closing], bool]]] = {
    domain.APPROVED: close_accounts,
    domain.ACCOUNTS_CLOSED: close_participant,
    domain.PARTICIPANT_CLOSED: export_books,
    domain.EXPORTED: destroy_key,
    domain.KEY_DESTROYED: complete,
}
"""What is done next in each state; every one tells whether it was done."""


@retrying
def _advance(
    context: Context,
    row: Closing,
    state: str,
    effect: Callable[[Session, Closing], None] | None = None,
) -> bool:
    """Record a step with its effect, unless somebody else did; whether to go on."""
    with context.database.hub() as session:
        held = store.lock_closing(session, row.id)
        if held is None or held.state != row.state:
            return False
        # Before the state, which promises what the effect does.
        if effect is not None:
            effect(session, held)
        closing.move(held, state)
        held.fault = None
        session.flush()
        actor = Actor(cooperative_id=row.cooperative_id, subject="service:members")
        audit.record(session, actor, f"closing.{state}", row.id)
    return True


def get_export(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """A part of the exported books for whoever has the mailed link.

    Raises InvalidExportLink for whatever is wrong with it.
    """
    closing_id, _, secret = command["token"].partition(".")
    part = command["part"]
    with database.hub() as session:
        found = store.find_export(session, closing_id, part, clock.now())
    if found is None or not crypto.is_same(
        bytes(found.token_hash), _token_hash(closing_id, secret)
    ):
        raise contract.InvalidExportLink
    content = _cipher(secret).decrypt(bytes(found.content), _place(closing_id, part))
    return {
        "name": f"buku-{found.cooperative_code}.zip",
        "sha512": found.sha512,
        "content": base64.b64encode(content).decode("ascii"),
        "next_part": part + 1 if part + 1 < found.part_count else None,
    }


def forget_exports(database: Database) -> int:
    """Drop exported books that can be fetched no more; of how many closings."""
    with database.hub() as session:
        return store.forget_exports(session, clock.now())


def _sealed_parts(row: Closing, secret: str, content: bytes) -> list[dict[str, Any]]:
    cipher = _cipher(secret)
    fingerprint = hashlib.sha512(content).hexdigest()
    expires_at = clock.now() + domain.EXPORT_LIFE
    return [
        {
            "closing_id": row.id,
            "cooperative_id": row.cooperative_id,
            "part": part,
            "content": cipher.encrypt(
                content[start : start + PART_BYTES], _place(row.id, part)
            ),
            "token_hash": _token_hash(row.id, secret),
            "sha512": fingerprint,
            "expires_at": expires_at,
        }
        for part, start in enumerate(range(0, len(content), PART_BYTES))
    ]


def _cipher(secret: str) -> crypto.FieldCipher:
    return crypto.FieldCipher(crypto.hkdf(secret.encode(), _LABEL))


def _token_hash(closing_id: str, secret: str) -> bytes:
    # 256 random bits: there is nothing to guess, so a plain hash is enough.
    return hashlib.sha512(f"{closing_id}.{secret}".encode()).digest()


def _place(closing_id: str, part: int) -> bytes:
    return f"closing_exports.content:{closing_id}:{part}".encode()
