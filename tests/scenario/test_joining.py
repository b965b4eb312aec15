"""A cooperative from its registration to its closing, through the public API."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

import eventlet
import pytest

from services.shared import access
from services.shared.contracts.members import registration as contract
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.joining import LEGALITY, PASSWORD, mails
from tests.factories.members import World
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "kyc", "loans", "insurance")
EMAIL: Final = "pengurus@tunas.example"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
BODY: Final = {
    "name": "KSP Tunas Harapan",
    "email": EMAIL,
    "phone": "0812-3456-7890",
    "password": PASSWORD,
    "partner_code": "mitra-01",
    "terms_version": contract.TERMS_VERSION,
}
STEP_SECONDS: Final = 40.0


class Stage:
    """A running hub and those who speak with it."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.world = World(
            members=hub.databases["members"],
            ledger=hub.databases["ledger"],
            settings=hub.settings,
        )
        self.operator = hub.operator()

    def call(self, who: str | None, method: str, path: str, body: Any = None) -> Reply:
        """One request, with a key of its own."""
        key = uuid.uuid4().hex if method == "POST" and who else None
        return self.hub.request(method, path, body, token=who, key=key)

    def must(self, who: str | None, method: str, path: str, body: Any = None) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(who, method, path, body)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def refused(
        self, who: str | None, method: str, path: str, body: Any = None
    ) -> tuple[int, str]:
        """Status and code of a request that has to be refused."""
        reply = self.call(who, method, path, body)
        assert reply.status >= 400, (path, reply.body)
        return reply.status, reply.json["code"]

    def token_in_mail(self, template: str) -> str:
        """What the last such mail's link carries."""
        link: str = [
            mail["link"]
            for mail in mails(self.world, EMAIL)
            if mail["template"] == template
        ][-1]
        return link.rpartition("token=")[2]

    def press(self, path: str, token: str) -> Reply:
        """Press the button of a page that a link leads to."""
        page = self.hub.request("GET", f"{path}?token={token}", token=None)
        assert page.status == 200
        assert token.encode() in page.body
        return self.hub.request(
            "POST", path, urlencode({"token": token}).encode(), token=None, headers=FORM
        )

    def sign_in(self) -> str:
        """An access token of the person who registered the cooperative."""
        body = {"login": EMAIL, "password": PASSWORD}
        token: str = self.must(None, "POST", "/v1/sessions", body)["access_token"]
        return token

    def let_tokens_expire(self) -> None:
        """Let the services believe that access tokens live for no time at all."""
        for container in self.hub.containers:
            settings = container.config["settings"]
            container.config["settings"] = replace(settings, token_seconds=0)


@pytest.fixture(scope="module")
def stage(database_factory: Callable[[str], Database]) -> Iterator[Stage]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Stage(hub)
    hub.stop()


def test_a_cooperative_from_registration_to_closing(stage: Stage) -> None:
    pic = _register(stage)
    cooperative_id = _be_checked(stage, pic)
    scopes = access.expand(["members", "accounts", "branches", "cooperative"])
    system = stage.hub.token(*scopes, cooperative_id=cooperative_id)
    _work(stage, system, cooperative_id)
    closing_id = _ask_to_leave(stage, system)
    _be_let_go(stage, closing_id, cooperative_id)


def _register(stage: Stage) -> str:
    """Register, follow the link, sign in."""
    partner = {"name": "Dinas Koperasi Bali"}
    stage.must(stage.operator, "PUT", "/v1/partner-codes/MITRA-01", partner)
    assert stage.must(None, "POST", "/v1/registrations", BODY) == {"status": "accepted"}
    assert stage.refused(None, "POST", "/v1/sessions", _login()) == (
        401,
        "invalid_login",
    )
    again = stage.call(None, "POST", "/v1/registrations/resend", {"email": EMAIL})
    assert again.status == 429
    assert int(again.headers["Retry-After"]) > 1

    token = stage.token_in_mail("registration_activation")
    assert stage.press("/aktivasi", token).status == 200
    assert stage.press("/aktivasi", token).status == 422
    return stage.sign_in()


def _login() -> dict[str, str]:
    return {"login": EMAIL, "password": PASSWORD}


def _be_checked(stage: Stage, pic: str) -> str:
    """Enter the legality data, be refused once, be let in."""
    own = "/v1/cooperatives/me"
    legality = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in LEGALITY.items()
    }
    too_little = legality | {"initial_capital": 999_999_999}
    found = stage.must(pic, "PUT", f"{own}/legality", too_little)["findings"]
    assert [one["code"] for one in found] == ["capital_below_minimum"]
    submit = f"{own}/registration/submit"
    assert stage.refused(pic, "POST", submit) == (422, "legality_incomplete")
    stage.must(pic, "PUT", f"{own}/legality", legality)
    submitted = stage.must(pic, "POST", submit)
    assert (submitted["status"], submitted["partner_name"]) == (
        "submitted",
        "Dinas Koperasi Bali",
    )

    waiting = stage.must(stage.operator, "GET", "/v1/registrations?status=submitted")[
        "items"
    ]
    [registration_id] = [one["id"] for one in waiting]
    path = f"/v1/registrations/{registration_id}"
    assert stage.refused(pic, "POST", f"{path}/approve") == (403, "not_allowed")
    details = stage.must(stage.operator, "GET", path)
    assert (details["email"], details["phone"]) == (EMAIL, "+6281234567890")
    reason = {"reason": "Nomor izin tidak ditemukan di OSS."}
    stage.must(stage.operator, "POST", f"{path}/refuse", reason)
    shown = stage.must(pic, "GET", f"{own}/registration")
    assert (shown["status"], shown["refusal_reason"]) == ("refused", reason["reason"])

    stage.must(pic, "PUT", f"{own}/legality", legality)
    stage.must(pic, "POST", submit)
    approved = stage.must(stage.operator, "POST", f"{path}/approve")
    assert approved["status"] == "approved"
    assert stage.must(pic, "GET", own)["status"] == "active"
    modules = {"modules": ["ekyc", "loans"]}
    chosen = stage.must(stage.sign_in(), "PUT", f"{own}/modules", modules)
    assert chosen["modules"] == ["ekyc", "loans"]
    return str(approved["cooperative_id"])


def _work(stage: Stage, system: str, cooperative_id: str) -> None:
    """Open an office, take part in clearing, have a member who saves."""
    office = {
        "name": "Kantor Pusat",
        "kind": "pusat",
        "address": "Jl. Gatot Subroto 12",
        "area": "Kota Denpasar",
        "time_zone": "WITA",
    }
    head = stage.must(system, "POST", "/v1/branches", office)
    opened = stage.must(system, "POST", f"/v1/branches/{head['id']}/open")
    assert opened["status"] == "open"
    branch = stage.must(system, "POST", "/v1/branches", office | {"kind": "cabang"})
    path = f"/v1/branches/{branch['id']}"
    lacking = stage.must(system, "GET", f"{path}/preconditions")
    assert lacking["are_met"] is False
    assert stage.refused(system, "POST", f"{path}/open") == (
        422,
        "branch_preconditions_unmet",
    )
    clearing = f"/v1/participants/{cooperative_id}"
    cap = {"net_debit_cap": 1_000_000}
    stage.must(stage.operator, "PUT", clearing, cap)
    funds = {"direction": "in", "amount": 2_000_000, "reference": "BANK-1"}
    stage.must(stage.operator, "POST", f"{clearing}/funds", funds)


def _ask_to_leave(stage: Stage, system: str) -> str:
    """Be refused while a member has savings; then ask."""
    member = stage.must(system, "POST", "/v1/members", {"name": "Budi Santoso"})
    stage.must(system, "POST", f"/v1/members/{member['id']}/activate")
    wanted = {"member_id": member["id"], "product": "sukarela"}
    number = stage.must(system, "POST", "/v1/accounts", wanted)["number"]
    account = f"/v1/accounts/{number}"
    money = {"amount": 75_000, "channel": "cash"}
    stage.must(system, "POST", f"{account}/deposits", money)

    body = {"reason": "Rapat Anggota memutuskan pembubaran.", "contact_email": EMAIL}
    # A person confirms with a second factor first; a machine's secret is enough.
    assert stage.refused(stage.sign_in(), "POST", "/v1/closings", body) == (
        403,
        "step_up_required",
    )
    assert stage.refused(system, "POST", "/v1/closings", body) == (
        422,
        "closing_blocked",
    )
    blockers = stage.must(system, "GET", "/v1/cooperatives/me/closing-blockers")
    assert [one["code"] for one in blockers["items"]] == ["members_not_paid_out"]

    stage.must(system, "POST", f"{account}/withdrawals", money)
    asked = stage.must(system, "POST", "/v1/closings", body)
    assert (asked["state"], asked["working_days_left"]) == ("requested", 3)
    return str(asked["id"])


def _be_let_go(stage: Stage, closing_id: str, cooperative_id: str) -> None:
    """Be verified and approved; the rest happens by itself."""
    path = f"/v1/closings/{closing_id}"
    verified = stage.must(stage.operator, "POST", f"{path}/verify")
    document = stage.must(stage.operator, "GET", f"{path}/document")
    assert document["sha512"] == verified["document_sha512"]
    paper = stage.call(stage.operator, "GET", f"{path}/document?format=pdf")
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.body.startswith(b"%PDF-")

    stage.let_tokens_expire()
    approval = {"document_sha512": document["sha512"]}
    stage.must(stage.operator, "POST", f"{path}/approve", approval)
    assert stage.refused(None, "POST", "/v1/sessions", _login()) == (
        401,
        "invalid_login",
    )

    deadline = time.monotonic() + STEP_SECONDS
    while stage.must(stage.operator, "GET", path)["state"] != "completed":
        assert time.monotonic() < deadline, stage.must(stage.operator, "GET", path)
        eventlet.sleep(0.2)
    own = f"/v1/cooperatives/{cooperative_id}"
    assert stage.must(stage.operator, "GET", own)["status"] == "closed"
    left = stage.must(stage.operator, "GET", f"/v1/participants/{cooperative_id}")
    assert (left["status"], left["liquidity"]) == ("closed", 0)

    books = stage.press("/buku-koperasi", stage.token_in_mail("closing_exported"))
    assert books.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(books.body)) as packed:
        assert "Budi Santoso" in packed.read("anggota.csv").decode()
    integrity = stage.must(stage.operator, "GET", "/v1/ledger/integrity")
    assert integrity["balanced"] is True


def test_a_link_that_is_wrong_gets_a_page_and_no_books(stage: Stage) -> None:
    answer = stage.press("/buku-koperasi", "cls_tidak-ada.salah")

    assert answer.status == 422
    assert answer.headers["Content-Type"].startswith("text/html")
