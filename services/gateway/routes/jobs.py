"""Jobs by business date."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import jobs as contract
from services.shared.contracts import loans
from services.shared.errors import NotFound

TAG = "Jobs"
READ = access.scope("jobs:read")
WRITE = access.scope("jobs:write")


class JobRoutes(Peers):
    """Jobs by business date."""

    @route(
        "POST",
        "/v1/jobs/{job}/runs",
        tag=TAG,
        rule=WRITE,
        status=202,
        body=contract.JobRunBody,
        command=contract.RequestJobRun,
        answer=contract.JobRun,
        errors=(NotFound, contract.JobNotDue),
    )
    def request_job_run(self, request: Request) -> dict[str, Any]:
        """Have a job run for a business date.

        There is one run per job and business date: asking again answers the same run,
        and one that failed is tried again at once.
        """
        command = request.command()
        if _is_for_loans(command):
            return dict(self.loans.request_job_run(command))
        return dict(self.members.request_job_run(command))

    @route(
        "GET",
        "/v1/jobs/runs",
        tag=TAG,
        rule=READ,
        query=contract.ListJobRuns,
        command=contract.ListJobRuns,
        answer=contract.JobRunPage,
    )
    def list_job_runs(self, request: Request) -> dict[str, Any]:
        """List the runs of one service's jobs, the latest business date first."""
        command = request.command()
        if _is_for_loans(command):
            return dict(self.loans.list_job_runs(command))
        return dict(self.members.list_job_runs(command))

    @route(
        "GET",
        "/v1/jobs/{job}/runs/{business_date}",
        tag=TAG,
        rule=READ,
        command=contract.JobRunCommand,
        answer=contract.JobRun,
    )
    def get_job_run(self, request: Request) -> dict[str, Any]:
        """Show how far a run has come."""
        command = request.command()
        if _is_for_loans(command):
            return dict(self.loans.get_job_run(command))
        return dict(self.members.get_job_run(command))


def _is_for_loans(command: dict[str, Any]) -> bool:
    named = contract.OWNERS.get(command.get("job") or "")
    return (named or command.get("service")) == loans.SERVICE
