"""Who a member is, as the service learns it that has it checked."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from services.members.operations import documents
from services.members.service import MembersService
from services.shared.contracts.members import identity as contract
from services.shared.errors import NotAllowed, NotFound
from services.shared.identity import Identity
from tests.factories.members import Tenant
from tests.factories.membership import JPEG, PDF, PNG, audited, upload
from tests.fakes import in_process

NIK = "5171011708900001"


def asked(tenant: Tenant, member_id: str, **more: Any) -> dict[str, Any]:
    """The answer to kyc, which asks for an analyst of the cooperative."""
    caller = Identity(
        subject="usr_analis",
        cooperative_id=tenant.id,
        scopes=frozenset({"kyc:write"}),
        service="kyc",
    )
    return _ask(tenant, caller, {"member_id": member_id} | more)


def _ask(tenant: Tenant, caller: Identity, command: dict[str, Any]) -> dict[str, Any]:
    service = in_process.service(
        MembersService,
        database=tenant.world.members,
        settings=tenant.world.settings,
        caller=caller,
    )
    return in_process.call(service, "get_identity", command)


def test_a_member_is_told_whole_with_the_newest_photos(tenant: Tenant) -> None:
    member = tenant.register_member(nik=NIK, gender="male", phone="+6281234567890")
    upload(tenant, member["id"], PNG, kind="ktp", media_type="image/png")
    upload(tenant, member["id"], JPEG, kind="ktp")
    rejected = upload(tenant, member["id"], JPEG, kind="selfie")
    upload(tenant, member["id"], PDF, kind="selfie", media_type="application/pdf")
    documents.reject_document(
        tenant.world.members,
        tenant.actor,
        {"document_id": rejected["id"], "reason": "Buram", "idempotency": None},
    )

    told = asked(tenant, member["id"])

    contract.MemberIdentity().load(told)
    assert (told["name"], told["nik"]) == (member["name"], NIK)
    assert (told["gender"], told["phone"]) == ("male", "+6281234567890")
    assert base64.b64decode(told["ktp_b64"]) == JPEG
    assert told["selfie_b64"] is None
    assert asked(tenant, member["id"], with_photos=False)["ktp_b64"] is None
    look = ("usr_analis", "member.nik_viewed")
    assert audited(tenant, member["id"]).count(look) == 2


def test_only_kyc_learns_it_and_only_of_its_own_cooperative(
    tenant: Tenant, neighbour: Tenant
) -> None:
    member = tenant.register_member(nik=NIK)

    with pytest.raises(NotFound):
        asked(neighbour, member["id"])
    staff = replace(tenant.identity, scopes=frozenset({"kyc:write", "members:write"}))
    with pytest.raises(NotAllowed):
        _ask(tenant, staff, {"member_id": member["id"]})
