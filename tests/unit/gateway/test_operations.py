"""Every operation is declared consistently with the contracts behind it."""

import pytest

from services.gateway import auth
from services.gateway.http import entrypoints
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import Operation
from services.gateway.service import GatewayService

OPERATIONS = entrypoints.operations_of(GatewayService)
WITH_COMMAND = [one for one in OPERATIONS if one.command is not None]

# api.md marks these; returns and fees move money too.
MONEY = {
    "/v1/participants/{cooperative_id}/funds",
    "/v1/cooperatives/{cooperative_id}/wallet/topups",
    "/v1/cooperatives/{cooperative_id}/fees",
    "/v1/accounts/{number}/deposits",
    "/v1/accounts/{number}/withdrawals",
    "/v1/members/{member_id}/contributions",
    "/v1/contributions/{contribution_id}/cancel",
    "/v1/journals/{journal_id}/reverse",
    "/v1/transfers",
    "/v1/transfers/{transfer_id}/return",
    "/v1/bulk-transfers",
    # What is asked for is paid into a virtual account, and credited.
    "/v1/payments",
    "/v1/payments/{payment_id}/allocate",
    "/v1/cooperatives/me/wallet/payment-requests",
    "/v1/me/payments",
    # The counter: cash changes hands, deposits begin and end early.
    "/v1/cash/shifts",
    "/v1/cash/shifts/{shift_id}/transfers",
    "/v1/deposits",
    "/v1/deposits/{deposit_id}/break",
    # A check costs a fee out of the wallet.
    "/v1/kyc/checks",
    "/v1/loan-applications/{application_id}/checks",
    # Loans are paid out and paid back; a guarantor's savings are called.
    "/v1/loan-applications/{application_id}/disburse",
    "/v1/loans/{loan_id}/repayments",
    "/v1/me/loans/{loan_id}/repayments",
    "/v1/loan-guarantee-calls/{call_id}/approve",
    # A claim is given up in part, or a premium goes back.
    "/v1/insurance/resolutions/{resolution_id}/approve",
    # What a member had paid in goes back.
    "/v1/departures/{departure_id}/approve",
}


def _names(operation: Operation) -> set[str]:
    """The names in the command that the gateway makes for an operation."""
    names = set(operation.parameters)
    for schema in (operation.body, operation.query):
        if schema is not None:
            names |= {field.data_key or name for name, field in schema().fields.items()}
    return names


@pytest.mark.parametrize("operation", WITH_COMMAND, ids=lambda one: one.name)
def test_what_the_gateway_sends_is_what_the_service_takes(operation: Operation) -> None:
    assert operation.command is not None
    fields = operation.command().fields
    taken = {field.data_key or name for name, field in fields.items()}
    required = {
        field.data_key or name for name, field in fields.items() if field.required
    }
    sent = _names(operation)
    if operation.idempotency is Idempotency.REQUIRED and "idempotency" in taken:
        sent.add("idempotency")
    if operation.raw_body is not None:
        # The route makes the rest of the bytes that came.
        sent |= required
    if operation.files:
        # In which form somebody wants a table is for the gateway alone to know.
        sent &= taken
    assert sent <= taken
    assert required <= sent


@pytest.mark.parametrize("operation", WITH_COMMAND, ids=lambda one: one.name)
def test_a_required_key_on_the_wire_is_a_required_header(operation: Operation) -> None:
    assert operation.command is not None
    field = operation.command().fields.get("idempotency")
    if field is not None and field.required:
        assert operation.idempotency is Idempotency.REQUIRED


def test_a_key_that_is_taken_reaches_whoever_changes_something() -> None:
    dropped = {
        one.path
        for one in OPERATIONS
        if one.method == "POST"
        and one.idempotency is Idempotency.OPTIONAL
        and (one.command is None or "idempotency" not in one.command().fields)
    }
    # These compute something and keep nothing.
    assert dropped == {"/v1/loan-applications/rank", "/v1/loan-queue/simulations"}


def test_every_operation_that_moves_money_requires_a_key() -> None:
    required = {
        one.path for one in OPERATIONS if one.idempotency is Idempotency.REQUIRED
    }
    assert required == MONEY


def test_only_what_must_be_public_is_public() -> None:
    public = {one.path for one in OPERATIONS if auth.is_public(one.rule)}
    assert public == {
        "/v1/oauth/token",
        "/v1/openapi.json",
        "/docs",
        "/healthz",
        "/readyz",
        "/metrics",
        # Who wants to become a member is nobody yet.
        "/v1/cooperatives/{cooperative_code}/application-form",
        "/v1/cooperatives/{cooperative_code}/candidates",
        "/v1/candidates/{application_id}/verifications/confirm",
        # A cooperative that registers, and one that has left, have no users.
        "/v1/terms",
        "/v1/registrations",
        "/v1/registrations/resend",
        "/v1/registrations/activate",
        "/v1/closings/export",
        "/buku-koperasi",
        # Partners prove who they are by a signature.
        "/snap/v1.0/access-token/b2b",
        # Payment provider and insurers have no token; what they say is not believed.
        "/v1/callbacks/ipaymu",
        "/v1/callbacks/insurer",
        # Who signs in, or follows a link, has no token yet.
        "/v1/sessions",
        "/v1/sessions/refresh",
        "/v1/passwords/strength",
        "/v1/passwords/forgotten",
        "/v1/passwords/reset",
        "/v1/invitations/accept",
        "/aktivasi",
        "/atur-ulang-sandi",
        "/undangan",
        # Pages of who has not signed in, or is about to.
        "/",
        "/aset/halaman.js",
        "/aset/ikon.svg",
        "/daftar",
        "/daftar/kirim-ulang",
        "/keluar",
        "/lupa-password",
        "/masuk",
        "/syarat",
    }


def test_names_are_unique() -> None:
    names = [one.name for one in OPERATIONS]
    assert len(set(names)) == len(names)
