"""Branches, what they need, and the annual reports that prove it."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.members import branches as contract

TAG = "Branches"
READ = access.scope("branches:read")
WRITE = access.scope("branches:write")


class BranchRoutes(Peers):
    """Branches and who works there."""

    @route(
        "POST",
        "/v1/branches",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.BranchBody,
        command=contract.CreateBranch,
        answer=contract.Branch,
        errors=(contract.HeadOfficeExists,),
    )
    def create_branch(self, request: Request) -> dict[str, Any]:
        """Plan an office; what it needs is checked when it is opened."""
        return dict(self.members.create_branch(request.command()))

    @route(
        "GET",
        "/v1/branches",
        tag=TAG,
        rule=READ,
        query=contract.ListBranches,
        command=contract.ListBranches,
        answer=contract.BranchPage,
    )
    def list_branches(self, request: Request) -> dict[str, Any]:
        """List the offices by their codes."""
        return dict(self.members.list_branches(request.command()))

    @route(
        "GET",
        "/v1/branches/{branch_id}",
        tag=TAG,
        rule=READ,
        command=contract.BranchCommand,
        answer=contract.Branch,
    )
    def get_branch(self, request: Request) -> dict[str, Any]:
        """Show an office."""
        return dict(self.members.get_branch(request.command()))

    @route(
        "PUT",
        "/v1/branches/{branch_id}",
        tag=TAG,
        rule=WRITE,
        body=contract.BranchChangeBody,
        command=contract.ChangeBranch,
        answer=contract.Branch,
        errors=(contract.BranchClosed,),
    )
    def change_branch(self, request: Request) -> dict[str, Any]:
        """Change what is known of an office."""
        return dict(self.members.change_branch(request.command()))

    @route(
        "GET",
        "/v1/branches/{branch_id}/preconditions",
        tag=TAG,
        rule=READ,
        command=contract.BranchCommand,
        answer=contract.Preconditions,
    )
    def get_branch_preconditions(self, request: Request) -> dict[str, Any]:
        """Show what an office of this kind needs, and what of it there is."""
        return dict(self.members.get_branch_preconditions(request.command()))

    @route(
        "POST",
        "/v1/branches/{branch_id}/open",
        tag=TAG,
        rule=WRITE,
        command=contract.OpenBranch,
        answer=contract.Branch,
        errors=(contract.BranchPreconditionsUnmet, contract.BranchClosed),
    )
    def open_branch(self, request: Request) -> dict[str, Any]:
        """Open an office; refused with the list of what is missing."""
        return dict(self.members.open_branch(request.command()))

    @route(
        "POST",
        "/v1/branches/{branch_id}/close",
        tag=TAG,
        rule=WRITE,
        body=contract.CloseBranchBody,
        command=contract.CloseBranch,
        answer=contract.Branch,
    )
    def close_branch(self, request: Request) -> dict[str, Any]:
        """Close an office for good."""
        return dict(self.members.close_branch(request.command()))

    @route(
        "PUT",
        "/v1/annual-reports/{year}",
        tag=TAG,
        rule=WRITE,
        body=contract.AnnualReportBody,
        command=contract.PutAnnualReport,
        answer=contract.AnnualReport,
    )
    def put_annual_report(self, request: Request) -> dict[str, Any]:
        """Declare the annual report that the members' meeting accepted."""
        return dict(self.members.put_annual_report(request.command()))

    @route(
        "GET",
        "/v1/annual-reports",
        tag=TAG,
        rule=READ,
        query=contract.ListAnnualReports,
        command=contract.ListAnnualReports,
        answer=contract.AnnualReportPage,
    )
    def list_annual_reports(self, request: Request) -> dict[str, Any]:
        """List the annual reports by year."""
        return dict(self.members.list_annual_reports(request.command()))
