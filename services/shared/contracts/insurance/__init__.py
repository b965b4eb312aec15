"""What may be asked of the insurance service, and what it answers.

| entrypoint | rule | command | result |
|---|---|---|---|
| `has_running_policies` | service members | `HasRunningPolicies` | `RunningPolicies` |

No answer is no "none": who asks refuses to decide.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import text
from services.shared.errors import UnavailableError

SERVICE: Final = "insurance"

CAUSES: Final = ("death", "default", "force_majeure")
"""What a claim can be made for (R47, R49)."""


class InsuranceUnavailable(UnavailableError):
    """Insurance cannot say whether a policy is running; nothing was decided."""

    code = "insurance_unavailable"


class HasRunningPolicies(Schema):
    """Whether default insurance covers anything of this cooperative (R17)."""

    cooperative_id = text(longest=100, required=True)


class RunningPolicies(Schema):
    """How many policies run, and until when the last of them does."""

    count = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    last_day = fields.Date(required=True, allow_none=True)
