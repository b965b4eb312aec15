"""How documents of members are kept, reviewed and looked at, on a real database."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from services.members import operations
from services.members.domain import documents as domain
from services.members.operations import documents, personal_data
from services.shared.contracts.members import documents as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.crypto import Undecryptable
from services.shared.errors import NotFound, SameProposer
from tests.factories.members import PAGE, Tenant, World, idempotency
from tests.factories.membership import (
    JPEG,
    PDF,
    PNG,
    accept,
    audited,
    put_form,
    upload,
)


@pytest.fixture
def member_id(tenant: Tenant) -> str:
    """A candidate."""
    found: str = tenant.register_member()["id"]
    return found


def content(tenant: Tenant, document_id: str) -> dict[str, Any]:
    world = tenant.world
    return documents.get_content(
        world.members, world.settings, tenant.actor, document_id
    )


def reject(tenant: Tenant, document_id: str) -> dict[str, Any]:
    command = {"document_id": document_id, "reason": "Foto buram", "idempotency": None}
    return documents.reject_document(tenant.world.members, tenant.actor, command)


@pytest.mark.parametrize(
    ("given", "media_type", "ending"),
    [
        (JPEG, "image/jpeg", "jpg"),
        (PNG, "image/png", "png"),
        (PDF, "application/pdf", "pdf"),
    ],
)
def test_what_is_handed_in_comes_back(
    tenant: Tenant, member_id: str, given: bytes, media_type: str, ending: str
) -> None:
    made = upload(tenant, member_id, given, kind="other", media_type=media_type)

    file = content(tenant, made["id"])

    assert (made["status"], made["size_bytes"]) == ("submitted", len(given))
    assert base64.b64decode(file["content"]) == given
    assert file["media_type"] == media_type
    assert file["name"] == f"other-{made['id']}.{ending}"


@pytest.mark.parametrize(
    ("given", "media_type"),
    [
        pytest.param(b"", "image/jpeg", id="nothing"),
        pytest.param(b"<script>alert(1)</script>", "image/jpeg", id="a page"),
        pytest.param(PNG, "image/jpeg", id="another type"),
        pytest.param(JPEG[:-2], "image/jpeg", id="half a photograph"),
        pytest.param(b"MZ" + JPEG, "image/jpeg", id="a program"),
        pytest.param(
            JPEG[:4] + bytes(domain.SIZE_BYTES_MAX) + JPEG[-2:],
            "image/jpeg",
            id="too large",
        ),
    ],
)
def test_a_file_is_what_its_content_says(
    tenant: Tenant, member_id: str, given: bytes, media_type: str
) -> None:
    with pytest.raises(contract.DocumentNotRecognised):
        upload(tenant, member_id, given, media_type=media_type)


def test_the_largest_file_is_kept(tenant: Tenant, member_id: str) -> None:
    padding = bytes(domain.SIZE_BYTES_MAX - len(JPEG))
    largest = JPEG[:4] + padding + JPEG[4:]

    made = upload(tenant, member_id, largest)

    assert base64.b64decode(content(tenant, made["id"])["content"]) == largest


def test_documents_are_unreadable_in_the_database_and_bound_to_their_row(
    world: World, tenant: Tenant, member_id: str
) -> None:
    first, second = (
        upload(tenant, member_id),
        upload(tenant, member_id, PNG, media_type="image/png"),
    )

    with world.members.hub() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT id, content FROM documents WHERE cooperative_id = %s", (tenant.id,)
        )
        stored = {row[0]: bytes(row[1]) for row in rows}
    assert b"foto" not in stored[first["id"]] + stored[second["id"]]
    with world.members.tenant(tenant.id) as session, pytest.raises(Undecryptable):
        personal_data.cipher(session, world.settings, tenant.id).decrypt(
            stored[first["id"]], f"documents.content:{second['id']}".encode()
        )


def test_every_look_is_in_the_trail(tenant: Tenant, member_id: str) -> None:
    document_id = upload(tenant, member_id)["id"]

    content(tenant, document_id)

    assert audited(tenant, document_id) == [
        ("cli_test", "document.uploaded"),
        ("cli_test", "document.viewed"),
    ]


def test_a_member_sees_its_own_documents_only(
    world: World, tenant: Tenant, member_id: str
) -> None:
    document_id = upload(tenant, member_id)["id"]
    stranger = tenant.register_member("Siti Aminah")["id"]

    def look(as_member: str) -> dict[str, Any]:
        return documents.get_own_content(
            world.members,
            world.settings,
            tenant.id,
            member_id=as_member,
            document_id=document_id,
        )

    assert base64.b64decode(look(member_id)["content"]) == JPEG
    with pytest.raises(NotFound):
        look(stranger)


def test_a_review_is_final(tenant: Tenant, member_id: str) -> None:
    good, bad = upload(tenant, member_id)["id"], upload(tenant, member_id)["id"]

    accepted, rejected = accept(tenant, good), reject(tenant, bad)

    assert (accepted["status"], accepted["reviewed_by"]) == ("accepted", "cli_test")
    assert (rejected["status"], rejected["reason"]) == ("rejected", "Foto buram")
    assert accept(tenant, good) == accepted
    assert reject(tenant, bad) == rejected
    with pytest.raises(contract.DocumentReviewed):
        reject(tenant, good)
    with pytest.raises(contract.DocumentReviewed):
        accept(tenant, bad)


def test_a_proof_of_payment_is_accepted_by_somebody_else(
    world: World, tenant: Tenant, member_id: str
) -> None:
    document_id = upload(tenant, member_id, kind="payment_proof")["id"]

    with pytest.raises(SameProposer):
        accept(tenant, document_id)

    other = replace(tenant.actor, subject="usr_bendahara")
    command = {"document_id": document_id, "idempotency": None}
    done = documents.accept_document(world.members, other, command)
    assert done["reviewed_by"] == "usr_bendahara"


def test_an_upload_repeated_with_its_key_is_one_document(
    world: World, tenant: Tenant, member_id: str
) -> None:
    part = idempotency("POST /v1/members/x/documents", "ktp")

    first, again = (upload(tenant, member_id, part=part) for _ in range(2))

    assert again == first | {"replayed": True}
    listed = documents.list_documents(
        world.members, tenant.id, PAGE | {"member_id": member_id, "status": None}
    )
    assert [item["id"] for item in listed["items"]] == [first["id"]]


def test_a_member_fills_no_disk(
    tenant: Tenant, member_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "DOCUMENTS_PER_MEMBER_MAX", 2)
    for _ in range(2):
        upload(tenant, member_id)

    with pytest.raises(contract.TooManyDocuments):
        upload(tenant, member_id)


def test_documents_are_listed_by_member_and_status(
    world: World, tenant: Tenant, member_id: str
) -> None:
    other = tenant.register_member("Siti Aminah")["id"]
    ours, theirs = upload(tenant, member_id)["id"], upload(tenant, other)["id"]
    accept(tenant, theirs)

    def listed(**wanted: Any) -> list[str]:
        command = PAGE | {"member_id": None, "status": None} | wanted
        answer = documents.list_documents(world.members, tenant.id, command)
        return [item["id"] for item in answer["items"]]

    assert sorted(listed()) == sorted([ours, theirs])
    assert listed(member_id=member_id) == [ours]
    assert listed(status="accepted") == [theirs]


def test_anothers_documents_do_not_exist(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    theirs = neighbour.register_member()["id"]
    document_id = upload(neighbour, theirs)["id"]

    with pytest.raises(NotFound):
        upload(tenant, theirs)
    with pytest.raises(NotFound):
        content(tenant, document_id)
    with pytest.raises(NotFound):
        accept(tenant, document_id)
    with pytest.raises(NotFound):
        documents.get_document(world.members, tenant.id, document_id)
    with pytest.raises(NotFound):
        documents.list_documents(
            world.members, tenant.id, PAGE | {"member_id": theirs, "status": None}
        )


def test_a_candidate_is_a_member_once_its_documents_are_accepted(
    world: World, tenant: Tenant, member_id: str
) -> None:
    put_form(tenant, required_documents=["ktp"])
    with pytest.raises(membership_contract.DocumentsMissing):
        operations.activate_member(world.members, tenant.actor, member_id)
    document_id = upload(tenant, member_id)["id"]
    with pytest.raises(membership_contract.DocumentsMissing):
        operations.activate_member(world.members, tenant.actor, member_id)

    accept(tenant, document_id)

    activated = operations.activate_member(world.members, tenant.actor, member_id)
    assert activated["status"] == "active"
