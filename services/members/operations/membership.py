"""How a person becomes a member of a cooperative."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from services.members import store
from services.members.domain import membership, nik
from services.members.models import Member
from services.members.operations import answers, personal_data
from services.shared import clock, identifiers
from services.shared.contracts import members as contract
from services.shared.errors import NotFound
from services.shared.persistence import idempotency, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

COUNTER: Final = "member"


@retrying
def register_member(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """A new candidate of the cooperative, with the next membership number.

    Raises InvalidNik, and DuplicateNik when the cooperative has this person already.
    """
    _check_nik(command.get("nik"), command.get("birth_date"))

    def register() -> dict[str, Any]:
        cooperative = store.find_cooperative(session, cooperative_id)
        if cooperative is None:
            raise NotFound("There is no such cooperative.")
        member_id = identifiers.new("mem")
        given = contract.MemberBody().dump(command)
        number = given.get("nik")
        member = store.add_member(
            session,
            id=member_id,
            cooperative_id=cooperative_id,
            number=membership.member_number(
                cooperative.code, store.next_number(session, cooperative_id, COUNTER)
            ),
            name=command["name"],
            nik_hash=personal_data.nik_hash(session, settings, number)
            if number
            else None,
            personal_data=personal_data.encrypt(
                session,
                settings,
                cooperative_id,
                member_id,
                {name: given[name] for name in personal_data.FIELDS if name in given},
            ),
            registered_at=clock.now(),
        )
        if member is None:
            raise contract.DuplicateNik
        return answers.one(contract.Member(), member)

    with database.tenant(cooperative_id) as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=register,
        )


@retrying
def activate_member(
    database: Database, cooperative_id: str, member_id: str
) -> dict[str, Any]:
    """The candidate is a full member from now on; again changes nothing."""
    with database.tenant(cooperative_id) as session:
        member = store.activate_member(session, member_id, clock.now())
        if member is None:
            # Not a candidate: a member already, or nobody.
            return answers.one(
                contract.Member(), _found(store.find_member(session, member_id))
            )
        outbox.add(
            session,
            contract.MEMBER_ACTIVATED,
            contract.MemberEvent().dump(
                {
                    "cooperative_id": cooperative_id,
                    "member_id": member.id,
                    "number": member.number,
                }
            ),
        )
        return answers.one(contract.Member(), member)


def get_member(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    member_id: str,
) -> dict[str, Any]:
    """One member with personal data; of the NIK only its ends."""
    with database.tenant(cooperative_id) as session:
        member = _found(store.find_member(session, member_id))
        data = personal_data.decrypt(
            session, settings, cooperative_id, member.id, member.personal_data
        )
    if data["nik"]:
        data["nik"] = nik.masked(data["nik"])
    if data["birth_date"]:
        data["birth_date"] = date.fromisoformat(data["birth_date"])
    return answers.one(
        contract.MemberDetails(),
        data
        | {
            "id": member.id,
            "number": member.number,
            "name": member.name,
            "status": member.status,
            "registered_at": member.registered_at,
            "activated_at": member.activated_at,
        },
    )


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


def _check_nik(number: str | None, birth_date: date | None) -> None:
    if number is None:
        return
    fault = nik.fault(number, birth_date=birth_date, today=clock.business_date())
    if fault is not None:
        error = {"field": "nik", "code": contract.InvalidNik.code, "detail": fault}
        raise contract.InvalidNik(fault, {"errors": [error]})


def _found(member: Member | None) -> Member:
    if member is None:
        raise NotFound("There is no such member.")
    return member
