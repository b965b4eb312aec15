"""Who a member is, as the register of members tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from services.kyc.domain.checks import Person
from services.kyc.domain.peers import Members
from services.kyc.domain.vendors import Consent, Question
from services.shared.contracts.kyc import checks as contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A member whose NIK and birth date are known."""

    told: dict[str, Any]

    @property
    def person(self) -> Person:
        """What a check judges."""
        return Person(
            name=self.told["name"],
            nik=self.told["nik"],
            birth_date=date.fromisoformat(self.told["birth_date"]),
            gender=self.told["gender"],
            has_ktp=self.told["ktp_b64"] is not None,
        )

    def question(self, request_id: str, consent: Consent) -> Question:
        """What a vendor is asked."""
        told = self.told
        return Question(
            request_id=request_id,
            nik=told["nik"],
            name=told["name"],
            birth_date=date.fromisoformat(told["birth_date"]),
            birth_place=told["birth_place"],
            gender=told["gender"],
            address=told["address"],
            selfie_b64=told["selfie_b64"],
            ktp_b64=told["ktp_b64"],
            consent=consent,
        )


def identity_of(
    members: Members, member_id: str, *, with_photos: bool = False
) -> Identity:
    """The member. Raises NotFound, IdentityIncomplete."""
    told = members.get_identity({"member_id": member_id, "with_photos": with_photos})
    if told["nik"] is None or told["birth_date"] is None:
        raise contract.IdentityIncomplete
    return Identity(told=told)
