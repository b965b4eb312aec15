"""Payments between accounts, of one cooperative or of two."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import transfers as contract
from services.shared.messaging import BatchedRpc

TAG = "Transfers"
READ = access.scope("transfers:read")
WRITE = access.scope("transfers:write")

_SUBMISSION_ERRORS = (
    contract.AccountNotFound,
    contract.AccountNotActive,
    contract.SameAccount,
    contract.NoAgreement,
    contract.TransferLimitExceeded,
    contract.DailyLimitExceeded,
    contract.ParticipantSuspendedError,
    contract.InsufficientFunds,
    contract.InsufficientLiquidity,
    contract.NetDebitCapExceeded,
    contract.LimitExceeded,
    contract.PeriodClosed,
    contract.PayeeRejected,
    contract.TransferExpired,
    contract.TransferRefused,
    contract.ParticipantNotReady,
    contract.TransferNotStarted,
    contract.TransferPending,
)
_ANSWER_ERRORS = (
    contract.AnsweredTooLate,
    contract.TransferAlreadyAnswered,
    contract.TransferNotReserved,
    contract.TransferPending,
)
_RESERVED = {
    202: "The payee's cooperative is asked; the outcome is at `GET /v1/transfers/{id}`."
}

BULKS_PER_MESSAGE = 4
"""A bulk request is a batch in itself; a few of them make a message of good size."""


class TransferRoutes(Peers):
    """Payments, single and bulk, and what a payee's cooperative does with them."""

    transfer_submissions = BatchedRpc(contract.SERVICE, "submit_transfers")
    bulk_submissions = BatchedRpc(
        contract.SERVICE,
        "submit_bulk_transfers",
        calls_per_message=BULKS_PER_MESSAGE,
    )

    @route(
        "POST",
        "/v1/transfers",
        tag=TAG,
        rule=WRITE,
        status=201,
        other_statuses=_RESERVED,
        body=contract.TransferBody,
        command=contract.SubmitTransfer,
        answer=contract.Transfer,
        key=Idempotency.REQUIRED,
        errors=_SUBMISSION_ERRORS,
    )
    def submit_transfer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Pay from an account of the caller's cooperative to any account."""
        transfer = self.transfer_submissions.call(request.command())
        return _status_of(transfer), transfer

    @route(
        "POST",
        "/v1/bulk-transfers",
        tag=TAG,
        rule=WRITE,
        body=contract.BulkBody,
        command=contract.SubmitBulk,
        answer=contract.BulkResult,
        key=Idempotency.REQUIRED,
        errors=(
            contract.ParticipantNotReady,
            contract.TransferNotStarted,
            contract.TransferPending,
        ),
    )
    def submit_bulk_transfers(self, request: Request) -> dict[str, Any]:
        """Make up to 1,000 payments; each is made or refused for itself."""
        return dict(self.bulk_submissions.call(request.command()))

    @route(
        "GET",
        "/v1/transfers",
        tag=TAG,
        rule=READ,
        query=contract.ListTransfers,
        command=contract.ListTransfers,
        answer=contract.TransferPage,
    )
    def list_transfers(self, request: Request) -> dict[str, Any]:
        """List the transfers that the cooperative paid or was paid, newest first.

        `from` and `to` are dates (whole days in Jakarta) or moments with offset; a
        moment in `to` is not included.
        """
        return dict(self.transfers.list_transfers(request.command()))

    @route(
        "GET",
        "/v1/transfers/{transfer_id}",
        tag=TAG,
        rule=READ,
        command=contract.TransferCommand,
        answer=contract.TransferDetails,
    )
    def get_transfer(self, request: Request) -> dict[str, Any]:
        """Show a transfer as it stands now."""
        return dict(self.transfers.get_transfer(request.command()))

    @route(
        "POST",
        "/v1/transfers/{transfer_id}/return",
        tag=TAG,
        rule=WRITE,
        status=201,
        other_statuses=_RESERVED,
        body=contract.ReturnBody,
        command=contract.ReturnTransfer,
        answer=contract.Transfer,
        key=Idempotency.REQUIRED,
        errors=(
            contract.ReturnExceedsOriginal,
            contract.TransferNotReturnable,
            *_SUBMISSION_ERRORS,
        ),
    )
    def return_transfer(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Send a received payment back, whole or in part."""
        transfer = self.transfers.return_transfer(request.command())
        return _status_of(transfer), transfer

    @route(
        "POST",
        "/v1/transfers/{transfer_id}/accept",
        tag=TAG,
        rule=WRITE,
        command=contract.AcceptTransfer,
        answer=contract.TransferDetails,
        errors=_ANSWER_ERRORS,
    )
    def accept_transfer(self, request: Request) -> dict[str, Any]:
        """Accept a reserved payment; that is final."""
        return dict(self.transfers.accept_transfer(request.command()))

    @route(
        "POST",
        "/v1/transfers/{transfer_id}/reject",
        tag=TAG,
        rule=WRITE,
        body=contract.RejectBody,
        command=contract.RejectTransfer,
        answer=contract.TransferDetails,
        errors=_ANSWER_ERRORS,
    )
    def reject_transfer(self, request: Request) -> dict[str, Any]:
        """Reject a reserved payment; the payer gets the money back."""
        return dict(self.transfers.reject_transfer(request.command()))


def _status_of(transfer: dict[str, Any]) -> int:
    return 202 if transfer["state"] == "reserved" else 201
