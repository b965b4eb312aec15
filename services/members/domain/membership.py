"""Who is a member, how members are numbered, and how much of a name others see."""

from __future__ import annotations

from typing import Final

CANDIDATE: Final = "candidate"
ACTIVE: Final = "active"


def may_hold_accounts(status: str) -> bool:
    """Only full members save: a candidate can register, no more (C13)."""
    return status == ACTIVE


def member_number(cooperative_code: str, sequence: int) -> str:
    """The membership number, such as ``0101-000001``; gap-free per cooperative."""
    return f"{cooperative_code}-{sequence:06d}"


def masked_name(name: str) -> str:
    """The first letter of each word, the rest as asterisks: ``B*** S******``.

    Enough for a payer to recognise the payee, too little to collect names.
    """
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())
