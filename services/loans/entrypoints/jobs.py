"""Jobs by tenant and business date."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import job_context, jobs
from services.shared import access
from services.shared.contracts import jobs as contract
from services.shared.messaging import loaded, rpc, timer
from services.shared.persistence import job_runner

READS_JOBS: Final = access.scope("jobs:read")
WRITES_JOBS: Final = access.scope("jobs:write")


class JobEntrypoints(Peers):
    """Jobs by tenant and business date."""

    @rpc(WRITES_JOBS)
    def request_job_run(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have a job run for a business date, once."""
        request = loaded(contract.RequestJobRun(), command)
        return jobs.request_run(self.database, self.actor, self.tenant, request)

    @rpc(READS_JOBS)
    def get_job_run(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how far a run has come."""
        request = loaded(contract.JobRunCommand(), command)
        return job_runner.get_run(self.database, self.tenant, **request)

    @rpc(READS_JOBS)
    def list_job_runs(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the runs of the caller's cooperative."""
        request = loaded(contract.ListJobRuns(), command)
        return job_runner.list_runs(self.database, self.tenant, request)

    @timer(seconds=20.0)
    def schedule_jobs(self) -> None:
        """Make the runs that have become due."""
        jobs.schedule(self.database)

    @timer(seconds=1.0)
    def work_on_jobs(self) -> None:
        """Take steps of runs that are due."""
        jobs.work(self.database, self.settings, self._peers_of)

    def _peers_of(self, cooperative_id: str) -> job_context.Peers:
        return job_context.Peers(
            ledger=self.ledger.on_behalf_of(cooperative_id),
            members=self.members.on_behalf_of(cooperative_id),
            kyc=self.kyc.on_behalf_of(cooperative_id),
            insurance=self.insurance.on_behalf_of(cooperative_id),
        )
