"""One person and one cooperative, from the first form to the last farewell, by HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from services.shared import access, clock
from services.shared.identity import Identity
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.members import Tenant, World
from tests.factories.membership import JPEG, messages
from tests.factories.users import bearer
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers", "loans")
EMAIL: Final = "budi@contoh.id"
NIK: Final = "5171011708900001"
JPEG_TYPE: Final = {"Content-Type": "image/jpeg"}


class Stage:
    """A running hub with one cooperative, and its people."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        made = self._operator("/v1/cooperatives", code="0201", kind="ksp_primer")
        self.cooperative_id: str = made["id"]
        self._operator(f"/v1/cooperatives/{self.cooperative_id}/activate")
        world = World(
            members=hub.databases["members"],
            ledger=hub.databases["ledger"],
            settings=hub.settings,
        )
        peer = LedgerPeer(world.ledger, hub.settings, self.cooperative_id)
        self.tenant = Tenant(
            world=world, id=self.cooperative_id, code="0201", ledger=peer
        )

    def _operator(self, path: str, **body: Any) -> Any:
        content = body | {"name": "KSP Maju Bersama"} if body else None
        reply = self.hub.request("POST", path, content, token=self.hub.operator())
        assert reply.status < 300, reply.body
        return reply.json

    def token(self, *roles: str, member_id: str = "", is_strong: bool = True) -> str:
        """An access token of a person with these roles."""
        now = int(clock.now().timestamp())
        caller = Identity(
            subject=f"usr_{'_'.join(roles)}",
            cooperative_id=self.cooperative_id,
            scopes=access.scopes_of_roles(roles),
            roles=frozenset(roles),
            member_id=member_id,
            session_id=f"ses_{'_'.join(roles)}",
            strong_until=now + 300 if is_strong else 0,
        )
        return bearer(self.hub.settings, caller)

    def call(
        self, who: str | None, method: str, path: str, body: Any = None, **more: Any
    ) -> Reply:
        """One request, with a key of its own."""
        key = uuid.uuid4().hex if method == "POST" and who else None
        return self.hub.request(method, path, body, token=who, key=key, **more)

    def must(
        self, who: str | None, method: str, path: str, body: Any = None, **more: Any
    ) -> Any:
        """The answer to a request that has to succeed."""
        reply = self.call(who, method, path, body, **more)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def refused(
        self, who: str | None, method: str, path: str, body: Any = None, **more: Any
    ) -> tuple[int, str]:
        """Status and code of a request that has to be refused."""
        reply = self.call(who, method, path, body, **more)
        assert reply.status >= 400, (path, reply.body)
        return reply.status, reply.json["code"]

    def code(self) -> str:
        """The last verification code that Budi got by e-mail."""
        sent = [
            one
            for one in messages(self.tenant, EMAIL)
            if one["template"] == "verification_code"
        ]
        code: str = sent[-1]["values"]["code"]
        return code


@pytest.fixture(scope="module")
def stage(database_factory: Callable[[str], Database]) -> Iterator[Stage]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Stage(hub)
    hub.stop()


def test_from_the_first_form_to_the_last_farewell(stage: Stage) -> None:
    teller, ketua = stage.token("teller"), stage.token("pengurus")
    bendahara = stage.token("bendahara")
    _set_up(stage, ketua)

    member_id = _apply(stage)
    _hand_in_the_ktp(stage, teller, member_id)
    _pay_and_become_a_member(stage, teller, member_id)
    number = _save(stage, teller, member_id)
    _be_looked_at(stage, teller, member_id)
    _leave(stage, teller, ketua, bendahara, member_id, number)


def _set_up(stage: Stage, ketua: str) -> None:
    form = {
        "required": ["nik", "phone"],
        "fields": {
            "type": "object",
            "properties": {"nama_ibu": {"type": "string", "maxLength": 100}},
            "required": ["nama_ibu"],
        },
        "required_documents": ["ktp"],
        "accepts_applications": True,
    }
    stage.must(ketua, "PUT", "/v1/cooperatives/me/member-form", form)
    month = clock.business_date().replace(day=1).isoformat()
    for kind, amount in (("pokok", 100_000), ("wajib", 20_000)):
        term = {"kind": kind, "amount": amount, "valid_from": month}
        stage.must(ketua, "POST", "/v1/contribution-terms", term)


def _apply(stage: Stage) -> str:
    asked = stage.must(None, "GET", "/v1/cooperatives/0201/application-form")
    assert (asked["required"], asked["minimum_age"]) == (["nik", "phone"], 17)
    path = "/v1/cooperatives/0201/candidates"
    person = {
        "name": "Budi Santoso",
        "nik": NIK,
        "phone": "0812-3456-7890",
        "email": EMAIL,
        "has_agreed": True,
    }
    assert stage.refused(None, "POST", path, person) == (422, "form_not_filled_in")
    person["extra"] = {"nama_ibu": "Ni Made Suci"}
    first = stage.call(None, "POST", path, person)
    again = stage.call(None, "POST", path, person)
    assert (first.status, again.status) == (202, 202)
    assert first.json.keys() == again.json.keys()

    member_id: str = first.json["id"]
    confirm = f"/v1/candidates/{member_id}/verifications/confirm"
    right = {"channel": "email", "code": stage.code()}
    wrong = right | {"code": f"{(int(right['code']) + 1) % 10**6:06d}"}
    assert stage.refused(None, "POST", confirm, wrong) == (422, "wrong_code")
    stage.must(None, "POST", confirm, right)
    assert messages(stage.tenant, EMAIL)[-1]["template"] == "invitation"
    return member_id


def _hand_in_the_ktp(stage: Stage, teller: str, member_id: str) -> None:
    budi = stage.token("anggota", member_id=member_id)
    path = "/v1/me/documents?kind=ktp"
    page = b"<html>foto</html>"
    html = {"Content-Type": "text/html"}
    large = JPEG[:4] + bytes(5 << 20) + JPEG[4:]
    for body, headers, refusal in (
        (page, JPEG_TYPE, (422, "document_not_recognised")),
        (page, html, (415, "unsupported_media_type")),
        (large, JPEG_TYPE, (413, "body_too_large")),
    ):
        assert stage.refused(budi, "POST", path, body, headers=headers) == refusal
    activate = f"/v1/members/{member_id}/activate"
    assert stage.refused(teller, "POST", activate) == (422, "documents_missing")

    document_id = stage.must(budi, "POST", path, JPEG, headers=JPEG_TYPE)["id"]

    shown = stage.call(teller, "GET", f"/v1/documents/{document_id}/content")
    assert (shown.status, shown.body) == (200, JPEG)
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    stage.must(teller, "POST", f"/v1/documents/{document_id}/accept")


def _pay_and_become_a_member(stage: Stage, teller: str, member_id: str) -> None:
    activate = f"/v1/members/{member_id}/activate"
    for kind in ("pokok", "wajib"):
        assert stage.refused(teller, "POST", activate) == (422, "contributions_unpaid")
        paid = {"kind": kind, "channel": "cash"}
        stage.must(teller, "POST", f"/v1/members/{member_id}/contributions", paid)
    assert stage.must(teller, "POST", activate)["status"] == "active"


def _save(stage: Stage, teller: str, member_id: str) -> str:
    budi = stage.token("anggota", member_id=member_id)
    siti = stage.token("anggota", member_id="mem_siti")
    wanted = {"member_id": member_id, "product": "sukarela"}
    number: str = stage.must(teller, "POST", "/v1/accounts", wanted)["number"]
    money = {"amount": 250_000, "channel": "cash"}
    stage.must(teller, "POST", f"/v1/accounts/{number}/deposits", money)

    (account,) = stage.must(budi, "GET", "/v1/me/accounts")["items"]
    assert (account["number"], account["balance"]) == (number, 250_000)
    paid = stage.must(budi, "GET", "/v1/me/contributions")["items"]
    assert [one["amount"] for one in paid] == [100_000, 20_000]
    assert stage.must(budi, "GET", "/v1/me/dues")
    path = f"/v1/me/accounts/{number}/statement"
    assert stage.must(budi, "GET", path)["closing_balance"] == 250_000
    assert stage.refused(siti, "GET", path) == (404, "not_found")
    return number


def _be_looked_at(stage: Stage, teller: str, member_id: str) -> None:
    budi = stage.token("anggota", member_id=member_id)
    komite, pengawas = stage.token("komite"), stage.token("pengawas")
    path = f"/v1/members/{member_id}"

    moved = stage.must(budi, "PATCH", "/v1/me", {"address": "Jl. Kamboja 7"})
    assert moved["address"] == "Jl. Kamboja 7"
    assert stage.must(komite, "GET", path)["phone"] == "+62812••••7890"
    assert stage.must(teller, "GET", path)["phone"] == "+6281234567890"
    assert stage.refused(komite, "GET", f"{path}/nik") == (403, "not_allowed")
    assert stage.must(pengawas, "GET", f"{path}/nik") == {"nik": NIK}
    found = stage.must(teller, "POST", "/v1/members/search", {"nik": NIK})
    assert [one["id"] for one in found["items"]] == [member_id]
    # A membership is no thing to be handed on.
    other = {"nik": "5171011708900002"}
    refusal = (422, "membership_not_transferable")
    assert stage.refused(teller, "PATCH", path, other) == refusal


def _leave(
    stage: Stage, teller: str, ketua: str, bendahara: str, member_id: str, number: str
) -> None:
    wanted = {"kind": "resigned", "reason": "Pindah ke Makassar", "channel": "cash"}
    path = f"/v1/members/{member_id}/departures"
    proposed = stage.must(ketua, "POST", path, wanted)
    assert [one["code"] for one in proposed["blockers"]] == ["account_not_empty"]
    approve = f"/v1/departures/{proposed['id']}/approve"
    assert stage.refused(bendahara, "POST", approve) == (422, "departure_blocked")
    money = {"amount": 250_000, "channel": "cash"}
    stage.must(teller, "POST", f"/v1/accounts/{number}/withdrawals", money)
    forgetful = stage.token("bendahara", is_strong=False)
    assert stage.refused(forgetful, "POST", approve) == (403, "step_up_required")
    assert stage.refused(ketua, "POST", approve) == (403, "proposer_cannot_approve")
    assert stage.refused(teller, "POST", approve) == (403, "not_allowed")

    done = stage.must(bendahara, "POST", approve)

    assert (done["state"], len(done["journal_ids"])) == ("completed", 2)
    left = stage.must(teller, "GET", f"/v1/members/{member_id}")
    assert (left["status"], left["left_at"] is None) == ("resigned", False)
    assert stage.must(teller, "GET", f"/v1/accounts/{number}")["status"] == "closed"
    cash = _cash_left(stage)
    assert cash == 0, "everything that was paid in was paid back"


def _cash_left(stage: Stage) -> int:
    pengurus = stage.token("pengurus")
    balance = stage.must(pengurus, "GET", "/v1/ledger/trial-balance")
    kas = next(one for one in balance["accounts"] if one["code"] == "1-1000")
    return int(kas["debit"]) - int(kas["credit"])
