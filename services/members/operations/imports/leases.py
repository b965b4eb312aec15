"""Who works on an import: nobody else writes while one holds it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.members.domain.peers import Ledger, Loans
from services.members.models import Import
from services.members.store.imports import batches
from services.shared import clock
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings

LEASE_SECONDS: Final = 120
"""How long one step may take before somebody else takes the import over."""

WORKER: Final = "service:members"


class LeaseLost(Exception):
    """Somebody else works on the import by now, or it needs no work any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An import that this process has claimed, and what working on it takes."""

    database: Database
    settings: Settings
    ledger: Ledger
    loans: Loans
    cooperative_id: str
    import_id: str
    lease: str

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return Actor(cooperative_id=self.cooperative_id, subject=WORKER)

    @contextmanager
    def step(self, stage: str) -> Generator[tuple[Session, Import]]:
        """A transaction with the import locked, which renews the lease.

        Raises LeaseLost unless the import is ours and in ``stage``.
        """
        with self.database.tenant(self.cooperative_id) as session:
            found = batches.lock(session, self.import_id)
            if found is None or found.lease != self.lease or found.stage != stage:
                raise LeaseLost
            found.attempts = 0
            found.due_at = clock.now() + timedelta(seconds=LEASE_SECONDS)
            yield session, found
