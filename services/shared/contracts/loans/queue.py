"""The lines that applications wait in, and how long they wait (R127-R133).

| entrypoint | rule | command | result |
|---|---|---|---|
| `list_queue` | applications:read | `ListQueue` | `QueuePage` |
| `take_application` | applications:write | `TakeApplication` | `QueueEntry` |
| `hand_back` | applications:write or approvals:write | `HandBack` | `QueueEntry` |
| `get_queue_settings` | applications:read | `{}` | `QueueSettings` |
| `put_queue_settings` | cooperative:write | `QueueSettings` | its settings |
| `get_queue_report` | applications:read | `QueuePeriod` | `QueueReport` |
| `replay_queue` | applications:read | `QueueLine` | `QueueReplay` |
| `simulate_queue` | applications:read | `SimulateQueue` | `QueueSimulation` |

Line `verification` orders who is looked at next (Model A of R128), line `disbursement`
who is paid next while cash is short (Model B). Times are whole seconds.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.contracts.loans import Command, identifier
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, NotAllowedError, RefusedError

LINES: Final = ("verification", "disbursement")
DISCIPLINES: Final = ("fcfs", "score", "urgency")
STATES: Final = ("waiting", "serving")
JOBS_MAX: Final = 1000
PERIOD_DAYS_MAX: Final = 366
ANALYSTS_MAX: Final = 50
SCORE_BPS_MAX: Final = 10_000
SERVICE_SECONDS_MAX: Final = 10_000_000


class QueueEmpty(RefusedError):
    """Nobody waits in this line."""

    code = "queue_empty"


class TakenByDisbursing(RefusedError):
    """Who waits for cash is taken by paying the loan out."""

    code = "taken_by_disbursing"


class PeriodTooBusy(RefusedError):
    """More applications than can be looked at together; choose a shorter period."""

    code = "period_too_busy"


class NotNextInLine(RefusedError):
    """Others stand before this application; say why it comes first."""

    code = "not_next_in_line"


class EntryNotServed(ConflictError):
    """Nobody is working on this application."""

    code = "entry_not_served"


class TakenByAnother(NotAllowedError):
    """Another analyst works on this application."""

    code = "taken_by_another"


def _line() -> fields.String:
    return fields.String(
        required=True, validate=validate.OneOf(LINES), metadata={"example": LINES[0]}
    )


def _discipline(default: str) -> fields.String:
    return fields.String(
        load_default=default,
        validate=validate.OneOf(DISCIPLINES),
        metadata={
            "description": "`fcfs`: who applied first; `score`: the highest score; "
            "`urgency`: emergencies first. Between equals, who applied first.",
            "example": default,
        },
    )


def score_bps(**options: Any) -> fields.Integer:
    """A score of 0 to 10000: 7825 is 78.25 of a hundred points."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=0, max=SCORE_BPS_MAX),
        metadata={"description": "7825 is 78.25 of 100 points.", "example": 7825},
        **options,
    )


class QueueLine(Schema):
    """One line of the caller's cooperative."""

    line = _line()


class QueueQuery(Page):
    """Which of those in a line are wanted."""

    state = fields.String(
        load_default="waiting",
        validate=validate.OneOf(STATES),
        metadata={"description": "Who waits, or who is being served."},
    )


class ListQueue(QueueQuery, QueueLine):
    """A line in its present order."""


class TakeApplication(QueueLine, Command):
    """The next application, for the analyst who asks."""


class HandBackBody(Schema):
    """Why somebody else should do it."""

    reason = text(
        longest=500, required=True, metadata={"example": "Analis cuti mulai besok"}
    )


class HandBack(HandBackBody, QueueLine, Command):
    """An application that goes back to the place it had."""

    entry_id = identifier("que_01jd8x")


class QueueEntry(Schema):
    """An application in a line; `arrived_at` is its AT (R127)."""

    id = identifier("que_01jd8x")
    line = _line()
    application_id = identifier("app_01jd8x")
    number = fields.String(required=True, metadata={"example": "PJM/2026/11/1"})
    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)
    state = fields.String(required=True, validate=validate.OneOf((*STATES, "done")))
    position = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "1 is next; null for who is not waiting."},
    )
    arrived_at = UtcField(required=True)
    started_at = UtcField(required=True, allow_none=True)
    waiting_seconds = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Until work began on it, or until now."},
    )
    score_bps = score_bps(required=True, allow_none=True)
    urgency = fields.Integer(required=True, strict=True, metadata={"example": 0})
    analyst = fields.String(required=True, allow_none=True)


class QueuePage(Schema):
    """A line, who is next first."""

    items = fields.List(fields.Nested(QueueEntry), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QueueSettings(Schema):
    """How a cooperative orders its lines."""

    verification_discipline = _discipline("fcfs")
    orders_disbursements = FlagField(
        load_default=False,
        metadata={
            "description": "Whether signed loans wait in a line of their own for cash "
            "(Model B). Who stands in it already stays there."
        },
    )
    disbursement_discipline = _discipline("fcfs")


class _Period(Schema):
    """Applications that arrived from one day to another, both included."""

    from_ = fields.Date(
        data_key="from", required=True, metadata={"example": "2026-11-01"}
    )
    to = fields.Date(required=True, metadata={"example": "2026-11-30"})

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        check_period(data["from_"], data["to"])


def check_period(first: date, last: date) -> None:
    """Raises ValidationError for a period that is too long, or ends too early."""
    if not 0 <= (last - first).days < PERIOD_DAYS_MAX:
        message = f"Must be a period of 1 to {PERIOD_DAYS_MAX} days."
        raise ValidationError(message, "to")


class QueuePeriodQuery(_Period):
    """Which days a report is about."""

    line = fields.String(
        load_default=LINES[0],
        validate=validate.OneOf(LINES),
        metadata={"example": LINES[0]},
    )


class QueuePeriod(QueuePeriodQuery):
    """One line in a period."""


class WaitingStatistics(Schema):
    """How long people waited, in whole seconds."""

    count = fields.Integer(required=True, strict=True)
    mean_waiting = fields.Integer(
        required=True, strict=True, metadata={"example": 1540}
    )
    p95_waiting = fields.Integer(required=True, strict=True, metadata={"example": 4080})
    longest_waiting = fields.Integer(
        required=True, strict=True, metadata={"example": 4080}
    )
    mean_service = fields.Integer(
        required=True, strict=True, metadata={"example": 1500}
    )
    mean_turnaround = fields.Integer(
        required=True, strict=True, metadata={"example": 3040}
    )
    convoy_bps = fields.Integer(
        required=True,
        strict=True,
        metadata={
            "description": "The convoy effect: which part of all waiting, in basis "
            "points, passed during work that took longer than nine in ten do.",
            "example": 4200,
        },
    )


class MonthOfWaiting(WaitingStatistics):
    """Those who arrived in one month."""

    month = fields.String(required=True, metadata={"example": "2026-11"})


class QueueReport(Schema):
    """Waiting as it was. Counted is who was done; `waiting_now` is who stands there."""

    line = _line()
    waiting_now = fields.Integer(required=True, strict=True)
    longest_waiting_now = fields.Integer(required=True, strict=True)
    total = fields.Nested(WaitingStatistics, required=True)
    months = fields.List(fields.Nested(MonthOfWaiting), required=True)


class QueueDifference(Schema):
    """Where the log does not agree with itself."""

    position = fields.Integer(required=True, strict=True)
    taken = fields.String(required=True)
    expected = fields.String(required=True, allow_none=True)


class QueueReplay(Schema):
    """The order of a line, computed again from its log."""

    line = _line()
    events = fields.Integer(required=True, strict=True)
    taken = fields.Integer(required=True, strict=True)
    out_of_turn = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Taken out of turn, with the reason in the log."},
    )
    is_reproduced = fields.Boolean(required=True)
    difference = fields.Nested(QueueDifference, required=True, allow_none=True)


class SimulatedJob(Schema):
    """Somebody who comes and needs so much time."""

    id = text(longest=100, required=True, metadata={"example": "A"})
    arrived_at = UtcField(required=True, metadata={"example": "2026-11-23T09:00:00Z"})
    service_seconds = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=SERVICE_SECONDS_MAX),
        metadata={"example": 600},
    )
    score_bps = score_bps(load_default=None, allow_none=True)
    urgency = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(min=0, max=3),
        metadata={"example": 0},
    )


class SimulateQueueBody(Schema):
    """A list of arrivals, or the cooperative's own of a period."""

    jobs = fields.List(
        fields.Nested(SimulatedJob),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=JOBS_MAX),
    )
    line = fields.String(
        load_default=LINES[0],
        validate=validate.OneOf(LINES),
        metadata={"description": "Whose history, when no list is given."},
    )
    from_ = fields.Date(data_key="from", load_default=None, allow_none=True)
    to = fields.Date(load_default=None, allow_none=True)
    analysts = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(min=1, max=ANALYSTS_MAX),
        metadata={"description": "How many work at the same time.", "example": 1},
    )

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        given = data.get("jobs") is not None
        days = (data.get("from_"), data.get("to"))
        if given and days == (None, None):
            return
        if given or None in days:
            message = "Give either jobs, or from and to."
            raise ValidationError(message, "jobs")
        check_period(data["from_"], data["to"])


class SimulateQueue(SimulateQueueBody):
    """What each discipline would have made of the same arrivals."""


class SimulatedWait(Schema):
    """How one of a given list fared."""

    id = fields.String(required=True)
    started_at = UtcField(required=True)
    waiting_seconds = fields.Integer(required=True, strict=True)


class SimulatedDiscipline(WaitingStatistics):
    """A discipline and what it would have meant."""

    discipline = fields.String(required=True, validate=validate.OneOf(DISCIPLINES))
    served = fields.List(
        fields.Nested(SimulatedWait),
        required=True,
        metadata={"description": "In their order; empty for a period of history."},
    )


class QueueSimulation(Schema):
    """The same arrivals and the same work in the order of each discipline.

    True times of arrival, nobody interrupted. `recorded` is what happened in fact,
    null for a given list.
    """

    analysts = fields.Integer(required=True, strict=True)
    disciplines = fields.List(fields.Nested(SimulatedDiscipline), required=True)
    recorded = fields.Nested(WaitingStatistics, required=True, allow_none=True)
