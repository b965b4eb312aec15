"""Speaks with a vendor whose API has the shape of Verihubs' (domain.md, topic 5).

| request | asks |
|---|---|
| `POST /data-verification/certificate-electronic/verify` | Dukcapil: NIK and fields |
| `POST /v1/face/compare` | whether two photos show one person |
| `POST /data-verification/bpjstk/income` | what BPJSTK knows of a wage |

Headers `App-ID` and `API-Key`. A NIK that nobody has is answered with 404 and an
`error_code`; a field that differs is named in `reject_field`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from services.kyc.adapters import answers
from services.kyc.adapters.json_http import JsonClient, Reply
from services.kyc.domain.vendors import (
    CONTRADICTORY,
    REFUSED,
    UNREADABLE,
    Answer,
    FieldMatch,
    IncomeAnswer,
    Question,
    VendorFailed,
)
from services.shared import clock

NAME: Final = "verihubs"
VERIFY: Final = "/data-verification/certificate-electronic/verify"
COMPARE: Final = "/v1/face/compare"
INCOME: Final = "/data-verification/bpjstk/income"

IDENTITY_SECONDS: Final = 5.0
INCOME_SECONDS: Final = 3.0
"""Both together are shorter than a call between services may take."""

NIK_NOT_FOUND: Final = "NIK_NOT_FOUND"
NOT_REGISTERED: Final = "NOT_REGISTERED"
FIELDS: Final = ("birth_place", "gender", "address")
_NOT_FOUND: Final = 404


class Verihubs:
    """The hub's application at the vendor."""

    name = NAME

    def __init__(self, client: JsonClient, *, app_id: str, key: str) -> None:
        self._client = client
        self._headers = {"App-ID": app_id, "API-Key": key}

    @property
    def is_away(self) -> bool:
        """Whether the vendor is not asked for a while."""
        return self._client.is_away

    def verify_identity(self, asked: Question) -> Answer:
        """Dukcapil's word on a person, and the face if there are both photos."""
        ends_at = time.monotonic() + IDENTITY_SECONDS
        reply = self._post(VERIFY, _person(asked), ends_at)
        if _is(reply, NIK_NOT_FOUND):
            answers.check_about(
                asked,
                nik=reply.body.get("nik"),
                request_id=reply.body.get("reference_id"),
            )
            return _answer(reply.body.get("id", asked.request_id), found=False)
        data = _data(reply)
        answers.check_about(
            asked, nik=data.get("nik"), request_id=data.get("reference_id")
        )
        fields = _fields(asked, data)
        face = self._compare(asked, ends_at)
        return _answer(data.get("id"), found=True, fields=fields, face_score=face)

    def read_income(self, asked: Question) -> IncomeAnswer:
        """BPJSTK's word on a wage."""
        ends_at = time.monotonic() + INCOME_SECONDS
        reply = self._post(INCOME, _person(asked), ends_at)
        if _is(reply, NOT_REGISTERED):
            return IncomeAnswer(
                vendor=NAME,
                vendor_ref=answers.reference(reply.body.get("id", asked.request_id)),
                statement=None,
            )
        data = _data(reply)
        answers.check_about(
            asked, nik=data.get("nik"), request_id=data.get("reference_id")
        )
        return IncomeAnswer(
            vendor=NAME,
            vendor_ref=answers.reference(data.get("id")),
            statement=answers.statement(data.get("kepesertaan")),
        )

    def _compare(self, asked: Question, ends_at: float) -> int | None:
        if asked.selfie_b64 is None or asked.ktp_b64 is None:
            return None
        reply = self._post(
            COMPARE,
            {
                "image_1": asked.selfie_b64,
                "image_2": asked.ktp_b64,
                "is_quality": True,
                "reference_id": asked.request_id,
            },
            ends_at,
        )
        data = _data(reply)
        answers.check_about(asked, nik=None, request_id=data.get("reference_id"))
        return answers.score(data.get("similarity"))

    def _post(self, path: str, content: Mapping[str, Any], ends_at: float) -> Reply:
        return self._client.post(path, content, self._headers, ends_at=ends_at)


def _person(asked: Question) -> dict[str, Any]:
    told = {
        "nik": asked.nik,
        "name": asked.name,
        "birth_date": f"{asked.birth_date:%d-%m-%Y}",
        "birth_place": asked.birth_place,
        "gender": asked.gender,
        "address": asked.address,
        "reference_id": asked.request_id,
        "consent": {
            "at": asked.consent.at.isoformat(),
            "text_version": asked.consent.text_version,
        },
    }
    return {name: value for name, value in told.items() if value is not None}


def _is(reply: Reply, error_code: str) -> bool:
    return (
        reply.status == _NOT_FOUND
        and isinstance(reply.body, Mapping)
        and reply.body.get("error_code") == error_code
    )


def _data(reply: Reply) -> Mapping[str, Any]:
    if not reply.is_success:
        raise VendorFailed(REFUSED, f"The vendor refused with {reply.status}.")
    return answers.part(reply.body, "data")


def _fields(asked: Question, data: Mapping[str, Any]) -> dict[str, FieldMatch]:
    rejected = data.get("reject_field")
    if data.get("status") not in {"verified", "not_verified"} or not isinstance(
        rejected, list
    ):
        raise VendorFailed(UNREADABLE, "The vendor's answer decides nothing.")
    if (data["status"] == "not_verified") != bool(rejected):
        raise VendorFailed(CONTRADICTORY, "The vendor's answer denies itself.")
    told = [name for name in FIELDS if getattr(asked, name) is not None]
    fields = {
        name: FieldMatch(is_match=name not in rejected)
        for name in ("name", "birth_date", *told)
    }
    similarity = data.get("name_similarity")
    if similarity is not None:
        fields["name"] = FieldMatch(
            is_match=fields["name"].is_match, score=answers.score(similarity)
        )
    return fields


def _answer(
    number: object,
    *,
    found: bool,
    fields: Mapping[str, FieldMatch] | None = None,
    face_score: int | None = None,
) -> Answer:
    return Answer(
        vendor=NAME,
        vendor_ref=answers.reference(number),
        checked_at=clock.now(),
        is_nik_found=found,
        fields=fields or {},
        face_score=face_score,
    )
