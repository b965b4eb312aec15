"""Autodebet: who lets an account be debited for a loan, and the job that does it.

A debit is a repayment like any other, with an id made of the loan and the business
date: whoever dies in between finds it again, and a day is debited once. What it takes
is decided under the loan's lock (`repayments.recording`), the consent included.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans as loan_domain
from services.loans.domain import repayments as repayments_domain
from services.loans.domain.peers import Asked
from services.loans.models import Autodebit, Loan
from services.loans.operations import loans, repayments
from services.loans.operations.job_context import Job, JobContext, Peers
from services.loans.operations.repayments import Payment
from services.loans.store import autodebits as store
from services.loans.store import loans as loans_store
from services.loans.store.autodebits import Due
from services.shared import access, clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import autodebits as contract
from services.shared.contracts.loans.repayments import (
    RepaymentUnderWay,
    WrongRepaymentAccount,
)
from services.shared.errors import (
    NotFound,
    OutcomeUnknownError,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, sweeping, trail
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step

AT_ONCE: Final = 50
REFERENCE: Final = "autodebet"
JOB_NAME: Final = "autodebit"

_log = logging.getLogger(__name__)


def consent(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep a consent that the borrower has signed, once per idempotency key.

    Raises NotFound, LoanNotActive, WrongRepaymentAccount, AutodebitStands.
    """
    return _consent(database, asked, actor, command, None)


def consent_own(
    database: Database,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
    by: Identity,
    member_id: str,
) -> dict[str, Any]:
    """The same by the borrower itself; raises StepUpRequired too."""
    access.require_strong(by, clock.now().timestamp())
    return _consent(database, asked, actor, command, member_id)


@retrying
def revoke(
    database: Database,
    actor: Actor,
    command: dict[str, Any],
    member_id: str | None = None,
) -> dict[str, Any]:
    """End the consent of a loan: nothing is taken any more. Raises NotFound."""

    def end(session: Session) -> dict[str, Any]:
        loan = loans.of_member(
            loans_store.lock_loan(session, command["loan_id"]), member_id
        )
        consent = store.find_standing(session, loan.id)
        if consent is None:
            raise NotFound("There is no consent to debits of this loan.")
        consent.revoked_by, consent.revoked_at = actor.subject, clock.now()
        session.flush()
        _note(session, actor, "revoked", consent)
        return _answer(consent)

    return idempotency.once(database, actor, command, end)


def list_of(
    database: Database,
    cooperative_id: str,
    command: dict[str, Any],
    member_id: str | None = None,
) -> dict[str, Any]:
    """Who consented to debits of a loan and when, and how they went."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"autodebits {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        loans.of_member(loans_store.find_loan(session, loan_id), member_id)
        rows = store.list_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


def debit(context: JobContext, position: str | None) -> Step:
    """Take what is due on the day or before: one step over some of those who consent.

    What is there above the minimum balance is taken where it is less than what is due;
    what is missing is counted, and told once. Raises what keeps all of them from being
    paid, such as a ledger that is away.
    """
    due = _due(context, position)
    if not due:
        return Step()
    _finish(context, [one.under_way for one in due if one.under_way is not None])
    available = _available(context.peers, {one.savings_account for one in due})
    tried = [one.id for one in due if _take(context, one, available)]
    _judge(context, tried)
    return Step(position=due[-1].id if len(due) == AT_ONCE else None, done=len(tried))


JOB: Final = Job(name=JOB_NAME, is_due=lambda _day: True, run=debit)
"""Every day; what could not be taken is tried again on the next."""


def _consent(
    database: Database,
    asked: Asked,
    actor: Actor,
    command: dict[str, Any],
    member_id: str | None,
) -> dict[str, Any]:
    known = idempotency.answered(database, actor.cooperative_id, command["idempotency"])
    if known is not None:
        return known
    with database.tenant(actor.cooperative_id) as session:
        loan = loans.of_member(
            loans_store.find_loan(session, command["loan_id"]), member_id
        )
    number = command["savings_account"] or loan.savings_account or ""
    standing = asked.members.get_standing({"member_id": loan.member_id})
    if number not in {one["number"] for one in standing["savings"]}:
        raise WrongRepaymentAccount
    return _keep(database, actor, command, number)


@retrying
def _keep(
    database: Database, actor: Actor, command: dict[str, Any], number: str
) -> dict[str, Any]:
    def add(session: Session) -> dict[str, Any]:
        loan = loans.locked(session, command["loan_id"])
        _require_active(loan)
        if store.find_standing(session, loan.id) is not None:
            raise contract.AutodebitStands
        consent = Autodebit(
            id=identifiers.new("adb"),
            cooperative_id=loan.cooperative_id,
            loan_id=loan.id,
            savings_account=number,
            document=command.get("document"),
            consented_by=actor.subject,
            consented_at=clock.now(),
            revoked_by=None,
            revoked_at=None,
            tried_on=None,
            missing=0,
            failures=0,
        )
        store.add(session, consent)
        _note(session, actor, "consented", consent)
        return _answer(consent)

    return idempotency.once(database, actor, command, add)


def _require_active(loan: Loan) -> None:
    if loan.status != loan_domain.ACTIVE:
        raise loans_contract.LoanNotActive


@retrying
def _due(context: JobContext, position: str | None) -> list[Due]:
    day, cooperative_id = context.business_date, context.cooperative_id
    with context.database.tenant(cooperative_id) as session:
        if position is None:
            store.forgive(session, cooperative_id, day)
        return store.list_due(
            session, cooperative_id, day, after=position, limit=AT_ONCE
        )


def _finish(context: JobContext, under_way: list[str]) -> None:
    """Carry on what was left on its way, perhaps by this job.

    What is due, and what is there, is known only when that has ended. A loan of which
    it does not end is left alone by `_take` and `_judge`.
    """

    def finish(_cooperative_id: str, repayment_id: str) -> None:
        repayments.post(
            context.database, context.peers.ledger, context.actor, repayment_id
        )

    left = [(context.cooperative_id, one) for one in under_way]
    sweeping.one_by_one(_log, "repayment", left, finish)


def _available(peers: Peers, numbers: set[str]) -> dict[str, int]:
    """What may be taken of each account: never what its product keeps in it."""
    asked_for = sorted(numbers)
    minimums = peers.members.get_minimum_balances({"numbers": asked_for})
    balances = peers.ledger.get_balances({"keys": asked_for})
    return {
        number: balances[number]["available"] - minimum
        for number, minimum in minimums.items()
        if number in balances
    }


def _take(context: JobContext, due: Due, available: dict[str, int]) -> bool:
    """Debit one loan; whether it is known how that went."""
    there = available.get(due.savings_account, 0)
    if there <= 0:
        return True
    day = context.business_date
    payment = Payment(
        id=identifiers.derived(
            "rep", context.cooperative_id, JOB_NAME, due.loan_id, day.isoformat()
        ),
        loan_id=due.loan_id,
        amount=there,
        channel=repayments_domain.SAVINGS,
        source_key=due.savings_account,
        reference=REFERENCE,
        is_autodebit=True,
    )
    peers = context.peers
    asked = Asked(
        ledger=peers.ledger,
        members=peers.members,
        kyc=peers.kyc,
        insurance=peers.insurance,
    )
    try:
        paid = repayments.record(context.database, asked, context.actor, payment)
    except (UnavailableError, OutcomeUnknownError):
        # So it would be with the next one: this step is taken once more.
        raise
    except (RefusedError, contract.NothingToDebit) as error:
        _log.info("autodebit of loan %s: %s", due.loan_id, error.code)
        return True
    except RepaymentUnderWay as error:
        _log.info("autodebit of loan %s: %s", due.loan_id, error.code)
        return False
    except Exception:  # noqa: BLE001  a bug with one must not stop the others
        _log.exception("autodebit of loan %s", due.loan_id)
        return False
    if not paid.get("replayed"):
        available[due.savings_account] = there - paid["amount"]
    return True


@retrying
def _judge(context: JobContext, tried: list[str]) -> None:
    with context.database.tenant(context.cooperative_id) as session:
        store.judge(
            session, context.business_date, tried, loans_contract.AUTODEBIT_FAILED
        )


def _note(session: Session, actor: Actor, what: str, consent: Autodebit) -> None:
    trail.note(
        session,
        actor,
        f"autodebit.{what}",
        consent.id,
        after={"loan_id": consent.loan_id, "document": consent.document},
    )


def _answer(consent: Autodebit) -> dict[str, Any]:
    return answers.one(contract.Autodebit(), consent)
