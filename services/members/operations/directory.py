"""How members are found and looked at, and how much of a person who looks sees."""

from __future__ import annotations

import binascii
from collections import defaultdict
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import membership
from services.members.models import Member
from services.members.operations import audit, personal_data, persons
from services.members.store import membership as members_store
from services.shared import identifiers, identity_numbers
from services.shared.contracts import answers, cursors
from services.shared.contracts import members as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings

SEES_ALL: Final = "members:write"
"""Who works with members sees where to reach them; who only reads does not."""

DUPLICATES: Final = "duplicate-identities"


def get_member(
    database: Database, settings: Settings, caller: Identity, member_id: str
) -> dict[str, Any]:
    """One member; of the NIK only its ends, of the rest as much as the caller may."""
    with database.tenant(caller.cooperative_id) as session:
        member = _found(store.find_member(session, member_id))
        data = personal(session, settings, member)
    is_own = member.id == caller.member_id
    is_masked = not is_own and SEES_ALL not in caller.scopes
    return details(member, data, is_masked=is_masked)


def get_member_nik(
    database: Database, settings: Settings, actor: Actor, member_id: str
) -> dict[str, Any]:
    """The whole NIK of a member; who looked is written down (R107)."""
    with database.tenant(actor.cooperative_id) as session:
        member = _found(store.find_member(session, member_id))
        number = personal(session, settings, member)["nik"]
        audit.record(session, actor, "member.nik_viewed", member.id)
    return {"nik": number}


def list_members(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The members of the cooperative in the order they registered."""
    owner, limit = f"members {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_members(
            session,
            status=command["status"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Member(), shown),
        "next_cursor": next_cursor,
    }


def search_members(
    database: Database, settings: Settings, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The members that fit everything given, by name. Raises InvalidPhone."""
    written = persons.phone(command["phone"]) if "phone" in command else None
    wanted = {"nik": command.get("nik"), "phone": written}
    with database.tenant(cooperative_id) as session:
        hashes = persons.hashes(session, settings, wanted)
        rows = members_store.search_members(
            session,
            query=command.get("query"),
            nik_hash=hashes["nik_hash"],
            phone_hash=hashes["phone_hash"],
            status=command.get("status"),
            limit=command["limit"],
        )
    return {"items": answers.many(contract.Member(), rows)}


def list_duplicate_identities(
    database: Database, command: dict[str, Any]
) -> dict[str, Any]:
    """Persons whom several cooperatives have registered, for the hub's operator.

    Nothing is stored for it, so nobody can be forgotten: the list is read from the
    members. The cooperatives learn nothing of it.
    """
    limit = command["limit"]
    position = answers.position(DUPLICATES, command["cursor"])
    with database.hub() as session:
        shared = members_store.list_shared_niks(
            session, after=_hash_in(position), limit=limit + 1
        )
        rows = members_store.list_by_nik(session, shared[:limit])
    memberships: dict[bytes, list[Member]] = defaultdict(list)
    for row in rows:
        memberships[row.nik_hash or b""].append(row)
    shown, has_more = shared[:limit], len(shared) > limit
    return {
        "items": [_duplicate(memberships[one]) for one in shown],
        "next_cursor": cursors.encode(DUPLICATES, shown[-1].hex())
        if has_more
        else None,
    }


def personal(session: Session, settings: Settings, member: Member) -> dict[str, Any]:
    """Everything that is kept about a person, None where nothing is known."""
    return personal_data.decrypt(
        session, settings, member.cooperative_id, member.id, member.personal_data
    )


def details(member: Member, data: dict[str, Any], *, is_masked: bool) -> dict[str, Any]:
    """The answer about one member; the NIK is never whole in it."""
    shown = _masked(data) if is_masked else dict(data)
    if shown["nik"]:
        shown["nik"] = identity_numbers.masked(shown["nik"])
    if shown["birth_date"]:
        shown["birth_date"] = date.fromisoformat(shown["birth_date"])
    columns = contract.MemberDetails().fields.keys() - shown.keys() - {"is_masked"}
    kept = {name: getattr(member, name) for name in columns}
    return answers.one(
        contract.MemberDetails(), shown | kept | {"is_masked": is_masked}
    )


def _masked(data: dict[str, Any]) -> dict[str, Any]:
    hidden: dict[str, str | None] = {
        "address": None,
        "extra": None,
        "refusal_reason": None,
    }
    if data["phone"]:
        hidden["phone"] = membership.masked_phone(data["phone"])
    if data["email"]:
        hidden["email"] = membership.masked_email(data["email"])
    return data | hidden


def _hash_in(position: str | None) -> bytes | None:
    if position is None:
        return None
    try:
        return binascii.unhexlify(position)
    except binascii.Error as error:
        raise InvalidCursor from error


def _duplicate(members: list[Member]) -> dict[str, Any]:
    occurrences = [
        {
            "cooperative_id": member.cooperative_id,
            "member_id": member.id,
            "status": member.status,
            "registered_at": member.registered_at,
        }
        for member in members
    ]
    name = identifiers.derived("dup", *(member.id for member in members))
    return answers.one(
        membership_contract.DuplicateIdentity(), {"id": name, "members": occurrences}
    )


def _found(member: Member | None) -> Member:
    if member is None:
        raise NotFound("There is no such member.")
    return member
