"""What a vendor of identity checks is asked and answers: one neutral contract.

Whoever speaks with a vendor (`adapters/`) turns its words into these; nothing above
knows which vendor it is (domain.md, topic 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from services.kyc.domain.income import Statement

SCORE_MAX: Final = 100

# Why a vendor did not do what it was asked for; each gives the fee back.
TIMED_OUT: Final = "vendor_timeout"
AWAY: Final = "vendor_away"
REFUSED: Final = "vendor_refused"
UNREADABLE: Final = "vendor_answer_unreadable"
CONTRADICTORY: Final = "vendor_answer_contradictory"


class VendorFailed(Exception):
    """The vendor gave no answer that can be believed; ``code`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class VendorAway(VendorFailed):
    """The vendor did not answer, or said that it cannot now: asking again may help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the person agreed to, and when."""

    at: datetime
    text_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A person as the cooperative knows it, asked about once per ``request_id``.

    The photos are base64 of a JPEG or PNG; nothing of this is ever logged.
    """

    request_id: str
    nik: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: date = field(repr=False)
    birth_place: str | None = field(default=None, repr=False)
    gender: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    selfie_b64: str | None = field(default=None, repr=False)
    ktp_b64: str | None = field(default=None, repr=False)
    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMatch:
    """Whether a field is as Dukcapil has it; a score, 0 to 100, where one is told."""

    is_match: bool
    score: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a vendor found; ``fields`` by the names of `Question`.

    ``face_score`` is null where no photos were compared.
    """

    vendor: str
    vendor_ref: str
    checked_at: datetime
    is_nik_found: bool
    fields: Mapping[str, FieldMatch]
    face_score: int | None

    @property
    def kept(self) -> dict[str, Any]:
        """The answer as JSON primitives: nothing in it names the person."""
        return {
            "vendor": self.vendor,
            "vendor_ref": self.vendor_ref,
            "checked_at": self.checked_at.isoformat(),
            "is_nik_found": self.is_nik_found,
            "fields": {
                name: {"is_match": one.is_match, "score": one.score}
                for name, one in self.fields.items()
            },
            "face_score": self.face_score,
        }

    @classmethod
    def of_kept(cls, kept: Mapping[str, Any]) -> Answer:
        """The answer again."""
        return cls(
            vendor=kept["vendor"],
            vendor_ref=kept["vendor_ref"],
            checked_at=datetime.fromisoformat(kept["checked_at"]),
            is_nik_found=kept["is_nik_found"],
            fields={
                name: FieldMatch(is_match=one["is_match"], score=one["score"])
                for name, one in kept["fields"].items()
            },
            face_score=kept["face_score"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeAnswer:
    """What BPJSTK knows of a person's wage; no statement if it does not know it."""

    vendor: str
    vendor_ref: str
    statement: Statement | None
