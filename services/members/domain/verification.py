"""How long a verification code is good, and how often one may be tried or asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

EMAIL: Final = "email"
PHONE: Final = "phone"
CHANNELS: Final = (EMAIL, PHONE)

CODE_DIGITS: Final = 6
LIFETIME: Final = timedelta(minutes=10)
# Five guesses at a million codes: one in two hundred thousand.
ATTEMPTS_MAX: Final = 5
PAUSE: Final = timedelta(seconds=60)
PERIOD: Final = timedelta(days=1)
CODES_PER_PERIOD_MAX: Final = 5


def spelled(number: int) -> str:
    """A number below a million as the code that is sent."""
    return f"{number:0{CODE_DIGITS}d}"


def seconds_to_wait(sent_at: list[datetime], now: datetime) -> int:
    """How long until another code may be sent, given when the last ones were; or 0.

    ``sent_at`` holds the moments of the last `PERIOD`, newest first.
    """
    waits = [timedelta(0)]
    if sent_at:
        waits.append(sent_at[0] + PAUSE - now)
    if len(sent_at) >= CODES_PER_PERIOD_MAX:
        waits.append(sent_at[CODES_PER_PERIOD_MAX - 1] + PERIOD - now)
    longest = max(waits)
    return -(-longest // timedelta(seconds=1))


def may_be_tried(attempts: int, expires_at: datetime, now: datetime) -> bool:
    """Whether a code with so many wrong guesses is still good."""
    return attempts < ATTEMPTS_MAX and now < expires_at
