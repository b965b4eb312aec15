"""A cooperative's own system pays through the bank-like API, and is kept in check."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from services.shared import clock
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories import partners
from tests.factories.partners import SnapClient
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers")
BALANCE: Final = 5_000_000


class Bank:
    """Two cooperatives with an agreement; Maju has a partner."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.maju, self.budi = self._cooperative(
            "0101", "KSP Maju Bersama", "Budi Santoso"
        )
        self.karya, self.sari = self._cooperative("0102", "KSU Karya", "Sari Dewi")
        self.makmur, self.wati = self._cooperative("0103", "KSP Makmur", "Wati")
        agreement = {
            "cooperatives": [self.maju, self.karya],
            "valid_from": "2020-01-01",
            "valid_until": "2099-12-31",
        }
        self.must("POST", "/v1/agreements", hub.operator(), agreement)
        self.admin = hub.token(
            "partners:write", "partners:read", "audit:read", cooperative_id=self.maju
        )
        self.client = self.partner()

    def must(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> Any:
        """The answer to a request that has to succeed."""
        key = uuid.uuid4().hex if method == "POST" else None
        reply = self.hub.request(method, path, body, token=token, key=key)
        assert reply.status < 300, reply.body
        return reply.json

    def partner(self, **body: Any) -> SnapClient:
        """A registered partner of Maju."""
        given = {"name": "Sistem Inti", "public_key": partners.public_pem()} | body
        made = self.must("POST", "/v1/partners", self.admin, given)
        return SnapClient(self.hub, made["id"], made["client_secret"])

    def balance(self, number: str, cooperative_id: str) -> int:
        """What an account holds, by the API."""
        token = self.hub.token(cooperative_id=cooperative_id)
        found = self.must("GET", f"/v1/accounts/{number}", token)
        return int(found["balance"])

    def pay(self, **changes: Any) -> tuple[dict[str, Any], Reply]:
        """A payment of Budi to Sari; the body and the reply."""
        body = payment(self.budi, self.sari) | changes
        return body, self.client.call("transfer-intrabank", body)

    def _cooperative(self, code: str, name: str, person: str) -> tuple[str, str]:
        hub, operator = self.hub, self.hub.operator()
        registered = {"code": code, "name": name, "kind": "ksp_primer"}
        made = self.must("POST", "/v1/cooperatives", operator, registered)["id"]
        self.must("POST", f"/v1/cooperatives/{made}/activate", operator)
        cap = {"net_debit_cap": 1_000_000_000}
        self.must("PUT", f"/v1/participants/{made}", operator, cap)
        funds = {"direction": "in", "amount": 500_000_000, "reference": "TRX-1"}
        self.must("POST", f"/v1/participants/{made}/funds", operator, funds)
        token = hub.token(cooperative_id=made)
        member = self.must("POST", "/v1/members", token, {"name": person})["id"]
        self.must("POST", f"/v1/members/{member}/activate", token)
        wanted = {"member_id": member, "product": "sukarela"}
        number = self.must("POST", "/v1/accounts", token, wanted)["number"]
        paid = {"amount": BALANCE, "channel": "cash"}
        self.must("POST", f"/v1/accounts/{number}/deposits", token, paid)
        return made, number


def payment(payer: str, payee: str, value: str = "150000.00") -> dict[str, Any]:
    """The body of a payment with a reference of its own."""
    return {
        "partnerReferenceNo": uuid.uuid4().hex,
        "amount": {"value": value, "currency": "IDR"},
        "beneficiaryAccountNo": payee,
        "sourceAccountNo": payer,
        "transactionDate": partners.timestamp(),
        "remark": "Bayar beras",
        "additionalInfo": {"deviceId": "12345"},
    }


@pytest.fixture(scope="module")
def bank(database_factory: Callable[[str], Database]) -> Iterator[Bank]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Bank(hub)
    hub.stop()


def code(reply: Reply) -> str:
    found: str = reply.json["responseCode"]
    assert reply.status == int(found[:3])
    return found


def test_a_token_is_given_for_a_signature(bank: Bank) -> None:
    reply = bank.client.ask_token()

    assert reply.json["responseCode"] == "2007300"
    assert reply.json["tokenType"] == "Bearer"
    assert reply.json["expiresIn"] == "900"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"signature": "AAAA"}, "4017300"),
        ({"client": "snp_nobody"}, "4017300"),
        ({"at": "2026-01-01T00:00:00+07:00"}, "4017300"),
        ({"at": "2026-01-01T00:00:00"}, "4007301"),
        ({"signature": "not base64!"}, "4007301"),
    ],
)
def test_no_token_is_given_otherwise(
    bank: Bank, changes: dict[str, str], expected: str
) -> None:
    assert code(bank.client.ask_token(**changes)) == expected


def test_a_snap_token_opens_nothing_else(bank: Bank) -> None:
    reply = bank.hub.request("GET", "/v1/accounts", token=bank.client.token)

    assert reply.status == 401


def test_a_token_of_the_api_does_not_open_snap(bank: Bank) -> None:
    token = bank.hub.token(cooperative_id=bank.maju)
    body = {"accountNo": bank.budi}

    assert code(bank.client.call("balance-inquiry", body, token=token)) == "4011101"


def test_the_balance_of_an_own_account_is_told(bank: Bank) -> None:
    reply = bank.client.call("balance-inquiry", {"accountNo": bank.budi})

    assert code(reply) == "2001100"
    assert reply.json["name"] == "Budi Santoso"
    [info] = reply.json["accountInfos"]
    assert info["status"] == "0001"
    assert info["availableBalance"]["currency"] == "IDR"
    assert info["availableBalance"]["value"].endswith(".00")


def test_the_balance_of_anothers_account_is_not(bank: Bank) -> None:
    reply = bank.client.call("balance-inquiry", {"accountNo": bank.sari})

    assert code(reply) == "4041111"


def test_a_beneficiary_of_a_cooperative_with_an_agreement_is_told_masked(
    bank: Bank,
) -> None:
    path = "account-inquiry-internal"
    reply = bank.client.call(path, {"beneficiaryAccountNo": bank.sari})

    assert code(reply) == "2001500"
    assert reply.json["beneficiaryAccountName"] == "S*** D***"
    reply = bank.client.call(path, {"beneficiaryAccountNo": bank.wati})
    assert code(reply) == "4031515"


def test_a_payment_moves_money_between_two_cooperatives_once(bank: Bank) -> None:
    before = bank.balance(bank.budi, bank.maju), bank.balance(bank.sari, bank.karya)

    body, reply = bank.pay()
    again = bank.client.call("transfer-intrabank", body)

    assert code(reply) == "2001700"
    assert reply.json["amount"] == {"value": "150000.00", "currency": "IDR"}
    assert code(again) == "4091701"
    assert again.json["referenceNo"] == reply.json["referenceNo"]
    assert bank.balance(bank.budi, bank.maju) == before[0] - 150_000
    assert bank.balance(bank.sari, bank.karya) == before[1] + 150_000


def test_a_reference_never_means_another_payment(bank: Bank) -> None:
    body, _ = bank.pay()
    before = bank.balance(bank.budi, bank.maju)

    other = body | {"amount": {"value": "160000.00", "currency": "IDR"}}
    reply = bank.client.call("transfer-intrabank", other)

    assert code(reply) == "4041718"
    assert bank.balance(bank.budi, bank.maju) == before


def test_a_refused_payment_is_refused_again_the_same_way(bank: Bank) -> None:
    amount = {"value": "900000000.00", "currency": "IDR"}
    body, reply = bank.pay(amount=amount)

    again = bank.client.call("transfer-intrabank", body)

    assert code(reply) == code(again) == "4031714"
    status = bank.client.call(
        "transfer/status",
        {
            "originalPartnerReferenceNo": body["partnerReferenceNo"],
            "serviceCode": "17",
        },
    )
    assert status.json["latestTransactionStatus"] == "06"


def test_a_payment_is_found_by_each_of_its_numbers(bank: Bank) -> None:
    body = payment(bank.budi, bank.sari)
    external_id = partners.next_external_id()
    made = bank.client.call(
        "transfer-intrabank", body, headers={"X-EXTERNAL-ID": external_id}
    )

    for number in (
        {"originalPartnerReferenceNo": body["partnerReferenceNo"]},
        {"originalReferenceNo": made.json["referenceNo"]},
        {"originalExternalId": external_id, "transactionDate": partners.timestamp()},
    ):
        asked = {"serviceCode": "17", **number}
        reply = bank.client.call("transfer/status", asked)
        assert code(reply) == "2003600"
        assert reply.json["latestTransactionStatus"] == "00"
        assert reply.json["originalReferenceNo"] == made.json["referenceNo"]


def test_a_payment_that_was_never_asked_for_is_not_found(bank: Bank) -> None:
    asked = {"originalPartnerReferenceNo": "nothing", "serviceCode": "17"}

    assert code(bank.client.call("transfer/status", asked)) == "4043601"


def test_payments_of_another_partner_are_not_found_by_reference(bank: Bank) -> None:
    body, _ = bank.pay()
    asked = {
        "originalPartnerReferenceNo": body["partnerReferenceNo"],
        "serviceCode": "17",
    }

    assert code(bank.partner().call("transfer/status", asked)) == "4043601"


def test_nobody_is_paid_from_anothers_account(bank: Bank) -> None:
    before = bank.balance(bank.sari, bank.karya)

    reply = bank.client.call("transfer-intrabank", payment(bank.sari, bank.budi))

    assert code(reply) == "4041711"
    assert bank.balance(bank.sari, bank.karya) == before


def test_an_external_id_is_good_once_a_day(bank: Bank) -> None:
    headers = {"X-EXTERNAL-ID": partners.next_external_id()}
    body = payment(bank.budi, bank.sari)
    first = bank.client.call("transfer-intrabank", body, headers=headers)
    before = bank.balance(bank.budi, bank.maju)

    again = bank.client.call(
        "transfer-intrabank", payment(bank.budi, bank.sari), headers=headers
    )

    assert (code(first), code(again)) == ("2001700", "4091700")
    assert bank.balance(bank.budi, bank.maju) == before


def test_a_signature_may_be_hex_or_base64_and_must_be_right(bank: Bank) -> None:
    body = {"accountNo": bank.budi}

    assert code(bank.client.call("balance-inquiry", body, encode=bytes.hex)) == (
        "2001100"
    )
    for wrong in (lambda raw: raw[::-1].hex(), lambda _raw: "AAAA"):
        assert code(bank.client.call("balance-inquiry", body, encode=wrong)) == (
            "4011100"
        )


def test_what_is_signed_is_the_body_that_is_sent(bank: Bank) -> None:
    signed = payment(bank.budi, bank.sari, "1000.00")
    signature: list[str] = []

    def remember(raw: bytes) -> str:
        signature.append(raw.hex())
        return "00" * 64

    at = partners.timestamp()
    bank.client.call("transfer-intrabank", signed, encode=remember, at=at)
    sent = signed | {"amount": {"value": "9000.00", "currency": "IDR"}}
    reply = bank.client.call(
        "transfer-intrabank", sent, encode=lambda _raw: signature[0], at=at
    )

    assert code(reply) == "4011700"


def test_a_stale_request_is_refused(bank: Bank) -> None:
    old = clock.now().astimezone(clock.JAKARTA) - timedelta(minutes=6)
    at = old.isoformat(timespec="seconds")

    reply = bank.client.call("balance-inquiry", {"accountNo": bank.budi}, at=at)

    assert code(reply) == "4011100"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-TIMESTAMP": ""}, "4001102"),
        ({"X-SIGNATURE": ""}, "4001102"),
        ({"X-EXTERNAL-ID": ""}, "4001102"),
        ({"X-EXTERNAL-ID": "abc"}, "4001101"),
        ({"CHANNEL-ID": "123456"}, "4001101"),
        ({"X-PARTNER-ID": "snp_other"}, "4011100"),
    ],
)
def test_a_request_without_its_headers_is_refused(
    bank: Bank, headers: dict[str, str], expected: str
) -> None:
    body = {"accountNo": bank.budi}

    reply = bank.client.call("balance-inquiry", body, headers=headers)

    assert code(reply) == expected


def test_without_a_token_there_is_nothing(bank: Bank) -> None:
    path = f"{partners.BASE}/balance-inquiry"

    reply = bank.hub.request("POST", path, {"accountNo": bank.budi}, token=None)

    assert code(reply) == "4011103"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": {"value": "150000", "currency": "IDR"}}, "4001701"),
        ({"amount": {"value": "150000.50", "currency": "IDR"}}, "4001701"),
        ({"amount": {"value": "1.00", "currency": "USD"}}, "4001701"),
        ({"sourceAccountNo": "12AB"}, "4001701"),
        ({"partnerReferenceNo": ""}, "4001701"),
    ],
)
def test_a_field_of_the_wrong_form_is_named(
    bank: Bank, changes: dict[str, Any], expected: str
) -> None:
    _, reply = bank.pay(**changes)

    assert code(reply) == expected
    assert reply.json["responseMessage"].startswith("Invalid Field Format")


def test_a_missing_field_is_named(bank: Bank) -> None:
    body = payment(bank.budi, bank.sari)
    del body["amount"]

    reply = bank.client.call("transfer-intrabank", body)

    assert code(reply) == "4001702"
    assert reply.json["responseMessage"] == "Invalid Mandatory Field amount"


def test_a_body_that_is_not_json_is_refused(bank: Bank) -> None:
    reply = bank.hub.request(
        "POST",
        f"{partners.BASE}/balance-inquiry",
        b"{not json",
        token=bank.client.token,
    )

    assert code(reply) == "4001100"


def test_the_history_of_an_account_comes_in_pages(bank: Bank) -> None:
    for value in ("1.00", "2.00", "3.00"):
        body = payment(bank.budi, bank.sari, value)
        assert code(bank.client.call("transfer-intrabank", body)) == "2001700"

    def page(number: int, size: int) -> list[dict[str, Any]]:
        asked = {
            "accountNo": bank.budi,
            "pageSize": str(size),
            "pageNumber": str(number),
        }
        reply = bank.client.call("transaction-history-list", asked)
        assert code(reply) == "2001200"
        found: list[dict[str, Any]] = reply.json["detailData"]
        return found

    whole = page(1, 50)
    assert page(1, 2) + page(2, 2) == whole[:4]
    assert [line["amount"]["value"] for line in whole[-3:]] == ["1.00", "2.00", "3.00"]
    assert whole[0]["type"] == "CREDIT"
    assert whole[-1]["type"] == "DEBIT"


@pytest.mark.parametrize(
    "changes",
    [
        {"pageSize": "51"},
        {"pageSize": "0"},
        {"fromDateTime": "2025-01-01T00:00:00+07:00"},
        {"pageSize": "50", "pageNumber": "9999"},
    ],
)
def test_a_history_has_limits(bank: Bank, changes: dict[str, str]) -> None:
    asked = {"accountNo": bank.budi, **changes}

    assert code(bank.client.call("transaction-history-list", asked)) == "4001201"


def test_a_partner_does_only_what_it_was_allowed(bank: Bank) -> None:
    reader = bank.partner(scopes=["accounts:read"])

    assert code(reader.call("balance-inquiry", {"accountNo": bank.budi})) == "2001100"
    reply = reader.call("transfer-intrabank", payment(bank.budi, bank.sari))
    assert code(reply) == "4031701"


def test_a_partner_calls_only_from_its_addresses(bank: Bank) -> None:
    at_home = bank.partner(allowed_ips=["127.0.0.0/8"])
    elsewhere = bank.partner(allowed_ips=["203.0.113.7"])

    assert at_home.ask_token().status == 200
    assert code(elsewhere.ask_token()) == "4017300"


def test_a_revoked_partner_asks_nothing_any_more(bank: Bank) -> None:
    gone = bank.partner()
    assert gone.token
    bank.must("POST", f"/v1/partners/{gone.partner_id}/revoke", bank.admin)

    assert code(gone.call("balance-inquiry", {"accountNo": bank.budi})) == "4011100"
    assert code(gone.ask_token()) == "4017300"


def test_after_a_new_secret_the_old_one_signs_nothing(bank: Bank) -> None:
    renewing = bank.partner()
    body = {"accountNo": bank.budi}
    assert code(renewing.call("balance-inquiry", body)) == "2001100"
    path = f"/v1/partners/{renewing.partner_id}/secret"
    made = bank.must("POST", path, bank.admin)

    assert code(renewing.call("balance-inquiry", body)) == "4011100"
    renewing.secret = made["client_secret"]
    assert code(renewing.call("balance-inquiry", body)) == "2001100"


def test_every_request_is_kept_without_names_and_whole_numbers(bank: Bank) -> None:
    client = bank.partner()
    client.call("transfer-intrabank", payment(bank.budi, bank.sari))
    path = f"/v1/partners/{client.partner_id}/requests"

    [kept] = bank.must("GET", path, bank.admin)["items"]

    assert kept["response_code"] == "2001700"
    assert kept["service_code"] == "17"
    text = json.dumps(kept)
    assert bank.budi not in text
    assert kept["body"]["sourceAccountNo"].endswith(bank.budi[-4:])
    assert "Bayar beras" not in text


def test_another_cooperative_sees_no_partner(bank: Bank) -> None:
    other = bank.hub.token("partners:write", "partners:read", cooperative_id=bank.karya)
    base = f"/v1/partners/{bank.client.partner_id}"

    assert bank.must("GET", "/v1/partners", other)["items"] == []
    assert bank.hub.request("GET", f"{base}/requests", token=other).status == 404
    for path in (f"{base}/revoke", f"{base}/secret"):
        assert bank.hub.request("POST", path, token=other).status == 404


def test_letting_a_partner_in_stands_in_the_audit_trail(bank: Bank) -> None:
    client = bank.partner()
    found = bank.must("GET", f"/v1/audit?subject={client.partner_id}", bank.admin)

    assert [entry["action"] for entry in found["items"]] == ["partner.created"]
    assert client.secret not in json.dumps(found)


def test_a_key_that_is_no_rsa_key_is_refused(bank: Bank) -> None:
    body = {
        "name": "Sistem Inti",
        "public_key": "-----BEGIN PUBLIC KEY-----" + "A" * 99,
    }
    reply = bank.hub.request("POST", "/v1/partners", body, token=bank.admin)

    assert (reply.status, reply.json["code"]) == (422, "invalid_public_key")
