"""Payments in through virtual accounts."""

from __future__ import annotations

import base64
from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import FORM, RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.oauth import TokenRate
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import payments as contract
from services.shared.contracts.members.dues import (
    ContributionNotAsked,
    MembershipEnded,
)
from services.shared.errors import NotFound, StepUpRequired

TAG: Final = "Payments"
READ = access.scope("payments:read")
WRITE = access.scope("payments:write")
CALLBACK_BYTES_MAX: Final = 16_384
SIGNATURE_CHARACTERS_MAX: Final = 500

_REQUEST_ERRORS: Final = (
    NotFound,
    contract.PaymentsNotOffered,
    contract.PayerContactMissing,
    contract.PaymentTooSmall,
    contract.PaymentRefused,
    members_contract.MemberNotActive,
    ContributionNotAsked,
    MembershipEnded,
)


class PaymentRoutes(Peers):
    """Payments in through virtual accounts."""

    callback_rate = TokenRate()

    @route(
        "POST",
        "/v1/payments",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.PaymentBody,
        command=contract.RequestPayment,
        answer=contract.Payment,
        key=Idempotency.REQUIRED,
        errors=_REQUEST_ERRORS,
    )
    def request_payment(self, request: Request) -> dict[str, Any]:
        """Ask for a virtual account that a member pays into.

        While the payment provider cannot be reached the payment is `requesting` and has
        no number yet; the hub goes on asking by itself.
        """
        return dict(self.members.request_payment(request.command()))

    @route(
        "GET",
        "/v1/payments",
        tag=TAG,
        rule=READ,
        query=contract.ListPayments,
        command=contract.ListPayments,
        answer=contract.PaymentPage,
    )
    def list_payments(self, request: Request) -> dict[str, Any]:
        """List the payments in the order they were asked for."""
        return dict(self.members.list_payments(request.command()))

    @route(
        "GET",
        "/v1/payments/{payment_id}",
        tag=TAG,
        rule=READ,
        command=contract.PaymentCommand,
        answer=contract.Payment,
        errors=(contract.PaymentNotFound,),
    )
    def get_payment(self, request: Request) -> dict[str, Any]:
        """Show a payment and what became of it."""
        return dict(self.members.get_payment(request.command()))

    @route(
        "POST",
        "/v1/payments/{payment_id}/check",
        tag=TAG,
        rule=WRITE,
        command=contract.CheckPayment,
        answer=contract.Payment,
        key=Idempotency.NONE,
        errors=(contract.PaymentNotFound,),
    )
    def check_payment(self, request: Request) -> dict[str, Any]:
        """Ask the payment provider now whether it was paid.

        The hub asks by itself as well; this is for somebody who waits at the counter.
        """
        return dict(self.members.check_payment(request.command()))

    @route(
        "POST",
        "/v1/payments/{payment_id}/allocate",
        tag=TAG,
        rule=WRITE,
        body=contract.AllocateBody,
        command=contract.AllocatePayment,
        answer=contract.Payment,
        key=Idempotency.REQUIRED,
        errors=(
            NotFound,
            StepUpRequired,
            contract.PaymentNotFound,
            contract.PaymentNotUnallocated,
        ),
    )
    def allocate_payment(self, request: Request) -> dict[str, Any]:
        """Give money that its target refused to another account of the same member."""
        return dict(self.members.allocate_payment(request.command()))

    @route(
        "POST",
        "/v1/cooperatives/me/wallet/payment-requests",
        tag=TAG,
        rule=access.scope("wallet:write"),
        status=201,
        body=contract.WalletPaymentBody,
        command=contract.RequestWalletPayment,
        answer=contract.Payment,
        key=Idempotency.REQUIRED,
        errors=(
            NotFound,
            contract.PaymentsNotOffered,
            contract.PaymentTooSmall,
            contract.PaymentRefused,
        ),
    )
    def request_wallet_payment(self, request: Request) -> dict[str, Any]:
        """Ask for a virtual account that raises the cooperative's own wallet."""
        return dict(self.members.request_wallet_payment(request.command()))

    @route(
        "POST",
        "/v1/me/payments",
        tag="Own membership",
        rule=access.scope("self:write"),
        status=201,
        body=contract.OwnPaymentBody,
        command=contract.RequestOwnPayment,
        answer=contract.Payment,
        key=Idempotency.REQUIRED,
        errors=_REQUEST_ERRORS,
    )
    def request_own_payment(self, request: Request) -> dict[str, Any]:
        """Ask for a virtual account of one's own: a deposit, or contributions."""
        return dict(self.members.request_own_payment(request.command()))

    @route(
        "GET",
        "/v1/me/payments",
        tag="Own membership",
        rule=access.scope("self:read"),
        query=contract.ListOwnPayments,
        command=contract.ListOwnPayments,
        answer=contract.PaymentPage,
        errors=(NotFound,),
    )
    def list_own_payments(self, request: Request) -> dict[str, Any]:
        """List one's own payments in the order they were asked for."""
        return dict(self.members.list_own_payments(request.command()))

    @route(
        "POST",
        "/v1/callbacks/ipaymu",
        tag=TAG,
        rule=access.anyone,
        raw_body=RawBody(
            media_types=(FORM, "application/json"), bytes_max=CALLBACK_BYTES_MAX
        ),
        answer=contract.CallbackTaken,
        key=Idempotency.NONE,
    )
    def record_payment_callback(self, request: Request) -> dict[str, Any]:
        """Take what the payment provider calls back.

        It is kept, and makes the hub ask the provider; by itself it moves no money.
        Every callback is answered the same.
        """
        self.callback_rate.check_rate(f"{request.address} payment callback")
        signature = request.headers.get("x-signature")
        return dict(
            self.members.record_payment_callback(
                {
                    "body": base64.b64encode(request.body).decode(),
                    "media_type": _media_type(request),
                    "signature": signature and signature[:SIGNATURE_CHARACTERS_MAX],
                    "address": request.address,
                }
            )
        )

    @route(
        "GET",
        "/v1/payment-callbacks",
        tag=TAG,
        rule=access.operator,
        query=contract.ListCallbacks,
        command=contract.ListCallbacks,
        answer=contract.CallbackPage,
    )
    def list_payment_callbacks(self, request: Request) -> dict[str, Any]:
        """List what was called back, and what was thought of it."""
        return dict(self.members.list_payment_callbacks(request.command()))


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", "")
    return given.partition(";")[0].strip().lower()
