"""Checks: how they are asked for, carried out, looked at and reviewed."""

from services.kyc.operations.checks.desk import Desk
from services.kyc.operations.checks.driving import carry_on
from services.kyc.operations.checks.requesting import request_check
from services.kyc.operations.checks.reviewing import review_check
from services.kyc.operations.checks.views import get_check, list_checks

__all__ = [
    "Desk",
    "carry_on",
    "get_check",
    "list_checks",
    "request_check",
    "review_check",
]
