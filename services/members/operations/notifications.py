"""Messages to people: written with what they tell of, sent after the commit."""

from __future__ import annotations

import json
import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from sqlalchemy.orm import Session

from services.members.domain import notifications as domain
from services.members.domain.notifications import (
    EMAIL,
    WHATSAPP,
    Mail,
    MailPostponed,
    MailRefused,
    MailServerAway,
)
from services.members.domain.peers import Mailer
from services.members.models import Notification
from services.members.store import notifications as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import notifications as contract
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.presentation import formats
from services.shared.settings import Settings

__all__ = [
    "EMAIL",
    "WHATSAPP",
    "Message",
    "forget_old",
    "list_notifications",
    "notify",
    "send_due",
]

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
LANGUAGE_DEFAULT: Final = "id"

LEASE_SECONDS: Final = 120.0
"""Longer than a mail server can take over one message."""

EACH_TURN_MAX: Final = 50
"""E-mails sent before the timer has its turn again."""

_log = logging.getLogger(__name__)

_templates: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701  plain text: there is no markup to escape
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["rupiah"] = formats.rupiah


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one person is told: a template and the JSON primitives that it names."""

    template: str
    recipient: str
    values: dict[str, Any] = field(default_factory=dict)
    channel: str = EMAIL
    language: str = "id"


def notify(
    session: Session, settings: Settings, cooperative_id: str, message: Message
) -> str:
    """Let someone be told; the id of the message.

    Part of the caller's transaction: what is rolled back is not told.
    """
    message_id = identifiers.new("ntf")
    content = json.dumps({"recipient": message.recipient, "values": message.values})
    now = clock.now()
    session.add(
        Notification(
            id=message_id,
            cooperative_id=cooperative_id,
            channel=message.channel,
            template=message.template,
            language=message.language,
            content=cipher(settings).encrypt(content.encode(), _place(message_id)),
            status="waiting",
            attempts=0,
            created_at=now,
            due_at=now,
        )
    )
    session.flush()
    return message_id


def send_due(database: Database, settings: Settings, mailer: Mailer) -> int:
    """Send e-mails that wait, oldest first; how many the mail server took.

    Each is claimed in one transaction, sent outside of any and marked in another. Who
    dies in between leaves a lease that runs out: the e-mail is sent again, under the
    same Message-ID, rather than never.
    """
    sent = 0
    for _ in range(EACH_TURN_MAX):
        with database.hub() as session:
            row = store.claim_due(
                session, channel=EMAIL, now=clock.now(), lease_seconds=LEASE_SECONDS
            )
        if row is None:
            break
        try:
            mailer.send(_mail(settings, row))
        except MailServerAway as fault:
            _postpone(database, row, str(fault))
            # Whoever waits behind this one would only wait for the same server.
            break
        except MailPostponed as fault:
            _postpone(database, row, str(fault))
        except MailRefused as fault:
            _give_up(database, row, str(fault))
        else:
            with database.hub() as session:
                store.mark_sent(session, row.id, clock.now())
            sent += 1
    return sent


def forget_old(database: Database) -> None:
    """Drop messages that were sent or given up long ago."""
    with database.hub() as session:
        store.forget(session, before=clock.now() - timedelta(days=domain.KEPT_DAYS))


def list_notifications(
    database: Database, identity: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """That messages were sent, or why not: to the operator those of everybody."""
    tenant, limit = identity.cooperative_id, command["limit"]
    owner = f"notifications {tenant}"
    with _opened(database, identity) as session:
        rows = store.list_notifications(
            session,
            cooperative_id=None if identity.is_operator else tenant,
            status=command["status"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Notification(), shown),
        "next_cursor": next_cursor,
    }


def rendered(template: str, language: str, values: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a message; Indonesian where the language has no template.

    Raises jinja2's TemplateError, also for a value that the message does not name.
    """
    names = [f"{template}.{one}.txt" for one in (language, LANGUAGE_DEFAULT)]
    return domain.split_subject(_templates.select_template(names).render(values))


def _opened(database: Database, identity: Identity) -> AbstractContextManager[Session]:
    if identity.is_operator:
        return database.hub()
    return database.tenant(identity.cooperative_id)


def _mail(settings: Settings, row: Notification) -> Mail:
    """The e-mail of a row. Raises MailRefused: what cannot be written stays so."""
    try:
        content = json.loads(cipher(settings).decrypt(row.content, _place(row.id)))
        subject, text = rendered(row.template, row.language, content["values"])
    except (crypto.Undecryptable, TemplateError, ValueError) as fault:
        # Of the fault only its kind: its text may repeat what the message says.
        name = type(fault).__name__
        _log.error("notification %s (%s) fails: %s", row.id, row.template, name)
        raise MailRefused(f"The message cannot be written: {name}.") from fault
    return Mail(id=row.id, recipient=content["recipient"], subject=subject, text=text)


def _postpone(database: Database, row: Notification, fault: str) -> None:
    if row.attempts >= domain.ATTEMPTS_MAX:
        return _give_up(database, row, fault)
    pause = timedelta(seconds=domain.pause_seconds(row.attempts))
    _log.warning("mail server: %s; %s waits", fault, row.id)
    with database.hub() as session:
        store.postpone(session, row.id, until=clock.now() + pause, fault=fault)
    return None


def _give_up(database: Database, row: Notification, fault: str) -> None:
    _log.warning("notification %s (%s) is given up", row.id, row.template)
    with database.hub() as session:
        store.mark_failed(session, row.id, fault)


def cipher(settings: Settings) -> crypto.FieldCipher:
    """What encrypts messages until they are forgotten."""
    return settings.cipher("members notifications")


def _place(message_id: str) -> bytes:
    return f"notifications.content:{message_id}".encode()
