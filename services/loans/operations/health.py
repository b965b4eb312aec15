"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.loans.store import claims, disbursements, guarantees, recovery, repayments
from services.shared.contracts import loans as contract
from services.shared.persistence import health, jobs
from services.shared.persistence.database import Database


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    return {
        "claims_unfinished": claims.count_open(session),
        "disbursements_unfinished": disbursements.count_unfinished(session),
        "guarantees_unfinished": guarantees.count_unfinished(session),
        "journals_planned": recovery.count_planned(session),
        "jobs_failed": jobs.count_failed(session),
        "repayments_under_way": repayments.count_under_way(session),
    }
