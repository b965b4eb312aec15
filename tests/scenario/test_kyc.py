"""A member is checked by HTTP, from the photo of the KTP to the person who reviews."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from services.hub.simulators import dukcapil
from services.shared import access, identity
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.kyc import ACCOUNT, BORN, CONSENT, FEE, facility, ideb, nik_of
from tests.factories.membership import JPEG
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "kyc")
PATIENCE_SECONDS: Final = 30
TOPPED_UP: Final = 100_000


class Stage:
    """A running hub, a vendor beside it, and a cooperative."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        body = {"code": "0501", "name": "KSP Maju Bersama", "kind": "ksp_primer"}
        operator = hub.operator()
        self.id: str = self.must("POST", "/v1/cooperatives", body, token=operator)["id"]
        path = f"/v1/cooperatives/{self.id}"
        self.must("POST", f"{path}/activate", token=operator)
        topped = {"amount": TOPPED_UP, "reference": "TRF-1"}
        self.must("POST", f"{path}/wallet/topups", topped, token=operator)

    def token(self, subject: str, *scopes: str) -> str:
        """An access token of somebody of the cooperative."""
        caller = Identity(
            subject=subject,
            cooperative_id=self.id,
            scopes=frozenset(scopes) or access.TENANT_SCOPES,
        )
        key = self.hub.settings.identity_key
        return identity.sign(caller, key, audience="api", seconds=600)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        media_type: str = "application/json",
    ) -> Reply:
        """One request, with a key of its own where it may have one."""
        return self.hub.request(
            method,
            path,
            body,
            token=token or self.token("usr_analis"),
            key=uuid.uuid4().hex if method == "POST" else None,
            headers={"Content-Type": media_type},
        )

    def must(self, method: str, path: str, body: Any = None, **how: str) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(method, path, body, **how)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def member(self, nik: str, name: str = "Budi Santoso") -> str:
        """A member with photos."""
        person = {"name": name, "nik": nik, "birth_date": BORN.isoformat()}
        member_id: str = self.must("POST", "/v1/members", person)["id"]
        for kind in ("ktp", "selfie"):
            path = f"/v1/members/{member_id}/documents?kind={kind}"
            self.must("POST", path, JPEG, media_type="image/jpeg")
        return member_id

    def check(self, member_id: str, amount: int, feature: str) -> Reply:
        """A check, once the service has heard of the cooperative."""
        body = {
            "member_id": member_id,
            "feature": feature,
            "applied_amount": amount,
            "consent": CONSENT,
        }
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            reply = self.call("POST", "/v1/kyc/checks", body)
            if reply.status != 503 or time.monotonic() > give_up:
                return reply
            assert reply.json["code"] == "cooperative_not_ready", reply.body
            time.sleep(0.1)

    @property
    def balance(self) -> int:
        """What is left in the wallet."""
        return int(self.must("GET", "/v1/cooperatives/me/wallet")["balance"])


@pytest.fixture(scope="module")
def stage(database_factory: Callable[[str], Database]) -> Iterator[Stage]:
    """One hub for this module."""
    memory.install()
    url, _vendor, stop_vendor = dukcapil.start(ACCOUNT)
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.settings = replace(
        hub.settings,
        kyc_vendor="verihubs",
        kyc_url=url,
        kyc_app_id=ACCOUNT.app_id,
        kyc_key=ACCOUNT.key,
    )
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Stage(hub)
    hub.stop()
    stop_vendor()


def test_a_small_loan_is_checked_by_ekyc_and_reviewed_by_another_person(
    stage: Stage,
) -> None:
    before = stage.balance
    member_id = stage.member(nik_of(dukcapil.NEAR_FACE))

    reply = stage.check(member_id, 3_000_000, "ekyc")

    assert reply.status == 201, reply.body
    check = reply.json
    assert (check["status"], check["result"]) == ("done", "TINJAU")
    assert stage.balance == before - FEE
    path = f"/v1/kyc/checks/{check['id']}"
    decision = {"result": "LOLOS", "reason": "Dibandingkan di kantor"}
    refused = stage.call("POST", f"{path}/review", decision)
    assert refused.json["code"] == "proposer_cannot_approve"
    other = stage.token("usr_lain", "kyc:write", "kyc:read")
    stage.must("POST", f"{path}/review", decision, token=other)
    shown = stage.must("GET", path)
    assert (shown["result"], shown["review"]["reviewed_by"]) == ("LOLOS", "usr_lain")
    income = stage.must("GET", f"/v1/kyc/members/{member_id}/income")
    assert income["monthly_income"] == dukcapil.WAGE


def test_a_large_loan_is_checked_by_skoring_with_the_ideb(stage: Stage) -> None:
    nik = nik_of("0001")
    member_id = stage.member(nik)
    path = f"/v1/kyc/members/{member_id}/ideb"
    report = json.dumps(ideb(nik, facility())).encode()
    made = stage.must("POST", path, report)
    assert (made["score"], made["outstanding"]) == (100, 12_500_000)

    check = stage.check(member_id, 25_000_000, "skoring").json

    assert (check["result"], check["fee_amount"]) == ("LOLOS", FEE)
    assert check["parts"][2]["detail"]["worst_quality"] == 1
    assert stage.must("GET", path)["uploaded_at"] == made["uploaded_at"]
    assert stage.call("POST", path, b"[]").json["code"] == "bureau_report_unreadable"


def test_a_vendor_that_lies_costs_nothing_and_its_answer_counts_for_nothing(
    stage: Stage,
) -> None:
    before = stage.balance

    check = stage.check(stage.member(nik_of(dukcapil.LYING)), 3_000_000, "ekyc").json

    assert (check["status"], check["fee_amount"]) == ("failed", 0)
    assert check["fault"] == "vendor_answer_contradictory"
    assert stage.balance == before


def test_a_listed_name_is_for_a_person_to_decide(stage: Stage) -> None:
    content = b"id,name,birth_date\nID-1,H. Moh. Joesoef Soekardjo,1990\n"
    loaded = stage.must(
        "POST",
        "/v1/aml/lists/dttot",
        content,
        token=stage.hub.operator(),
        media_type="text/csv",
    )
    assert (loaded["version"], loaded["entries"]) == (1, 1)
    member_id = stage.member(nik_of("0002"), "Muhammad Yusuf Sukarjo")

    screened = stage.must("POST", f"/v1/aml/members/{member_id}/screen")

    [alert] = screened["alerts"]
    assert alert["birth_match"] == "same_year"
    pengawas = stage.token("usr_pengawas", "audit:read")
    seen = stage.must("GET", "/v1/aml/alerts?status=open", token=pengawas)
    assert [one["id"] for one in seen["items"]] == [alert["id"]]
    path = f"/v1/aml/alerts/{alert['id']}"
    decision = {"decision": "cleared", "reason": "Alamat lain"}
    assert stage.call("POST", f"{path}/decide", decision, token=pengawas).status == 403
    stage.must("POST", f"{path}/decide", decision)
    assert stage.must("GET", path)["status"] == "cleared"
    check = stage.check(member_id, 3_000_000, "ekyc").json
    assert (check["result"], check["aml_alerts"]) == ("LOLOS", 0)
    settings = stage.must("GET", "/v1/kyc/settings")
    assert stage.must("PUT", "/v1/kyc/settings", settings) == settings
