"""How the service is doing: for readiness, metrics and alarms."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.insurance.domain import claims as claim_rules
from services.insurance.domain import policies as policy_rules
from services.insurance.store import claims, policies
from services.shared.contracts import insurance as contract
from services.shared.persistence import health
from services.shared.persistence.database import Database


def get_health(database: Database) -> dict[str, Any]:
    """Whether the database answers, and the gauges read from it."""
    return health.report(database, contract.SERVICE, _gauges)


def _gauges(session: Session) -> health.Gauges:
    found = policies.count_by_status(session)
    with_insurer = claims.count_by_status(session)
    return {
        "policies_activating": found.get(policy_rules.ACTIVATING, 0),
        "policies_activation_refused": found.get(policy_rules.ACTIVATION_REFUSED, 0),
        "policies_unfinished": sum(
            found.get(status, 0) for status in policy_rules.UNFINISHED
        ),
        "claims_disputed": with_insurer.get(claim_rules.DISPUTED, 0),
        "claims_with_insurer": sum(with_insurer.values()),
    }
