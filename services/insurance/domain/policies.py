"""Which states a policy goes through, and what moves it on."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

RESERVING: Final = "reserving"
RESERVED: Final = "reserved"
REFUSED: Final = "refused"
RELEASING: Final = "releasing"
ACTIVATING: Final = "activating"
ACTIVATION_REFUSED: Final = "activation_refused"
ACTIVE: Final = "active"
CANCELLING: Final = "cancelling"
CANCELLED: Final = "cancelled"
EXPIRED: Final = "expired"
CLAIMED: Final = "claimed"

LIVING: Final = (RESERVING, RESERVED, ACTIVATING, ACTIVATION_REFUSED, ACTIVE)
"""A loan has at most one policy in these states."""

RUNNING: Final = (RESERVED, ACTIVATING, ACTIVATION_REFUSED, ACTIVE, CANCELLING)
"""What keeps a cooperative from leaving (R17): cover, or premium that may go back."""

COVERED: Final = (ACTIVATING, ACTIVE)
"""Cover that can be claimed on or cancelled."""

CLAIMABLE: Final = (*COVERED, EXPIRED)
"""What happened while cover ran may still be claimed when it has run out."""

UNFINISHED: Final = (RESERVING, RELEASING, ACTIVATING, CANCELLING)
"""The sweep carries on with these."""

NEVER_COVERED: Final = "activation_refused"
"""Why a policy ended that the insurer would not let begin."""

LIFE: Final = "credit_life"
GUARANTEE: Final = "credit_guarantee"

RESERVATION_DAYS: Final = 30
"""How long a reservation waits for its loan before it is released by itself."""

HELD_SECONDS: Final = 60
"""How long whoever began something has to finish it before the sweep helps."""

_PAUSES: Final = (30, 120, 600, 3600)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many failures; the last pause goes on for ever."""
    return timedelta(seconds=_PAUSES[min(attempts, len(_PAUSES) - 1)])
