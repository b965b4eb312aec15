"""Offices of a cooperative: planned, opened once they may be, and closed (R22)."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import branches as domain
from services.members.models import Branch
from services.members.operations import audit
from services.members.store import branches as store
from services.members.store import registration as legality_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import branches as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import Malformed, NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, numbering, outbox
from services.shared.persistence.database import Database, retrying

COUNTER: Final = "branch"
REPORTS_READ: Final = 10
"""Years of reports that a decision looks back on."""

CHANGEABLE: Final = tuple(contract.BranchChangeBody().fields)


@retrying
def create_branch(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Plan an office; nothing is checked before it is opened.

    Raises HeadOfficeExists for a second head office.
    """
    cooperative_id = actor.cooperative_id

    def create(session: Session) -> dict[str, Any]:
        # The counter's row is held from here on: two never plan one head office each.
        number = numbering.next_number(session, cooperative_id, COUNTER)
        if command["kind"] == domain.HEAD_OFFICE and store.has_head_office(
            session, cooperative_id
        ):
            raise contract.HeadOfficeExists
        branch = store.add_branch(
            session,
            id=identifiers.new("brc"),
            cooperative_id=cooperative_id,
            code=domain.code_of(number),
            kind=command["kind"],
            created_at=clock.now(),
            **{name: command[name] for name in CHANGEABLE},
        )
        audit.record(
            session, actor, "branch.planned", branch.id, after=_audited(branch)
        )
        return _answer(branch)

    return idempotency.once(database, actor, command, create)


@retrying
def change_branch(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what is known of an office as it is from now on. Raises BranchClosed."""
    with database.tenant(actor.cooperative_id) as session:
        branch = _not_closed(store.lock_branch(session, command["branch_id"]))
        before = _audited(branch)
        for name in CHANGEABLE:
            setattr(branch, name, command[name])
        session.flush()
        after = _audited(branch)
        if after != before:
            audit.record(
                session, actor, "branch.changed", branch.id, before=before, after=after
            )
        return _answer(branch)


@retrying
def open_branch(database: Database, actor: Actor, branch_id: str) -> dict[str, Any]:
    """Let an office begin its work; again changes nothing.

    Raises BranchPreconditionsUnmet with everything that is missing, and BranchClosed.
    """
    with database.tenant(actor.cooperative_id) as session:
        branch = _not_closed(store.lock_branch(session, branch_id))
        if branch.status == domain.PLANNED:
            _refuse_unmet(_preconditions(session, branch))
            branch.status = domain.OPEN
            branch.opened_on = clock.business_date()
            session.flush()
            _tell(session, contract.BRANCH_OPENED, branch)
            audit.record(session, actor, "branch.opened", branch.id)
        return _answer(branch)


@retrying
def close_branch(
    database: Database, actor: Actor, branch_id: str, reason: str
) -> dict[str, Any]:
    """Let an office end its work, for good; again changes nothing."""
    with database.tenant(actor.cooperative_id) as session:
        branch = _found(store.lock_branch(session, branch_id))
        if branch.status != domain.CLOSED:
            branch.status = domain.CLOSED
            branch.closed_on = clock.business_date()
            session.flush()
            _tell(session, contract.BRANCH_CLOSED, branch)
            after = {"reason": reason}
            audit.record(session, actor, "branch.closed", branch.id, after=after)
        return _answer(branch)


def get_branch(
    database: Database, cooperative_id: str, branch_id: str
) -> dict[str, Any]:
    """One office of the caller's cooperative."""
    with database.tenant(cooperative_id) as session:
        return _answer(_found(store.find_branch(session, branch_id)))


def list_branches(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The offices of the caller's cooperative by their codes."""
    owner, limit = f"branches {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_branches(
            session,
            status=command["status"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="code")
    return {"items": [_answer(row) for row in shown], "next_cursor": next_cursor}


def get_preconditions(
    database: Database, cooperative_id: str, branch_id: str
) -> dict[str, Any]:
    """What an office of this kind needs, and how much of it there is (R69-R72)."""
    with database.tenant(cooperative_id) as session:
        branch = _found(store.find_branch(session, branch_id))
        items = _preconditions(session, branch)
    return answers.one(
        contract.Preconditions(),
        {
            "branch_id": branch.id,
            "kind": branch.kind,
            "are_met": all(one.is_met for one in items),
            "items": items,
        },
    )


@retrying
def put_annual_report(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what the members' meeting accepted for a year that is over (R69, R170)."""
    cooperative_id, year = actor.cooperative_id, int(command["year"])
    _check_acceptance(year, command)
    columns = {
        name: command[name]
        for name in ("accepted_on", "working_capital", "document_sha512")
    }
    with database.tenant(cooperative_id) as session:
        known = store.find_report(session, cooperative_id, year)
        before = answers.one(contract.AnnualReport(), known) if known else None
        row = store.put_report(
            session, cooperative_id, year, declared_at=clock.now(), **columns
        )
        after = answers.one(contract.AnnualReport(), row)
        audit.record(
            session,
            actor,
            "annual_report.declared",
            str(year),
            before=before,
            after=after,
        )
        return after


def list_annual_reports(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The annual reports of the caller's cooperative by year."""
    owner, limit = f"annual reports {cooperative_id}", command["limit"]
    position = answers.position(owner, command["cursor"])
    if position is not None and not position.isdigit():
        raise InvalidCursor
    with database.tenant(cooperative_id) as session:
        rows = store.list_reports(
            session,
            after=None if position is None else int(position),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="position")
    return {
        "items": answers.many(contract.AnnualReport(), shown),
        "next_cursor": next_cursor,
    }


def _check_acceptance(year: int, command: dict[str, Any]) -> None:
    accepted_on = command["accepted_on"]
    if accepted_on.year <= year or accepted_on > clock.business_date():
        sentence = "A report is accepted after its year, and not in the future."
        error = {"field": "accepted_on", "code": "invalid", "detail": sentence}
        raise Malformed(sentence, {"errors": [error]})


def _preconditions(session: Session, branch: Branch) -> list[domain.Precondition]:
    legality = legality_store.find_legality(session, branch.cooperative_id)
    reports = store.latest_reports(session, REPORTS_READ)
    # The declaration is bounded by what the hub knows: an area holds no more members
    # than the whole cooperative.
    members = min(branch.members_in_area, store.count_active_members(session))
    facts = domain.Facts(
        today=clock.business_date(),
        licence_number=legality.licence_number if legality else None,
        licence_expires_on=legality.licence_expires_on if legality else None,
        business_since=legality.business_since if legality else None,
        report_years=frozenset(report.year for report in reports),
        working_capital=reports[0].working_capital if reports else None,
        members_in_area=members,
    )
    return domain.preconditions(branch.kind, facts)


def _refuse_unmet(items: list[domain.Precondition]) -> None:
    missing = [
        {
            "field": one.code,
            "code": "precondition_unmet",
            "detail": f"Needed: {one.required}; there is: {one.actual or 'nothing'}.",
        }
        for one in items
        if not one.is_met
    ]
    if missing:
        raise contract.BranchPreconditionsUnmet(None, {"errors": missing})


def _not_closed(branch: Branch | None) -> Branch:
    if _found(branch).status == domain.CLOSED:
        raise contract.BranchClosed
    return _found(branch)


def _found(branch: Branch | None) -> Branch:
    if branch is None:
        raise NotFound("There is no such branch.")
    return branch


def _answer(branch: Branch) -> dict[str, Any]:
    return answers.one(contract.Branch(), branch)


def _audited(branch: Branch) -> dict[str, Any]:
    return answers.one(contract.BranchBody(), branch)


def _tell(session: Session, event: str, branch: Branch) -> None:
    outbox.add(
        session,
        event,
        contract.BranchEvent().dump(
            {
                "cooperative_id": branch.cooperative_id,
                "branch_id": branch.id,
                "code": branch.code,
                "kind": branch.kind,
            }
        ),
    )
