"""Applying: what is asked of whom, and that nobody reads what is not theirs."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import text

from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import applications as contract
from services.shared.contracts.members.documents import DocumentNotRecognised
from services.shared.errors import NotAllowed, NotFound
from tests.factories.applications import FORM, Desk, desk_of
from tests.factories.loans import Lender, part


@pytest.fixture
def desk(lender: Lender) -> Desk:
    return desk_of(lender)


def reasons_of(desk: Desk, application_id: str) -> list[str]:
    with pytest.raises(contract.NotEligible) as refused:
        desk.submit(application_id)
    errors = refused.value.details["errors"]
    assert {one["code"] for one in errors} == set(refused.value.details["reasons"])
    reasons: list[str] = refused.value.details["reasons"]
    return reasons


def test_a_draft_is_handed_in_and_stands_in_the_queue(desk: Desk) -> None:
    product = desk.lender.product()
    first = desk.submitted(desk.lender.member("Siti"), product)
    draft = desk.draft(desk.lender.member(), product)
    assert draft["status"] == "draft"
    assert draft["number"].startswith("PJM/")
    assert draft["applied_at"] is None

    desk.hand_in_papers(draft["id"])
    handed_in = desk.submit(draft["id"], key="once")

    assert handed_in["status"] == "queued"
    assert handed_in["status_text"] == "Dalam Antrean, Posisi #2"
    assert handed_in["verification_status"] == "Menunggu"
    # AT is kept to the microsecond: who came first is never a matter of seconds.
    assert handed_in["applied_at"] > first["applied_at"]
    assert first["status_text"] == "Dalam Antrean, Posisi #1"
    # The same request again is the same answer, another one finds no draft.
    assert desk.submit(draft["id"], key="once") == handed_in | {"replayed": True}
    with pytest.raises(loans_contract.ApplicationNotReady):
        desk.submit(draft["id"])
    moved = desk.lender.events("application_moved")
    assert [one["status"] for one in moved] == ["queued", "queued"]


STANDINGS = [
    ({"status": "candidate"}, "member_not_active"),
    ({"member_since_months": 2}, "membership_too_short"),
    ({"has_paid_principal": False}, "principal_unpaid"),
    ({"mandatory_months_open": 1}, "mandatory_in_arrears"),
]


@pytest.mark.parametrize(("standing", "reason"), STANDINGS)
def test_loans_are_for_members_who_keep_to_the_rules(
    desk: Desk, standing: dict[str, Any], reason: str
) -> None:
    member = desk.lender.member(**standing)
    draft = desk.draft(member, desk.lender.product())
    desk.hand_in_papers(draft["id"])

    assert reasons_of(desk, draft["id"]) == [reason]


WISHES: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": 499_999}, ["amount_out_of_range"]),
    ({"amount": 100_000_001}, ["amount_out_of_range"]),
    ({"count": 61}, ["count_out_of_range"]),
    ({"form": None}, ["form_missing"]),
    # Self-employed people tell their turnover, and bring their cash records.
    (
        {"form": FORM | {"employment": "self_employed"}},
        ["turnover_missing", "document_missing"],
    ),
    (
        {"amount": 1, "count": 600, "form": FORM | {"extra": {"lokasi": "Pasar"}}},
        ["amount_out_of_range", "count_out_of_range", "form_invalid"],
    ),
]


@pytest.mark.parametrize(("wish", "reasons"), WISHES)
def test_a_wish_has_to_be_one_that_the_product_grants(
    desk: Desk, wish: dict[str, Any], reasons: list[str]
) -> None:
    draft = desk.draft(desk.lender.member(), desk.lender.product(), **wish)
    desk.hand_in_papers(draft["id"])

    assert reasons_of(desk, draft["id"]) == reasons


def test_what_rounding_leaves_nothing_of_is_not_lent(desk: Desk) -> None:
    product = desk.lender.product(rounding_unit=1000, rate_bps=0)
    draft = desk.draft(desk.lender.member(), product, amount=500_000, count=60)
    desk.hand_in_papers(draft["id"])

    assert reasons_of(desk, draft["id"]) == ["schedule_impossible"]


def test_every_reason_is_told_at_once(desk: Desk) -> None:
    member = desk.lender.member(has_paid_principal=False, mandatory_months_open=3)
    product = desk.lender.product(is_offered=False)
    draft = desk.draft(member, product, amount=1)

    assert reasons_of(desk, draft["id"]) == [
        "principal_unpaid",
        "mandatory_in_arrears",
        "product_not_offered",
        "amount_out_of_range",
        "document_missing",
    ]


def test_the_product_asks_questions_of_its_own(desk: Desk) -> None:
    schema = {
        "type": "object",
        "properties": {"luas_lahan": {"type": "integer"}},
        "required": ["luas_lahan"],
        "additionalProperties": False,
    }
    draft = desk.draft(desk.lender.member(), desk.lender.product(form=schema))
    desk.hand_in_papers(draft["id"])
    assert reasons_of(desk, draft["id"]) == ["form_invalid"]

    form = FORM | {"extra": {"luas_lahan": 2}}
    changed = desk.call("change_application", application_id=draft["id"], form=form)

    assert changed["form"]["extra"] == {"luas_lahan": 2}
    assert desk.submit(draft["id"])["status"] == "queued"


def test_the_cooperative_may_ask_for_more_time(desk: Desk) -> None:
    chief = desk.lender.staff("pengurus")
    settings = {"minimum_membership_months": 12}
    desk.lender.call(chief, "put_application_settings", settings)
    draft = desk.draft(
        desk.lender.member(member_since_months=11), desk.lender.product()
    )
    desk.hand_in_papers(draft["id"])

    assert reasons_of(desk, draft["id"]) == ["membership_too_short"]
    with pytest.raises(NotAllowed):
        desk.call("put_application_settings", **settings)


def test_who_waits_for_one_loan_asks_for_no_second(desk: Desk) -> None:
    member, product = desk.lender.member(), desk.lender.product()
    draft = desk.draft(member, product)

    with pytest.raises(contract.ApplicationUnderWay):
        desk.draft(member, product)
    given_up = desk.call(
        "withdraw_application", application_id=draft["id"], reason="Tidak jadi"
    )

    assert given_up["status_text"] == "Dibatalkan"
    assert desk.draft(member, product)["number"].endswith("/2")


def test_what_the_form_says_is_read_by_nobody_in_the_table(desk: Desk) -> None:
    draft = desk.draft(
        desk.lender.member(),
        desk.lender.product(),
        form=FORM | {"occupation": "Pedagang sayur"},
    )
    document = desk.hand_in_papers(draft["id"], "application_form")[0]

    assert draft["form"]["occupation"] == "Pedagang sayur"
    with desk.lender.database.tenant(desk.lender.id) as session:
        form = session.execute(
            text("SELECT form FROM loan_applications WHERE id = :id"),
            {"id": draft["id"]},
        ).scalar_one()
        content = session.execute(
            text("SELECT content FROM application_documents WHERE id = :id"),
            {"id": document["id"]},
        ).scalar_one()
    assert b"Pedagang" not in bytes(form)
    assert b"%PDF" not in bytes(content)
    file = desk.call("get_application_document", document_id=document["id"])
    assert base64.b64decode(file["content"]).startswith(b"%PDF")


def test_a_page_of_html_is_no_photograph(desk: Desk) -> None:
    draft = desk.draft(desk.lender.member(), desk.lender.product())

    with pytest.raises(DocumentNotRecognised):
        desk.call(
            "upload_application_document",
            application_id=draft["id"],
            kind="ktp",
            media_type="image/png",
            content=base64.b64encode(b"<html>").decode(),
        )


def test_a_member_applies_by_itself_and_sees_only_its_own(
    desk: Desk, lender: Lender
) -> None:
    member, product = lender.member(), lender.product()
    own = lender.staff("anggota", member_id=member.id)
    wish = {
        "product_id": product.id,
        "amount": 3_000_000,
        "count": 12,
        "purpose": "Sekolah",
        "sector": "konsumsi",
        "form": FORM,
    }
    made = lender.call(own, "create_my_application", wish)
    of_another = desk.draft(lender.member("Siti"), product)
    desk.hand_in_papers(made["id"])
    command = {"application_id": made["id"]}

    assert made["member_id"] == member.id
    submitted = lender.call(own, "submit_my_application", command)
    assert submitted["status_text"] == "Dalam Antrean, Posisi #1"
    listed = lender.call(own, "list_my_applications")
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    other = {"application_id": of_another["id"]}
    for method in (
        "get_my_application",
        "submit_my_application",
        "list_my_application_documents",
    ):
        with pytest.raises(NotFound):
            lender.call(own, method, other)
    with pytest.raises(NotFound):
        lender.call(own, "withdraw_my_application", other | {"reason": "Iseng"})
    with pytest.raises(NotAllowed):
        lender.call(own, "get_application", command)


def test_another_cooperative_finds_nothing(desk: Desk, neighbour: Lender) -> None:
    draft = desk.draft(desk.lender.member(), desk.lender.product())
    document = desk.hand_in_papers(draft["id"], "ktp")[0]
    stranger = neighbour.staff("teller")
    command = {"application_id": draft["id"]}

    for method in ("get_application", "submit_application", "get_limits"):
        with pytest.raises(NotFound):
            neighbour.call(stranger, method, command)
    with pytest.raises(NotFound):
        neighbour.call(
            stranger, "get_application_document", {"document_id": document["id"]}
        )
    assert neighbour.call(stranger, "list_applications") == {
        "items": [],
        "next_cursor": None,
    }


def test_a_member_whose_group_is_late_waits(desk: Desk, lender: Lender) -> None:
    product, late, other = lender.product(), lender.member("Siti"), lender.member()
    desk.call(
        "create_loan_group",
        name="Kelompok Melati",
        leader_id=late.id,
        member_ids=[late.id, other.id],
        idempotency=part("group"),
    )
    loan = lender.loan(late, product)
    draft = desk.draft(other, product)
    desk.hand_in_papers(draft["id"])
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text("UPDATE loans SET dpd = 31 WHERE id = :id"), {"id": loan.id}
        )

    assert reasons_of(desk, draft["id"]) == ["group_in_arrears"]
    with lender.database.tenant(lender.id) as session:
        session.execute(
            text("UPDATE loans SET dpd = 30 WHERE id = :id"), {"id": loan.id}
        )
    assert desk.submit(draft["id"])["status"] == "queued"
