"""Groups whose members answer for each other."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import groups as contract
from services.shared.errors import NotFound

TAG = "Loan groups"
READ = access.scope("applications:read", "loans:read")
WRITE = access.scope("applications:write")


class GroupRoutes(Peers):
    """Groups whose members answer for each other."""

    @route(
        "POST",
        "/v1/loan-groups",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.LoanGroupBody,
        command=contract.CreateLoanGroup,
        answer=contract.LoanGroup,
        errors=(
            NotFound,
            contract.AlreadyInAGroup,
            contract.LoanGroupNameTaken,
            contract.NotAnActiveMember,
        ),
    )
    def create_loan_group(self, request: Request) -> dict[str, Any]:
        """Form a group (tanggung renteng)."""
        return dict(self.loans.create_loan_group(request.command()))

    @route(
        "GET",
        "/v1/loan-groups",
        tag=TAG,
        rule=READ,
        query=contract.ListLoanGroups,
        command=contract.ListLoanGroups,
        answer=contract.LoanGroupPage,
    )
    def list_loan_groups(self, request: Request) -> dict[str, Any]:
        """List the groups, oldest first."""
        return dict(self.loans.list_loan_groups(request.command()))

    @route(
        "GET",
        "/v1/loan-groups/{group_id}",
        tag=TAG,
        rule=READ,
        command=contract.LoanGroupCommand,
        answer=contract.LoanGroup,
    )
    def get_loan_group(self, request: Request) -> dict[str, Any]:
        """Show a group, and how late each of its members is."""
        return dict(self.loans.get_loan_group(request.command()))

    @route(
        "PUT",
        "/v1/loan-groups/{group_id}/members/{member_id}",
        tag=TAG,
        rule=WRITE,
        command=contract.GroupMemberCommand,
        answer=contract.LoanGroup,
        errors=(
            contract.AlreadyInAGroup,
            contract.NotAnActiveMember,
            contract.TooManyGroupMembers,
        ),
    )
    def add_loan_group_member(self, request: Request) -> dict[str, Any]:
        """Take a member into a group."""
        return dict(self.loans.add_loan_group_member(request.command()))

    @route(
        "DELETE",
        "/v1/loan-groups/{group_id}/members/{member_id}",
        tag=TAG,
        rule=WRITE,
        command=contract.GroupMemberCommand,
        answer=contract.LoanGroup,
        errors=(contract.MemberAnswersForLoans,),
    )
    def remove_loan_group_member(self, request: Request) -> dict[str, Any]:
        """Let a member leave that owes nothing and answers for nothing."""
        return dict(self.loans.remove_loan_group_member(request.command()))
