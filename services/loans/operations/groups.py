"""Groups whose members answer for each other (tanggung renteng, R139)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.loans.domain.peers import Members
from services.loans.models import LoanGroup, LoanGroupMember
from services.loans.store import groups as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.loans import groups as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying


@retrying
def create_group(
    database: Database, members: Members, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Form a group of active members.

    Raises NotFound for a member of another cooperative, NotAnActiveMember,
    AlreadyInAGroup, LoanGroupNameTaken.
    """
    names = {one: _name_of(members, one) for one in command["member_ids"]}

    def create(session: Session) -> dict[str, Any]:
        if store.find_by_name(session, actor.cooperative_id, command["name"]):
            raise contract.LoanGroupNameTaken
        group = LoanGroup(
            id=identifiers.new("grp"),
            cooperative_id=actor.cooperative_id,
            name=command["name"],
            leader_id=command["leader_id"],
            created_by=actor.subject,
            created_at=clock.now(),
        )
        store.add_group(session, group)
        for member_id, name in names.items():
            _join(session, group, member_id, name)
        trail.note(
            session,
            actor,
            "loan_group.created",
            group.id,
            after={"members": sorted(names)},
        )
        return _shown(session, [group])[0]

    with _one_group_each():
        return idempotency.once(database, actor, command, create)


@retrying
def add_member(
    database: Database, members: Members, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Take a member into a group; again changes nothing.

    Raises NotFound, NotAnActiveMember, AlreadyInAGroup, TooManyGroupMembers.
    """
    member_id = command["member_id"]
    name = _name_of(members, member_id)
    with _one_group_each(), database.tenant(actor.cooperative_id) as session:
        group = _locked(session, command["group_id"])
        if store.group_of(session, member_id) != group.id:
            present = store.members_of(session, [group.id])
            if len(present) >= contract.MEMBERS_MAX:
                raise contract.TooManyGroupMembers
            _join(session, group, member_id, name)
            _note(session, actor, "member_added", group, member_id)
        return _shown(session, [group])[0]


@retrying
def remove_member(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Let a member go that owes nothing and answers for nothing; again changes nothing.

    Raises NotFound, MemberAnswersForLoans.
    """
    member_id = command["member_id"]
    with database.tenant(actor.cooperative_id) as session:
        group = _locked(session, command["group_id"])
        known = store.find_member(session, group.id, member_id)
        if known is None:
            raise NotFound("There is no such member in this group.")
        if known.left_on is None:
            if store.answers_for_loans(session, member_id):
                raise contract.MemberAnswersForLoans
            known.left_on = clock.business_date()
            session.flush()
            _note(session, actor, "member_removed", group, member_id)
        return _shown(session, [group])[0]


def get_group(database: Database, cooperative_id: str, group_id: str) -> dict[str, Any]:
    """A group with who is in it. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        return _shown(session, [_found(store.find_group(session, group_id))])[0]


def list_groups(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The groups of the cooperative, oldest first."""
    owner = f"loan groups {cooperative_id}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_groups(
            session,
            after=answers.position(owner, command["cursor"]),
            limit=command["limit"] + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=command["limit"], key="id")
        return {"items": _shown(session, shown), "next_cursor": next_cursor}


@contextmanager
def _one_group_each() -> Iterator[None]:
    """Two at the same moment find nothing of each other: the index lets one of them in.

    Raises AlreadyInAGroup for the other.
    """
    try:
        yield
    except IntegrityError as error:
        if "uq_loan_group_members_present" in str(error):
            raise contract.AlreadyInAGroup from error
        if "uq_loan_groups_cooperative_id_name" in str(error):
            raise contract.LoanGroupNameTaken from error
        raise


def _join(session: Session, group: LoanGroup, member_id: str, name: str) -> None:
    if store.group_of(session, member_id) is not None:
        raise contract.AlreadyInAGroup(details={"member_id": member_id})
    today = clock.business_date()
    known = store.find_member(session, group.id, member_id)
    if known is None:
        session.add(
            LoanGroupMember(
                group_id=group.id,
                member_id=member_id,
                cooperative_id=group.cooperative_id,
                member_name=name,
                joined_on=today,
            )
        )
    else:
        known.member_name, known.joined_on, known.left_on = name, today, None
    session.flush()


def _name_of(members: Members, member_id: str) -> str:
    """What an active member is called. Raises NotFound and NotAnActiveMember."""
    standing = members.get_standing({"member_id": member_id})
    if standing["status"] != "active":
        raise contract.NotAnActiveMember(details={"member_id": member_id})
    name: str = standing["name"]
    return name


def _shown(session: Session, groups: Sequence[LoanGroup]) -> list[dict[str, Any]]:
    present = store.members_of(session, [one.id for one in groups])
    late = store.days_late(session, [one.member_id for one in present])
    return [
        answers.one(
            contract.LoanGroup(),
            {
                "id": group.id,
                "name": group.name,
                "leader_id": group.leader_id,
                "members": [
                    {
                        "member_id": one.member_id,
                        "member_name": one.member_name,
                        "joined_on": one.joined_on,
                        "days_late": late.get(one.member_id, 0),
                    }
                    for one in present
                    if one.group_id == group.id
                ],
                "created_by": group.created_by,
                "created_at": group.created_at,
            },
        )
        for group in groups
    ]


def _note(
    session: Session, actor: Actor, what: str, group: LoanGroup, member_id: str
) -> None:
    trail.note(
        session, actor, f"loan_group.{what}", group.id, after={"member_id": member_id}
    )


def _locked(session: Session, group_id: str) -> LoanGroup:
    return _found(store.lock_group(session, group_id))


def _found(group: LoanGroup | None) -> LoanGroup:
    if group is None:
        raise NotFound("There is no such group.")
    return group
