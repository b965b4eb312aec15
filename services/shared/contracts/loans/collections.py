"""Collection: tasks by stage, visits, promises, letters, causes (R142, R143, C23).

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_collection_tasks` | collections:read | `ListTasks` | `CollectionTaskPage` |
| `assign_collection_task` | collections:write | `AssignTask` | `CollectionTask` |
| `finish_collection_task` | collections:write | `FinishTask` | `CollectionTask` |
| `record_collection_visit` | collections:write | `RecordVisit` | `CollectionVisit` |
| `list_collection_visits` | collections:read | `ListVisits` | `CollectionVisitPage` |
| `record_payment_promise` | collections:write | `RecordPromise` | `PaymentPromise` |
| `list_payment_promises` | collections:read | `ListPromises` | `PaymentPromisePage` |
| `issue_collection_letter` | collections:write | `IssueLetter` | `CollectionLetter` |
| `get_collection_letter` | collections:read | `GetLetter` | same, or a file |
| `list_collection_letters` | collections:read | `ListLetters` | its page |
| `set_arrears_cause` | collections:write | `SetCause` | `ArrearsCause` |

Tasks and what becomes of promises are made by the daily job `collections`. Letter 0 is
the surat teguran, 1 to 3 are the surat peringatan. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts import files
from services.shared.contracts.fields import (
    AmountField,
    CoordinateField,
    UtcField,
    text,
)
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.loans.restructurings import CAUSES
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

TASK_STATES: Final = ("open", "done", "cancelled")
PROMISE_STATES: Final = ("open", "kept", "broken")
LETTER_LEVELS: Final = (0, 1, 2, 3)


class TaskEnded(ConflictError):
    """The task is done, or not needed any more."""

    code = "task_ended"


class NotLate(RefusedError):
    """Nothing of this loan is overdue."""

    code = "loan_not_late"


class LetterOutOfOrder(RefusedError):
    """One letter follows another; ``details["next"]`` is the highest possible."""

    code = "letter_out_of_order"


class PromiseDateInvalid(RefusedError):
    """A promise is for today or later."""

    code = "promise_date_invalid"


class VisitDateInvalid(RefusedError):
    """A visit is recorded on its day or later."""

    code = "visit_date_invalid"


class ListTasks(Page):
    """Tasks of the caller's cooperative; by officer, branch, loan, state."""

    state = fields.String(
        load_default="open", allow_none=True, validate=validate.OneOf(TASK_STATES)
    )
    assignee = text(longest=100, load_default=None, allow_none=True)
    branch_code = text(longest=10, load_default=None, allow_none=True)
    loan_id = text(longest=100, load_default=None, allow_none=True)


class TaskCommand(Command):
    """One task."""

    task_id = _id("ctk_4f1c")


class AssignTaskBody(Schema):
    """Who is to do it: a subject."""

    assignee = text(longest=100, required=True, metadata={"example": "usr_01jd8x"})


class AssignTask(AssignTaskBody, TaskCommand):
    """A task that another does."""


class FinishTaskBody(Schema):
    """What came of a task."""

    outcome = text(
        longest=1000, required=True, metadata={"example": "Anggota dihubungi"}
    )


class FinishTask(FinishTaskBody, TaskCommand):
    """A task that was done."""


class CollectionTask(Schema):
    """Something to be done about a late loan."""

    id = _id("ctk_4f1c")
    loan_id = _id("loa_01jd8x")
    loan_number = fields.String(required=True)
    member_id = _id("mem_01jd8x")
    member_name = fields.String(required=True)
    branch_code = fields.String(required=True)
    code = fields.String(required=True, metadata={"example": "field_visit"})
    action = fields.String(required=True)
    since = fields.Date(
        required=True, metadata={"description": "The oldest unpaid due day."}
    )
    due_on = fields.Date(required=True)
    assignee = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(TASK_STATES))
    outcome = fields.String(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    ended_at = UtcField(required=True, allow_none=True)


class CollectionTaskPage(Schema):
    """Tasks, what is due first at the top."""

    items = fields.List(fields.Nested(CollectionTask), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def _degrees(limit: int, example: str) -> CoordinateField:
    return CoordinateField(
        limit, load_default=None, allow_none=True, metadata={"example": example}
    )


class CollectionVisitBody(Schema):
    """A visit to a borrower who is late."""

    visited_on = fields.Date(required=True)
    officer = text(longest=200, required=True, metadata={"example": "Rina"})
    finding = text(
        longest=2000, shortest=5, required=True, metadata={"example": "Kios tutup"}
    )
    latitude = _degrees(90, "-6.200000")
    longitude = _degrees(180, "106.816666")
    photo_document_id = text(longest=100, load_default=None, allow_none=True)

    @validates_schema
    def _placed_wholly(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("latitude") is None) != (data.get("longitude") is None):
            raise ValidationError("Give both coordinates or none.", "latitude")


class RecordVisit(CollectionVisitBody, LoanCommand, Command):
    """A visit that was made."""


class CollectionVisit(Schema):
    """A visit and what it found."""

    id = _id("cvi_01jd8x")
    loan_id = _id("loa_01jd8x")
    visited_on = fields.Date(required=True)
    officer = fields.String(required=True)
    finding = fields.String(required=True)
    latitude = CoordinateField(90, required=True, allow_none=True)
    longitude = CoordinateField(180, required=True, allow_none=True)
    photo_document_id = fields.String(required=True, allow_none=True)
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class ListVisits(Page, LoanCommand):
    """The visits for a loan."""


class CollectionVisitPage(Schema):
    """Visits in the order they were recorded."""

    items = fields.List(fields.Nested(CollectionVisit), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PaymentPromiseBody(Schema):
    """What a borrower promised to pay, and by when."""

    amount = AmountField(required=True, metadata={"example": 310_000})
    due_on = fields.Date(required=True)


class RecordPromise(PaymentPromiseBody, LoanCommand, Command):
    """A promise that a borrower gave today."""


class PaymentPromise(Schema):
    """A promise, and whether it was kept."""

    id = _id("ptp_01jd8x")
    loan_id = _id("loa_01jd8x")
    amount = fields.Integer(required=True, strict=True)
    promised_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROMISE_STATES))
    recorded_by = fields.String(required=True)
    recorded_at = UtcField(required=True)


class ListPromises(Page, LoanCommand):
    """The promises for a loan."""


class PaymentPromisePage(Schema):
    """Promises in the order they were recorded."""

    items = fields.List(fields.Nested(PaymentPromise), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def _level() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.OneOf(LETTER_LEVELS),
        metadata={"description": "0 is the surat teguran.", "example": 1},
    )


class CollectionLetterBody(Schema):
    """Which letter is sent."""

    level = _level()


class IssueLetter(CollectionLetterBody, LoanCommand, Command):
    """A letter to a borrower who is late."""


class CollectionLetterQuery(Schema):
    """In which form the letter is wanted."""

    format = files.format_field(files.PDF)


class GetLetter(CollectionLetterQuery, LoanCommand):
    """One letter for a loan."""

    letter_id = _id("ltr_01jd8x")


class CollectionLetterContent(Schema):
    """What a letter says."""

    cooperative_name = fields.String(required=True)
    cooperative_code = fields.String(required=True)
    member_name = fields.String(required=True)
    loan_number = fields.String(required=True)
    issued_at = UtcField(required=True)
    issued_on = fields.Date(required=True)
    oldest_due_on = fields.Date(required=True)
    dpd = fields.Integer(required=True, strict=True)
    principal = fields.Integer(required=True, strict=True)
    interest = fields.Integer(required=True, strict=True)
    penalty = fields.Integer(required=True, strict=True)
    total = fields.Integer(required=True, strict=True)
    terbilang = fields.String(required=True)
    pay_by = fields.Date(required=True)


class CollectionLetter(Schema):
    """A letter as it was sent."""

    id = _id("ltr_01jd8x")
    loan_id = _id("loa_01jd8x")
    level = _level()
    number = fields.String(required=True, metadata={"example": "SP/2026/11/1"})
    content = fields.Nested(CollectionLetterContent, required=True)
    issued_on = fields.Date(required=True)
    issued_by = fields.String(required=True)


class ListLetters(Page, LoanCommand):
    """The letters for a loan."""


class CollectionLetterPage(Schema):
    """Letters in the order they were sent."""

    items = fields.List(fields.Nested(CollectionLetter), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ArrearsCauseBody(Schema):
    """Why a loan fell behind (R143)."""

    cause = fields.String(
        required=True,
        validate=validate.OneOf(CAUSES),
        metadata={"example": "gagal_panen"},
    )


class SetCause(ArrearsCauseBody, LoanCommand):
    """Why a loan fell behind."""


class ArrearsCause(ArrearsCauseBody):
    """Why a loan fell behind."""

    loan_id = _id("loa_01jd8x")
