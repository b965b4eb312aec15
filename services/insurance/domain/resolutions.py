"""How a person may end what insurer and cooperative do not agree on."""

from __future__ import annotations

from typing import Final

ACCEPT_AMOUNT: Final = "accept_amount"
ACCEPT_REJECTION: Final = "accept_rejection"
END_POLICY: Final = "end_policy"

PROPOSED: Final = "proposed"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"


def is_within(amount: int | None, claimed: int | None) -> bool:
    """Whether so much may be agreed on; no amount is agreed on in a rejection."""
    return amount is None or 0 < amount <= (claimed or 0)
