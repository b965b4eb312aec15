"""What the insurer is asked for, and money that comes because a loan has failed."""

from __future__ import annotations

from typing import Final

WAITING: Final = "waiting"
OPENED: Final = "opened"
REFUSED: Final = "refused"

DEATH: Final = "death"
DEFAULT: Final = "default"
FORCE_MAJEURE: Final = "force_majeure"

DECEASED: Final = "deceased"
"""How a member left for whose loans the insurer owes (R47)."""

APPLYING: Final = "applying"
DONE: Final = "done"

CLAIM: Final = "claim"
EXECUTION: Final = "execution"
