"""What cooperatives' own systems are told: subscribed to, sent, and sent again.

Events become deliveries in the transaction that remembers the event. How these are
sent: `services/shared/outbound/sending.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from services.members.domain import webhooks as domain
from services.members.domain.peers import WebhookSender
from services.members.domain.webhooks import Message
from services.members.models import Webhook, WebhookDelivery
from services.members.operations import audit, personal_data
from services.members.store import webhooks as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import webhooks as contract
from services.shared.errors import CooperativeNotReady
from services.shared.identity import Actor
from services.shared.outbound import sending
from services.shared.outbound.messages import Attempt, is_local, url_fault
from services.shared.persistence import idempotency, inbox, numbering
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

LEASE_SECONDS: Final = 60.0
"""Longer than sending a message can take."""

EACH_MAX: Final = 2
"""Messages that are on their way to one cooperative at a time."""

_log = logging.getLogger(__name__)


@retrying
def create_webhook(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A webhook with its secret, which is shown this once.

    Raises WebhookUrlRefused, TooManyWebhooks.
    """
    fault = url_fault(command["url"], is_local=is_local(settings.public_url))
    if fault is not None:
        raise contract.WebhookUrlRefused(fault)

    def create(session: Session) -> dict[str, Any]:
        # One after the other, or two at once would both find a place.
        numbering.next_number(session, actor.cooperative_id, "webhook")
        if store.count_active(session, actor.cooperative_id) >= contract.WEBHOOKS_MAX:
            raise contract.TooManyWebhooks
        webhook_id, secret = identifiers.new("whk"), crypto.new_secret()
        cipher = personal_data.cipher(session, settings, actor.cooperative_id)
        webhook = store.add_webhook(
            session,
            id=webhook_id,
            cooperative_id=actor.cooperative_id,
            url=command["url"],
            events=sorted(set(command["events"])),
            secret=cipher.encrypt(secret.encode(), _place(webhook_id)),
            created_at=clock.now(),
        )
        told = answers.one(contract.Webhook(), webhook)
        audit.record(
            session,
            actor,
            "webhook.created",
            webhook_id,
            after={"host": urlsplit(webhook.url).hostname, "events": webhook.events},
        )
        return told | {"secret": secret}

    return idempotency.once(database, actor, command, create)


def get_webhook(
    database: Database, cooperative_id: str, webhook_id: str
) -> dict[str, Any]:
    """One webhook of the cooperative. Raises WebhookNotFound."""
    with database.tenant(cooperative_id) as session:
        return answers.one(contract.Webhook(), _found(session, webhook_id))


def list_webhooks(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The webhooks of the cooperative, oldest first."""
    owner, limit = f"webhooks {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_webhooks(
            session, after=answers.position(owner, command["cursor"]), limit=limit + 1
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Webhook(), shown),
        "next_cursor": next_cursor,
    }


@retrying
def disable_webhook(
    database: Database, actor: Actor, webhook_id: str
) -> dict[str, Any]:
    """Nothing is sent there any more; again changes nothing. Raises WebhookNotFound."""
    with database.tenant(actor.cooperative_id) as session:
        disabled = store.disable(session, webhook_id, clock.now())
        if disabled is None:
            return answers.one(contract.Webhook(), _found(session, webhook_id))
        audit.record(session, actor, "webhook.disabled", webhook_id)
        return answers.one(contract.Webhook(), disabled)


def list_deliveries(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was and is to be sent to a webhook, oldest first. Raises WebhookNotFound."""
    webhook_id, limit = command["webhook_id"], command["limit"]
    owner = f"deliveries {cooperative_id} {webhook_id}"
    with database.tenant(cooperative_id) as session:
        _found(session, webhook_id)
        rows = store.list_deliveries(
            session,
            webhook_id,
            state=command["state"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": [_delivery(row) for row in shown],
        "next_cursor": next_cursor,
    }


def get_delivery(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One delivery with its last attempts. Raises DeliveryNotFound."""
    with database.tenant(cooperative_id) as session:
        row = _found_delivery(session, command)
        attempts = store.attempts_at(session, row.id)
    log = answers.many(contract.DeliveryAttempt(), attempts)
    return _delivery(row) | {"body": row.body, "log": log}


@retrying
def send_again(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Send a delivery once more, delivered or given up though it may be.

    Raises DeliveryNotFound, WebhookDisabled.
    """
    now = clock.now()

    def renew(session: Session) -> dict[str, Any]:
        row = _found_delivery(session, command)
        if _found(session, row.webhook_id).status != domain.ACTIVE:
            raise contract.WebhookDisabled
        renewed = store.send_again(
            session, row.id, now=now, deadline=now + domain.KEPT_TRYING
        )
        audit.record(session, actor, "webhook.sent_again", row.id)
        return _delivery(renewed or row)

    return idempotency.once(database, actor, command, renew)


@retrying
def take_event(
    database: Database,
    event_id: str,
    event: str,
    payload: Mapping[str, Any],
    at: datetime,
) -> None:
    """An event of this service, for the cooperative that it names."""
    with database.hub() as session:
        if inbox.first_time(session, f"members.webhooks.{event}", event_id):
            told = [(event_id, payload["cooperative_id"], payload)]
            _add_deliveries(session, event, told, at)


@retrying
def take_transfers(
    database: Database,
    event_id: str,
    event: str,
    payload: Mapping[str, Any],
    at: datetime,
) -> None:
    """An event of clearing: each of its transfers, for the payer's and payee's sides.

    In a transfer between accounts of one cooperative both are the same.
    """
    told = [
        (
            identifiers.derived("evt", event_id, transfer["transfer_id"]),
            cooperative_id,
            transfer,
        )
        for transfer in payload["transfers"]
        for cooperative_id in sorted(_sides(transfer))
    ]
    with database.hub() as session:
        if inbox.first_time(session, f"members.webhooks.{event}", event_id):
            _add_deliveries(session, contract.TRANSFERS_EVENTS[event], told, at)


def send_due(
    database: Database,
    settings: Settings,
    sender: WebhookSender,
    *,
    busy_seconds: float = sending.BUSY_SECONDS,
) -> int:
    """Send what is due or becomes due meanwhile, once; how many messages there were."""

    def claim(limit: int, passing_by: Collection[str]) -> list[Message]:
        return _claim(database, settings, limit, passing_by)

    def record(attempts: list[tuple[Message, Attempt]]) -> None:
        _record(database, attempts)

    return sending.send_due(claim, sender.send, record, busy_seconds=busy_seconds)


def forget_old(database: Database) -> None:
    """Drop deliveries of long ago."""
    with database.hub() as session:
        store.forget(session, before=clock.now() - domain.KEPT_LISTED)


def _sides(transfer: Mapping[str, Any]) -> set[str]:
    sides = {transfer["payer_cooperative_id"], transfer["payee_cooperative_id"]}
    return {one for one in sides if one}


def _add_deliveries(
    session: Session,
    event: str,
    told: Sequence[tuple[str, str, Mapping[str, Any]]],
    at: datetime,
) -> None:
    """Deliveries for whoever listens; ``told`` is event id, cooperative and data."""
    listeners: dict[str, list[Webhook]] = {}
    for webhook in store.listening(session, {one[1] for one in told}, event):
        listeners.setdefault(webhook.cooperative_id, []).append(webhook)
    now = clock.now()
    rows = [
        {
            "id": identifiers.new("whd"),
            "cooperative_id": cooperative_id,
            "webhook_id": webhook.id,
            "event_id": event_id,
            "event": event,
            "body": domain.body_of(event_id, event, data, at),
            "state": domain.DUE,
            "attempts": 0,
            "next_attempt_at": now,
            "deadline": now + domain.KEPT_TRYING,
            "created_at": now,
        }
        for event_id, cooperative_id, data in told
        for webhook in listeners.get(cooperative_id, [])
    ]
    store.add_deliveries(session, rows)


def _claim(
    database: Database, settings: Settings, limit: int, passing_by: Collection[str]
) -> list[Message]:
    """What is to be sent now, beside what is on its way."""
    with database.hub() as session:
        store.give_up_overdue(session)
        rows = store.claim_due(
            session,
            lease_seconds=LEASE_SECONDS,
            limit=limit,
            each=EACH_MAX,
            passing_by=passing_by,
        )
        return [
            made
            for row in rows
            if (made := _message(session, settings, row)) is not None
        ]


def _message(
    session: Session, settings: Settings, row: dict[str, Any]
) -> Message | None:
    """The message in a row; None when it cannot be signed, which stops no other."""
    cooperative_id, webhook_id = row["cooperative_id"], row["webhook_id"]
    try:
        cipher = personal_data.cipher(session, settings, cooperative_id)
        secret = cipher.decrypt(bytes(row["secret"]), _place(webhook_id))
    except (crypto.Undecryptable, CooperativeNotReady):
        # The key of a cooperative that has left is gone, and with it the secret.
        _log.error("the secret of %s does not decrypt", webhook_id)
        return None
    return Message(
        id=row["id"],
        cooperative_id=cooperative_id,
        webhook_id=webhook_id,
        event=row["event"],
        url=row["url"],
        secret=secret.decode(),
        body=row["body"],
        attempts=row["attempts"],
    )


def _record(database: Database, attempts: list[tuple[Message, Attempt]]) -> None:
    now = clock.now()
    with database.hub() as session:
        for message, attempt in attempts:
            store.record_attempt(
                session,
                cooperative_id=message.cooperative_id,
                delivery_id=message.id,
                attempts=message.attempts,
                attempt=attempt,
                at=now,
            )


def _delivery(row: WebhookDelivery) -> dict[str, Any]:
    told = answers.one(contract.Delivery(), row)
    return told if row.state == domain.DUE else told | {"next_attempt_at": None}


def _found(session: Session, webhook_id: str) -> Webhook:
    webhook = store.find_webhook(session, webhook_id)
    if webhook is None:
        raise contract.WebhookNotFound
    return webhook


def _found_delivery(session: Session, command: Mapping[str, Any]) -> WebhookDelivery:
    row = store.find_delivery(session, command["webhook_id"], command["delivery_id"])
    if row is None:
        raise contract.DeliveryNotFound
    return row


def _place(webhook_id: str) -> bytes:
    return f"webhooks.secret:{webhook_id}".encode()
