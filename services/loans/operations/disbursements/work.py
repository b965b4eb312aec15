"""What every step of a payout works with."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from services.loans.domain import loans
from services.loans.domain.guarantees import Holds
from services.loans.domain.peers import Asked
from services.loans.models import Disbursement
from services.loans.operations.job_context import ACTOR
from services.loans.store import disbursements as store
from services.shared.identity import Actor
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=45)
"""Longer than a step takes: nobody takes up what somebody is working on."""


class Work(NamedTuple):
    """What every step works with."""

    database: Database
    asked: Asked
    holds: Holds
    cooperative_id: str

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail: the person's part is done."""
        return Actor(cooperative_id=self.cooperative_id, subject=ACTOR)


def loan_key(row: Disbursement) -> str:
    """The account of its principal in the ledger."""
    return loans.account_key(row.cooperative_id, loans.LOAN, row.loan_id)


@retrying
def close(work: Work, tried: Disbursement, before: str, after: str) -> None:
    """Take an attempt from one state to the next, unless somebody else has."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, tried.id)
        if row is not None and row.status == before:
            row.status = after
