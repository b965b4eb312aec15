"""Speaks with any vendor that takes and gives JSON, as a map of its words tells.

The map is the setting `HUB_KYC_REST_MAP`:

    {"headers": {"Authorization": "Bearer {key}", "X-Client": "{app_id}"},
     "identity": {
        "path": "/v2/dukcapil",
        "request": {"id_number": "nik", "full_name": "name", "dob": "birth_date",
                    "photo.selfie": "selfie_b64", "trx": "request_id"},
        "answer": {"found": "data.found", "reference": "data.id", "nik": "data.nik",
                   "name": "data.score.name", "birth_date": "data.match.dob",
                   "face": "data.score.face"},
        "score_max": 100},
     "income": {"path": …, "request": {…},
                "answer": {"found": …, "reference": …, "statement": "data.wage"}}}

`request` names the vendor's field for each of ours, `answer` where ours is found in the
vendor's answer; dots go down into objects. A match is true or false, or a score up to
`score_max`. `found`, `reference`, `name` and `birth_date` have to be mapped; without
`income` the vendor knows no wages, and a statement has the shape of topic 5.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.kyc.adapters import answers
from services.kyc.adapters.json_http import JsonClient
from services.kyc.domain.vendors import (
    REFUSED,
    SCORE_MAX,
    UNREADABLE,
    Answer,
    FieldMatch,
    IncomeAnswer,
    Question,
    VendorFailed,
)
from services.shared import clock

NAME: Final = "rest"
IDENTITY_SECONDS: Final = 5.0
INCOME_SECONDS: Final = 3.0
ASKED: Final = frozenset(
    {
        "request_id",
        "nik",
        "name",
        "birth_date",
        "birth_place",
        "gender",
        "address",
        "selfie_b64",
        "ktp_b64",
        "consent_at",
        "consent_text_version",
    }
)
MATCHED: Final = ("name", "birth_date", "birth_place", "gender", "address")
MATCHING_SCORE: Final = 75
NEEDED: Final = {
    "identity": {"found", "reference", "name", "birth_date"},
    "income": {"found", "reference", "statement"},
}
KNOWN: Final = {
    "identity": NEEDED["identity"] | {"nik", "request_id", "face", *MATCHED},
    "income": NEEDED["income"] | {"nik", "request_id"},
}


class InvalidMap(Exception):
    """The map of a vendor's words is not one; says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """One request of the vendor, in its words."""

    path: str
    request: Mapping[str, str]
    answer: Mapping[str, str]
    score_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything that the hub says to the vendor, in its words."""

    headers: Mapping[str, str]
    identity: Mapped
    income: Mapped | None


class RestVendor:
    """A vendor by its map."""

    name = NAME

    def __init__(
        self, client: JsonClient, words: Words, *, app_id: str, key: str
    ) -> None:
        self._client = client
        self._words = words
        self._headers = {
            name: template.replace("{key}", key).replace("{app_id}", app_id)
            for name, template in words.headers.items()
        }

    @property
    def is_away(self) -> bool:
        """Whether the vendor is not asked for a while."""
        return self._client.is_away

    def verify_identity(self, asked: Question) -> Answer:
        """The vendor's word on a person."""
        mapped = self._words.identity
        told = self._ask(mapped, asked, IDENTITY_SECONDS)
        is_found = _flag(_at(told, mapped.answer["found"]))
        return Answer(
            vendor=NAME,
            vendor_ref=answers.reference(_at(told, mapped.answer["reference"])),
            checked_at=clock.now(),
            is_nik_found=is_found,
            fields=_fields(mapped, told) if is_found else {},
            face_score=_face(mapped, told) if is_found else None,
        )

    def read_income(self, asked: Question) -> IncomeAnswer:
        """The vendor's word on a wage, if it knows any."""
        mapped = self._words.income
        if mapped is None:
            return IncomeAnswer(
                vendor=NAME, vendor_ref=asked.request_id, statement=None
            )
        told = self._ask(mapped, asked, INCOME_SECONDS)
        is_found = _flag(_at(told, mapped.answer["found"]))
        found = _at(told, mapped.answer["statement"]) if is_found else None
        return IncomeAnswer(
            vendor=NAME,
            vendor_ref=answers.reference(_at(told, mapped.answer["reference"])),
            statement=answers.statement(found) if is_found else None,
        )

    def _ask(self, mapped: Mapped, asked: Question, seconds: float) -> Any:
        reply = self._client.post(
            mapped.path,
            _request(mapped, asked),
            self._headers,
            ends_at=time.monotonic() + seconds,
        )
        if not reply.is_success:
            raise VendorFailed(REFUSED, f"The vendor refused with {reply.status}.")
        said = {
            name: _at(reply.body, mapped.answer[name])
            if name in mapped.answer
            else None
            for name in ("nik", "request_id")
        }
        answers.check_about(asked, **said)
        return reply.body


def words_of(given: Mapping[str, Any]) -> Words:
    """The map as it is used. Raises InvalidMap."""
    if set(given) - {"headers", "identity", "income"} or "identity" not in given:
        raise InvalidMap("The map has headers, identity and, if known, income.")
    income = given.get("income")
    return Words(
        headers=_texts(given.get("headers", {}), "headers"),
        identity=_mapped(given["identity"], "identity"),
        income=None if income is None else _mapped(income, "income"),
    )


def _mapped(given: object, kind: str) -> Mapped:
    if not isinstance(given, Mapping) or not isinstance(given.get("path"), str):
        raise InvalidMap(f"{kind} has a path, a request and an answer.")
    request = _texts(given.get("request"), f"{kind}.request")
    answer = _texts(given.get("answer"), f"{kind}.answer")
    if set(request.values()) - ASKED:
        raise InvalidMap(f"{kind}.request names of ours: {', '.join(sorted(ASKED))}.")
    if set(answer) - KNOWN[kind] or NEEDED[kind] - set(answer):
        raise InvalidMap(f"{kind}.answer needs {', '.join(sorted(NEEDED[kind]))}.")
    highest = given.get("score_max", SCORE_MAX)
    if type(highest) is not int or highest < 1:
        raise InvalidMap(f"{kind}.score_max is a whole number.")
    return Mapped(path=given["path"], request=request, answer=answer, score_max=highest)


def _texts(given: object, name: str) -> Mapping[str, str]:
    if not isinstance(given, Mapping) or not all(
        isinstance(one, str) for pair in given.items() for one in pair
    ):
        raise InvalidMap(f"{name} is an object of texts.")
    return dict(given)


def _request(mapped: Mapped, asked: Question) -> dict[str, Any]:
    ours = {
        "birth_date": asked.birth_date.isoformat(),
        "consent_at": asked.consent.at.isoformat(),
        "consent_text_version": asked.consent.text_version,
    }
    made: dict[str, Any] = {}
    for theirs, name in mapped.request.items():
        value = ours[name] if name in ours else getattr(asked, name)
        if value is None:
            continue
        *folders, last = theirs.split(".")
        into = made
        for folder in folders:
            into = into.setdefault(folder, {})
        into[last] = value
    return made


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise VendorFailed(UNREADABLE, "The vendor's answer decides nothing.")
    return value


def _fields(mapped: Mapped, told: Any) -> dict[str, FieldMatch]:
    fields = {}
    for name in MATCHED:
        if name not in mapped.answer:
            continue
        value = _at(told, mapped.answer[name])
        if value is None and name not in NEEDED["identity"]:
            # The vendor did not compare what it was not told.
            continue
        if isinstance(value, bool):
            fields[name] = FieldMatch(is_match=value)
            continue
        score = answers.score(value, highest=mapped.score_max)
        # A birth date is the same or another one; an address is spelled in many ways.
        least = SCORE_MAX if name == "birth_date" else MATCHING_SCORE
        fields[name] = FieldMatch(is_match=score >= least, score=score)
    return fields


def _face(mapped: Mapped, told: Any) -> int | None:
    value = _at(told, mapped.answer["face"]) if "face" in mapped.answer else None
    return None if value is None else answers.score(value, highest=mapped.score_max)
