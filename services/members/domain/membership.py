"""Who is a member, how members are numbered, and how much of them others see."""

from __future__ import annotations

from datetime import date
from typing import Final

CANDIDATE: Final = "candidate"
ACTIVE: Final = "active"
REFUSED: Final = "refused"
RESIGNED: Final = "resigned"
EXPELLED: Final = "expelled"
DECEASED: Final = "deceased"

LEFT: Final = frozenset({RESIGNED, EXPELLED, DECEASED})

# Of whom a cooperative may still need an address: who left is left alone.
CHANGEABLE: Final = frozenset({CANDIDATE, ACTIVE})


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


def age(birth_date: date, today: date) -> int:
    """Whole years on ``today``; who was born on 29 February has it on 1 March."""
    is_before_birthday = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - is_before_birthday


def masked_phone(phone: str) -> str:
    """The country, the operator and the last digits: ``+62812••••7890``."""
    return f"{phone[:6]}{'•' * 4}{phone[-4:]}"


def masked_email(email: str) -> str:
    """The first letter and the provider: ``b•••@contoh.id``."""
    local, _, host = email.partition("@")
    return f"{local[:1]}•••@{host}"
