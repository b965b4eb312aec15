"""A cooperative's wallet, and the fees that are paid out of it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as contract

TAG = "Wallet"
READ = access.scope("wallet:read")


class FeeScheduleQuery(Schema):
    """The day of the prices, by default today."""

    on = fields.Date()


class WalletRoutes(Peers):
    """Wallet and fees."""

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/wallet/topups",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.TopUpWalletBody,
        command=contract.TopUpWallet,
        answer=contract.TopUp,
        key=Idempotency.REQUIRED,
        errors=(contract.BookNotOpen, contract.AccountNotFound, contract.PeriodClosed),
    )
    def top_up_wallet(self, request: Request) -> dict[str, Any]:
        """Record money that a cooperative paid into its wallet."""
        try:
            return dict(self.ledger.top_up_wallet(request.command()))
        except contract.BookNotOpen:
            self._require_cooperative(request)
            raise

    @route(
        "POST",
        "/v1/cooperatives/{cooperative_id}/fees",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.ChargeFeeBody,
        command=contract.ChargeFee,
        answer=contract.FeeCharge,
        key=Idempotency.REQUIRED,
        errors=(
            contract.InsufficientWalletBalance,
            contract.FeeAlreadyCharged,
            contract.FeeNotScheduled,
            contract.BookNotOpen,
            contract.AccountNotFound,
            contract.PeriodClosed,
        ),
    )
    def charge_fee(self, request: Request) -> dict[str, Any]:
        """Charge a fee by the schedule, at most once per kind and reference."""
        try:
            return dict(self.ledger.charge_fee(request.command()))
        except contract.BookNotOpen:
            self._require_cooperative(request)
            raise

    def _require_cooperative(self, request: Request) -> None:
        """Raise NotFound for a cooperative that nobody knows; books do not tell."""
        self.members.get_cooperative(dict(request.parameters))

    @route(
        "GET",
        "/v1/cooperatives/me/wallet",
        tag=TAG,
        rule=READ,
        answer=contract.Wallet,
        errors=(contract.BookNotOpen,),
    )
    def get_wallet(self, _request: Request) -> dict[str, Any]:
        """Show what is left in the caller's wallet."""
        return dict(self.ledger.get_wallet({}))

    @route(
        "GET",
        "/v1/cooperatives/me/fees",
        tag=TAG,
        rule=READ,
        query=contract.ListFees,
        command=contract.ListFees,
        answer=contract.FeePage,
        errors=(contract.BookNotOpen,),
    )
    def list_fees(self, request: Request) -> dict[str, Any]:
        """List the fees that the caller's cooperative was charged, newest first."""
        return dict(self.ledger.list_fees(request.command()))

    @route(
        "GET",
        "/v1/fees/schedule",
        tag=TAG,
        rule=access.staff,
        query=FeeScheduleQuery,
        command=contract.GetFeeSchedule,
        answer=contract.FeeSchedule,
    )
    def get_fee_schedule(self, request: Request) -> dict[str, Any]:
        """Show the prices in force on a day, by default today."""
        return dict(self.ledger.get_fee_schedule(request.command()))
