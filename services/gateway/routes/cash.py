"""The counter: cash drawers, shifts of tellers, and slips."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members
from services.shared.contracts.members import cash as contract
from services.shared.errors import NotFound, SameProposer, StepUpRequired
from services.shared.presentation import pdf

TAG = "Counter"
READ = access.scope("cash:read")
WRITE = access.scope("cash:write")
APPROVE = access.scope("approvals:write")

_LEDGER_ERRORS = (
    members.CooperativeNotActive,
    ledger_contract.AccountNotFound,
    ledger_contract.AccountNotActive,
    ledger_contract.BookNotOpen,
    ledger_contract.LimitExceeded,
    ledger_contract.PeriodClosed,
)


class CashRoutes(Peers):
    """Cash drawers of tellers."""

    @route(
        "GET",
        "/v1/cash/settings",
        tag=TAG,
        rule=READ,
        answer=contract.CounterSettings,
    )
    def get_counter_settings(self, request: Request) -> dict[str, Any]:
        """Show how the counter works."""
        del request
        return dict(self.members.get_counter_settings({}))

    @route(
        "PUT",
        "/v1/cash/settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.CounterSettingsBody,
        answer=contract.CounterSettings,
    )
    def put_counter_settings(self, request: Request) -> dict[str, Any]:
        """Decide whether drawers are required, and from what amount on a PIN is."""
        return dict(self.members.put_counter_settings(request.json))

    @route(
        "POST",
        "/v1/cash/drawers",
        tag=TAG,
        rule=access.scope("branches:write", "approvals:write"),
        status=201,
        body=contract.DrawerBody,
        command=contract.CreateDrawer,
        answer=contract.Drawer,
        errors=(
            contract.DrawerNameTaken,
            contract.BranchNotOpen,
            ledger_contract.BookNotOpen,
        ),
    )
    def create_drawer(self, request: Request) -> dict[str, Any]:
        """Make a cash drawer with an account of its own."""
        return dict(self.members.create_drawer(request.command()))

    @route(
        "GET",
        "/v1/cash/drawers",
        tag=TAG,
        rule=READ,
        query=contract.ListDrawers,
        command=contract.ListDrawers,
        answer=contract.DrawerPage,
    )
    def list_drawers(self, request: Request) -> dict[str, Any]:
        """List the drawers with what the books say is in them."""
        return dict(self.members.list_drawers(request.command()))

    @route(
        "POST",
        "/v1/cash/shifts",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ShiftBody,
        command=contract.OpenShift,
        answer=contract.Shift,
        key=Idempotency.REQUIRED,
        errors=(
            *_LEDGER_ERRORS,
            NotFound,
            StepUpRequired,
            contract.DrawerInUse,
            contract.TellerHasShift,
            ledger_contract.InsufficientFunds,
        ),
    )
    def open_shift(self, request: Request) -> dict[str, Any]:
        """Open a drawer: begin a shift with a float out of the vault.

        From now on cash that the caller takes or pays goes through this drawer.
        """
        return dict(self.members.open_shift(request.command()))

    @route(
        "GET",
        "/v1/cash/shifts",
        tag=TAG,
        rule=READ,
        query=contract.ListShifts,
        command=contract.ListShifts,
        answer=contract.ShiftPage,
    )
    def list_shifts(self, request: Request) -> dict[str, Any]:
        """List the shifts, the newest first."""
        return dict(self.members.list_shifts(request.command()))

    @route(
        "GET",
        "/v1/cash/shifts/{shift_id}",
        tag=TAG,
        rule=READ,
        query=contract.ShiftQuery,
        command=contract.GetShift,
        answer=contract.Shift,
        files=(pdf.MEDIA_TYPE,),
        errors=(contract.ShiftNotOpen,),
    )
    def get_shift(self, request: Request) -> dict[str, Any] | Answer:
        """Show a shift; as PDF the record of its count, to be signed."""
        command = request.command()
        return files.in_form(command.get("format"), self.members.get_shift(command))

    @route(
        "POST",
        "/v1/cash/shifts/{shift_id}/transfers",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MoveCashBody,
        command=contract.MoveCash,
        answer=contract.Slip,
        key=Idempotency.REQUIRED,
        errors=(
            *_LEDGER_ERRORS,
            StepUpRequired,
            contract.NotYourShift,
            contract.ShiftNotOpen,
            contract.DrawerShort,
            ledger_contract.InsufficientFunds,
        ),
    )
    def move_cash(self, request: Request) -> dict[str, Any]:
        """Bring cash from the vault into the drawer, or back."""
        return dict(self.members.move_cash(request.command()))

    @route(
        "POST",
        "/v1/cash/shifts/{shift_id}/count",
        tag=TAG,
        rule=WRITE,
        body=contract.CountBody,
        command=contract.CountShift,
        answer=contract.Shift,
        errors=(
            contract.CountMismatch,
            contract.NotYourShift,
            contract.ShiftNotOpen,
            contract.ShiftBusy,
        ),
    )
    def count_shift(self, request: Request) -> dict[str, Any]:
        """Count the drawer; nothing goes through it until somebody has decided.

        May be repeated with another count until then. Nothing is posted yet.
        """
        return dict(self.members.count_shift(request.command()))

    @route(
        "POST",
        "/v1/cash/shifts/{shift_id}/accept",
        tag=TAG,
        rule=APPROVE,
        command=contract.AcceptCount,
        answer=contract.Shift,
        errors=(
            *_LEDGER_ERRORS,
            SameProposer,
            StepUpRequired,
            contract.ShiftNotOpen,
            contract.DrawerShort,
        ),
    )
    def accept_count(self, request: Request) -> dict[str, Any]:
        """Accept a count: post the variance, take the cash back into the vault.

        By somebody else than the teller.
        """
        return dict(self.members.accept_count(request.command()))

    @route(
        "POST",
        "/v1/cash/shifts/{shift_id}/return",
        tag=TAG,
        rule=APPROVE,
        body=contract.ReturnCountBody,
        command=contract.ReturnCount,
        answer=contract.Shift,
        errors=(SameProposer, contract.ShiftNotOpen),
    )
    def return_count(self, request: Request) -> dict[str, Any]:
        """Send a count back: the shift goes on and is counted again."""
        return dict(self.members.return_count(request.command()))

    @route(
        "GET",
        "/v1/cash/slips/{journal_id}",
        tag=TAG,
        rule=access.scope("accounts:read", "cash:read"),
        query=contract.SlipQuery,
        command=contract.GetSlip,
        answer=contract.Slip,
        files=(pdf.MEDIA_TYPE,),
    )
    def get_slip(self, request: Request) -> dict[str, Any] | Answer:
        """Show the slip of a movement, or print it."""
        command = request.command()
        return files.in_form(command.get("format"), self.members.get_slip(command))

    @route(
        "GET",
        "/v1/accounts/{number}/slips/{journal_id}",
        tag=TAG,
        rule=access.scope("accounts:read", "cash:read"),
        query=contract.SlipQuery,
        command=contract.GetSlip,
        answer=contract.Slip,
        files=(pdf.MEDIA_TYPE,),
    )
    def get_slip_of_account(self, request: Request) -> dict[str, Any] | Answer:
        """Show the slip of a deposit or withdrawal, or print it.

        The same number every time: it was given with the journal.
        """
        command = request.command()
        return files.in_form(command.get("format"), self.members.get_slip(command))
