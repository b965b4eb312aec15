"""Verification: what an analyst finds out, and what still stands against a loan.

`missing` and `missing_for_disbursement` are what other areas ask, by codes of
`contract.MISSING`. Only who has taken an application from the queue works on it.
"""

from services.loans.operations.verification.analysis import (
    assess_five_c,
    record_field_visit,
    tick_checklist,
)
from services.loans.operations.verification.checklists import (
    get_checklist,
    put_checklist,
)
from services.loans.operations.verification.endings import (
    finish_verification,
    reject_application,
)
from services.loans.operations.verification.readiness import (
    missing,
    missing_for_disbursement,
)
from services.loans.operations.verification.trainings import (
    list_trainings,
    record_training,
)
from services.loans.operations.verification.views import get_verification

__all__ = [
    "assess_five_c",
    "finish_verification",
    "get_checklist",
    "get_verification",
    "list_trainings",
    "missing",
    "missing_for_disbursement",
    "put_checklist",
    "record_field_visit",
    "record_training",
    "reject_application",
    "tick_checklist",
]
