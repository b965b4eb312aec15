"""Jobs by business date, asked for from the command line.

What is asked for is written into the database; whoever runs the service of the job
works on it, as on what it has found due by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from services.loans.operations import jobs as loans
from services.members.operations import jobs as members
from services.members.store import cooperatives as store
from services.members.store import jobs as jobs_store
from services.shared.contracts.jobs import OWNERS, SERVICES
from services.shared.contracts.loans import SERVICE as LOANS
from services.shared.contracts.members import SERVICE as MEMBERS
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import job_runner
from services.shared.persistence.database import Database
from services.shared.settings import SettingsError

ACTOR: Final = "operator:command-line"
PAGE: Final = 200


def request(
    databases: Mapping[str, Database], job: str, business_date: date, code: str | None
) -> list[dict[str, Any]]:
    """The runs of one cooperative, by its code, or of all that are active.

    Raises NotFound, JobNotDue for a date on which the job does not run, and
    SettingsError when the connection of a service that is asked is not known.
    """
    command = {"job": job, "business_date": business_date, "idempotency": None}
    owner = OWNERS.get(job, MEMBERS)
    asked = loans if owner == LOANS else members
    return [
        asked.request_run(
            _of(databases, owner),
            Actor(cooperative_id=cooperative_id, subject=ACTOR),
            cooperative_id,
            command,
        )
        for cooperative_id in _cooperatives(databases, code)
    ]


def list_runs(databases: Mapping[str, Database], code: str) -> list[dict[str, Any]]:
    """The latest runs of one cooperative, by its code, of every service with jobs."""
    (cooperative_id,) = _cooperatives(databases, code)
    command = {"job": None, "limit": PAGE, "cursor": None}
    found: list[dict[str, Any]] = []
    for service in SERVICES:
        database = _of(databases, service)
        page = job_runner.list_runs(database, cooperative_id, command)
        found += page["items"]
    return sorted(
        found, key=lambda run: (run["business_date"], run["job"]), reverse=True
    )


def _of(databases: Mapping[str, Database], service: str) -> Database:
    if service not in databases:
        raise SettingsError(f"Set {service.upper()}_DATABASE_URL or DATABASE_URL.")
    return databases[service]


def _cooperatives(databases: Mapping[str, Database], code: str | None) -> Sequence[str]:
    with _of(databases, MEMBERS).hub() as session:
        if code is None:
            return [one.id for one in jobs_store.active_cooperatives(session)]
        found = store.find_cooperative_by_code(session, code)
    if found is None:
        raise NotFound(f"There is no cooperative {code}.")
    return [found.id]
