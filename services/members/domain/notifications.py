"""What a message to a person is, and how often its delivery is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EMAIL: Final = "email"
WHATSAPP: Final = "whatsapp"
CHANNELS: Final = (EMAIL, WHATSAPP)

WAITING: Final = "waiting"
SENT: Final = "sent"
FAILED: Final = "failed"
STATUSES: Final = (WAITING, SENT, FAILED)

FIRST_PAUSE_SECONDS: Final = 15
PAUSE_SECONDS_MAX: Final = 3600
ATTEMPTS_MAX: Final = 24
"""With these pauses a mail server may be away for most of a day."""

KEPT_DAYS: Final = 90
"""How long a message that was sent, or given up, is still listed."""


class MailRefused(Exception):
    """The mail server will never take this message, however often it is asked."""


class MailPostponed(Exception):
    """The mail server wants to be asked about this message again later."""


class MailServerAway(Exception):
    """The mail server could not be asked; no message would fare better now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail as its recipient gets it; ``id`` is the same at every attempt."""

    id: str
    recipient: str
    subject: str
    text: str


def pause_seconds(attempts: int) -> int:
    """How long to wait after this many attempts: 15, 30, 60 … at most an hour."""
    grown = FIRST_PAUSE_SECONDS << min(max(attempts - 1, 0), 20)
    return min(grown, PAUSE_SECONDS_MAX)


def split_subject(rendered: str) -> tuple[str, str]:
    """Subject and text of a template's outcome, whose first line names the subject.

    Raises ValueError when it does not. A subject is one line, whatever was put into
    it: a name with a line break must not become a header of its own.
    """
    first, _, text = rendered.partition("\n")
    label, colon, subject = first.partition(":")
    if label != "Subject" or not colon or not subject.strip():
        message = "The first line of a template must be its subject."
        raise ValueError(message)
    return " ".join(subject.split()), text.lstrip("\n")
