"""Time deposits: what is offered, and what members have placed."""

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
from services.shared.contracts.members import cash as cash_contract
from services.shared.contracts.members import deposits as contract
from services.shared.errors import NotFound, StepUpRequired
from services.shared.presentation import pdf

PRODUCTS_TAG = "Time deposit products"
TAG = "Time deposits"
READ_PRODUCTS = access.scope("products:read")
WRITE_PRODUCTS = access.scope("products:write")
READ = access.scope("deposits:read")
WRITE = access.scope("deposits:write")

_LEDGER_ERRORS = (
    members.CooperativeNotActive,
    ledger_contract.InsufficientFunds,
    ledger_contract.AccountNotFound,
    ledger_contract.AccountNotActive,
    ledger_contract.BookNotOpen,
    ledger_contract.LimitExceeded,
    ledger_contract.PeriodClosed,
)


class DepositRoutes(Peers):
    """Time deposits."""

    @route(
        "POST",
        "/v1/deposit-products",
        tag=PRODUCTS_TAG,
        rule=WRITE_PRODUCTS,
        status=201,
        body=contract.DepositProductBody,
        command=contract.CreateDepositProduct,
        answer=contract.DepositProduct,
        errors=(contract.DepositProductCodeTaken, contract.InvalidRates),
    )
    def create_deposit_product(self, request: Request) -> dict[str, Any]:
        """Offer a time deposit, with rates by term and amount from today on."""
        return dict(self.members.create_deposit_product(request.command()))

    @route(
        "GET",
        "/v1/deposit-products",
        tag=PRODUCTS_TAG,
        rule=READ_PRODUCTS,
        query=contract.ListDepositProducts,
        command=contract.ListDepositProducts,
        answer=contract.DepositProductPage,
    )
    def list_deposit_products(self, request: Request) -> dict[str, Any]:
        """List the time deposits that are and were on offer."""
        return dict(self.members.list_deposit_products(request.command()))

    @route(
        "GET",
        "/v1/deposit-products/{product_id}",
        tag=PRODUCTS_TAG,
        rule=READ_PRODUCTS,
        command=contract.DepositProductCommand,
        answer=contract.DepositProduct,
    )
    def get_deposit_product(self, request: Request) -> dict[str, Any]:
        """Show a time deposit with its rates, in force and to come."""
        return dict(self.members.get_deposit_product(request.command()))

    @route(
        "POST",
        "/v1/deposit-products/{product_id}/rates",
        tag=PRODUCTS_TAG,
        rule=WRITE_PRODUCTS,
        status=201,
        body=contract.DepositRatesBody,
        command=contract.SetDepositRates,
        answer=contract.DepositProduct,
        errors=(contract.InvalidRates, contract.RatesExist, contract.RatesInThePast),
    )
    def set_deposit_rates(self, request: Request) -> dict[str, Any]:
        """Set the rates of new terms from a day on; terms that run keep theirs."""
        return dict(self.members.set_deposit_rates(request.command()))

    @route(
        "POST",
        "/v1/deposit-products/{product_id}/withdraw",
        tag=PRODUCTS_TAG,
        rule=WRITE_PRODUCTS,
        command=contract.ChangeDepositProduct,
        answer=contract.DepositProduct,
    )
    def withdraw_deposit_product(self, request: Request) -> dict[str, Any]:
        """Offer a time deposit no longer; what runs ends at its maturity."""
        return dict(self.members.withdraw_deposit_product(request.command()))

    @route(
        "POST",
        "/v1/deposits",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.DepositBody,
        command=contract.OpenDeposit,
        answer=contract.Deposit,
        key=Idempotency.REQUIRED,
        errors=(
            *_LEDGER_ERRORS,
            NotFound,
            StepUpRequired,
            members.MemberNotActive,
            contract.DepositProductNotOffered,
            contract.AmountTooSmall,
            contract.NoRate,
            contract.WrongSavingsAccount,
            cash_contract.DrawerNotOpen,
            cash_contract.DrawerShort,
        ),
    )
    def open_deposit(self, request: Request) -> dict[str, Any]:
        """Place a member's money for a term."""
        return dict(self.members.open_deposit(request.command()))

    @route(
        "GET",
        "/v1/deposits",
        tag=TAG,
        rule=READ,
        query=contract.ListDeposits,
        command=contract.ListDeposits,
        answer=contract.DepositPage,
        errors=(NotFound,),
    )
    def list_deposits(self, request: Request) -> dict[str, Any]:
        """List the time deposits, all or those of one member."""
        return dict(self.members.list_deposits(request.command()))

    @route(
        "GET",
        "/v1/deposits/{deposit_id}",
        tag=TAG,
        rule=READ,
        command=contract.DepositCommand,
        answer=contract.DepositDetails,
    )
    def get_deposit(self, request: Request) -> dict[str, Any]:
        """Show a deposit, what it has paid, and what breaking it today would cost."""
        return dict(self.members.get_deposit(request.command()))

    @route(
        "PATCH",
        "/v1/deposits/{deposit_id}",
        tag=TAG,
        rule=WRITE,
        body=contract.ChangeDepositBody,
        command=contract.ChangeDeposit,
        answer=contract.DepositDetails,
        errors=(
            contract.DepositNotActive,
            contract.WrongSavingsAccount,
            contract.InvalidRollover,
        ),
    )
    def change_deposit(self, request: Request) -> dict[str, Any]:
        """Change where a deposit pays to, or what happens at its maturity."""
        return dict(self.members.change_deposit(request.command()))

    @route(
        "POST",
        "/v1/deposits/{deposit_id}/break",
        tag=TAG,
        rule=WRITE,
        command=contract.BreakDeposit,
        answer=contract.DepositDetails,
        key=Idempotency.REQUIRED,
        errors=(
            *_LEDGER_ERRORS,
            contract.DepositNotActive,
            contract.DepositMatured,
            contract.WrongSavingsAccount,
        ),
    )
    def break_deposit(self, request: Request) -> dict[str, Any]:
        """End a deposit before its maturity, for a penalty.

        Principal and interest until today, less tax and penalty, go to its savings
        account.
        """
        return dict(self.members.break_deposit(request.command()))

    @route(
        "GET",
        "/v1/deposits/{deposit_id}/certificate",
        tag=TAG,
        rule=READ,
        query=contract.CertificateQuery,
        command=contract.GetCertificate,
        answer=contract.Certificate,
        files=(pdf.MEDIA_TYPE,),
    )
    def get_certificate(self, request: Request) -> dict[str, Any] | Answer:
        """Show the certificate of the present term, or print it."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.members.get_certificate(command)
        )

    @route(
        "GET",
        "/v1/me/deposits",
        tag=TAG,
        rule=access.scope("self:read"),
        query=contract.ListMyDeposits,
        command=contract.ListMyDeposits,
        answer=contract.DepositPage,
        errors=(NotFound,),
    )
    def list_my_deposits(self, request: Request) -> dict[str, Any]:
        """List my own time deposits."""
        return dict(self.members.list_my_deposits(request.command()))
