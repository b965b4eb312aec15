"""How a cooperative leaves the hub, on real databases of three services."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.members import operations
from services.members.domain import closing as domain
from services.members.operations import (
    closing,
    closing_document,
    departure,
    personal_data,
    users,
)
from services.members.store import departures
from services.shared import clock, crypto
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts.members import CooperativeNotActive, InvalidClient
from services.shared.contracts.members import closing as contract
from services.shared.errors import (
    BusUnavailable,
    CooperativeNotReady,
    DeadlinePassed,
    NotFound,
)
from services.shared.persistence import jobs
from services.shared.persistence.database import Database
from tests.factories.counter import Counter, staff
from tests.factories.joining import (
    OPERATOR,
    ClearingPeer,
    FakeInsurance,
    Leaver,
    actor,
    mails,
    reader,
    rendered,
)
from tests.factories.members import OPERATOR as OPERATOR_IDENTITY
from tests.factories.members import PAGE, Tenant, movement

PERSON: dict[str, Any] = {
    "nik": "5171011708900001",
    "phone": "+6281234567890",
    "email": "budi@contoh.example",
    "birth_date": date(1990, 8, 17),
    "address": "Jl. Melati 5, Denpasar",
}


@pytest.fixture
def leaver(tenant: Tenant, transfers_database: Database) -> Leaver:
    """A cooperative whose tokens have all expired as soon as it is approved."""
    clearing = ClearingPeer(transfers_database, tenant.world.ledger)
    clearing.admit(tenant, liquidity=750_000)
    settings = replace(tenant.world.settings, token_seconds=0)
    world = replace(tenant.world, settings=settings)
    return Leaver(tenant=replace(tenant, world=world), clearing=clearing)


def codes(caught: pytest.ExceptionInfo[contract.ClosingBlocked]) -> list[str]:
    return [error["code"] for error in caught.value.details["errors"]]


def cooperative_status(leaver: Leaver) -> str:
    return str(
        operations.get_cooperative(
            leaver.world.members, OPERATOR_IDENTITY, leaver.tenant.id
        )["status"]
    )


def state(leaver: Leaver, closing_id: str) -> str:
    return str(leaver.shown(closing_id)["state"])


def test_the_states_of_the_contract_are_those_of_the_domain() -> None:
    assert contract.CLOSING_STATES == domain.STATES


def test_a_request_is_due_in_three_working_days(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "business_date", lambda *_: date(2026, 12, 22))

    asked = leaver.request()

    assert (asked["state"], asked["due_on"]) == ("requested", "2026-12-28")
    assert asked["working_days_left"] == 3
    letter = rendered(leaver.world, mails(leaver.world, leaver.email)[-1])
    assert "28 Desember 2026" in letter


def test_collective_leave_moves_the_deadline_where_it_is_kept(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "business_date", lambda *_: date(2026, 12, 22))
    settings = replace(leaver.world.settings, collective_leave="holiday")
    leaver.tenant = replace(
        leaver.tenant, world=replace(leaver.world, settings=settings)
    )

    assert leaver.request()["due_on"] == "2026-12-29"


def test_members_are_paid_out_first(leaver: Leaver) -> None:
    leaver.tenant.account(balance=500_000)

    with pytest.raises(contract.ClosingBlocked) as caught:
        leaver.request()

    assert codes(caught) == ["members_not_paid_out"]
    blockers = closing.get_blockers(
        leaver.world.members, leaver.others, leaver.tenant.id
    )["items"]
    assert [one["field"] for one in blockers] == ["2-1000"]
    assert "500000" in blockers[0]["detail"]


def test_drawers_are_counted_and_movements_finished_first(leaver: Leaver) -> None:
    tenant, counter = leaver.tenant, Counter(tenant=leaver.tenant)
    number = tenant.account()
    counter.open_shift(staff(tenant, "teller"), float_amount=0)
    tenant.ledger.fault = DeadlinePassed()
    with pytest.raises(DeadlinePassed):
        tenant.deposit(number, 250_000)
    tenant.ledger.fault = None

    with pytest.raises(contract.ClosingBlocked) as caught:
        leaver.request()

    assert codes(caught) == ["work_unfinished", "work_unfinished"]
    fields = [one["field"] for one in caught.value.details["errors"]]
    assert fields == ["movements", "shifts"]


def test_a_membership_that_is_ending_ends_first(leaver: Leaver) -> None:
    member = leaver.tenant.member()
    with leaver.world.members.tenant(leaver.tenant.id) as session:
        departures.add_departure(
            session,
            id="dep_1" + leaver.tenant.id,
            cooperative_id=leaver.tenant.id,
            member_id=member["id"],
            kind="resigned",
            reason="Pindah kota",
            channel="cash",
            proposed_by="usr_test",
            proposed_at=clock.now(),
        )

    with pytest.raises(contract.ClosingBlocked) as caught:
        leaver.request()

    assert codes(caught) == ["work_unfinished"]
    assert caught.value.details["errors"][0]["field"] == "departures"


def test_a_running_policy_keeps_a_cooperative(leaver: Leaver) -> None:
    leaver.insurance = FakeInsurance(count=1)

    with pytest.raises(contract.ClosingBlocked) as caught:
        leaver.request()

    assert codes(caught) == ["policies_running"]


@pytest.mark.parametrize("fault", [BusUnavailable(), DeadlinePassed()])
def test_insurance_that_does_not_answer_is_no_consent(
    leaver: Leaver, fault: BusUnavailable
) -> None:
    leaver.insurance = FakeInsurance(fault=fault)

    with pytest.raises(insurance_contract.InsuranceUnavailable):
        leaver.request()


def test_one_closing_at_a_time(leaver: Leaver) -> None:
    leaver.request()

    with pytest.raises(contract.ClosingUnderWay):
        leaver.request()


def test_who_withdrew_may_ask_again(leaver: Leaver) -> None:
    first = leaver.request()["id"]
    acting = actor(leaver.tenant.id)

    for _ in range(2):
        gone = closing.withdraw_closing(
            leaver.world.members, leaver.world.settings, acting, first
        )
        assert gone["state"] == "withdrawn"

    assert leaver.request()["id"] != first


def test_another_cooperatives_closing_does_not_exist(
    leaver: Leaver, neighbour: Tenant
) -> None:
    closing_id = leaver.request()["id"]
    world = leaver.world

    with pytest.raises(NotFound):
        closing.get_closing(
            world.members, world.settings, reader(neighbour.id), closing_id
        )
    with pytest.raises(NotFound):
        closing.withdraw_closing(
            world.members, world.settings, actor(neighbour.id), closing_id
        )
    listed = closing.list_closings(
        world.members, world.settings, reader(neighbour.id), PAGE | {"state": None}
    )
    assert listed["items"] == []


def test_what_is_verified_is_what_the_fingerprint_covers(leaver: Leaver) -> None:
    leaver.tenant.member()
    closing_id = leaver.request()["id"]

    verified = leaver.verify(closing_id)

    document = closing_document.get_document(
        leaver.world.members, reader(leaver.tenant.id), closing_id, "json"
    )
    fingerprint = document.pop("sha512")
    assert fingerprint == verified["document_sha512"]
    assert hashlib.sha512(domain.canonical(document).encode()).hexdigest() == (
        fingerprint
    )
    assert document["member_count"] == 1
    assert document["liquidity"] == 750_000
    assert (
        contract.VerificationDocument().validate(document | {"sha512": fingerprint})
        == {}
    )


def test_the_document_is_a_paper_too(leaver: Leaver) -> None:
    closing_id = leaver.request()["id"]
    with pytest.raises(contract.DocumentMissing):
        closing_document.get_document(
            leaver.world.members, OPERATOR_IDENTITY, closing_id, "pdf"
        )
    leaver.verify(closing_id)

    papers = [
        closing_document.get_document(
            leaver.world.members, OPERATOR_IDENTITY, closing_id, "pdf"
        )
        for _ in range(2)
    ]

    assert papers[0] == papers[1]
    assert base64.b64decode(papers[0]["content"]).startswith(b"%PDF-")


def test_an_approval_names_the_document_it_rests_on(leaver: Leaver) -> None:
    closing_id = leaver.request()["id"]
    with pytest.raises(contract.DocumentOutdated):
        leaver.approve(closing_id, "0" * 128)
    document = leaver.verify(closing_id)["document_sha512"]

    with pytest.raises(contract.DocumentOutdated):
        leaver.approve(closing_id, "0" * 128)
    assert leaver.approve(closing_id, document)["state"] == "approved"
    assert leaver.approve(closing_id, document)["state"] == "approved"


def test_books_that_moved_since_are_verified_again(leaver: Leaver) -> None:
    closing_id = leaver.request()["id"]
    document = leaver.verify(closing_id)["document_sha512"]
    number = leaver.tenant.account(balance=40_000)
    with pytest.raises(contract.ClosingBlocked):
        leaver.approve(closing_id, document)
    operations.withdraw(
        leaver.world.members,
        leaver.tenant.ledger,
        leaver.tenant.id,
        movement("withdrawals", number, 40_000, channel="bank"),
    )

    with pytest.raises(contract.DocumentOutdated):
        leaver.approve(closing_id, document)

    document = leaver.verify(closing_id)["document_sha512"]
    assert leaver.approve(closing_id, document)["state"] == "approved"


def test_nobody_signs_in_once_it_is_approved(leaver: Leaver) -> None:
    made = leaver.world.client(leaver.tenant.id)
    sign_in = {
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
        "scope": None,
    }
    leaver.approved()

    assert cooperative_status(leaver) == "closing"
    with pytest.raises(InvalidClient):
        operations.authenticate_client(
            leaver.world.members, leaver.world.settings, sign_in
        )
    with pytest.raises(CooperativeNotActive):
        leaver.world.client(leaver.tenant.id)


def test_a_closing_waits_for_the_last_token(leaver: Leaver) -> None:
    settings = replace(leaver.world.settings, token_seconds=900)
    leaver.tenant = replace(
        leaver.tenant, world=replace(leaver.world, settings=settings)
    )
    closing_id = leaver.approved()["id"]

    assert not leaver.carry_on()
    assert state(leaver, closing_id) == "approved"


def test_a_closing_is_carried_to_its_end(leaver: Leaver) -> None:
    made = leaver.world.client(leaver.tenant.id)
    leaver.tenant.account()
    closing_id = leaver.approved()["id"]

    assert leaver.carry_on()

    shown = leaver.shown(closing_id)
    assert (shown["state"], shown["fault"]) == ("completed", None)
    assert shown["completed_at"] is not None
    assert cooperative_status(leaver) == "closed"
    told = leaver.world.events("cooperative_closed", cooperative_id=leaver.tenant.id)
    assert len(told) == 1
    with leaver.world.members.hub() as session:
        status = session.execute(
            text("SELECT status FROM clients WHERE client_id = :id"),
            {"id": made["client_id"]},
        ).scalar_one()
    assert status == "revoked"
    templates = [mail["template"] for mail in mails(leaver.world, leaver.email)]
    assert templates == [
        "closing_requested",
        "closing_verified",
        "closing_exported",
        "closing_completed",
    ]


def test_who_left_is_paid_out_and_never_comes_back(leaver: Leaver) -> None:
    leaver.approved()
    leaver.carry_on()

    bound = leaver.clearing.check_leaving({"cooperative_id": leaver.tenant.id})
    assert (bound["status"], bound["liquidity"]) == ("closed", 0)
    command = {"cooperative_id": leaver.tenant.id}
    with pytest.raises(contract.CooperativeClosed):
        operations.activate_cooperative(
            leaver.world.members, leaver.tenant.ledger, command
        )
    with pytest.raises(CooperativeNotActive):
        leaver.request()


def test_personal_data_is_unreadable_for_ever(leaver: Leaver) -> None:
    member = leaver.tenant.register_member("Budi Santoso", **PERSON)
    with leaver.world.members.tenant(leaver.tenant.id) as session:
        before = session.execute(
            text("SELECT personal_data FROM members WHERE id = :id"),
            {"id": member["id"]},
        ).scalar_one()
    leaver.approved()
    leaver.carry_on()

    with leaver.world.members.tenant(leaver.tenant.id) as session:
        row = session.execute(
            text("SELECT members::text FROM members WHERE id = :id"),
            {"id": member["id"]},
        ).scalar_one()
        hashes = session.execute(
            text("SELECT nik_hash, phone_hash, name FROM members")
        ).one()
        with pytest.raises(CooperativeNotReady):
            personal_data.decrypt(
                session,
                leaver.world.settings,
                leaver.tenant.id,
                member["id"],
                bytes(before),
            )
    assert "Budi" not in row
    assert tuple(hashes) == (None, None, member["number"])
    with leaver.world.members.hub() as session:
        left = session.execute(
            text("SELECT count(*) FROM data_keys WHERE cooperative_id = :id"),
            {"id": leaver.tenant.id},
        ).scalar_one()
    assert left == 0


def test_who_has_left_has_no_runs_of_jobs_to_be_tried_for_ever(
    leaver: Leaver, neighbour: Tenant
) -> None:
    members, day = leaver.world.members, date(2026, 11, 5)
    with members.hub() as session:
        for one in (leaver.tenant.id, neighbour.id):
            jobs.request(session, one, "uji", day)
    leaver.approved()
    leaver.carry_on()

    with members.hub() as session:
        assert jobs.find(session, leaver.tenant.id, "uji", day) is None
        assert jobs.find(session, neighbour.id, "uji", day) is not None


def token_of(leaver: Leaver) -> str:
    link: str = next(
        mail["link"]
        for mail in mails(leaver.world, leaver.email)
        if mail["template"] == "closing_exported"
    )
    return link.rpartition("token=")[2]


def exported(leaver: Leaver) -> dict[str, bytes]:
    """The files of the archive that the mailed link leads to."""
    whole = bytearray()
    part: int | None = 0
    sha512 = ""
    while part is not None:
        answer = departure.get_export(
            leaver.world.members, {"token": token_of(leaver), "part": part}
        )
        whole += base64.b64decode(answer["content"])
        part, sha512 = answer["next_part"], answer["sha512"]
    assert hashlib.sha512(whole).hexdigest() == sha512
    with zipfile.ZipFile(io.BytesIO(whole)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_the_cooperative_takes_its_books_and_people_along(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(departure, "PART_BYTES", 500)
    leaver.tenant.register_member('=HYPERLINK("x")', **PERSON)
    number = leaver.tenant.account("Siti Aminah", balance=40_000)
    leaver.tenant.withdraw(number, 40_000)
    leaver.approved()
    leaver.carry_on()

    files = exported(leaver)

    people = rows(files["anggota.csv"])
    assert [one["nama"] for one in people] == ['\'=HYPERLINK("x")', "Siti Aminah"]
    assert people[0]["nik"] == PERSON["nik"]
    assert people[0]["phone"] == PERSON["phone"]
    (account,) = rows(files["rekening.csv"])
    assert (account["nomor"], account["status"]) == (number, "closed")
    assert account["nomor_anggota"] == people[1]["nomor"]
    amounts = sorted(int(one["jumlah"]) for one in rows(files["jurnal.csv"]))
    assert amounts == [40_000, 40_000, 750_000, 750_000]
    summary = json.loads(files["ringkasan.json"])
    for name, fingerprint in summary["sha512"].items():
        assert hashlib.sha512(files[name]).hexdigest() == fingerprint
    balance = rows(files["neraca_saldo.csv"])
    assert sum(int(one["debit"]) for one in balance) == sum(
        int(one["kredit"]) for one in balance
    )


def test_only_the_mailed_link_opens_the_books(leaver: Leaver) -> None:
    closing_id = leaver.approved()["id"]
    leaver.carry_on()

    for token in (f"{closing_id}.salah", closing_id, "cls_lain.salah"):
        with pytest.raises(contract.InvalidExportLink):
            departure.get_export(leaver.world.members, {"token": token, "part": 0})
    with pytest.raises(contract.InvalidExportLink):
        departure.get_export(
            leaver.world.members, {"token": token_of(leaver), "part": 99}
        )


def test_exported_books_are_forgotten(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_id = leaver.approved()["id"]
    leaver.carry_on()
    token = token_of(leaver)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=15))

    with pytest.raises(contract.InvalidExportLink):
        departure.get_export(leaver.world.members, {"token": token, "part": 0})
    assert departure.forget_exports(leaver.world.members) >= 1

    with leaver.world.members.hub() as session:
        contact = session.execute(
            text("SELECT contact FROM closings WHERE id = :id"), {"id": closing_id}
        ).scalar_one()
    assert contact is None


@pytest.mark.parametrize("state_reached", domain.RUNNING)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_closing_that_died_anywhere_is_carried_on(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch, state_reached: str, moment: str
) -> None:
    leaver.tenant.account()
    closing_id = leaver.approved()["id"]
    step = departure.STEPS[state_reached]

    class Killed(BaseException):
        pass

    def dies(context: departure.Context, row: Any) -> bool:
        if moment == "after":
            step(context, row)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(
            departure, "STEPS", dict(departure.STEPS) | {state_reached: dies}
        )
        with pytest.raises(Killed):
            leaver.carry_on()

    assert leaver.carry_on()
    assert state(leaver, closing_id) == "completed"
    assert exported(leaver)["anggota.csv"]


def test_what_keeps_a_closing_from_going_on_is_shown(leaver: Leaver) -> None:
    closing_id = leaver.approved()["id"]
    leaver.tenant.ledger.fault = BusUnavailable()

    assert not leaver.carry_on()
    shown = leaver.shown(closing_id)
    assert (shown["state"], shown["fault"]) == ("approved", "bus_unavailable")

    leaver.tenant.ledger.fault = None
    assert leaver.carry_on()
    assert leaver.shown(closing_id)["fault"] is None


def test_money_that_came_in_meanwhile_stops_it_and_it_can_be_rejected(
    leaver: Leaver,
) -> None:
    number = leaver.tenant.account()
    closing_id = leaver.approved()["id"]
    leaver.tenant.deposit(number, 10_000)

    leaver.carry_on()

    shown = leaver.shown(closing_id)
    assert (shown["state"], shown["fault"]) == ("approved", "account_not_empty")
    rejected = closing.reject_closing(
        leaver.world.members,
        leaver.world.settings,
        OPERATOR,
        {"closing_id": closing_id, "reason": "Masih ada simpanan anggota."},
    )
    assert rejected["state"] == "rejected"
    assert cooperative_status(leaver) == "active"
    letter = rendered(leaver.world, mails(leaver.world, leaver.email)[-1])
    assert "Masih ada simpanan anggota." in letter


def test_a_closing_is_tried_again_after_a_pause_by_one_process(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_id = leaver.approved()["id"]
    tried: list[str] = []

    def tries(_context: departure.Context, one: str) -> bool:
        tried.append(one)
        return False

    monkeypatch.setattr(departure, "carry_on_one", tries)

    def turn() -> None:
        departure.carry_on(leaver.world.members, leaver.world.settings, leaver.others)

    turn()
    assert closing_id not in tried
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(seconds=11))
    turn()
    turn()

    assert tried.count(closing_id) == 1


def test_what_nobody_foresaw_stops_one_closing_only(
    leaver: Leaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing_id = leaver.approved()["id"]

    def fails(*_: Any) -> bool:
        raise KeyError

    with monkeypatch.context() as patched:
        patched.setattr(
            departure, "STEPS", dict(departure.STEPS) | {domain.APPROVED: fails}
        )
        assert not leaver.carry_on()

    assert leaver.shown(closing_id)["fault"] == "internal_error"
    assert leaver.carry_on()


def test_what_has_begun_is_not_rejected(leaver: Leaver) -> None:
    closing_id = leaver.approved()["id"]
    leaver.carry_on()

    with pytest.raises(contract.ClosingNotOpen):
        closing.reject_closing(
            leaver.world.members,
            leaver.world.settings,
            OPERATOR,
            {"closing_id": closing_id, "reason": "Terlambat."},
        )


def test_nobody_of_a_closed_cooperative_keeps_a_login(leaver: Leaver) -> None:
    with leaver.world.members.hub() as session:
        user_id = users.create_first_admin(
            session,
            leaver.world.settings,
            leaver.tenant.id,
            name="Ketut Wirawan",
            email="ketut@pamit.example",
            phone="+6281234567891",
            password_hash=crypto.hash_password("Melati-Putih-17"),
        )
    leaver.approved()
    leaver.carry_on()

    with leaver.world.members.hub() as session:
        status = session.execute(
            text("SELECT status FROM users WHERE id = :id"), {"id": user_id}
        ).scalar_one()
    assert status == "disabled"


def test_a_tenant_cannot_approve_its_own_closing_in_the_database(
    leaver: Leaver,
) -> None:
    leaver.request()

    with (
        pytest.raises(Exception, match="permission denied"),
        leaver.world.members.tenant(leaver.tenant.id) as session,
    ):
        session.execute(text("UPDATE closings SET state = 'approved'"))
