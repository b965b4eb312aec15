"""Which states a cooperative's own registration passes, and how long its link lives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

AWAITING: Final = "awaiting_activation"
ACTIVATED: Final = "activated"
SUBMITTED: Final = "submitted"
REFUSED: Final = "refused"
APPROVED: Final = "approved"
STATES: Final = (AWAITING, ACTIVATED, SUBMITTED, REFUSED, APPROVED)

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    AWAITING: frozenset({ACTIVATED}),
    ACTIVATED: frozenset({SUBMITTED}),
    SUBMITTED: frozenset({APPROVED, REFUSED}),
    # What was refused is corrected and submitted again.
    REFUSED: frozenset({SUBMITTED}),
    APPROVED: frozenset(),
}
"""Which state may follow which."""

TERMS_VERSION: Final = "2026-11-01"
"""The terms and conditions in force, by the day they were published (R6)."""

LINK_LIFE: Final = timedelta(hours=24)
"""How long an activation link is good."""

MAIL_PAUSE: Final = timedelta(seconds=60)
"""How long one e-mail address waits between two activation mails."""

MAILS_PER_DAY_MAX: Final = 5

UNFINISHED_LIFE: Final = timedelta(days=30)
"""How long a registration that nobody activates is kept."""


def may_follow(state: str, following: str) -> bool:
    """Whether a registration may go from ``state`` to ``following``."""
    return following in TRANSITIONS[state]


def may_mail(sent: list[datetime], now: datetime) -> bool:
    """Whether an address may be sent an activation mail, given those of the last day.

    Strangers can ask for mails to any address, so the address is what is limited.
    """
    if len(sent) >= MAILS_PER_DAY_MAX:
        return False
    return not sent or now - max(sent) >= MAIL_PAUSE


def seconds_to_wait(sent: list[datetime], now: datetime) -> int:
    """For how many seconds an address that may not be mailed now has to wait."""
    if len(sent) >= MAILS_PER_DAY_MAX:
        free_at = sorted(sent)[-MAILS_PER_DAY_MAX] + timedelta(days=1)
    else:
        free_at = max(sent) + MAIL_PAUSE
    return max(1, math.ceil((free_at - now).total_seconds()))


def code_of(number: int) -> str:
    """The number of a cooperative as its code of four digits."""
    return f"{number:04d}"
