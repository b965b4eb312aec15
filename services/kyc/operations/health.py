"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.kyc.store import checks, screening
from services.shared import clock
from services.shared.contracts import kyc as contract
from services.shared.persistence import health
from services.shared.persistence.database import Database


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    oldest = checks.oldest_unfinished(session)
    waiting = clock.now() - oldest if oldest else timedelta()
    return {
        "unfinished_checks": checks.count_unfinished(session),
        "oldest_unfinished_check_seconds": waiting.total_seconds(),
        "cooperatives_to_rescreen": len(screening.tenants_to_rescreen(session)),
        "open_alerts": screening.count_open(session),
    }
