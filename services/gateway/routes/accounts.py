"""Savings accounts: opening, looking, paying in and out, name inquiry."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as contract
from services.shared.contracts import transfers as transfers_contract
from services.shared.contracts.members import cash as cash_contract
from services.shared.contracts.members import deposits as deposits_contract
from services.shared.contracts.members import products as products_contract
from services.shared.errors import NotFound, StepUpRequired

TAG = "Accounts"
READ = access.scope("accounts:read")
WRITE = access.scope("accounts:write")

_MOVEMENT_ERRORS = (
    contract.CooperativeNotActive,
    ledger_contract.InsufficientFunds,
    ledger_contract.AccountNotFound,
    ledger_contract.AccountNotActive,
    ledger_contract.LimitExceeded,
    ledger_contract.PeriodClosed,
    cash_contract.DrawerNotOpen,
    cash_contract.DrawerShort,
    StepUpRequired,
)


class AccountRoutes(Peers):
    """Savings accounts."""

    @route(
        "POST",
        "/v1/accounts",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.AccountBody,
        command=contract.OpenAccount,
        answer=contract.Account,
        errors=(
            NotFound,
            contract.MemberNotActive,
            contract.CooperativeNotActive,
            products_contract.UnknownProduct,
            ledger_contract.BookNotOpen,
        ),
    )
    def open_account(self, request: Request) -> dict[str, Any]:
        """Open a savings account for an active member."""
        return dict(self.members.open_account(request.command()))

    @route(
        "GET",
        "/v1/accounts",
        tag=TAG,
        rule=READ,
        query=contract.ListAccounts,
        command=contract.ListAccounts,
        answer=contract.AccountPage,
        errors=(NotFound,),
    )
    def list_accounts(self, request: Request) -> dict[str, Any]:
        """List the savings accounts, all or those of one member."""
        return dict(self.members.list_accounts(request.command()))

    @route(
        "GET",
        "/v1/accounts/{number}",
        tag=TAG,
        rule=READ,
        command=contract.AccountCommand,
        answer=contract.Account,
    )
    def get_account(self, request: Request) -> dict[str, Any]:
        """Show an account with its balance."""
        return dict(self.members.get_account(request.command()))

    @route(
        "POST",
        "/v1/accounts/{number}/deposits",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MovementBody,
        command=contract.Movement,
        answer=contract.MovementResult,
        key=Idempotency.REQUIRED,
        errors=_MOVEMENT_ERRORS,
    )
    def deposit(self, request: Request) -> dict[str, Any]:
        """Pay money into an account."""
        return dict(self.members.deposit(request.command()))

    @route(
        "POST",
        "/v1/accounts/{number}/withdrawals",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.MovementBody,
        command=contract.Movement,
        answer=contract.MovementResult,
        key=Idempotency.REQUIRED,
        errors=_MOVEMENT_ERRORS,
    )
    def withdraw(self, request: Request) -> dict[str, Any]:
        """Pay money out of an account."""
        return dict(self.members.withdraw(request.command()))

    @route(
        "POST",
        "/v1/accounts/{number}/close",
        tag=TAG,
        rule=WRITE,
        command=contract.CloseAccount,
        answer=contract.Account,
        errors=(
            ledger_contract.AccountNotEmpty,
            ledger_contract.AccountNotFound,
            deposits_contract.AccountInUse,
        ),
    )
    def close_account(self, request: Request) -> dict[str, Any]:
        """Close an account that holds nothing; it stays closed."""
        return dict(self.members.close_account(request.command()))

    @route(
        "GET",
        "/v1/inquiries/accounts/{number}",
        tag=TAG,
        rule=access.scope("accounts:read", "transfers:write"),
        command=contract.AccountCommand,
        answer=contract.Inquiry,
        errors=(transfers_contract.NoAgreement,),
    )
    def inquire_account(self, request: Request) -> dict[str, Any]:
        """Ask whose account a number is before paying to it; the name is masked."""
        return dict(self.members.inquire_account(request.command()))
