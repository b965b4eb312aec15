"""Simpanan pokok and wajib."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import Page
from services.shared.contracts.members import cash as cash_contract
from services.shared.contracts.members import dues as contract
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Contributions"
READ = access.scope("accounts:read")
WRITE = access.scope("accounts:write")

_LEDGER_ERRORS = (
    ledger_contract.AccountNotFound,
    ledger_contract.AccountNotActive,
    ledger_contract.InsufficientFunds,
    ledger_contract.LimitExceeded,
    ledger_contract.PeriodClosed,
    ledger_contract.BookNotOpen,
)


class DuesRoutes(Peers):
    """Simpanan pokok and wajib."""

    @route(
        "POST",
        "/v1/members/{member_id}/contributions",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ContributionBody,
        command=contract.PayContribution,
        answer=contract.Contribution,
        key=Idempotency.REQUIRED,
        errors=(
            NotFound,
            contract.MembershipEnded,
            contract.ContributionNotAsked,
            contract.PrincipalAlreadyPaid,
            contract.ContributionAmountWrong,
            cash_contract.DrawerNotOpen,
            StepUpRequired,
            *_LEDGER_ERRORS,
        ),
    )
    def pay_contribution(self, request: Request) -> dict[str, Any]:
        """Take simpanan pokok or wajib from a member or candidate.

        Simpanan pokok is paid once. Simpanan wajib is paid by whole months, the oldest
        unpaid one first, then those to come.
        """
        return dict(self.members.pay_contribution(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}/contributions",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListContributions,
        answer=contract.ContributionPage,
        errors=(NotFound,),
    )
    def list_contributions(self, request: Request) -> dict[str, Any]:
        """List what a member has contributed, in the order it was paid."""
        return dict(self.members.list_contributions(request.command()))

    @route(
        "POST",
        "/v1/contributions/{contribution_id}/cancel",
        tag=TAG,
        rule=access.scope("approvals:write"),
        body=contract.CancelContributionBody,
        command=contract.CancelContribution,
        answer=contract.Contribution,
        key=Idempotency.REQUIRED,
        errors=(
            contract.ContributionNotFound,
            contract.ContributionNotPosted,
            contract.MembershipEnded,
            SameProposer,
            cash_contract.DrawerNotOpen,
            cash_contract.DrawerShort,
            StepUpRequired,
            *_LEDGER_ERRORS,
        ),
    )
    def cancel_contribution(self, request: Request) -> dict[str, Any]:
        """Undo a contribution recorded by mistake; not by whoever recorded it."""
        return dict(self.members.cancel_contribution(request.command()))

    @route(
        "GET",
        "/v1/members/{member_id}/dues",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.GetDues,
        answer=contract.MemberDues,
        errors=(NotFound,),
    )
    def get_dues(self, request: Request) -> dict[str, Any]:
        """Show what a member owes and has paid, month by month, the newest first."""
        return dict(self.members.get_dues(request.command()))

    @route(
        "GET",
        "/v1/dues/arrears",
        tag=TAG,
        rule=READ,
        query=contract.ListArrears,
        command=contract.ListArrears,
        answer=contract.ArrearsPage,
    )
    def list_arrears(self, request: Request) -> dict[str, Any]:
        """List the members whose simpanan wajib is overdue."""
        return dict(self.members.list_arrears(request.command()))
