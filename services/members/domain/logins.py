"""What people sign in with: an e-mail address or a phone number, written one way."""

from __future__ import annotations

from services.members.domain import phones


def normalised(login: str) -> str:
    """``login`` as it is looked up: small letters, or E.164.

    What is neither is returned without surrounding blanks: nobody has it, and whoever
    tries it is to notice no difference.
    """
    text = login.strip()
    if "@" in text:
        return email(text)
    return phones.e164(text) or text


def email(address: str) -> str:
    """An address as it is compared.

    The part before the @ could be case-sensitive by RFC 5321; nobody's is.
    """
    return address.strip().casefold()
