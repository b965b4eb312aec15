"""Jobs by business date: interest, dues, maturities and what else runs by itself.

Every service that has jobs answers the same three of its own:

| entrypoint | rule | command | result |
|---|---|---|---|
| `request_job_run` | jobs:write | `RequestJobRun` | `JobRun` |
| `get_job_run` | jobs:read | `JobRunCommand` | `JobRun` |
| `list_job_runs` | jobs:read | `ListJobRuns` | `JobRunPage` |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.paging import Page
from services.shared.errors import RefusedError

RUN_STATES: Final = ("waiting", "running", "failed", "done")

OWNERS: Final[Mapping[str, str]] = {
    "arrears": "loans",
    "autodebit": "loans",
    "collections": "loans",
    "deposits": "members",
    "dues": "members",
    "dues_reminders": "members",
    "interest": "members",
    "loan_reminders": "loans",
    "scorecard": "loans",
}
"""Which service has a job of this name; a name is given once in the whole hub."""

SERVICES: Final = ("members", "loans")
"""The services that have jobs."""


class JobNotDue(RefusedError):
    """The job does not run on this business date, or its time has not come yet."""

    code = "job_not_due"


def _job_name(**options: object) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[a-z][a-z_]{0,39}\Z", error="Must be the name of a job."
        ),
        metadata={"example": "interest"},
        **options,  # type: ignore[arg-type]
    )


class JobRunBody(Schema):
    """The business date of a run; interest belongs to the last day of a month."""

    business_date = fields.Date(required=True, metadata={"example": "2026-10-31"})


class RequestJobRun(JobRunBody):
    """A run that is wanted now; it is made once per job and business date."""

    job = _job_name()
    idempotency = fields.Nested(IdempotencySchema, load_default=None, allow_none=True)


class JobRunCommand(Schema):
    """One run of the caller's cooperative."""

    job = _job_name()
    business_date = fields.Date(required=True, metadata={"example": "2026-10-31"})


class ListJobRuns(Page):
    """The runs of the caller's cooperative."""

    job = text(longest=40, load_default=None, allow_none=True)
    service = fields.String(
        load_default=SERVICES[0],
        validate=validate.OneOf(SERVICES),
        metadata={
            "description": "Whose jobs; of a named job it is known without being said."
        },
    )


class JobRun(Schema):
    """A run: how far it has come, and what went wrong if it failed.

    A failed run is tried again by itself, with growing pauses.
    """

    job = fields.String(required=True, metadata={"example": "interest"})
    business_date = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RUN_STATES))
    done_count = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "What the steps so far have done together."},
    )
    fault = fields.String(required=True, allow_none=True)
    requested_at = UtcField(required=True)
    started_at = UtcField(required=True, allow_none=True)
    finished_at = UtcField(required=True, allow_none=True)


class JobRunPage(Schema):
    """Runs, the latest business date first."""

    items = fields.List(fields.Nested(JobRun), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
