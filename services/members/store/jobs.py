"""Which cooperatives jobs run for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.members.domain import cooperatives
from services.members.models import Cooperative
from services.shared import clock


class ActiveCooperative(NamedTuple):
    """A cooperative, and the business date on which it was activated."""

    id: str
    active_since: date


def active_cooperatives(session: Session) -> Sequence[ActiveCooperative]:
    """All cooperatives that are active now."""
    rows = session.execute(
        select(Cooperative.id, Cooperative.activated_at).where(
            Cooperative.status == cooperatives.ACTIVE,
            Cooperative.activated_at.is_not(None),
        )
    )
    return [
        ActiveCooperative(row.id, clock.business_date(row.activated_at)) for row in rows
    ]
