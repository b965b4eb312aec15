"""What a job of a cooperative works with; see `jobs` for which jobs there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.shared.identity import Actor
from services.shared.persistence import jobs
from services.shared.persistence.database import Database
from services.shared.settings import Settings

ACTOR: Final = "service:loans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The other services in the name of one cooperative.

    A job hands on those that it needs, to functions that say what they ask of them.
    """

    ledger: Any
    members: Any
    kyc: Any
    insurance: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """One cooperative on one business date, and the other services in its name."""

    database: Database
    settings: Settings
    peers: Peers
    cooperative_id: str
    business_date: date

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return Actor(cooperative_id=self.cooperative_id, subject=ACTOR)


Job = jobs.Job[JobContext]
"""A job of the loans service."""
