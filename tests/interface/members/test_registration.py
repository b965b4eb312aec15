"""How a cooperative registers itself and is let in, on a real database."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.members import operations
from services.members.domain import registration as domain
from services.members.operations import legality, registration
from services.shared import clock, crypto
from services.shared.contracts.members import CooperativeNotActive
from services.shared.contracts.members import registration as contract
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.contracts.members.passwords import WeakPassword
from services.shared.errors import NotFound
from tests.factories.joining import (
    LEGALITY,
    OPERATOR,
    PASSWORD,
    Applicant,
    actor,
    mails,
    reader,
    rendered,
    with_legality,
)
from tests.factories.members import PAGE, Tenant, World
from tests.fakes.ledger_peer import LedgerPeer


@pytest.fixture
def applicant(world: World) -> Applicant:
    """Somebody whom the hub has never heard of."""
    return Applicant(world=world)


def waited(world: World, by: timedelta = timedelta(minutes=2)) -> None:
    """Let the pause between two links be over."""
    with world.members.hub() as session:
        rows = session.execute(
            text("DELETE FROM activation_mails RETURNING id, email_hash, sent_at")
        ).all()
        for row in rows:
            session.execute(
                text("INSERT INTO activation_mails VALUES (:id, :hash, :at)"),
                {"id": row.id, "hash": row.email_hash, "at": row.sent_at - by},
            )


def cooperatives_named(world: World, name: str) -> int:
    with world.members.hub() as session:
        return int(
            session.execute(
                text("SELECT count(*) FROM cooperatives WHERE name = :name"),
                {"name": name},
            ).scalar_one()
        )


def test_the_terms_of_the_contract_are_those_of_the_domain() -> None:
    assert contract.TERMS_VERSION == domain.TERMS_VERSION
    assert contract.REGISTRATION_STATES == domain.STATES


def test_a_registration_makes_nothing_but_a_link(
    world: World, applicant: Applicant
) -> None:
    applicant.name = "KSP Belum Ada"

    assert applicant.start() == {"status": "accepted"}

    (mail,) = mails(world, applicant.email)
    letter = rendered(world, mail)
    assert letter.startswith("Subject: Aktivasi pendaftaran KSP Belum Ada")
    assert f"{world.settings.public_url}/aktivasi?token={applicant.token}" in letter
    assert cooperatives_named(world, "KSP Belum Ada") == 0


def test_what_a_stranger_said_is_unreadable_in_the_database(
    world: World, applicant: Applicant
) -> None:
    applicant.start()

    with world.members.hub() as session:
        rows = session.execute(text("SELECT registrations::text FROM registrations"))
        everything = "\n".join(rows.scalars())

    for secret in (applicant.email, "81234567890", PASSWORD, applicant.token):
        assert secret not in everything


def test_following_the_link_makes_a_cooperative_with_its_first_user(
    world: World, applicant: Applicant
) -> None:
    applicant.start()

    cooperative = applicant.activate()["cooperative"]

    assert cooperative["status"] == "registered"
    assert cooperative["name"] == applicant.name
    with world.members.tenant(cooperative["id"]) as session:
        (user,) = session.execute(
            text("SELECT status, roles, password_hash FROM users")
        ).all()
    assert (user.status, user.roles) == ("active", ["admin"])
    assert crypto.is_password(PASSWORD, user.password_hash)
    assert world.events("cooperative_registered", cooperative_id=cooperative["id"])


def test_a_link_works_once(applicant: Applicant) -> None:
    applicant.start()
    token = applicant.token
    applicant.activate(token)

    with pytest.raises(contract.InvalidActivationLink):
        applicant.activate(token)


def test_an_unknown_link_is_refused(applicant: Applicant) -> None:
    with pytest.raises(contract.InvalidActivationLink):
        applicant.activate("tidak-ada")


def test_a_link_expires(applicant: Applicant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "LINK_LIFE", timedelta(0))
    applicant.start()

    with pytest.raises(contract.InvalidActivationLink):
        applicant.activate()


def test_a_link_that_two_follow_at_once_makes_one_cooperative(
    world: World, applicant: Applicant
) -> None:
    applicant.name = "KSP Dua Kali"
    applicant.start()
    token = applicant.token
    outcomes: list[str] = []

    def follow() -> None:
        try:
            applicant.activate(token)
            outcomes.append("made")
        except contract.InvalidActivationLink:
            outcomes.append("refused")

    threads = [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["made", "refused"]
    assert cooperatives_named(world, "KSP Dua Kali") == 1


def test_cooperatives_that_come_at_once_get_codes_of_their_own(world: World) -> None:
    applicants = [Applicant(world=world) for _ in range(4)]
    for one in applicants:
        one.start()
    tokens = [one.token for one in applicants]
    codes: list[str] = []

    def follow(one: Applicant, token: str) -> None:
        codes.append(one.activate(token)["cooperative"]["code"])

    threads = [
        threading.Thread(target=follow, args=pair)
        for pair in zip(applicants, tokens, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(codes)) == len(applicants)


def test_an_address_waits_between_two_links(world: World, applicant: Applicant) -> None:
    applicant.start()

    with pytest.raises(contract.ActivationMailTooSoon) as caught:
        registration.resend_activation(
            world.members, world.settings, {"email": applicant.email}
        )

    assert 0 < caught.value.details["retry_after"] <= 60
    assert len(mails(world, applicant.email)) == 1


def test_an_unknown_address_is_answered_like_a_known_one(
    world: World, applicant: Applicant
) -> None:
    unknown = {"email": "siapa@tidak-ada.example"}
    known = {"email": applicant.email}
    applicant.start()
    waited(world)

    answers = [
        registration.resend_activation(world.members, world.settings, one)
        for one in (known, unknown)
    ]

    assert answers[0] == answers[1]
    assert mails(world, unknown["email"]) == []
    for one in (known, unknown):
        with pytest.raises(contract.ActivationMailTooSoon):
            registration.resend_activation(world.members, world.settings, one)


def test_a_new_link_replaces_the_one_before(world: World, applicant: Applicant) -> None:
    applicant.start()
    first = applicant.token
    waited(world)
    registration.resend_activation(
        world.members, world.settings, {"email": applicant.email.upper()}
    )

    with pytest.raises(contract.InvalidActivationLink):
        applicant.activate(first)
    assert applicant.activate()["cooperative"]["status"] == "registered"


def test_an_address_gets_few_links_a_day(world: World, applicant: Applicant) -> None:
    applicant.start()
    for _ in range(domain.MAILS_PER_DAY_MAX - 1):
        waited(world)
        registration.resend_activation(
            world.members, world.settings, {"email": applicant.email}
        )
    waited(world)

    with pytest.raises(contract.ActivationMailTooSoon):
        applicant.start()


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        pytest.param({"terms_version": "1"}, contract.TermsNotCurrent, id="old terms"),
        pytest.param({"password": "rahasia1"}, WeakPassword, id="common password"),
        pytest.param({"password": "Kx7!q"}, WeakPassword, id="short password"),
        pytest.param({"phone": "0361-123456"}, InvalidPhone, id="no mobile number"),
    ],
)
def test_what_cannot_be_registered_is_refused(
    world: World, applicant: Applicant, body: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        applicant.start(**body)

    assert mails(world, applicant.email) == []


def test_partner_codes_never_block_and_known_ones_are_named(world: World) -> None:
    legality.put_partner_code(
        world.members,
        OPERATOR,
        {"code": "mitra-07", "name": "Dinas Koperasi Bali"},
    )
    names = []
    for code in ("Mitra-07", "tidak-dikenal"):
        one = Applicant(world=world)
        one.start(partner_code=code)
        made = one.activate()
        shown = registration.get_registration(
            world.members, world.settings, made["registration_id"]
        )
        names.append((shown["partner_code"], shown["partner_name"]))

    assert names == [("MITRA-07", "Dinas Koperasi Bali"), ("TIDAK-DIKENAL", None)]


def test_a_checked_cooperative_is_let_in_once(
    world: World, applicant: Applicant
) -> None:
    made = applicant.joined()
    cooperative_id = made["cooperative"]["id"]
    applicant.submit(cooperative_id, kind="ksu")

    first = applicant.approve(made["registration_id"], cooperative_id)
    again = applicant.approve(made["registration_id"], cooperative_id)

    assert first["status"] == "approved"
    assert again == first
    shown = operations.get_cooperative(
        world.members, reader(cooperative_id), cooperative_id
    )
    assert (shown["status"], shown["kind"]) == ("active", "ksu")
    told = world.events("cooperative_activated", cooperative_id=cooperative_id)
    assert len(told) == 1
    templates = [mail["template"] for mail in mails(world, applicant.email)]
    assert templates == ["registration_activation", "registration_approved"]


def test_a_refused_registration_is_corrected_and_let_in(
    world: World, applicant: Applicant
) -> None:
    made = applicant.joined()
    cooperative_id, registration_id = made["cooperative"]["id"], made["registration_id"]
    applicant.submit(cooperative_id)

    refused = registration.refuse_registration(
        world.members,
        world.settings,
        OPERATOR,
        {"registration_id": registration_id, "reason": "Nomor izin tidak ditemukan."},
    )

    assert (refused["status"], refused["refusal_reason"]) == (
        "refused",
        "Nomor izin tidak ditemukan.",
    )
    letter = rendered(world, mails(world, applicant.email)[-1])
    assert "Nomor izin tidak ditemukan." in letter
    applicant.submit(cooperative_id, licence_number="9120007654321")
    assert applicant.approve(registration_id, cooperative_id)["status"] == "approved"


def test_legality_below_the_minimum_is_not_submitted(
    world: World, applicant: Applicant
) -> None:
    cooperative_id = applicant.joined()["cooperative"]["id"]

    with pytest.raises(contract.LegalityIncomplete) as caught:
        applicant.submit(cooperative_id, initial_capital=10_000_000, founder_count=3)

    assert {error["code"] for error in caught.value.details["errors"]} == {
        "capital_below_minimum",
        "too_few_founders",
    }


def test_legality_that_was_never_entered_is_not_submitted(
    world: World, applicant: Applicant
) -> None:
    cooperative_id = applicant.joined()["cooperative"]["id"]

    with pytest.raises(contract.LegalityIncomplete):
        registration.submit_registration(
            world.members, actor(cooperative_id), {"idempotency": None}
        )


def test_nothing_changes_while_the_operator_looks_at_it(
    world: World, applicant: Applicant
) -> None:
    cooperative_id = applicant.joined()["cooperative"]["id"]
    applicant.submit(cooperative_id)

    with pytest.raises(contract.RegistrationUnderReview):
        legality.put_legality(world.members, actor(cooperative_id), LEGALITY)
    with pytest.raises(contract.RegistrationUnderReview):
        registration.submit_registration(
            world.members, actor(cooperative_id), {"idempotency": None}
        )


def test_only_what_was_submitted_is_decided(world: World, applicant: Applicant) -> None:
    made = applicant.joined()

    with pytest.raises(contract.RegistrationNotSubmitted):
        applicant.approve(made["registration_id"], made["cooperative"]["id"])
    with pytest.raises(contract.RegistrationNotSubmitted):
        registration.refuse_registration(
            world.members,
            world.settings,
            OPERATOR,
            {"registration_id": made["registration_id"], "reason": "Belum diajukan."},
        )


def test_the_operator_does_not_activate_past_the_check(
    world: World, applicant: Applicant
) -> None:
    cooperative_id = applicant.joined()["cooperative"]["id"]
    peer = LedgerPeer(world.ledger, world.settings, cooperative_id)

    with pytest.raises(contract.RegistrationUndecided):
        operations.activate_cooperative(
            world.members, peer, {"cooperative_id": cooperative_id}
        )


def test_a_licence_that_expired_before_the_decision_stops_it(
    world: World, applicant: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = applicant.joined()
    last_day = clock.business_date() + timedelta(days=5)
    applicant.submit(made["cooperative"]["id"], licence_expires_on=last_day)
    later = clock.business_date() + timedelta(days=6)
    monkeypatch.setattr(clock, "business_date", lambda *_: later)

    with pytest.raises(contract.LegalityIncomplete):
        applicant.approve(made["registration_id"], made["cooperative"]["id"])


def test_an_active_cooperative_keeps_its_kind(tenant: Tenant) -> None:
    with pytest.raises(contract.KindIsFixed):
        with_legality(tenant, kind="ksp_sekunder")

    assert with_legality(tenant)["findings"] == []


def test_legality_is_the_tenants_own(tenant: Tenant, neighbour: Tenant) -> None:
    with_legality(neighbour)

    with pytest.raises(NotFound):
        legality.get_legality(tenant.world.members, tenant.id)


def test_licences_that_end_are_listed_page_by_page(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    # Far from what other tests of this database may have entered.
    with_legality(tenant, licence_expires_on=date(2024, 3, 1))
    with_legality(neighbour, licence_expires_on=date(2024, 2, 1))
    query = PAGE | {"expires_before": date(2024, 3, 2), "limit": 1}

    first = legality.list_licences(world.members, query)
    second = legality.list_licences(
        world.members, query | {"cursor": first["next_cursor"]}
    )

    assert first["items"][0]["code"] == neighbour.code
    assert second["items"][0]["licence_expires_on"] == "2024-03-01"
    assert second["next_cursor"] is None


def test_modules_are_chosen_and_noted(world: World, tenant: Tenant) -> None:
    assert legality.get_modules(world.members, tenant.id)["modules"] == []

    legality.put_modules(world.members, actor(tenant.id), ["loans", "ekyc", "loans"])

    assert legality.get_modules(world.members, tenant.id)["modules"] == [
        "ekyc",
        "loans",
    ]


def test_what_nobody_activated_is_forgotten(
    world: World, applicant: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    applicant.start()
    token = applicant.token
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=40))

    assert registration.forget_unfinished(world.members) >= 1
    monkeypatch.undo()
    with pytest.raises(contract.InvalidActivationLink):
        applicant.activate(token)


def test_a_tenant_cannot_approve_itself_in_the_database(
    world: World, applicant: Applicant
) -> None:
    cooperative_id = applicant.joined()["cooperative"]["id"]

    with (
        pytest.raises(Exception, match="permission denied"),
        world.members.tenant(cooperative_id) as session,
    ):
        session.execute(text("UPDATE registrations SET status = 'approved'"))


def test_a_deactivated_cooperative_has_no_new_clients(
    world: World, tenant: Tenant
) -> None:
    operations.deactivate_cooperative(world.members, {"cooperative_id": tenant.id})

    with pytest.raises(CooperativeNotActive):
        world.client(tenant.id)
