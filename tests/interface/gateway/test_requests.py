"""What callers get: checked from the outside in, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.gateway.service import GatewayService
from services.shared import errors, identity
from services.shared.contracts import ledger, members, transfers
from tests.interface.gateway.conftest import Gateway

PAYMENT = {
    "payer_account": "0101100000000016",
    "payee_account": "0102100000000018",
    "amount": 250_000,
    "description": "Bayar beras",
}
MEMBER = {"name": "Budi Santoso"}
COMMITTED = {
    "id": "trf_01jd8x",
    "state": "committed",
    "payer_account": "0101100000000016",
    "payee_account": "0102100000000018",
    "amount": 250_000,
    "description": "Bayar beras",
    "created_at": "2026-11-22T09:30:00+00:00",
    "committed_at": "2026-11-22T09:30:00+00:00",
    "window_id": "win_01jd8x",
}


# Money.


def test_a_committed_transfer_is_created(gateway: Gateway) -> None:
    gateway.script.answers["submit_transfers"] = COMMITTED
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key="bayar-1")
    assert (reply.status, reply.json) == (201, COMMITTED)


def test_a_reserved_transfer_is_accepted_but_not_yet_made(gateway: Gateway) -> None:
    gateway.script.answers["submit_transfers"] = {**COMMITTED, "state": "reserved"}
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key="bayar-1")
    assert (reply.status, reply.json["state"]) == (202, "reserved")


def test_the_service_learns_who_asks_what_under_which_key(gateway: Gateway) -> None:
    gateway.request(
        "POST", "/v1/transfers", PAYMENT, key="k", headers={"X-Request-Id": "req-7"}
    )
    method, command, caller, request_id = gateway.script.last
    idempotency = command.pop("idempotency")
    assert (method, command, request_id) == ("submit_transfers", PAYMENT, "req-7")
    assert caller is not None
    assert caller.cooperative_id == "coop_maju"
    assert caller.service == "gateway"
    assert idempotency["key"] == "k"
    assert idempotency["operation"] == "POST /v1/transfers"
    assert len(idempotency["request_hash"]) == 128


def test_the_operation_of_a_key_is_the_path_as_requested(gateway: Gateway) -> None:
    body = {"amount": 1000, "channel": "cash"}
    gateway.request("POST", "/v1/accounts/0101100000000016/deposits", body, key="k")
    operation = gateway.script.last[1]["idempotency"]["operation"]
    assert operation == "POST /v1/accounts/0101100000000016/deposits"


def test_two_members_with_the_same_key_are_not_the_same_request(
    gateway: Gateway,
) -> None:
    body = {"purpose": "contributions", "bank": "bca"}
    asked = []
    for subject in ("usr_budi", "usr_sari", "usr_budi"):
        token = gateway.token("self:write", subject=subject)
        gateway.request("POST", "/v1/me/payments", body, key="1", token=token)
        asked.append(gateway.script.last[1]["idempotency"])

    budi, sari, again = asked
    assert budi == again
    assert (budi["key"], budi["request_hash"]) == (sari["key"], sari["request_hash"])
    assert budi["operation"] != sari["operation"]


def test_an_answer_given_again_says_so(gateway: Gateway) -> None:
    gateway.script.answers["submit_transfers"] = {**COMMITTED, "replayed": True}
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key="k")
    assert (reply.status, reply.json) == (201, COMMITTED)
    assert reply.headers["Idempotency-Replayed"] == "true"


def test_a_refusal_given_again_says_so(gateway: Gateway) -> None:
    gateway.script.answers["submit_transfers"] = transfers.InsufficientFunds(
        details={"replayed": True}
    )
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key="k")
    assert (reply.status, reply.json["code"]) == (422, "insufficient_funds")
    assert reply.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (transfers.NoAgreement(), 422),
        (errors.IdempotencyKeyReused(), 422),
        (errors.RequestInProgress(), 409),
        (errors.ServiceBusy(), 503),
        (transfers.TransferNotStarted(), 503),
        (transfers.TransferPending(), 504),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_a_fault_of_the_service_becomes_its_status(
    gateway: Gateway, fault: errors.ServiceError, status: int
) -> None:
    gateway.script.answers["submit_transfers"] = fault
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key="k")
    assert (reply.status, reply.json["code"]) == (status, fault.code)
    assert reply.headers["Content-Type"] == "application/problem+json"


def test_money_does_not_move_without_a_key(gateway: Gateway) -> None:
    reply = gateway.request("POST", "/v1/transfers", PAYMENT)
    assert (reply.status, reply.json["code"]) == (400, "idempotency_key_required")
    assert gateway.script.asked == []


@pytest.mark.parametrize(
    "key", ["x" * 256, "a b", "\u00e9"], ids=["long", "space", "é"]
)
def test_a_malformed_key_is_refused(gateway: Gateway, key: str) -> None:
    reply = gateway.request("POST", "/v1/transfers", PAYMENT, key=key)
    assert (reply.status, reply.json["code"]) == (400, "invalid_idempotency_key")


def test_an_optional_key_may_be_left_out(gateway: Gateway) -> None:
    assert gateway.request("POST", "/v1/members", MEMBER).status == 201
    assert "idempotency" not in gateway.script.last[1]


@pytest.mark.parametrize(
    "amount", [0, -1, 10**15 + 1, 1.0, "1000", True, None, [1]], ids=repr
)
def test_an_amount_is_an_integer_of_whole_rupiah(gateway: Gateway, amount: Any) -> None:
    reply = gateway.request(
        "POST", "/v1/transfers", {**PAYMENT, "amount": amount}, key="k"
    )
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert [error["field"] for error in reply.json["errors"]] == ["amount"]


def test_an_unknown_field_is_refused(gateway: Gateway) -> None:
    reply = gateway.request("POST", "/v1/transfers", {**PAYMENT, "fee": 1}, key="k")
    assert reply.json["errors"] == [
        {"field": "fee", "code": "unknown_field", "detail": "Isian tidak dikenal."}
    ]
    assert reply.headers["Content-Language"] == "id"


def test_who_asks_for_english_is_refused_in_english(gateway: Gateway) -> None:
    body, headers = {**PAYMENT, "fee": 1}, {"Accept-Language": "en-GB, id;q=0.5"}
    reply = gateway.request("POST", "/v1/transfers", body, key="k", headers=headers)
    assert reply.json["detail"] == "fee: Unknown field."
    assert reply.headers["Content-Language"] == "en"


def test_a_bulk_request_may_hold_a_thousand_payments(gateway: Gateway) -> None:
    items = [{**PAYMENT, "reference": f"GAJI-{n}"} for n in range(1000)]
    reply = gateway.request("POST", "/v1/bulk-transfers", {"transfers": items}, key="k")
    assert reply.status == 200
    assert len(gateway.script.last[1]["transfers"]) == 1000
    more = [*items, {**PAYMENT, "reference": "GAJI-1000"}]
    reply = gateway.request("POST", "/v1/bulk-transfers", {"transfers": more}, key="k")
    assert reply.status == 400


def test_a_reference_that_stands_twice_is_named(gateway: Gateway) -> None:
    items = [{**PAYMENT, "reference": reference} for reference in ("A", "B", "A")]
    reply = gateway.request("POST", "/v1/bulk-transfers", {"transfers": items}, key="k")
    assert reply.status == 400
    assert [one["field"] for one in reply.json["errors"]] == ["transfers.2.reference"]


# Callers.


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c", "Bearer " + "x" * 5000, "é"],
    ids=lambda header: header[:12],
)
def test_a_request_without_a_valid_token_is_refused(
    gateway: Gateway, header: str
) -> None:
    reply = gateway.request("GET", "/v1/members", headers={"Authorization": header})
    assert (reply.status, reply.json["code"]) == (401, "not_authenticated")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_a_request_without_credentials_is_asked_for_them(gateway: Gateway) -> None:
    reply = gateway.request("GET", "/v1/members", token=None)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="koperasi-hub"'


def test_a_bus_token_is_no_access_token(gateway: Gateway) -> None:
    caller = identity.of_service("ledger")
    token = identity.sign_for_bus(caller, gateway.settings.identity_key)
    assert gateway.request("GET", "/v1/members", token=token).status == 401


def test_a_scope_that_was_not_given_does_not_open(gateway: Gateway) -> None:
    token = gateway.token("members:read")
    reply = gateway.request("POST", "/v1/members", MEMBER, token=token)
    assert (reply.status, reply.json["code"]) == (403, "not_allowed")
    assert gateway.request("GET", "/v1/members", token=token).status == 200


def test_a_tenant_is_no_operator(gateway: Gateway) -> None:
    token = gateway.token("operator")
    body = {"code": "0101", "name": "KSP Maju Bersama", "kind": "ksp_primer"}
    assert gateway.request("POST", "/v1/cooperatives", body, token=token).status == 403
    operator = gateway.operator()
    assert (
        gateway.request("POST", "/v1/cooperatives", body, token=operator).status == 201
    )


def test_only_the_operator_cancels_a_settlement(gateway: Gateway) -> None:
    path = "/v1/settlements/stl_1/cancel"
    for token in (gateway.token(), gateway.token("operator")):
        reply = gateway.request("POST", path, token=token)
        assert (reply.status, reply.json["code"]) == (403, "not_allowed")
    assert gateway.script.asked == []
    reply = gateway.request("POST", path, token=gateway.operator(), key="k-1")
    assert reply.status == 200
    method, command, _, _ = gateway.script.last
    assert (method, command["settlement_id"]) == ("cancel_settlement", "stl_1")
    assert command["idempotency"]["key"] == "k-1"


def test_the_own_cooperative_is_that_of_the_token(gateway: Gateway) -> None:
    gateway.request("GET", "/v1/cooperatives/me", token=gateway.token("wallet:read"))
    assert gateway.script.last[:2] == (
        "get_cooperative",
        {"cooperative_id": "coop_maju"},
    )


def test_me_is_a_cooperative_only_where_it_is_said(gateway: Gateway) -> None:
    gateway.request("GET", "/v1/cooperatives/me/wallet")
    assert gateway.script.last[0] == "get_wallet"
    gateway.request("GET", "/v1/cooperatives/coop_x", token=gateway.operator())
    assert gateway.script.last[1] == {"cooperative_id": "coop_x"}


# Paths, queries, media types.


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/members/",
        "/v1//members",
        "/v2/members",
        "/v1/%ff",
        "/{}",
    ],
)
def test_a_path_that_is_none_is_not_found(gateway: Gateway, path: str) -> None:
    reply = gateway.request("GET", path, token=None)
    assert (reply.status, reply.json["code"]) == (404, "path_not_found")


@pytest.mark.parametrize("value", ["a%2Fb", "%00", "a%20b", "x" * 101, "%F0%9F%98%80"])
def test_what_cannot_be_an_id_is_not_found(gateway: Gateway, value: str) -> None:
    reply = gateway.request("GET", f"/v1/members/{value}")
    assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert gateway.script.asked == []


def test_another_method_is_told_which_are_allowed(gateway: Gateway) -> None:
    reply = gateway.request("DELETE", "/v1/transfers", token=None)
    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD, POST"


def test_head_is_get_without_the_body(gateway: Gateway) -> None:
    got = gateway.request("GET", "/v1/members")
    head = gateway.request("HEAD", "/v1/members")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=+1",
        "limit=5_0",
        "limit=1.0",
        "limit=",
        "limit=1&limit=2",
        "unknown=1",
        "status=%FF",
        "status=%00",
        "status=deleted",
    ],
)
def test_a_query_that_does_not_fit_is_refused(gateway: Gateway, query: str) -> None:
    reply = gateway.request("GET", f"/v1/members?{query}")
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")


def test_an_operation_without_parameters_takes_none(gateway: Gateway) -> None:
    assert gateway.request("GET", "/healthz?x=1", token=None).status == 400


def test_a_limit_travels_as_a_number(gateway: Gateway) -> None:
    gateway.request("GET", "/v1/members?limit=7&status=active")
    assert gateway.script.last[1] == {"limit": 7, "status": "active"}


def test_a_statement_is_asked_for_by_its_account(gateway: Gateway) -> None:
    path = "/v1/accounts/0101100000000016/statement?from=2026-01-01&to=2026-01-31"
    assert gateway.request("GET", path).status == 200
    assert gateway.script.last[1] == {
        "key": "0101100000000016",
        "from": "2026-01-01",
        "to": "2026-01-31",
    }


def test_a_cursor_comes_back_as_the_service_gave_it(gateway: Gateway) -> None:
    gateway.script.answers["list_members"] = {"items": [], "next_cursor": "mem_9"}
    cursor = gateway.request("GET", "/v1/members").json["next_cursor"]
    assert "mem_9" not in cursor
    gateway.request("GET", f"/v1/members?cursor={cursor}")
    assert gateway.script.last[1] == {"cursor": "mem_9"}


def test_a_cursor_of_another_tenant_or_list_is_refused(gateway: Gateway) -> None:
    gateway.script.answers["list_members"] = {"items": [], "next_cursor": "mem_9"}
    cursor = gateway.request("GET", "/v1/members").json["next_cursor"]
    other = gateway.token(cooperative_id="coop_sejahtera")
    for path, token in (("/v1/members", other), ("/v1/accounts", "")):
        reply = gateway.request("GET", f"{path}?cursor={cursor}", token=token)
        assert (reply.status, reply.json["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=utf-16",
    ],
)
def test_a_body_of_another_media_type_is_refused(
    gateway: Gateway, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    reply = gateway.request("POST", "/v1/members", b'{"name":"Budi"}', headers=headers)
    assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=UTF-8", "APPLICATION/JSON;charset=utf-8"]
)
def test_the_media_type_may_name_utf8(gateway: Gateway, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    reply = gateway.request("POST", "/v1/members", b'{"name":"Budi"}', headers=headers)
    assert reply.status == 201


def test_a_compressed_body_is_refused(gateway: Gateway) -> None:
    headers = {"Content-Encoding": "gzip"}
    reply = gateway.request("POST", "/v1/members", MEMBER, headers=headers)
    assert reply.status == 415


def test_malformed_json_is_refused_with_the_place(gateway: Gateway) -> None:
    reply = gateway.request("POST", "/v1/members", b'{"name": }')
    assert (reply.status, reply.json["code"]) == (400, "malformed_json")
    assert "baris 1, kolom 10" in reply.json["detail"]


def test_what_is_optional_may_be_null(gateway: Gateway) -> None:
    for path, body in (
        ("/v1/transfers", PAYMENT | {"description": None}),
        ("/v1/members", MEMBER | {"nik": None, "phone": None, "birth_date": None}),
    ):
        assert gateway.request("POST", path, body, key="k").status == 201
        assert gateway.script.last[1].keys() >= body.keys()


@pytest.mark.parametrize("path", ["wallet/topups", "fees"])
def test_an_unknown_cooperative_is_not_found_though_only_its_book_is_asked_for(
    gateway: Gateway, path: str
) -> None:
    body = {"amount": 1000, "reference": "VA-1"}
    if path == "fees":
        body = {"kind": "ekyc_check", "reference": "kyc_1"}
    gateway.script.answers["top_up_wallet"] = ledger.BookNotOpen()
    gateway.script.answers["charge_fee"] = ledger.BookNotOpen()

    def ask() -> int:
        return gateway.request(
            "POST",
            f"/v1/cooperatives/coop_x/{path}",
            body,
            key="k",
            token=gateway.operator(),
        ).status

    assert ask() == 422
    gateway.script.answers["get_cooperative"] = errors.NotFound()
    assert ask() == 404


def test_an_operation_without_a_body_takes_an_empty_object(gateway: Gateway) -> None:
    assert gateway.request("POST", "/v1/members/mem_1/activate").status == 200
    assert gateway.request("POST", "/v1/members/mem_1/activate", {}).status == 200
    assert gateway.request("POST", "/v1/members/mem_1/activate", {"a": 1}).status == 400


# What every answer has.


def test_every_answer_has_its_request_id_and_safe_headers(gateway: Gateway) -> None:
    for path in ("/healthz", "/nowhere", "/docs"):
        reply = gateway.request(
            "GET", path, token=None, headers={"X-Request-Id": "req-7"}
        )
        assert reply.headers["X-Request-Id"] == "req-7"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert "Server" not in reply.headers


def test_a_bug_in_a_service_is_an_internal_error(gateway: Gateway) -> None:
    gateway.script.answers["get_member"] = errors.RemoteFault("KeyError: 'nik'")
    reply = gateway.request("GET", "/v1/members/mem_1")
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert b"nik" not in reply.body


def test_a_client_over_its_rate_is_told_to_wait(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway(rate_per_second=1)
    replies = [gateway.request("GET", "/v1/members") for _ in range(4)]
    refused = [reply for reply in replies if reply.status == 429]
    assert refused
    assert refused[0].headers["Retry-After"] == "1"
    assert gateway.request("GET", "/healthz", token=None).status == 200


def test_pages_of_other_origins_are_not_let_in(gateway: Gateway) -> None:
    headers = {"Origin": "https://lain.example"}
    reply = gateway.request("GET", "/healthz", token=None, headers=headers)
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert gateway.request("OPTIONS", "/v1/members", headers=headers).status == 405


def test_pages_of_a_named_origin_are_let_in(
    start_gateway: Callable[..., Gateway],
) -> None:
    origin = "https://loket.example"
    gateway = start_gateway(cors_origins=frozenset({origin}))
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    reply = gateway.request("OPTIONS", "/v1/members", token=None, headers=headers)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == origin
    assert reply.headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST"
    other = {"Origin": "https://lain.example"}
    reply = gateway.request("GET", "/healthz", token=None, headers=other)
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert reply.headers["Vary"] == "Origin"


# Tokens.

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GRANT = b"grant_type=client_credentials&client_id=cli_budi&client_secret=rahasia"


def test_client_credentials_buy_a_token(gateway: Gateway) -> None:
    body = GRANT + b"&scope=transfers%3Awrite&unknown=1&empty="
    reply = gateway.request("POST", "/v1/oauth/token", body, token=None, headers=FORM)
    assert (reply.status, reply.json["token_type"]) == (200, "Bearer")
    assert reply.headers["Cache-Control"] == "no-store"
    assert gateway.script.last[1] == {
        "client_id": "cli_budi",
        "client_secret": "rahasia",
        "scope": "transfers:write",
    }


def test_client_credentials_may_come_as_http_basic(gateway: Gateway) -> None:
    # cli_budi and "rahasia: 1", percent-encoded before base64 (RFC 6749, 2.3.1).
    headers = {**FORM, "Authorization": "Basic Y2xpX2J1ZGk6cmFoYXNpYSUzQSsx"}
    body = b"grant_type=client_credentials"
    reply = gateway.request("POST", "/v1/oauth/token", body, headers=headers)
    assert reply.status == 200
    assert gateway.script.last[1]["client_secret"] == "rahasia: 1"


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"", {}, 400, "invalid_request"),
        (b"grant_type=password", {}, 400, "unsupported_grant_type"),
        (b"grant_type=client_credentials", {}, 401, "invalid_client"),
        (GRANT + b"&client_id=other", {}, 400, "invalid_request"),
        (GRANT, {"Authorization": "Basic YTpi"}, 400, "invalid_request"),
        (b"grant_type=client_credentials", {"Authorization": "Bearer x"}, 401,
         "invalid_client"),
        (b"grant_type=client_credentials", {"Authorization": "Basic !"}, 401,
         "invalid_client"),
        (GRANT + b"&scope=" + b"x" * 501, {}, 400, "invalid_request"),
    ],
)  # fmt: skip
def test_a_token_request_is_refused_in_the_words_of_oauth(
    gateway: Gateway, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    reply = gateway.request(
        "POST", "/v1/oauth/token", body, token=None, headers={**FORM, **headers}
    )
    assert (reply.status, reply.json["error"]) == (status, error)
    assert reply.json["error_description"] == reply.json["detail"]
    assert gateway.script.asked == []


def test_wrong_credentials_are_an_invalid_client(gateway: Gateway) -> None:
    gateway.script.answers["authenticate_client"] = members.InvalidClient()
    reply = gateway.request("POST", "/v1/oauth/token", GRANT, token=None, headers=FORM)
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert reply.headers["WWW-Authenticate"].startswith("Basic")


def test_a_token_request_in_json_is_refused(gateway: Gateway) -> None:
    body = {"grant_type": "client_credentials"}
    assert gateway.request("POST", "/v1/oauth/token", body, token=None).status == 415


# Health.


def test_ready_says_which_dependency_is_down(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    assert gateway.request("GET", "/readyz", token=None).status == 200
    gateway.script.health["ledger"] = "down"
    gateway.container.stop()
    gateway.containers.remove(gateway.container)
    gateway.container = gateway.start(GatewayService)
    reply = gateway.request("GET", "/readyz", token=None)
    assert reply.status == 503
    found = reply.json["dependencies"]
    assert found["ledger.database"] == "down"
    assert found["members.database"] == found["ledger"] == found["bus"] == "up"


def test_what_is_not_of_the_core_may_be_down(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    gateway.script.health["kyc"] = "down"
    reply = gateway.request("GET", "/readyz", token=None)
    assert reply.status == 200
    assert reply.json["dependencies"]["kyc.database"] == "down"


def test_a_service_that_does_not_answer_is_down_and_the_process_is_not(
    start_gateway: Callable[..., Gateway],
) -> None:
    gateway = start_gateway()
    gateway.containers.pop(0).stop()
    reply = gateway.request("GET", "/readyz", token=None)
    assert reply.status == 503
    assert reply.json["dependencies"]["members"] == "down"
    assert gateway.request("GET", "/healthz", token=None).status == 200


def test_metrics_tell_of_requests_services_and_queues(
    start_gateway: Callable[..., Gateway],
) -> None:
    # The first question of a gateway: what it learnt before is kept for a while.
    gateway = start_gateway()
    gateway.request("GET", "/v1/members/mem_1")
    text = gateway.request("GET", "/metrics", token=None).body.decode()
    counted = 'hub_http_requests_total{method="GET",route="/v1/members/{member_id}"'
    assert counted in text
    assert 'hub_service_up{service="ledger"} 1.0' in text
    gauge = 'hub_service_gauge{name="outbox_lag_seconds",service="transfers"} 0.5'
    assert gauge in text
    assert "rpc-members" in text
    assert "rpc-transfers.submit_transfers" in text
