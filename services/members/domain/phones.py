"""How telephone numbers are written so that equal ones are equal: E.164."""

from __future__ import annotations

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

REGION: Final = "ID"
MOBILE: Final = frozenset(
    {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def e164(text: str) -> str | None:
    """``0812-3456-7890`` as ``+6281234567890``; None when it can be no number.

    A number without a country code is Indonesian.
    """
    try:
        number = phonenumbers.parse(text, REGION)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def is_mobile(number: str) -> bool:
    """Whether an E.164 number is one that a mobile phone in Indonesia can have."""
    parsed = phonenumbers.parse(number)
    return (
        phonenumbers.is_valid_number_for_region(parsed, REGION)
        and phonenumbers.number_type(parsed) in MOBILE
    )
