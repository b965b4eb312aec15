"""Repayments of loans, early settlement, and penalties that are forgiven."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans, members
from services.shared.contracts.loans import decisions, reminders, waivers
from services.shared.contracts.loans import repayments as contract
from services.shared.contracts.members import cash as cash_contract
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Repayments"
READ = access.scope("loans:read")
WRITE = access.scope("loans:write")
REPAY = access.scope("loans:write", "accounts:write", "cash:write")
APPROVE = access.scope("approvals:write")
READ_OWN = access.scope("self:read")
WRITE_OWN = access.scope("self:write")

_ERRORS = (
    NotFound,
    StepUpRequired,
    loans.LoanNotActive,
    contract.RepaymentUnderWay,
    contract.Overpaid,
    contract.SettlementChanged,
    contract.WrongRepaymentAccount,
    ledger_contract.InsufficientFunds,
    ledger_contract.AccountNotFound,
    ledger_contract.AccountNotActive,
    ledger_contract.BookNotOpen,
    ledger_contract.LimitExceeded,
    ledger_contract.PeriodClosed,
)


class RepaymentRoutes(Peers):
    """Repayments and waivers."""

    @route(
        "POST",
        "/v1/loans/{loan_id}/repayments",
        tag=TAG,
        rule=REPAY,
        status=201,
        body=contract.RepaymentBody,
        command=contract.RepayLoan,
        answer=contract.Repayment,
        key=Idempotency.REQUIRED,
        errors=(*_ERRORS, members.CooperativeNotActive, cash_contract.DrawerNotOpen),
    )
    def repay_loan(self, request: Request) -> dict[str, Any]:
        """Pay a loan: in cash, out of savings or by bank.

        Cash goes into the caller's drawer and has a slip. What is due is paid first,
        the oldest instalment before the next.
        """
        command = request.command()
        if command["channel"] == "cash":
            taken = {name: command[name] for name in command if name != "channel"}
            return dict(self.members.take_loan_repayment(taken))
        return dict(self.loans.repay_loan(command))

    @route(
        "GET",
        "/v1/loans/{loan_id}/repayments",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListRepayments,
        answer=contract.RepaymentPage,
        errors=(NotFound,),
    )
    def list_repayments(self, request: Request) -> dict[str, Any]:
        """List what was paid of a loan."""
        return dict(self.loans.list_repayments(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/settlement",
        tag=TAG,
        rule=READ,
        command=contract.SettlementCommand,
        answer=contract.LoanSettlement,
        errors=(loans.LoanNotActive,),
    )
    def quote_settlement(self, request: Request) -> dict[str, Any]:
        """Show what pays a loan off today."""
        return dict(self.loans.quote_settlement(request.command()))

    @route(
        "POST",
        "/v1/me/loans/{loan_id}/repayments",
        tag=TAG,
        rule=WRITE_OWN,
        status=201,
        body=contract.MyRepaymentBody,
        command=contract.RepayMyLoan,
        answer=contract.Repayment,
        key=Idempotency.REQUIRED,
        errors=_ERRORS,
    )
    def repay_my_loan(self, request: Request) -> dict[str, Any]:
        """Pay one of my loans out of my savings."""
        return dict(self.loans.repay_my_loan(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}/repayments",
        tag=TAG,
        rule=READ_OWN,
        query=Page,
        command=contract.ListRepayments,
        answer=contract.RepaymentPage,
        errors=(NotFound,),
    )
    def list_my_repayments(self, request: Request) -> dict[str, Any]:
        """List what I have paid of a loan."""
        return dict(self.loans.list_my_repayments(request.command()))

    @route(
        "GET",
        "/v1/me/loans/{loan_id}/settlement",
        tag=TAG,
        rule=READ_OWN,
        command=contract.SettlementCommand,
        answer=contract.LoanSettlement,
        errors=(loans.LoanNotActive,),
    )
    def quote_my_settlement(self, request: Request) -> dict[str, Any]:
        """Show what pays one of my loans off today."""
        return dict(self.loans.quote_my_settlement(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/waivers",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=waivers.WaiverBody,
        command=waivers.ProposeWaiver,
        answer=waivers.Waiver,
        errors=(
            NotFound,
            loans.LoanNotActive,
            waivers.WaiverOpen,
            waivers.WaiverTooHigh,
        ),
    )
    def propose_waiver(self, request: Request) -> dict[str, Any]:
        """Propose to forgive penalty; another has to approve it."""
        return dict(self.loans.propose_waiver(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/waivers",
        tag=TAG,
        rule=READ,
        query=Page,
        command=waivers.ListWaivers,
        answer=waivers.WaiverPage,
        errors=(NotFound,),
    )
    def list_waivers(self, request: Request) -> dict[str, Any]:
        """List the penalties that somebody proposed to forgive."""
        return dict(self.loans.list_waivers(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/waivers/{waiver_id}/approve",
        tag=TAG,
        rule=APPROVE,
        command=waivers.DecideWaiver,
        answer=waivers.Waiver,
        errors=(
            StepUpRequired,
            SameProposer,
            decisions.OwnLoan,
            loans.LoanNotActive,
            contract.RepaymentUnderWay,
            waivers.WaiverDecided,
            waivers.WaiverTooHigh,
        ),
    )
    def approve_waiver(self, request: Request) -> dict[str, Any]:
        """Forgive penalty that another proposed to forgive."""
        return dict(self.loans.approve_waiver(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/waivers/{waiver_id}/reject",
        tag=TAG,
        rule=APPROVE,
        command=waivers.DecideWaiver,
        answer=waivers.Waiver,
        errors=(waivers.WaiverDecided,),
    )
    def reject_waiver(self, request: Request) -> dict[str, Any]:
        """Forgive nothing."""
        return dict(self.loans.reject_waiver(request.command()))

    @route(
        "GET",
        "/v1/loan-reminder-settings",
        tag=TAG,
        rule=READ,
        answer=reminders.ReminderSettings,
    )
    def get_reminder_settings(self, request: Request) -> dict[str, Any]:
        """Show how many days before and after a due day borrowers are told."""
        del request
        return dict(self.loans.get_reminder_settings({}))

    @route(
        "PUT",
        "/v1/loan-reminder-settings",
        tag=TAG,
        rule=WRITE,
        body=reminders.ReminderSettingsBody,
        answer=reminders.ReminderSettings,
    )
    def put_reminder_settings(self, request: Request) -> dict[str, Any]:
        """Tell borrowers at other times, or not at all."""
        return dict(self.loans.put_reminder_settings(request.json))
