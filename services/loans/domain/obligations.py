"""What too much NPF at a month's end obliges a cooperative to (R160, C15).

The cooperative's own policy: no law says it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from services.loans.domain.ratios import Bounds

PLAN: Final = "plan"
"""A special audit and a plan to improve."""

LICENCE_RISK: Final = "licence_risk"
"""The same, and so much NPF that the licence is at risk."""

DAYS: Final = 30
"""Within so many days after the month's end."""


def level_of(npf_bps: int | None, bounds: Bounds) -> str | None:
    """What so much NPF obliges to; None for nothing. Exactly the bound is within it."""
    if npf_bps is None or npf_bps <= bounds.npf_plan_bps:
        return None
    return LICENCE_RISK if npf_bps > bounds.npf_licence_bps else PLAN


def due_on(month_end: date) -> date:
    """By when audit and plan are to be there."""
    return month_end + timedelta(days=DAYS)
