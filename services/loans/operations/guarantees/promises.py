"""Who promises to answer for a loan, and how that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import applications as states
from services.loans.domain import arrears, status_texts
from services.loans.domain import guarantees as domain
from services.loans.domain.peers import Members
from services.loans.models import Guarantee, LoanApplication
from services.loans.operations.applications import found as found_application
from services.loans.operations.applications import locked as locked_application
from services.loans.store import applications as applications_store
from services.loans.store import groups as groups_store
from services.loans.store import guarantees as store
from services.shared import clock, identifiers
from services.shared.contracts import answers, loans
from services.shared.contracts.loans import groups as groups_contract
from services.shared.contracts.loans import guarantees as contract
from services.shared.contracts.loans import verification as verification_contract
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying

# Before anybody has decided on the loan with it.
_UNDECIDED: Final = frozenset(
    {states.DRAFT, states.QUEUED, states.VERIFYING, states.VERIFIED}
)
_OPEN: Final = frozenset(states.STATUSES) - states.CLOSED - {states.DISBURSING}


@retrying
def add_guarantee(
    database: Database, members: Members, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Take down that a member answers for a loan; nothing is held yet.

    Raises NotFound, NotAnActiveMember, GuarantorIsBorrower, AlreadyAGuarantor,
    WrongGuaranteeAccount, GuaranteeShort, DateInTheFuture, ApplicationNotReady.
    """
    standing = _active(members, command["member_id"])
    _check_account(standing, command["savings_account"], command["amount"])
    _refuse_future(command["agreed_on"])

    def add(session: Session) -> dict[str, Any]:
        application = _open_application(session, command["application_id"])
        guarantee = _add(
            session, actor, application, standing, command["savings_account"], command
        )
        return _shown(session, [guarantee])[0]

    return idempotency.once(database, actor, command, add)


@retrying
def add_group_guarantee(
    database: Database, members: Members, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Have the others of a group answer for the loan of one of them, each with so much.

    Each of them answers with the savings account that holds most. Raises NotInTheGroup
    and what `add_guarantee` raises.
    """
    _refuse_future(command["agreed_on"])
    with database.tenant(actor.cooperative_id) as session:
        application = _open_application(session, command["application_id"])
        borrower, group_id = application.member_id, command["group_id"]
        present = [
            one.member_id for one in groups_store.members_of(session, [group_id])
        ]
    if borrower not in present:
        raise contract.NotInTheGroup
    standings = [_active(members, one) for one in present if one != borrower]
    accounts = [_richest(one, command["amount"]) for one in standings]

    def add(session: Session) -> dict[str, Any]:
        application = _open_application(session, command["application_id"])
        made = [
            _add(session, actor, application, standing, account, command)
            for standing, account in zip(standings, accounts, strict=True)
        ]
        return {"items": _shown(session, made)}

    return idempotency.once(database, actor, command, add)


@retrying
def withdraw_guarantee(
    database: Database, actor: Actor, guarantee_id: str, member_id: str | None = None
) -> dict[str, Any]:
    """Take a promise back before anything is held; again changes nothing.

    That of ``member_id``, where one is given. Raises NotFound, GuaranteeNotReady, and
    ApplicationNotReady once the committee has decided on the loan with it.
    """
    with database.tenant(actor.cooperative_id) as session:
        known = _found(store.find_guarantee(session, guarantee_id))
        if member_id is not None and known.member_id != member_id:
            raise NotFound("There is no such guarantee.")
        application = locked_application(session, known.application_id)
        guarantee = _found(store.lock_guarantee(session, guarantee_id))
        if guarantee.status != domain.WITHDRAWN:
            if guarantee.status != domain.AGREED:
                raise contract.GuaranteeNotReady(details={"status": guarantee.status})
            if application.status not in _UNDECIDED:
                raise loans.ApplicationNotReady(details={"status": application.status})
            guarantee.status = domain.WITHDRAWN
            session.flush()
            _note(session, actor, "withdrawn", guarantee)
        return _shown(session, [guarantee])[0]


def list_guarantees(
    database: Database, cooperative_id: str, application_id: str
) -> dict[str, Any]:
    """Everybody who answers or answered for a loan. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        application = found_application(
            applications_store.find_application(session, application_id)
        )
        guarantees = store.list_of_application(session, application.id)
        return {"items": _shown(session, guarantees)}


def list_own(
    database: Database, cooperative_id: str, command: dict[str, Any], member_id: str
) -> dict[str, Any]:
    """What a guarantor answers for, and how these loans are paid."""
    owner, limit = f"guarantees {cooperative_id} {member_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_of_guarantor(
            session,
            member_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(
            owner, [one.guarantee for one in rows], limit=limit, key="id"
        )
        held = store.held_amounts(session, [one.id for one in shown])
    items = [_own(one, held.get(one.guarantee.id, 0)) for one in rows[: len(shown)]]
    return {"items": items, "next_cursor": next_cursor}


def _own(answered: store.Answered, held: int) -> dict[str, Any]:
    guarantee, loan = answered.guarantee, answered.loan
    return answers.one(
        contract.MyGuarantee(),
        {
            "id": guarantee.id,
            "borrower_name": answered.borrower_name,
            "loan_id": loan.id if loan else None,
            "loan_number": loan.number if loan else None,
            "loan_text": _loan_text(answered),
            "savings_account": guarantee.savings_account,
            "amount": guarantee.amount,
            "held_amount": held,
            "status": guarantee.status,
            "agreed_on": guarantee.agreed_on,
        },
    )


def _loan_text(answered: store.Answered) -> str:
    loan = answered.loan
    if loan is None:
        return status_texts.promised_text(
            answered.application_status,
            is_withdrawn=answered.guarantee.status == domain.WITHDRAWN,
        )
    class_name = arrears.CLASS_NAMES[loan.collectibility]
    return status_texts.loan_text(loan.status, loan.dpd, class_name)


def _add(
    session: Session,
    actor: Actor,
    application: LoanApplication,
    standing: dict[str, Any],
    account: str,
    command: dict[str, Any],
) -> Guarantee:
    member_id = standing["member_id"]
    if member_id == application.member_id:
        raise contract.GuarantorIsBorrower
    known = store.list_of_application(session, application.id)
    if any(
        one.member_id == member_id and one.status != domain.WITHDRAWN for one in known
    ):
        raise contract.AlreadyAGuarantor(details={"member_id": member_id})
    guarantee = Guarantee(
        id=identifiers.new("gua"),
        cooperative_id=actor.cooperative_id,
        application_id=application.id,
        member_id=member_id,
        member_name=standing["name"],
        savings_account=account,
        group_id=command.get("group_id"),
        amount=command["amount"],
        status=domain.AGREED,
        agreed_on=command["agreed_on"],
        created_by=actor.subject,
        created_at=clock.now(),
    )
    store.add(session, guarantee)
    _note(session, actor, "agreed", guarantee)
    return guarantee


def _open_application(session: Session, application_id: str) -> LoanApplication:
    application = locked_application(session, application_id)
    if application.status not in _OPEN:
        raise loans.ApplicationNotReady(details={"status": application.status})
    return application


def _active(members: Members, member_id: str) -> dict[str, Any]:
    standing = members.get_standing({"member_id": member_id})
    if standing["status"] != "active":
        raise groups_contract.NotAnActiveMember(details={"member_id": member_id})
    return standing


def _check_account(standing: dict[str, Any], number: str, amount: int) -> None:
    for account in standing["savings"]:
        if account["number"] == number:
            if account["available"] < amount:
                raise contract.GuaranteeShort
            return
    raise contract.WrongGuaranteeAccount


def _richest(standing: dict[str, Any], amount: int) -> str:
    accounts = sorted(
        standing["savings"], key=lambda one: (-one["available"], one["number"])
    )
    if not accounts or accounts[0]["available"] < amount:
        raise contract.GuaranteeShort(details={"member_id": standing["member_id"]})
    number: str = accounts[0]["number"]
    return number


def _refuse_future(day: date) -> None:
    if day > clock.business_date():
        raise verification_contract.DateInTheFuture


def _shown(session: Session, guarantees: Sequence[Guarantee]) -> list[dict[str, Any]]:
    held = store.held_amounts(session, [one.id for one in guarantees])
    return [
        answers.one(contract.Guarantee(exclude=("held_amount",)), one)
        | {"held_amount": held.get(one.id, 0)}
        for one in guarantees
    ]


def _note(session: Session, actor: Actor, what: str, guarantee: Guarantee) -> None:
    trail.note(
        session,
        actor,
        f"guarantee.{what}",
        guarantee.id,
        after={
            "application_id": guarantee.application_id,
            "member_id": guarantee.member_id,
            "amount": guarantee.amount,
        },
    )


def _found(guarantee: Guarantee | None) -> Guarantee:
    if guarantee is None:
        raise NotFound("There is no such guarantee.")
    return guarantee
