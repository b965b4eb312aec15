"""Members who answer for the loan of another."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import groups as groups_contract
from services.shared.contracts.loans import guarantees as contract
from services.shared.contracts.loans import verification as verification_contract
from services.shared.contracts.loans.decisions import OwnLoan
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Loan guarantees"
READ = access.scope("applications:read", "loans:read")
WRITE = access.scope("applications:write")
APPROVE = access.scope("approvals:write")
_PROMISE_ERRORS = (
    NotFound,
    contract.AlreadyAGuarantor,
    contract.GuaranteeShort,
    contract.GuarantorIsBorrower,
    groups_contract.NotAnActiveMember,
    loans.ApplicationNotReady,
    verification_contract.DateInTheFuture,
)


class GuaranteeRoutes(Peers):
    """Members who answer for the loan of another."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/guarantees",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.GuaranteeBody,
        command=contract.AddGuarantee,
        answer=contract.Guarantee,
        errors=(*_PROMISE_ERRORS, contract.WrongGuaranteeAccount),
    )
    def add_guarantee(self, request: Request) -> dict[str, Any]:
        """Take down that a member answers for the loan with savings."""
        return dict(self.loans.add_guarantee(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/group-guarantees",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.GroupGuaranteeBody,
        command=contract.AddGroupGuarantee,
        answer=contract.Guarantees,
        errors=(*_PROMISE_ERRORS, contract.NotInTheGroup),
    )
    def add_group_guarantee(self, request: Request) -> dict[str, Any]:
        """Have the group of who applies answer for the loan."""
        return dict(self.loans.add_group_guarantee(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/guarantees",
        tag=TAG,
        rule=READ,
        command=contract.ListGuarantees,
        answer=contract.Guarantees,
    )
    def list_guarantees(self, request: Request) -> dict[str, Any]:
        """List who answers for the loan, and what is held."""
        return dict(self.loans.list_guarantees(request.command()))

    @route(
        "POST",
        "/v1/loan-guarantees/{guarantee_id}/withdraw",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeGuarantee,
        answer=contract.Guarantee,
        errors=(contract.GuaranteeNotReady, loans.ApplicationNotReady),
    )
    def withdraw_guarantee(self, request: Request) -> dict[str, Any]:
        """Take a promise back before anything is held."""
        return dict(self.loans.withdraw_guarantee(request.command()))

    @route(
        "GET",
        "/v1/me/guarantees",
        tag=TAG,
        rule=access.scope("self:read"),
        query=Page,
        command=contract.ListMyGuarantees,
        answer=contract.MyGuaranteePage,
    )
    def list_my_guarantees(self, request: Request) -> dict[str, Any]:
        """List what I answer for, what of my savings is held, and how the loans are."""
        return dict(self.loans.list_my_guarantees(request.command()))

    @route(
        "POST",
        "/v1/me/guarantees/{guarantee_id}/decline",
        tag=TAG,
        rule=access.scope("self:write"),
        command=contract.ChangeGuarantee,
        answer=contract.Guarantee,
        errors=(NotFound, contract.GuaranteeNotReady, loans.ApplicationNotReady),
    )
    def decline_my_guarantee(self, request: Request) -> dict[str, Any]:
        """Answer for a loan no longer, until the committee has decided on it."""
        return dict(self.loans.decline_my_guarantee(request.command()))

    @route(
        "POST",
        "/v1/loan-guarantees/{guarantee_id}/calls",
        tag=TAG,
        rule=access.scope("collections:write"),
        status=201,
        body=contract.ProposeCallBody,
        command=contract.ProposeCall,
        answer=contract.GuaranteeCall,
        errors=(
            contract.CallTooLarge,
            contract.GuaranteeNotReady,
            contract.LoanNotLateEnough,
            loans.LoanNotActive,
        ),
    )
    def propose_guarantee_call(self, request: Request) -> dict[str, Any]:
        """Propose that a guarantor pays; another has to approve it."""
        return dict(self.loans.propose_guarantee_call(request.command()))

    @route(
        "GET",
        "/v1/loan-guarantee-calls/{call_id}",
        tag=TAG,
        rule=access.scope("loans:read", "collections:read"),
        command=contract.CallCommand,
        answer=contract.GuaranteeCall,
    )
    def get_guarantee_call(self, request: Request) -> dict[str, Any]:
        """Show how far a call has come."""
        return dict(self.loans.get_guarantee_call(request.command()))

    @route(
        "POST",
        "/v1/loan-guarantee-calls/{call_id}/approve",
        tag=TAG,
        rule=APPROVE,
        command=contract.ApproveCall,
        answer=contract.GuaranteeCall,
        key=Idempotency.REQUIRED,
        errors=(
            contract.CallNotOpen,
            contract.CallTooLarge,
            SameProposer,
            OwnLoan,
            StepUpRequired,
        ),
    )
    def approve_guarantee_call(self, request: Request) -> dict[str, Any]:
        """Have a guarantor pay: what is called is taken and pays the loan."""
        return dict(self.loans.approve_guarantee_call(request.command()))

    @route(
        "POST",
        "/v1/loan-guarantee-calls/{call_id}/reject",
        tag=TAG,
        rule=APPROVE,
        command=contract.RejectCall,
        answer=contract.GuaranteeCall,
        errors=(contract.CallNotOpen, SameProposer),
    )
    def reject_guarantee_call(self, request: Request) -> dict[str, Any]:
        """Decide that a guarantor does not pay."""
        return dict(self.loans.reject_guarantee_call(request.command()))
