"""How a loan leaves the balance sheet (R157, domain.md, topic 6 and 7).

One proposes with the consent of the pengawas on paper, a pengurus decides. What was set
aside bears it; the loan is collected all the same, and what comes in is a recovery.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans as loan_domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain.arrears import CLASSES
from services.loans.domain.peers import Asked
from services.loans.models import Loan, WriteOff
from services.loans.operations import loans, recovery
from services.loans.store import loans as loans_store
from services.loans.store import recovery as recovery_store
from services.loans.store import write_offs as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import write_offs as contract
from services.shared.errors import NotFound, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying

TEXT: Final = "Hapus buku pinjaman"
PENGURUS: Final = "pengurus"


@retrying
def propose(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose to write a loan off.

    Raises NotFound, LoanNotActive, WriteOffExists, WriteOffTooEarly,
    ConsentDateInvalid.
    """

    def add(session: Session) -> dict[str, Any]:
        loan = _active(session, command["loan_id"])
        if store.find_standing(session, loan.id) is not None:
            raise contract.WriteOffExists
        if command["consent_on"] > clock.business_date():
            raise contract.ConsentDateInvalid
        _require_uncollectable(session, loan)
        write_off = WriteOff(
            id=identifiers.new("wof"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            principal=loan.outstanding,
            reason=command["reason"],
            consent_by=command["consent_by"],
            consent_on=command["consent_on"],
            consent_document=command["consent_document"],
            status="proposed",
            proposed_by=actor.subject,
            proposed_at=clock.now(),
        )
        store.add(session, write_off)
        answer = _answer(write_off)
        trail.note(session, actor, "write_off.proposed", write_off.id, after=answer)
        return answer

    return idempotency.once(database, actor, command, add)


def approve(
    database: Database,
    asked: Asked,
    actor: Actor,
    by: Identity,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Write a loan off that another proposed to.

    Raises NotFound, StepUpRequired, PengurusOnly, SameProposer, OwnLoan,
    LoanNotActive, WriteOffDecided, WriteOffTooEarly, RepaymentUnderWay.
    """
    access.require_strong(by, clock.now().timestamp())
    if PENGURUS not in by.roles:
        raise contract.PengurusOnly
    answer, journal_id = _approve(database, actor, by, command)
    if journal_id is not None:
        recovery.follow(database, asked.ledger, actor.cooperative_id, journal_id)
    return answer


@retrying
def reject(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Leave the loan in the book. Raises NotFound, WriteOffDecided."""

    def decide(session: Session) -> dict[str, Any]:
        loans.locked(session, command["loan_id"])
        write_off = _open(session, command)
        _decide(session, actor, write_off, "rejected")
        return _answer(write_off)

    return idempotency.once(database, actor, command, decide)


def list_write_offs(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was proposed and decided of a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"write_offs {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.found(loans_store.find_loan(session, loan_id))
        rows = store.list_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


@retrying
def _approve(
    database: Database, actor: Actor, by: Identity, command: dict[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """The decision and the journal that follows it, None where it was known before."""
    journal_id: str | None = None

    def write_off(session: Session) -> dict[str, Any]:
        nonlocal journal_id
        loan = _active(session, command["loan_id"])
        proposed = _open(session, command)
        if proposed.proposed_by == actor.subject:
            raise SameProposer
        loans.refuse_borrower(loan, by)
        _require_uncollectable(session, loan)
        recovery.require_quiet(session, loan)
        proposed.principal = loan.outstanding
        journal_id = recovery.plan(
            session,
            loan,
            recovery_domain.WRITE_OFF,
            f"{TEXT} {loan.number}",
            recovery_domain.written_off(
                loan.cooperative_id,
                loan=recovery.key_of(loan),
                principal=loan.outstanding,
                provision=loan.provision,
                receivable=loan.interest_receivable,
            ),
        )
        loan.status = loan_domain.WRITTEN_OFF
        loan.closed_on = clock.business_date()
        # What was set aside for it is used up; the journal says the same.
        loan.provision, loan.interest_receivable = 0, 0
        _decide(session, actor, proposed, "approved")
        return _answer(proposed)

    answer = idempotency.once(database, actor, command, write_off)
    return answer, journal_id


def _active(session: Session, loan_id: str) -> Loan:
    loan = loans.locked(session, loan_id)
    if loan.status != loan_domain.ACTIVE:
        raise loans_contract.LoanNotActive
    return loan


def _require_uncollectable(session: Session, loan: Loan) -> None:
    """Raises WriteOffTooEarly with everything that stands against it."""
    settings = recovery_store.settings_of(session, loan.cooperative_id)
    today = clock.business_date()
    missing = []
    if loan.collectibility != CLASSES[-1]:
        missing.append("class")
    if loan.provision < loan.outstanding:
        missing.append("provision")
    if (
        loan.oldest_due_on is None
        or _months_between(loan.oldest_due_on, today) < settings.write_off_after_months
    ):
        missing.append("months")
    if missing:
        raise contract.WriteOffTooEarly(details={"missing": missing})


def _months_between(first: date, last: date) -> int:
    """Whole months from one day to another."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months - (last.day < first.day)


def _open(session: Session, command: dict[str, Any]) -> WriteOff:
    write_off = store.lock(session, command["write_off_id"])
    if write_off is None or write_off.loan_id != command["loan_id"]:
        raise NotFound("There is no such write-off.")
    if write_off.status != "proposed":
        raise contract.WriteOffDecided
    return write_off


def _decide(session: Session, actor: Actor, write_off: WriteOff, status: str) -> None:
    write_off.status = status
    write_off.decided_by, write_off.decided_at = actor.subject, clock.now()
    session.flush()
    trail.note(
        session,
        actor,
        f"write_off.{status}",
        write_off.id,
        after={"loan_id": write_off.loan_id, "principal": write_off.principal},
    )


def _answer(write_off: WriteOff) -> dict[str, Any]:
    return answers.one(contract.WriteOff(), write_off)
