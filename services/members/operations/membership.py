"""How a person becomes a member of a cooperative, and how members' data change."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import membership, products
from services.members.domain.forms import Form
from services.members.models import Member
from services.members.operations import (
    audit,
    directory,
    dues,
    forms,
    personal_data,
    persons,
)
from services.members.store import departures as departures_store
from services.members.store import documents as documents_store
from services.members.store import dues as dues_store
from services.members.store import membership as members_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import members as contract
from services.shared.contracts.members import membership as membership_contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, numbering, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

COUNTER: Final = "member"
IDENTIFYING: Final = frozenset({"nik", "birth_date", "gender", "is_married"})
"""What is judged together: each says something about the others."""


@retrying
def register_member(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A new candidate of the cooperative, with the next membership number.

    Raises InvalidNik, InvalidPhone, TooYoung, FormNotFilledIn, and DuplicateNik when
    the cooperative has this person already.
    """

    def register(session: Session) -> dict[str, Any]:
        member = admit(session, settings, actor.cooperative_id, command)
        if member is None:
            raise contract.DuplicateNik
        told = {"number": member.number, "status": member.status}
        audit.record(session, actor, "member.registered", member.id, after=told)
        return answers.one(contract.Member(), member)

    return idempotency.once(database, actor, command, register)


def admit(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    given: dict[str, Any],
    *,
    is_self_registered: bool = False,
) -> Member | None:
    """The candidate that is described; None when the cooperative has this NIK.

    Nothing has been written when it raises; when it answers None the caller must let
    the transaction fail, since a number has been taken.
    """
    cooperative = store.find_cooperative(session, cooperative_id)
    if cooperative is None:
        raise NotFound("There is no such cooperative.")
    form = forms.in_force(session, cooperative_id)
    data = {
        name: told for name, told in persons.told(given).items() if told is not None
    }
    persons.check(form, data)
    forms.check_answers(form, data)
    member_id = identifiers.new("mem")
    return store.add_member(
        session,
        id=member_id,
        cooperative_id=cooperative_id,
        number=membership.member_number(
            cooperative.code, numbering.next_number(session, cooperative_id, COUNTER)
        ),
        name=given["name"],
        personal_data=personal_data.encrypt(
            session, settings, cooperative_id, member_id, data
        ),
        registered_at=clock.now(),
        form_version=form.version or None,
        is_self_registered=is_self_registered,
        **persons.hashes(session, settings, data),
    )


@retrying
def activate_member(database: Database, actor: Actor, member_id: str) -> dict[str, Any]:
    """The candidate is a full member from now on; again changes nothing.

    Raises DocumentsMissing, ContributionsUnpaid, DepartureRunning while the refusal is
    carried out, and MemberHasLeft for who was refused or has left.
    """
    with database.tenant(actor.cooperative_id) as session:
        member = found(members_store.lock_member(session, member_id))
        if member.status == membership.ACTIVE:
            return answers.one(contract.Member(), member)
        if member.status != membership.CANDIDATE:
            raise membership_contract.MemberHasLeft
        if departures_store.is_ending(session, member.id):
            raise membership_contract.DepartureRunning
        _check_ready(session, member)
        member.status = membership.ACTIVE
        member.activated_at = clock.now()
        outbox.add(
            session,
            contract.MEMBER_ACTIVATED,
            contract.MemberEvent().dump(
                {
                    "cooperative_id": actor.cooperative_id,
                    "member_id": member.id,
                    "number": member.number,
                }
            ),
        )
        session.flush()
        _record(session, actor, "member.activated", member, membership.CANDIDATE)
        return answers.one(contract.Member(), member)


@retrying
def refuse_candidate(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The candidate is not taken, and may apply again; again changes nothing.

    Raises NotACandidate, DepartureRunning while somebody ends it otherwise, and
    ContributionsPaid: money goes back by a departure, which two persons decide.
    """
    with database.tenant(actor.cooperative_id) as session:
        member = found(members_store.lock_member(session, command["member_id"]))
        if member.status == membership.REFUSED:
            return answers.one(contract.Member(), member)
        if member.status != membership.CANDIDATE:
            raise membership_contract.NotACandidate
        if departures_store.is_leaving(session, member.id):
            raise membership_contract.DepartureRunning
        if any(dues_store.is_paid(session, member.id, kind) for kind in products.KINDS):
            raise membership_contract.ContributionsPaid
        data = directory.personal(session, settings, member)
        data["refusal_reason"] = command["reason"]
        member.personal_data = _sealed(session, settings, member, data)
        member.status = membership.REFUSED
        session.flush()
        _record(session, actor, "member.refused", member, membership.CANDIDATE)
        return answers.one(contract.Member(), member)


@retrying
def change_member(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The member with changed data, all of them told.

    Raises MemberHasLeft, MembershipNotTransferable and what registering raises. In the
    audit trail is which data changed, not what they are.
    """
    try:
        return _change(database, settings, actor, command)
    except IntegrityError as fault:
        # Two members given one NIK at the same moment: only PostgreSQL saw both.
        if members_store.NIK_INDEX in str(fault.orig):
            raise contract.DuplicateNik from fault
        raise


def _change(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    with database.tenant(actor.cooperative_id) as session:
        member = found(members_store.lock_member(session, command["member_id"]))
        if member.status not in membership.CHANGEABLE:
            raise membership_contract.MemberHasLeft
        known = directory.personal(session, settings, member)
        told = {
            name: value
            for name, value in persons.told(command).items()
            if value != known[name]
        }
        data = known | told
        _check_change(
            forms.in_force(session, actor.cooperative_id), member, known, told
        )
        changed = sorted({*told, *_renamed(member, command)})
        _write(session, settings, member, data, told, command.get("name"))
        if changed:
            audit.record(
                session, actor, "member.changed", member.id, after={"changed": changed}
            )
        return directory.details(member, data, is_masked=False)


def _check_change(
    form: Form, member: Member, known: dict[str, Any], told: dict[str, Any]
) -> None:
    """What is new has to be right; what was missing before may stay so."""
    is_settled = member.status == membership.ACTIVE and known["nik"] is not None
    if is_settled and "nik" in told:
        raise membership_contract.MembershipNotTransferable
    if IDENTIFYING & told.keys():
        persons.check(form, known | told)
    removed = {name: None for name, value in told.items() if value is None}
    asked = Form(required=tuple(name for name in form.required if name in removed))
    forms.check_answers(asked, removed)
    if "extra" in told:
        forms.refuse_unless_empty(forms.faults_of_extra(form, told["extra"]))


def _write(
    session: Session,
    settings: Settings,
    member: Member,
    data: dict[str, Any],
    told: dict[str, Any],
    name: str | None,
) -> None:
    if name is not None:
        member.name = name
    if told:
        member.personal_data = _sealed(session, settings, member, data)
        for column, value in persons.hashes(session, settings, data).items():
            setattr(member, column, value)
    # A new address has not been proven by a code that went to the old one.
    if "phone" in told:
        member.phone_verified_at = None
    if "email" in told:
        member.email_verified_at = None
    session.flush()


def _renamed(member: Member, command: dict[str, Any]) -> set[str]:
    is_new = command.get("name") not in {None, member.name}
    return {"name"} if is_new else set()


def _sealed(
    session: Session, settings: Settings, member: Member, data: dict[str, Any]
) -> bytes:
    kept = {name: value for name, value in data.items() if value is not None}
    return personal_data.encrypt(
        session, settings, member.cooperative_id, member.id, kept
    )


def _check_ready(session: Session, member: Member) -> None:
    """Whether a candidate has brought what the cooperative asks for."""
    form = forms.in_force(session, member.cooperative_id)
    accepted = documents_store.accepted_kinds(session, member.id)
    missing = [kind for kind in form.required_documents if kind not in accepted]
    if missing:
        sentence = f"Not accepted yet: {', '.join(missing)}."
        raise membership_contract.DocumentsMissing(sentence)
    if dues.missing_for_entry(
        session, member.cooperative_id, member.id, clock.business_date()
    ):
        raise membership_contract.ContributionsUnpaid


def _record(
    session: Session, actor: Actor, action: str, member: Member, before: str
) -> None:
    audit.record(
        session,
        actor,
        action,
        member.id,
        before={"status": before},
        after={"status": member.status},
    )


def found(member: Member | None) -> Member:
    """The member. Raises NotFound when there is none, or not in this cooperative."""
    if member is None:
        raise NotFound("There is no such member.")
    return member
