"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain.notifications import EMAIL
from services.members.store import deposits, dues, notifications, payments, slips
from services.members.store.imports import batches
from services.shared.contracts import members as contract
from services.shared.persistence import health, jobs
from services.shared.persistence.database import Database


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    return {
        "accounts_opening": store.count_openings(session),
        "contributions_posting": dues.count_posting(session),
        "jobs_failed": jobs.count_failed(session),
        "slips_pending": slips.count_pending(session),
        "deposit_payouts_pending": deposits.count_pending(session),
        "emails_waiting": notifications.count_waiting(session, EMAIL),
        "imports_working": batches.count_working(session),
        "payments_to_decide": payments.count_to_decide(session),
    }
