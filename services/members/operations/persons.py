"""What is told about a person: written in one way, possible, and not too young."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import membership, phones
from services.members.domain.forms import Form
from services.members.operations import personal_data
from services.shared import clock, identity_numbers
from services.shared.contracts import members as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.errors import RefusedError
from services.shared.settings import Settings

TOLD: Final = tuple(contract.MemberBody().fields.keys() - {"name"})
"""What may be told about a person beside the name."""


def told(command: dict[str, Any]) -> dict[str, Any]:
    """What a command tells, as JSON primitives, with the phone number in E.164.

    Null stays null. Raises InvalidPhone.
    """
    given: dict[str, Any] = contract.MemberBody(only=TOLD).dump(command)
    if given.get("phone") is not None:
        given["phone"] = phone(given["phone"])
    return given


def phone(number: str) -> str:
    """The number in E.164. Raises InvalidPhone for what is no mobile number."""
    written = phones.e164(number)
    if written is None or not phones.is_mobile(written):
        raise _refusal(
            membership_contract.InvalidPhone,
            "phone",
            "The phone number is not a mobile number of Indonesia.",
        )
    return written


def check(form: Form, data: dict[str, Any]) -> None:
    """Whether the data are possible and the person old enough for the cooperative.

    Raises InvalidNik and TooYoung.
    """
    today = clock.business_date()
    born = data.get("birth_date")
    birth_date = date.fromisoformat(born) if born else None
    number = data.get("nik")
    if number is not None:
        fault = identity_numbers.fault(
            number, birth_date=birth_date, today=today, gender=data.get("gender")
        )
        if fault is not None:
            raise _refusal(contract.InvalidNik, "nik", fault)
    if birth_date is not None and birth_date > today:
        raise _refusal(
            membership_contract.TooYoung, "birth_date", "This day is still to come."
        )
    possible = identity_numbers.birth_dates(number, today) if number else []
    _check_age(form, data, [birth_date] if birth_date else possible)


def hashes(
    session: Session, settings: Settings, data: dict[str, Any]
) -> dict[str, bytes | None]:
    """What the person can be found by, without keeping it readable."""
    number, written = data.get("nik"), data.get("phone")
    return {
        "nik_hash": personal_data.nik_hash(session, settings, number)
        if number
        else None,
        "phone_hash": personal_data.phone_hash(session, settings, written)
        if written
        else None,
    }


def _check_age(form: Form, data: dict[str, Any], possible: list[date]) -> None:
    """Refuse who is too young by every birth date that is possible.

    Who is married counts as grown up (topic 5 of the domain notes).
    """
    if not possible or data.get("is_married"):
        return
    oldest = membership.age(min(possible), clock.business_date())
    if oldest < form.minimum_age:
        sentence = f"A member is at least {form.minimum_age} years old, or married."
        raise _refusal(membership_contract.TooYoung, "birth_date", sentence)


def _refusal(kind: type[RefusedError], field: str, sentence: str) -> RefusedError:
    error = {"field": field, "code": kind.code, "detail": sentence}
    return kind(sentence, {"errors": [error]})
