"""What a job of a cooperative works with; see `jobs` for which jobs there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.members.domain.peers import Ledger
from services.shared.identity import Actor
from services.shared.persistence import jobs
from services.shared.persistence.database import Database
from services.shared.settings import Settings

ACTOR: Final = "service:members"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One cooperative on one business date, and the ledger in its name."""

    database: Database
    settings: Settings
    ledger: Ledger
    cooperative_id: str
    business_date: date

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return Actor(cooperative_id=self.cooperative_id, subject=ACTOR)


Job = jobs.Job[JobContext]
"""A job of the members service."""
