"""What a member shows and gets: files, codes out of messages, contributions, forms."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from services.members.operations import (
    documents,
    dues,
    forms,
    notifications,
    products,
    verification,
)
from services.shared import clock
from services.shared.contracts.members import forms as forms_contract
from tests.factories.members import Tenant, idempotency

JPEG: Final = b"\xff\xd8\xff\xe0 foto KTP \xff\xd9"
PNG: Final = b"\x89PNG\r\n\x1a\n foto diri IEND\xaeB`\x82"
PDF: Final = b"%PDF-1.7 bukti setor\n%%EOF\n"


def put_form(tenant: Tenant, **body: Any) -> dict[str, Any]:
    """A new registration form of the cooperative."""
    command = forms_contract.PutMemberForm().load(body)
    return forms.put_member_form(tenant.world.members, tenant.actor, command)


def upload(
    tenant: Tenant,
    member_id: str,
    content: bytes = JPEG,
    *,
    kind: str = "ktp",
    media_type: str = "image/jpeg",
    part: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A document that the cooperative's system hands in."""
    command = {
        "member_id": member_id,
        "kind": kind,
        "media_type": media_type,
        "content": base64.b64encode(content).decode(),
        "idempotency": part,
    }
    world = tenant.world
    return documents.upload_document(
        world.members, world.settings, tenant.actor, command
    )


def accept(tenant: Tenant, document_id: str) -> dict[str, Any]:
    """The document, accepted."""
    command = {"document_id": document_id, "idempotency": None}
    return documents.accept_document(tenant.world.members, tenant.actor, command)


def messages(tenant: Tenant, recipient: str) -> list[dict[str, Any]]:
    """What a recipient was told by this cooperative, oldest first."""
    cipher = notifications.cipher(tenant.world.settings)
    with tenant.world.members.hub() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT id, template, channel, content FROM notifications "
            "WHERE cooperative_id = %s ORDER BY created_at, id",
            (tenant.id,),
        )
        found = [
            json.loads(cipher.decrypt(bytes(row[3]), notifications._place(row[0])))
            | {"template": row[1], "channel": row[2]}
            for row in rows
        ]
    return [one for one in found if one["recipient"] == recipient]


def send_code(tenant: Tenant, member_id: str, channel: str) -> dict[str, Any]:
    """A code on its way to the member."""
    command = {"member_id": member_id, "channel": channel, "idempotency": None}
    world = tenant.world
    return verification.send_code(world.members, world.settings, tenant.actor, command)


def confirm_code(
    tenant: Tenant, member_id: str, channel: str, code: str
) -> dict[str, Any]:
    """A code that the member tells the staff."""
    command = {"member_id": member_id, "channel": channel, "code": code}
    world = tenant.world
    return verification.confirm_code(
        world.members, world.settings, tenant.actor, command
    )


def ask_contributions(tenant: Tenant, *, pokok: int, wajib: int) -> None:
    """The cooperative asks for simpanan pokok and wajib from this month on."""
    for kind, amount in (("pokok", pokok), ("wajib", wajib)):
        command = {
            "kind": kind,
            "amount": amount,
            "valid_from": clock.business_date().replace(day=1),
            "due_day": 10,
            "idempotency": None,
        }
        products.set_term(tenant.world.members, tenant.actor, command)


def pay(tenant: Tenant, member_id: str, kind: str) -> dict[str, Any]:
    """A contribution paid in cash."""
    body = {
        "kind": kind,
        "channel": "cash",
        "amount": None,
        "periods": None,
        "reference": None,
    }
    command = body | {
        "member_id": member_id,
        "idempotency": idempotency(f"POST /v1/members/{member_id}/contributions", body),
    }
    return dues.pay_contribution(
        tenant.world.members, tenant.ledger, tenant.actor, command
    )


def audited(tenant: Tenant, subject: str) -> list[tuple[str, str]]:
    """Who did what to something, oldest first: pairs of actor and action."""
    with tenant.world.members.hub() as session:
        rows = session.connection().exec_driver_sql(
            "SELECT actor, action FROM audit_entries "
            "WHERE cooperative_id = %s AND subject = %s ORDER BY position",
            (tenant.id, subject),
        )
        return [(row[0], row[1]) for row in rows]
