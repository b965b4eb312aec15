"""How people register themselves as candidates, from a phone or a browser (R28).

Anybody may call this. So it tells nobody whether a person is a member already: who is
known gets the answer that a newcomer gets, and nothing else happens.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import cooperatives, forms, membership, verification
from services.members.models import Cooperative, Member
from services.members.operations import (
    attempts,
    audit,
    directory,
    lookup,
    persons,
    users,
)
from services.members.operations import forms as form_operations
from services.members.operations import membership as member_operations
from services.members.operations import verification as codes
from services.members.store import membership as members_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import membership as contract
from services.shared.contracts.members import users as users_contract
from services.shared.contracts.members import verification as verification_contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

PERIOD: Final = timedelta(minutes=10)
APPLICATIONS_PER_PERIOD_MAX: Final = 50
"""Of one cooperative: a crowd at a stall can register, a script cannot fill it up."""

RECEIVED: Final = "received"


def get_application_form(database: Database, code: str) -> dict[str, Any]:
    """What a cooperative asks of applicants. Raises NotFound if it takes none."""
    cooperative, form = _open_to_all(database, code)
    return answers.one(
        contract.ApplicationForm(),
        {
            "cooperative_name": cooperative.name,
            "required": sorted({*form.required, "phone"}),
            "minimum_age": form.minimum_age,
            "fields_schema": form.fields,
        },
    )


def apply_for_membership(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """A candidate with codes on the way; for who is known already the same answer.

    Raises NotFound if the cooperative takes no applications, TooManyApplications, and
    what registering raises about the data themselves.
    """
    cooperative, _ = _open_to_all(database, command["cooperative_code"])
    _count(database, settings, cooperative.id, command)
    try:
        member_id = _admit(database, settings, cooperative.id, command)
    except members_contract.DuplicateNik:
        member_id = identifiers.new("mem")
    return answers.one(
        contract.ApplicationReceived(), {"id": member_id, "status": RECEIVED}
    )


def confirm_application(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """The applicant has proven an address; with a proven e-mail comes a login.

    Raises WrongCode, also for an application that does not exist.
    """
    member_id = command["application_id"]
    with database.hub() as session:
        member = store.find_member(session, member_id)
    if member is None or not _may_confirm(member):
        raise verification_contract.WrongCode
    actor = Actor(cooperative_id=member.cooperative_id, subject=member_id)

    # Together with the proof: the code is used up, so nobody could ask again.
    def give_login(session: Session, proven: Member) -> None:
        _invite(session, settings, actor, proven)

    return codes.confirm_code(
        database,
        settings,
        actor,
        {**command, "member_id": member_id},
        on_proof=give_login if command["channel"] == verification.EMAIL else None,
    )


@retrying
def invite(
    database: Database, settings: Settings, actor: Actor, member_id: str
) -> dict[str, Any]:
    """A login for a member, and an e-mail with a link to choose a password.

    Raises NothingToVerify without an e-mail address. Who has a login already, or uses
    one with this address, is not told again.
    """
    with database.tenant(actor.cooperative_id) as session:
        member = member_operations.found(members_store.lock_member(session, member_id))
        is_invited = _invite(session, settings, actor, member)
    return {"member_id": member_id, "is_invited": is_invited}


def _invite(session: Session, settings: Settings, actor: Actor, member: Member) -> bool:
    """As `invite`, in this transaction and for a locked row; whether it was told."""
    if member.status not in membership.CHANGEABLE:
        raise contract.MemberHasLeft
    data = directory.personal(session, settings, member)
    if data["email"] is None:
        raise verification_contract.NothingToVerify
    try:
        with session.begin_nested():
            user_id = users.invite_member(
                session,
                settings,
                actor.cooperative_id,
                member.id,
                name=member.name,
                email=data["email"],
                phone=data["phone"],
            )
    except users_contract.LoginTaken:
        return False
    audit.record(session, actor, "member.invited", member.id, after={"user": user_id})
    return True


@retrying
def _admit(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> str:
    with database.tenant(cooperative_id) as session:
        _refuse_flood(session, cooperative_id)
        member = member_operations.admit(
            session, settings, cooperative_id, command, is_self_registered=True
        )
        if member is None:
            raise members_contract.DuplicateNik
        for channel in verification.CHANNELS:
            if command.get(channel) is not None:
                codes.issue(session, settings, member, channel)
        actor = Actor(cooperative_id=cooperative_id, subject=member.id)
        told = {"number": member.number, "status": member.status}
        audit.record(session, actor, "member.applied", member.id, after=told)
        return member.id


def _count(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> None:
    """Count an application for its addresses: nobody's mailbox is filled from here.

    It depends on what is sent alone, so it tells nothing about who is known.
    """
    with database.tenant(cooperative_id) as session:
        addresses = {
            lookup.hashed(session, settings, lookup.APPLICATION, address)
            for address in (persons.phone(command["phone"]), command.get("email"))
            if address is not None
        }
        seconds = attempts.count(session, addresses)
    if seconds:
        raise contract.TooManyApplications(details={"retry_after": seconds})


def _refuse_flood(session: Session, cooperative_id: str) -> None:
    since = clock.now() - PERIOD
    if (
        members_store.count_applications(session, cooperative_id, since)
        >= APPLICATIONS_PER_PERIOD_MAX
    ):
        seconds = int(PERIOD.total_seconds())
        raise contract.TooManyApplications(details={"retry_after": seconds})


def _open_to_all(database: Database, code: str) -> tuple[Cooperative, forms.Form]:
    """The active cooperative with this code that takes applications, and its form."""
    with database.hub() as session:
        cooperative = store.find_cooperative_by_code(session, code)
        if cooperative is None or cooperative.status != cooperatives.ACTIVE:
            raise NotFound("There is no such cooperative.")
        form = form_operations.in_force(session, cooperative.id)
    if not form.accepts_applications:
        raise NotFound("There is no such cooperative.")
    return cooperative, form


def _may_confirm(member: Member) -> bool:
    return member.is_self_registered and member.status == membership.CANDIDATE
