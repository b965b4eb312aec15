"""How a membership ends: proposed, approved by another person, carried out.

Approval is the decision; what follows it is carried out step by step, each safe to
repeat: the savings accounts are closed, the membership ends, what was paid in goes
back. Whoever dies in between leaves a departure that the sweep finishes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import departures, duties, membership
from services.members.domain.departures import Blocker
from services.members.domain.peers import Debts, Ledger
from services.members.models import Departure, Member
from services.members.operations import audit, dues, savings, users
from services.members.operations.membership import found
from services.members.store import departures as store
from services.members.store import membership as members_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import membership as contract
from services.shared.contracts.members.deposits import AccountInUse
from services.shared.errors import (
    NotFound,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor
from services.shared.persistence import idempotency, outbox, sweeping
from services.shared.persistence.database import Database, retrying

SWEPT_AFTER: Final = timedelta(seconds=60)
"""How long whoever carries it out has before the sweep helps."""

RETRY: Final = timedelta(minutes=30)
"""How long what the ledger has refused waits: for money, or for a day to be opened."""

SWEPT_AT_ONCE: Final = 100
SWEEPER: Final = "service:members"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """Who is asked about a member that wants to leave."""

    ledger: Ledger
    loans: Debts


PeersOf = Callable[[str], Peers]
"""The peers as they are asked on behalf of a cooperative."""


@retrying
def propose_departure(
    database: Database, peers: Peers, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A departure that another person has to approve, and what is in its way now.

    Raises CannotLeaveThisWay, DepartureRunning.
    """

    def propose(session: Session) -> dict[str, Any]:
        member = found(members_store.lock_member(session, command["member_id"]))
        if not departures.may_end_as(member.status, command["kind"]):
            raise contract.CannotLeaveThisWay
        departure = store.add_departure(
            session,
            id=identifiers.new("dep"),
            cooperative_id=actor.cooperative_id,
            member_id=member.id,
            kind=command["kind"],
            reason=command["reason"],
            channel=command["channel"],
            proposed_by=actor.subject,
            proposed_at=clock.now(),
        )
        if departure is None:
            raise contract.DepartureRunning
        _record(session, actor, "departure.proposed", departure)
        return answers.one(contract.DepartureSummary(), departure)

    answer = idempotency.once(database, actor, command, propose)
    in_the_way = _blockers(database, peers, actor.cooperative_id, command["member_id"])
    return answer | _told(in_the_way)


def get_departure(
    database: Database, peers: Peers, cooperative_id: str, departure_id: str
) -> dict[str, Any]:
    """One departure, and what stands in the way of approving it at this moment."""
    with database.tenant(cooperative_id) as session:
        departure = _found(store.find_departure(session, departure_id))
    in_the_way = []
    if departure.state == departures.PROPOSED:
        in_the_way = _blockers(database, peers, cooperative_id, departure.member_id)
    return answers.one(contract.DepartureSummary(), departure) | _told(in_the_way)


def list_departures(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The departures of the cooperative in the order they were proposed."""
    owner, limit = f"departures {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_departures(
            session,
            state=command["state"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.DepartureSummary(), shown),
        "next_cursor": next_cursor,
    }


def approve_departure(
    database: Database, peers: Peers, actor: Actor, departure_id: str
) -> dict[str, Any]:
    """The membership ends: what the member had paid in goes back, once.

    Again carries on where it stopped. Raises SameProposer, DepartureBlocked,
    DepartureDecided, and what the ledger refuses: without the money to pay back, the
    departure stays approved and is finished when there is some.
    """
    departure = get_departure(database, peers, actor.cooperative_id, departure_id)
    if departure["blockers"]:
        errors = [{"field": "", **one} for one in departure["blockers"]]
        raise contract.DepartureBlocked(details={"errors": errors})
    _approve(database, actor, departure_id)
    carry_out(database, peers, actor, departure_id)
    return get_departure(database, peers, actor.cooperative_id, departure_id)


@retrying
def withdraw_departure(
    database: Database, actor: Actor, departure_id: str
) -> dict[str, Any]:
    """The member stays; again changes nothing. Raises DepartureDecided."""
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state == departures.PROPOSED:
            departure.state = departures.WITHDRAWN
            departure.ended_at = clock.now()
            session.flush()
            _record(session, actor, "departure.withdrawn", departure)
        elif departure.state != departures.WITHDRAWN:
            raise contract.DepartureDecided
        return answers.one(contract.DepartureSummary(), departure) | _told([])


def carry_out(
    database: Database, peers: Peers, actor: Actor, departure_id: str
) -> None:
    """Do what an approved departure demands; safe to repeat at any point.

    An account that has got money since the approval stops it: the departure is only
    proposed again, and is raised as DepartureBlocked.
    """
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.find_departure(session, departure_id))
    if departure.state not in departures.UNFINISHED:
        return
    if departure.state == departures.APPROVED:
        _close_accounts(database, peers.ledger, actor, departure)
        if not _end_membership(database, actor, departure_id):
            _reopen(database, actor, departure_id)
            raise contract.DepartureBlocked
    try:
        journal_ids = dues.pay_back_contributions(
            database,
            peers.ledger,
            actor.cooperative_id,
            departure.member_id,
            departure.channel,
            departure.id,
        )
    except RefusedError:
        _postpone(database, actor, departure_id)
        raise
    _complete(database, actor, departure_id, journal_ids)


def finish_departures(database: Database, peers_of: PeersOf) -> None:
    """Carry out what was approved and left behind, of whatever cooperative."""
    now = clock.now()
    with database.hub() as session:
        left_behind = store.take_due(
            session, until=now, again_at=now + SWEPT_AFTER, limit=SWEPT_AT_ONCE
        )

    def finish(cooperative_id: str, departure_id: str) -> None:
        actor = Actor(cooperative_id=cooperative_id, subject=SWEEPER)
        carry_out(database, peers_of(cooperative_id), actor, departure_id)

    sweeping.one_by_one(_log, "departure", left_behind, finish)


@retrying
def _approve(database: Database, actor: Actor, departure_id: str) -> None:
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state == departures.WITHDRAWN:
            raise contract.DepartureDecided
        if departure.state != departures.PROPOSED:
            return
        duties.refuse_same(departure.proposed_by, actor.subject)
        member = found(members_store.lock_member(session, departure.member_id))
        if not departures.may_end_as(member.status, departure.kind):
            raise contract.CannotLeaveThisWay
        departure.state = departures.APPROVED
        departure.approved_by, departure.approved_at = actor.subject, clock.now()
        departure.due_at = departure.approved_at + SWEPT_AFTER
        session.flush()
        _record(session, actor, "departure.approved", departure)


def _close_accounts(
    database: Database, ledger: Ledger, actor: Actor, departure: Departure
) -> None:
    """Close what is open; the ledger is the one that knows whether it is empty."""
    with database.tenant(actor.cooperative_id) as session:
        numbers = [
            account.number
            for account in store.list_open_accounts(session, departure.member_id)
        ]
    try:
        for number in numbers:
            savings.close_account(database, ledger, actor.cooperative_id, number)
    except (ledger_contract.AccountNotEmpty, AccountInUse) as refusal:
        _reopen(database, actor, departure.id)
        raise contract.DepartureBlocked from refusal


@retrying
def _reopen(database: Database, actor: Actor, departure_id: str) -> None:
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state != departures.APPROVED:
            return
        departure.state = departures.PROPOSED
        departure.approved_by = departure.approved_at = departure.due_at = None
        session.flush()
        _record(session, actor, "departure.reopened", departure)


@retrying
def _end_membership(database: Database, actor: Actor, departure_id: str) -> bool:
    """From here on the member can neither pay in nor sign in any more.

    False when the member has opened something since the approval.
    """
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state != departures.APPROVED:
            return True
        member = found(members_store.lock_member(session, departure.member_id))
        has_deposits = store.has_running_deposits(session, member.id)
        if has_deposits or store.list_open_accounts(session, member.id):
            return False
        departure.state = departures.PAYING
        member.status = departure.kind
        member.left_at = clock.now() if departure.kind in membership.LEFT else None
        users.end_membership(session, member.id)
        _tell(session, member)
        session.flush()
        _record(session, actor, "departure.membership_ended", departure)
        return True


@retrying
def _postpone(database: Database, actor: Actor, departure_id: str) -> None:
    """Try again what was refused, but not at once: each try is another journal."""
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state in departures.UNFINISHED:
            departure.due_at = clock.now() + RETRY


@retrying
def _complete(
    database: Database, actor: Actor, departure_id: str, journal_ids: list[str]
) -> None:
    with database.tenant(actor.cooperative_id) as session:
        departure = _found(store.lock_departure(session, departure_id))
        if departure.state != departures.PAYING:
            return
        departure.state = departures.COMPLETED
        departure.ended_at, departure.due_at = clock.now(), None
        departure.journal_ids = journal_ids
        session.flush()
        _record(session, actor, "departure.completed", departure)


def _blockers(
    database: Database, peers: Peers, cooperative_id: str, member_id: str
) -> list[Blocker]:
    """What has to be settled before this member can leave."""
    with database.tenant(cooperative_id) as session:
        numbers = [one.number for one in store.list_open_accounts(session, member_id)]
        has_deposits = store.has_running_deposits(session, member_id)
    balances = peers.ledger.get_balances({"keys": numbers}) if numbers else {}
    return departures.blockers(
        balances={number: one["balance"] for number, one in balances.items()},
        has_deposits=has_deposits,
        debt=_debt(peers.loans, member_id),
    )


def _debt(loans: Debts, member_id: str) -> int:
    """What the member owes. Raises LoansUnavailable: no answer is not "nothing"."""
    try:
        debt: int = loans.get_debt({"member_id": member_id})["outstanding"]
    except (UnavailableError, OutcomeUnknownError) as fault:
        raise loans_contract.LoansUnavailable from fault
    return debt


def _tell(session: Session, member: Member) -> None:
    outbox.add(
        session,
        members_contract.MEMBER_LEFT,
        contract.MemberLeft().dump(
            {
                "cooperative_id": member.cooperative_id,
                "member_id": member.id,
                "number": member.number,
                "kind": member.status,
            }
        ),
    )


def _told(in_the_way: list[Blocker]) -> dict[str, Any]:
    return {"blockers": answers.many(contract.DepartureBlocker(), in_the_way)}


def _record(session: Session, actor: Actor, action: str, departure: Departure) -> None:
    told = {"member_id": departure.member_id, "kind": departure.kind}
    audit.record(session, actor, action, departure.id, after=told)


def _found(departure: Departure | None) -> Departure:
    if departure is None:
        raise NotFound("There is no such departure.")
    return departure
