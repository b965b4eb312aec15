"""Settlement windows, and the settlements that turn their nets into payments."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import transfers as contract
from services.shared.errors import NotFound

TAG = "Settlement"
TAKES_PART = access.any_of(
    access.operator, access.scope("transfers:read", "transfers:write")
)


class ProofQuery(Schema):
    """Which page of a proof's entries."""

    cursor = fields.String(
        validate=validate.Length(max=500),
        metadata={"description": "`next_cursor` of the page before."},
    )


class SettlementRoutes(Peers):
    """Windows and settlements."""

    @route(
        "POST",
        "/v1/settlement-windows/close",
        tag=TAG,
        rule=access.operator,
        command=contract.CloseWindow,
        answer=contract.ClosedWindow,
    )
    def close_window(self, request: Request) -> dict[str, Any]:
        """Close the open window and open the next one."""
        return dict(self.transfers.close_window(request.command()))

    @route(
        "GET",
        "/v1/settlement-windows",
        tag=TAG,
        rule=TAKES_PART,
        query=contract.ListWindows,
        command=contract.ListWindows,
        answer=contract.WindowPage,
    )
    def list_windows(self, request: Request) -> dict[str, Any]:
        """List the windows, newest first; a tenant sees its own nets."""
        return dict(self.transfers.list_windows(request.command()))

    @route(
        "GET",
        "/v1/settlement-windows/{window_id}",
        tag=TAG,
        rule=TAKES_PART,
        command=contract.WindowCommand,
        answer=contract.Window,
    )
    def get_window(self, request: Request) -> dict[str, Any]:
        """Show a window with its nets; a tenant sees its own."""
        return dict(self.transfers.get_window(request.command()))

    @route(
        "POST",
        "/v1/settlements",
        tag=TAG,
        rule=access.operator,
        status=201,
        body=contract.SettlementBody,
        command=contract.CreateSettlement,
        answer=contract.Settlement,
        errors=(
            NotFound,
            contract.WindowNotClosed,
            contract.WindowAlreadySettled,
            contract.NetsDoNotBalance,
        ),
    )
    def create_settlement(self, request: Request) -> dict[str, Any]:
        """Put closed windows together for settling."""
        return dict(self.transfers.create_settlement(request.command()))

    @route(
        "GET",
        "/v1/settlements",
        tag=TAG,
        rule=access.operator,
        query=contract.ListSettlements,
        command=contract.ListSettlements,
        answer=contract.SettlementPage,
    )
    def list_settlements(self, request: Request) -> dict[str, Any]:
        """List the settlements, newest first."""
        return dict(self.transfers.list_settlements(request.command()))

    @route(
        "GET",
        "/v1/settlements/{settlement_id}",
        tag=TAG,
        rule=access.operator,
        command=contract.SettlementCommand,
        answer=contract.Settlement,
    )
    def get_settlement(self, request: Request) -> dict[str, Any]:
        """Show a settlement."""
        return dict(self.transfers.get_settlement(request.command()))

    @route(
        "POST",
        "/v1/settlements/{settlement_id}/settle",
        tag=TAG,
        rule=access.operator,
        command=contract.Settle,
        answer=contract.Settlement,
        errors=(
            contract.InsufficientLiquidity,
            contract.NetsDoNotBalance,
            contract.NetDebitCapExceeded,
            contract.LimitExceeded,
            contract.PeriodClosed,
            contract.SettlementCancelled,
        ),
    )
    def settle(self, request: Request) -> dict[str, Any]:
        """Post a settlement's net payments; done again, it changes nothing."""
        return dict(self.transfers.settle(request.command()))

    @route(
        "POST",
        "/v1/settlements/{settlement_id}/cancel",
        tag=TAG,
        rule=access.operator,
        command=contract.CancelSettlement,
        answer=contract.Settlement,
        errors=(contract.SettlementAlreadySettled, contract.SettlementUnderWay),
    )
    def cancel_settlement(self, request: Request) -> dict[str, Any]:
        """Give up a settlement that is not paid; its windows can be settled anew.

        For windows that cannot be settled one by one: put them together instead.
        """
        return dict(self.transfers.cancel_settlement(request.command()))

    @route(
        "GET",
        "/v1/settlements/{settlement_id}/proof",
        tag=TAG,
        rule=TAKES_PART,
        query=ProofQuery,
        command=contract.GetProof,
        answer=contract.Proof,
        errors=(contract.SettlementNotSettled,),
    )
    def get_settlement_proof(self, request: Request) -> dict[str, Any]:
        """Fetch the signed proof of a settlement, for `hub verify-proof`.

        A large settlement's entries come in pages, each with the same signed body.
        """
        return dict(self.transfers.get_settlement_proof(request.command()))
