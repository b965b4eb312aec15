"""Verification: checklist, 5C, visits, trainings, and how it ends (R122, R140).

| entrypoint | rule | command | result |
|---|---|---|---|
| `put_checklist` | products:write | `PutChecklist` | `Checklist` |
| `get_checklist` | products:read | `ChecklistCommand` | `Checklist` |
| `get_verification` | applications:read | `ApplicationCommand` | `Verification` |
| `tick_checklist` | applications:write | `TickChecklist` | `Verification` |
| `assess_five_c` | applications:write | `AssessFiveC` | `Verification` |
| `record_field_visit` | applications:write | `RecordFieldVisit` | `FieldVisit` |
| `record_training` | members:write, applications:write | `RecordTraining` | it |
| `list_trainings` | members:read, applications:read | `ListTrainings` | a page |
| `finish_verification` | applications:write | `FinishVerification` | application |
| `reject_application` | applications:write | `RejectApplication` | application |

Only the analyst who has taken an application from the queue works on it.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import CoordinateField, FlagField, UtcField, text
from services.shared.contracts.loans import ApplicationCommand, Command, identifier
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

ITEMS_MAX: Final = 50
FIVE_C: Final = ("character", "capacity", "capital", "collateral", "condition")
VISIT_KINDS: Final = ("visit", "interview")
OUTCOMES: Final = ("passed", "rejected")

USUAL_ITEMS: Final = (
    {
        "code": "application_form",
        "label": "Formulir aplikasi lengkap dan ditandatangani",
        "is_required": True,
    },
    {
        "code": "identity",
        "label": "KTP dan KK sesuai dengan data anggota",
        "is_required": True,
    },
    {
        "code": "income",
        "label": "Slip gaji atau catatan kas usaha diperiksa",
        "is_required": True,
    },
    {
        "code": "membership",
        "label": "Simpanan pokok dan wajib tercatat lunas",
        "is_required": True,
    },
    {
        "code": "obligations",
        "label": "Kewajiban di tempat lain dan riwayat kredit diperiksa",
        "is_required": True,
    },
    {
        "code": "purpose",
        "label": "Tujuan pinjaman dan kelayakan usaha diperiksa",
        "is_required": True,
    },
)
"""What is ticked off where a product has no list of its own (R126)."""

MISSING: Final = {
    "checklist": "The checklist is not ticked off.",
    "five_c": "The 5C are not all scored.",
    "identity_check": "The identity check has not been passed.",
    "visit": "The field visit is not recorded.",
    "interview": "The interview is not recorded.",
    "cover": "The collateral is worth less than this loan asks for.",
    "limits": "The limits have not been assessed.",
    "service_ratio": "Instalments would take more of the income than is allowed.",
    "turnover": "The loan is more than the business can carry.",
    "related_limit": "The limit of loans to a related party is exceeded.",
    "other_limit": "The limit of loans to one borrower is exceeded.",
    "own_capital": "The cooperative has no capital of its own.",
    "pengurus_consent": "The pengurus have not agreed to lend to a related party.",
    "pengawas_consent": "The pengawas have not agreed to lend to a related party.",
    "training": "The training before a loan was not attended.",
    "binding": "The collateral is not bound.",
}
"""What may stand in the way of a decision or a payout, by code."""


class VerificationIncomplete(RefusedError):
    """Something is missing before the application can be decided on; see `errors`."""

    code = "verification_incomplete"


class NotYourApplication(ConflictError):
    """Another analyst has taken this application from the queue."""

    code = "not_your_application"


class UnknownItem(RefusedError):
    """The checklist of this loan has no such item."""

    code = "unknown_item"


class DateInTheFuture(RefusedError):
    """What happened cannot be dated in the future."""

    code = "date_in_the_future"


class ChecklistItem(Schema):
    """One thing to look at."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z0-9_]{0,39}\Z",
            error="Must be small letters, digits and _, a letter first.",
        ),
        metadata={"example": "identity"},
    )
    label = text(
        longest=200, required=True, metadata={"example": "KTP sesuai data anggota"}
    )
    is_required = FlagField(load_default=True)


class ChecklistBody(Schema):
    """The whole list of a product."""

    items = fields.List(
        fields.Nested(ChecklistItem),
        required=True,
        validate=validate.Length(min=1, max=ITEMS_MAX),
    )

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_: Any) -> None:
        codes = [one["code"] for one in data["items"]]
        if len(set(codes)) < len(codes):
            raise ValidationError("Every code stands once in the list.", "items")


class ChecklistCommand(Schema):
    """The checklist of one product."""

    product_id = identifier("lpr_01jd8x")


class PutChecklist(ChecklistBody, ChecklistCommand):
    """The list from now on; what was ticked stays ticked."""


class Checklist(ChecklistBody):
    """What is ticked off for loans of a product."""

    product_id = identifier("lpr_01jd8x")


class TickBody(Schema):
    """Items that were looked at, or that have to be looked at again."""

    codes = fields.List(
        text(longest=40),
        required=True,
        validate=validate.Length(min=1, max=ITEMS_MAX),
        metadata={"example": ["identity", "income"]},
    )
    is_ticked = FlagField(load_default=True)


class TickChecklist(TickBody, ApplicationCommand, Command):
    """Ticks of the analyst who has the application."""


class FiveCScore(Schema):
    """One of the 5C: 1 (poor) to 5 (very good), and why."""

    score = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=5),
        metadata={"example": 4},
    )
    note = text(longest=2000, required=True, metadata={"example": "Dikenal jujur"})


class FiveCBody(Schema):
    """The analyst's judgement; what is left out stays as it is."""

    character = fields.Nested(FiveCScore, load_default=None, allow_none=True)
    capacity = fields.Nested(FiveCScore, load_default=None, allow_none=True)
    capital = fields.Nested(FiveCScore, load_default=None, allow_none=True)
    collateral = fields.Nested(FiveCScore, load_default=None, allow_none=True)
    condition = fields.Nested(FiveCScore, load_default=None, allow_none=True)
    summary = text(
        longest=4000,
        load_default=None,
        allow_none=True,
        metadata={"description": "catatan_analis of R131."},
    )


class AssessFiveC(FiveCBody, ApplicationCommand):
    """The 5C of an application."""


def _coordinate(limit: int, example: str) -> CoordinateField:
    return CoordinateField(
        limit, load_default=None, allow_none=True, metadata={"example": example}
    )


class FieldVisitBody(Schema):
    """A visit or an interview, and what was found."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(VISIT_KINDS),
        metadata={"example": "visit"},
    )
    held_on = fields.Date(required=True, metadata={"example": "2026-11-20"})
    conducted_by = text(longest=200, required=True, metadata={"example": "Siti Aminah"})
    findings = text(
        longest=4000, required=True, metadata={"example": "Warung ramai, stok cukup"}
    )
    latitude = _coordinate(90, "-6.200000")
    longitude = _coordinate(180, "106.816666")

    @validates_schema
    def _is_a_place(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            raise ValidationError("A place has latitude and longitude.", "longitude")


class RecordFieldVisit(FieldVisitBody, ApplicationCommand, Command):
    """A visit for one application."""


class FieldVisit(FieldVisitBody):
    """A visit or an interview as it was recorded."""

    id = identifier("vis_01jd8x")
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class TrainingBody(Schema):
    """A lesson that a member attended."""

    topic = text(
        longest=200, required=True, metadata={"example": "Literasi keuangan dasar"}
    )
    held_on = fields.Date(required=True, metadata={"example": "2026-11-15"})


class RecordTraining(TrainingBody, Command):
    """A lesson of one member."""

    member_id = identifier("mem_01jd8x")


class ListTrainings(Page):
    """The lessons of one member."""

    member_id = identifier("mem_01jd8x")


class Training(TrainingBody):
    """A lesson as it was recorded."""

    id = identifier("trn_01jd8x")
    member_id = identifier("mem_01jd8x")
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class TrainingPage(Schema):
    """Lessons in the order they were recorded."""

    items = fields.List(fields.Nested(Training), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TickedItem(ChecklistItem):
    """An item of the list and whether somebody has looked at it."""

    ticked_by = fields.String(required=True, allow_none=True)
    ticked_at = UtcField(required=True, allow_none=True)


class Verification(Schema):
    """How far a verification is."""

    application_id = identifier("app_01jd8x")
    checklist = fields.List(fields.Nested(TickedItem), required=True)
    five_c = fields.Dict(
        keys=fields.String(validate=validate.OneOf(FIVE_C)),
        values=fields.Nested(FiveCScore),
        required=True,
    )
    summary = fields.String(required=True, allow_none=True)
    visits = fields.List(fields.Nested(FieldVisit), required=True)
    outcome = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(OUTCOMES)
    )
    reason = fields.String(required=True, allow_none=True)
    finished_by = fields.String(required=True, allow_none=True)
    finished_at = UtcField(required=True, allow_none=True)
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "What still stands against a decision.",
            "example": ["checklist", "visit"],
        },
    )


class FinishVerification(ApplicationCommand, Command):
    """A verification that found nothing against the loan."""


class RejectApplicationBody(Schema):
    """Why the analyst rejects the application; the member reads it."""

    reason = text(
        longest=500, required=True, metadata={"example": "Slip gaji tidak sesuai"}
    )


class RejectApplication(RejectApplicationBody, ApplicationCommand, Command):
    """An application that does not come before the committee."""
