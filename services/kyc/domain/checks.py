"""How a check is put together, judged, and through which states it goes (R32-R38, R43).

`requested` → `charged` → `checking` → `done`; or `refused` before anything was charged;
or, when the vendor failed, `refunding` → `failed`. A check whose NIK cannot be right is
done at once: nobody is asked, nothing is charged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.kyc.domain import bureau, income, names, vendors
from services.shared import identity_numbers

EKYC: Final = "ekyc"
SKORING: Final = "skoring"
FEATURES: Final = (EKYC, SKORING)

EKTP: Final = "ektp"
DUKCAPIL: Final = "dukcapil"
INCOME: Final = "income"
SLIK: Final = "slik"

REQUESTED: Final = "requested"
CHARGED: Final = "charged"
CHECKING: Final = "checking"
DONE: Final = "done"
REFUNDING: Final = "refunding"
FAILED: Final = "failed"
REFUSED: Final = "refused"
UNFINISHED: Final = (REQUESTED, CHARGED, CHECKING, REFUNDING)
FINISHED: Final = (DONE, FAILED, REFUSED)

PASSED: Final = "LOLOS"
REVIEW: Final = "TINJAU"
FAILED_RESULT: Final = "GAGAL"

FEE_KIND: Final = "ekyc_check"

PAUSES: Final = (5, 15, 60, 300, 900)
"""Seconds until somebody tries again, by how often it was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which score on a name or a face passes, and from which a person looks."""

    name_pass: int = 75
    name_review: int = 60
    face_pass: int = 75
    face_review: int = 60
    are_photos_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was checked; ``detail`` holds JSON primitives."""

    kind: str
    result: str
    score: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member as the cooperative knows it at the time of the check."""

    name: str
    nik: str
    birth_date: date
    gender: str | None
    has_ktp: bool


def shown_status(status: str) -> str:
    """The status as others see it: what is between the steps is `checking`."""
    return status if status in FINISHED else CHECKING


def pause(attempts: int) -> timedelta:
    """How long what was tried so often waits for the next time."""
    return timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])


def overall(parts: Iterable[Part]) -> str:
    """The worst result of all parts."""
    return _worst(part.result for part in parts)


def judged_ektp(person: Person, thresholds: Thresholds, today: date) -> Part:
    """Whether the NIK can be this person's, and whether the KTP was shown (R34)."""
    fault = identity_numbers.fault(
        person.nik, birth_date=person.birth_date, today=today, gender=person.gender
    )
    if fault is not None:
        return Part(
            kind=EKTP,
            result=FAILED_RESULT,
            score=0,
            detail={"reason": "nik_impossible"},
        )
    if thresholds.are_photos_required and not person.has_ktp:
        return Part(
            kind=EKTP, result=REVIEW, score=None, detail={"reason": "ktp_missing"}
        )
    return Part(
        kind=EKTP, result=PASSED, score=100, detail={"has_photo": person.has_ktp}
    )


def judged_dukcapil(answer: vendors.Answer, thresholds: Thresholds) -> Part:
    """What the population register and the face say (R34, R43).

    The name and the face are held against the cooperative's thresholds; another birth
    date is another person; whatever else differs a person looks at. The score is the
    lowest of those told.
    """
    detail: dict[str, Any] = {
        "vendor": answer.vendor,
        "vendor_ref": answer.vendor_ref,
        "checked_at": answer.checked_at.isoformat(),
        "is_nik_found": answer.is_nik_found,
    }
    if not answer.is_nik_found:
        return Part(
            kind=DUKCAPIL,
            result=FAILED_RESULT,
            score=0,
            detail=detail | {"reason": "nik_not_found"},
        )
    name_score = _name_score(answer)
    findings = [
        (_banded(name_score, thresholds.name_pass, thresholds.name_review), "name"),
        (_birth_date_result(answer), "birth_date"),
        (_face_result(answer, thresholds), "face"),
        *(
            (REVIEW, name)
            for name, one in sorted(answer.fields.items())
            if name not in {"name", "birth_date"} and not one.is_match
        ),
    ]
    detail |= {
        "fields": {name: one.is_match for name, one in answer.fields.items()},
        "name_score": name_score,
        "name_pass": thresholds.name_pass,
        "name_review": thresholds.name_review,
        "face_score": answer.face_score,
        "face_pass": thresholds.face_pass,
        "face_review": thresholds.face_review,
    }
    result = _worst(one for one, _ in findings)
    if result != PASSED:
        detail["reason"] = ", ".join(
            f"{what}_{'mismatch' if one == FAILED_RESULT else 'unclear'}"
            for one, what in findings
            if one != PASSED
        )
    scores = [name_score, answer.face_score]
    return Part(
        kind=DUKCAPIL,
        result=result,
        score=min((one for one in scores if one is not None), default=None),
        detail=detail,
    )


def judged_income(
    person: Person,
    statement: income.Statement | None,
    source: str,
    thresholds: Thresholds,
    today: date,
) -> Part:
    """Whether BPJSTK speaks for the income (R34); without it a person has to.

    Most members of a cooperative earn without an employer: no statement is no fault.
    """
    if statement is None:
        return Part(
            kind=INCOME, result=REVIEW, score=None, detail={"reason": "no_statement"}
        )
    likeness = names.similarity(names.folded(person.name), names.folded(statement.name))
    reason = None
    if likeness < thresholds.name_pass:
        reason = "name_unclear"
    elif not statement.is_active:
        reason = "not_insured_now"
    elif not income.is_fresh(statement.month, today):
        reason = "statement_old"
    detail: dict[str, Any] = {
        "source": source,
        "monthly_income": statement.wage,
        "is_capped": statement.is_capped,
        "as_of": statement.month.isoformat(),
        "name_score": likeness,
    }
    return Part(
        kind=INCOME,
        result=PASSED if reason is None else REVIEW,
        score=likeness,
        detail=detail if reason is None else detail | {"reason": reason},
    )


def judged_slik(summary: bureau.Summary | None, today: date) -> Part:
    """What the credit bureau says (R38): a bad history is looked at, never decided."""
    if summary is None:
        return Part(
            kind=SLIK, result=REVIEW, score=None, detail={"reason": "no_report"}
        )
    reason = None
    if summary.worst_quality > bureau.PASSING_QUALITY_MAX:
        reason = "quality"
    elif today - summary.report_date > timedelta(days=bureau.DAYS_FRESH):
        reason = "report_old"
    detail: dict[str, Any] = {
        "report_date": summary.report_date.isoformat(),
        "worst_quality": summary.worst_quality,
        "outstanding": summary.outstanding,
        "facilities": summary.facilities,
        "days_in_arrears": summary.days_in_arrears,
    }
    return Part(
        kind=SLIK,
        result=PASSED if reason is None else REVIEW,
        score=summary.score,
        detail=detail if reason is None else detail | {"reason": reason},
    )


def is_reviewable(status: str, assessed: str | None, reviewed_by: str | None) -> bool:
    """Whether a person may decide about a check: once, and only what is unclear."""
    return status == DONE and assessed == REVIEW and reviewed_by is None


def is_due(due_at: datetime | None, now: datetime) -> bool:
    """Whether nobody works on a check at present."""
    return due_at is not None and due_at <= now


def _name_score(answer: vendors.Answer) -> int:
    told = answer.fields["name"]
    if told.score is not None:
        return told.score
    return vendors.SCORE_MAX if told.is_match else 0


def _banded(score: int, passing: int, reviewing: int) -> str:
    if score >= passing:
        return PASSED
    return REVIEW if score >= reviewing else FAILED_RESULT


def _birth_date_result(answer: vendors.Answer) -> str:
    return PASSED if answer.fields["birth_date"].is_match else FAILED_RESULT


def _face_result(answer: vendors.Answer, thresholds: Thresholds) -> str:
    if answer.face_score is not None:
        return _banded(answer.face_score, thresholds.face_pass, thresholds.face_review)
    # Nobody compared the faces: the vendor does not, or a photo is missing.
    return REVIEW if thresholds.are_photos_required else PASSED


def _worst(results: Iterable[str]) -> str:
    found = set(results)
    for result in (FAILED_RESULT, REVIEW):
        if result in found:
            return result
    return PASSED
