"""Who takes part in clearing and under which terms; funds in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.crypto import FieldCipher
from services.shared.errors import (
    ConflictError,
    IdempotencyKeyReused,
    RefusedError,
    ServiceError,
)
from services.shared.identity import HUB, Identity
from services.shared.outbound.messages import url_fault
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying
from services.transfers import models
from services.transfers.domain import participants, settlement, transfer
from services.transfers.domain.participants import Standing
from services.transfers.domain.peers import Ledger, Members
from services.transfers.operations import answers
from services.transfers.store import participants as store

_KEYS_MAX: Final = 1000
"""Accounts whose balances one question to the ledger may name."""


def register_participant(database: Database, *, cooperative_id: str, code: str) -> None:
    """Let a newly active cooperative take part, with no right to owe anything yet."""
    with database.hub() as session:
        store.add_new(session, cooperative_id=cooperative_id, code=code)


def ensure_participant(
    database: Database, members: Members, cooperative_id: str
) -> None:
    """Make sure of a participant whose activation clearing has not heard of yet.

    Raises ParticipantNotFound for a cooperative that is not active.
    """
    with database.hub() as session:
        if store.find(session, cooperative_id) is not None:
            return
    cooperative = members.get_cooperative({"cooperative_id": cooperative_id})
    if cooperative["status"] != "active":
        raise contract.ParticipantNotFound
    register_participant(
        database, cooperative_id=cooperative_id, code=cooperative["code"]
    )


def put_participant(
    database: Database,
    ledger: Ledger,
    members: Members,
    command: dict[str, Any],
    *,
    cipher: FieldCipher,
    is_local: bool,
) -> dict[str, Any]:
    """Set a participant's terms; saying the same twice changes nothing.

    The cap is the ledger's to enforce, so the ledger is told first: should we die in
    between, the stricter side is the one that counts and repeating it completes it.
    """
    cooperative_id: str = command["cooperative_id"]
    _check_callback(command, is_local=is_local)
    ensure_participant(database, members, cooperative_id)
    _refuse_closed(database, cooperative_id)
    _check_mode(database, command)
    ledger.open_book({"cooperative_id": cooperative_id})
    _set_cap(ledger, cooperative_id, command["net_debit_cap"])
    _store_terms(database, command, cipher)
    return get_participant(database, ledger, cooperative_id)


def _refuse_closed(database: Database, cooperative_id: str) -> None:
    """Raises ParticipantNotFound, or ParticipantClosed for who has left for good."""
    with database.hub() as session:
        row = store.find(session, cooperative_id)
    if row is None:
        raise contract.ParticipantNotFound
    if row.status == participants.CLOSED:
        raise contract.ParticipantClosed


def _check_callback(command: dict[str, Any], *, is_local: bool) -> None:
    url = command.get("callback_url")
    if url is None:
        return
    fault = url_fault(url, is_local=is_local)
    if fault is not None:
        raise contract.CallbackUrlRefused(fault)


def _check_mode(database: Database, command: dict[str, Any]) -> None:
    """Refuse what cannot be stored before the ledger is told of a new cap."""
    with database.hub() as session:
        row = store.find(session, command["cooperative_id"])
    if row is None:
        raise contract.ParticipantNotFound
    if (command.get("mode") or row.mode) == transfer.CONNECTED and not (
        (command.get("callback_url") or row.callback_url)
        and (command.get("callback_secret") or row.callback_secret)
    ):
        raise contract.CallbackRequired


def _set_cap(ledger: Ledger, cooperative_id: str, cap: int) -> None:
    limit = {"key": transfer.position(cooperative_id), "minimum_balance": -cap}
    try:
        ledger.set_limit(limit)
    except (RefusedError, ConflictError) as refusal:
        raise contract.PositionAboveCap from refusal


@retrying
def _store_terms(
    database: Database, command: dict[str, Any], cipher: FieldCipher
) -> None:
    with database.hub() as session:
        row = store.find_locked(session, command["cooperative_id"])
        if row is None:
            raise contract.ParticipantNotFound
        row.net_debit_cap = command["net_debit_cap"]
        row.mode = command.get("mode") or row.mode
        row.alarm_percent = command.get("alarm_percent") or row.alarm_percent
        row.callback_url = command.get("callback_url") or row.callback_url
        if secret := command.get("callback_secret"):
            row.callback_secret = cipher.encrypt(
                secret.encode(), secret_place(row.cooperative_id)
            )


def secret_place(cooperative_id: str) -> bytes:
    """What an encrypted callback secret is bound to: it decrypts in no other row."""
    return f"participants.callback_secret:{cooperative_id}".encode()


def show_participant(
    database: Database, ledger: Ledger, cooperative_id: str, *, reader: Identity
) -> dict[str, Any]:
    """A participant, to the operator or to itself; to others it does not exist."""
    if not reader.is_operator and reader.cooperative_id != cooperative_id:
        raise contract.ParticipantNotFound
    return get_participant(database, ledger, cooperative_id)


def get_participant(
    database: Database, ledger: Ledger, cooperative_id: str
) -> dict[str, Any]:
    """A participant with its standing at this moment. Raises ParticipantNotFound."""
    with database.hub() as session:
        row = store.find(session, cooperative_id)
    if row is None:
        raise contract.ParticipantNotFound
    return _answers(ledger, [row])[0]


def list_participants(
    database: Database, ledger: Ledger, command: dict[str, Any]
) -> dict[str, Any]:
    """All participants with their standings, in the order of their codes."""
    after = answers.decode_cursor(command["cursor"], 1)
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_page(
            session, after_code=after[0] if after else None, limit=limit + 1
        )
    return answers.page(
        _answers(ledger, rows), limit=limit, keys=[(row.code,) for row in rows]
    )


def standings(ledger: Ledger, rows: Sequence[models.Participant]) -> list[Standing]:
    """What each owes and what covers it; nothing for a book that is not open yet."""
    keys = [
        key
        for row in rows
        for key in (
            transfer.position(row.cooperative_id),
            transfer.liquidity(row.cooperative_id),
        )
    ]
    balances: dict[str, Any] = {}
    for start in range(0, len(keys), _KEYS_MAX):
        balances |= ledger.get_balances({"keys": keys[start : start + _KEYS_MAX]})
    nothing = {"balance": 0, "pending": 0}
    found = []
    for row in rows:
        position = balances.get(transfer.position(row.cooperative_id), nothing)
        liquidity = balances.get(transfer.liquidity(row.cooperative_id), nothing)
        found.append(
            Standing(
                liquidity=liquidity["balance"],
                net_debit_cap=row.net_debit_cap,
                position=-position["balance"],
                pending=position["pending"],
            )
        )
    return found


def _answers(
    ledger: Ledger, rows: Sequence[models.Participant]
) -> list[dict[str, Any]]:
    return [
        {
            "cooperative_id": row.cooperative_id,
            "code": row.code,
            "status": row.status,
            "mode": row.mode,
            "callback_url": row.callback_url,
            "alarm_percent": row.alarm_percent,
            "net_debit_cap": row.net_debit_cap,
            "liquidity": standing.liquidity,
            "position": standing.position,
            "pending": standing.pending,
            "available": standing.available,
        }
        for row, standing in zip(rows, standings(ledger, rows), strict=True)
    ]


def suspend_participant(
    database: Database, ledger: Ledger, cooperative_id: str
) -> dict[str, Any]:
    """No new transfers from or to this cooperative; those in flight finish."""
    _set_status(database, cooperative_id, participants.SUSPENDED)
    return get_participant(database, ledger, cooperative_id)


def reactivate_participant(
    database: Database, ledger: Ledger, cooperative_id: str
) -> dict[str, Any]:
    """New transfers from and to this cooperative again. Raises ParticipantClosed."""
    _refuse_closed(database, cooperative_id)
    _set_status(database, cooperative_id, participants.ACTIVE)
    return get_participant(database, ledger, cooperative_id)


def _set_status(database: Database, cooperative_id: str, status: str) -> None:
    with database.hub() as session:
        changed = store.set_status(session, cooperative_id, status)
        if changed and status == participants.SUSPENDED:
            payload = {"cooperative_id": cooperative_id}
            outbox.add(session, contract.PARTICIPANT_SUSPENDED, payload)


def move_funds(
    database: Database, ledger: Ledger, command: dict[str, Any]
) -> dict[str, Any]:
    """Liquidity in or out, once per key; out never below what covers the position.

    The ledger's journal is the memory of the key: its id follows from the key, its
    content from the request.
    """
    cooperative_id: str = command["cooperative_id"]
    _refuse_closed(database, cooperative_id)
    part = command["idempotency"]
    journal_id = identifiers.derived("jrn", HUB, part["operation"], part["key"])
    outcome = ledger.post_journals([_funds_journal(journal_id, command)])[0]
    if isinstance(outcome, ServiceError):
        raise _funds_refusal(outcome)
    answer = {
        "journal_id": journal_id,
        "cooperative_id": cooperative_id,
        "direction": command["direction"],
        "amount": command["amount"],
        "reference": command["reference"],
        "liquidity": outcome["balances"][transfer.liquidity(cooperative_id)],
    }
    return answer | ({"replayed": True} if outcome.get("replayed") else {})


def _funds_journal(journal_id: str, command: dict[str, Any]) -> dict[str, Any]:
    direction = command["direction"]
    return {
        "id": journal_id,
        "kind": f"funds_{direction}",
        "description": f"Liquidity {direction}",
        "reference": command["reference"],
        "business_date": clock.business_date().isoformat(),
        "postings": settlement.funds_postings(
            command["cooperative_id"], direction, command["amount"]
        ),
    }


def _funds_refusal(outcome: ServiceError) -> ServiceError:
    if outcome.code == "journal_id_reused":
        return IdempotencyKeyReused()
    if outcome.code in contract.TRANSFER_REFUSALS:
        return contract.refusal(outcome.code, outcome.details)
    return outcome
