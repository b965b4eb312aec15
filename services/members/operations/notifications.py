"""Messages to people: written with what they tell of, sent after the commit."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.models import Notification
from services.shared import clock, crypto, identifiers
from services.shared.settings import Settings

EMAIL: Final = "email"
WHATSAPP: Final = "whatsapp"


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
            content=_cipher(settings).encrypt(content.encode(), _place(message_id)),
            status="waiting",
            attempts=0,
            created_at=now,
            due_at=now,
        )
    )
    session.flush()
    return message_id


def _cipher(settings: Settings) -> crypto.FieldCipher:
    return settings.cipher("members notifications")


def _place(message_id: str) -> bytes:
    return f"notifications.content:{message_id}".encode()
