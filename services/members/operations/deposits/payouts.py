"""What time deposits pay: interest, maturity, and breaking one early.

A payout is decided once, in the transaction that also counts its tax (PP 15/2009),
and then posted. The ledger keeps a refusal for ever, so each attempt is a journal of
its own, and only a refusal that was recorded lets the next attempt begin: money is
never paid twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import deposits
from services.members.domain.deposits import Payout, Term
from services.members.domain.peers import Ledger
from services.members.models import Deposit, DepositPayout, DepositTerm
from services.members.operations import audit, taxes
from services.members.operations.deposits import placements, views
from services.members.operations.job_context import Job, JobContext
from services.members.store import deposits as store
from services.shared import clock, identifiers
from services.shared.contracts.members import deposits as contract
from services.shared.errors import (
    NotFound,
    OutcomeUnknown,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor
from services.shared.persistence import sweeping
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step

STEP_SIZE: Final = 50
PATIENCE: Final = timedelta(seconds=60)
RETRY: Final = timedelta(minutes=30)
"""After a refusal: somebody has to open or choose another account first."""

POSTED: Final = "posted"

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


# By the calendar


def pay_due(context: JobContext, position: str | None) -> Step:
    """Pay what deposits owe by the business date, a part of them per step."""
    with context.database.tenant(context.cooperative_id) as session:
        due = store.list_due(
            session, day=context.business_date, after=position, limit=STEP_SIZE
        )
    done = sum(_pay_all_due(context, deposit_id) for deposit_id in due)
    return Step(position=due[-1] if len(due) == STEP_SIZE else None, done=done)


JOB: Final = Job(name="deposits", is_due=lambda _day: True, run=pay_due)
"""Every day; one run makes up for the days before it."""


def _pay_all_due(context: JobContext, deposit_id: str) -> int:
    """Everything that one deposit owes by the business date; how many payouts."""
    paid = 0
    while True:
        payout_id = _decide_next(context, deposit_id)
        if payout_id is None:
            return paid
        paid += 1
        try:
            post(context.database, context.ledger, context.cooperative_id, payout_id)
        except RefusedError as error:
            # Recorded with the payout and tried again; it keeps no other from its own.
            _log.warning("payout %s: %s", payout_id, error.code)


@retrying
def _decide_next(context: JobContext, deposit_id: str) -> str | None:
    """Decide the next payout that is due by the business date, if there is one."""
    with context.database.tenant(context.cooperative_id) as session:
        deposit = store.lock_deposit(session, deposit_id)
        if deposit is None or deposit.next_due_on is None:
            return None
        if deposit.next_due_on > context.business_date:
            return None
        row = store.find_term(session, deposit, deposit.term_number)
        month = _month_due(session, deposit, row)
        if month < row.months:
            return _decide_interest(session, deposit, row, month, context.business_date)
        return _decide_maturity(session, deposit, row, context.business_date)


def _month_due(session: Session, deposit: Deposit, row: DepositTerm) -> int:
    if deposit.schedule == deposits.AT_MATURITY:
        return row.months
    return store.months_paid(session, deposit.id, row.number) + 1


def _decide_interest(
    session: Session, deposit: Deposit, row: DepositTerm, month: int, day: date
) -> str:
    term = views.term_of(row)
    gross = term.interest_through(month) - term.interest_through(month - 1)
    deposit.next_due_on = term.due_on(month + 1)
    payout = Payout(gross=gross, tax=_tax(session, deposit, day, gross))
    return _keep(session, deposit, deposits.INTEREST, payout, month=month, day=day)


def _decide_maturity(
    session: Session, deposit: Deposit, row: DepositTerm, day: date
) -> str:
    """The rest of the term's interest, and what becomes of the principal."""
    term = views.term_of(row)
    paid = store.paid_in_term(session, deposit.id, row.number)
    gross = term.interest_through(term.months) - paid
    tax = _tax(session, deposit, day, gross)
    is_capitalised = deposit.rollover == deposits.PRINCIPAL_AND_INTEREST
    principal = term.principal + (gross - tax if is_capitalised else 0)
    next_rate = _next_rate(session, deposit, row, principal)
    deposit.next_due_on = None
    if next_rate is None:
        deposit.status = deposits.CLOSING
    payout = Payout(
        gross=gross,
        tax=tax,
        principal=term.principal if next_rate is None else 0,
        is_capitalised=is_capitalised and next_rate is not None,
    )
    return _keep(
        session,
        deposit,
        deposits.MATURITY,
        payout,
        month=row.months,
        day=day,
        next_rate_bps=next_rate,
    )


def _next_rate(
    session: Session, deposit: Deposit, row: DepositTerm, principal: int
) -> int | None:
    """The rate of the next term; None when the deposit ends.

    It ends as the member wished, and also when the product is not offered any more or
    has no rate for it: nobody is held to terms that do not exist.
    """
    product = store.find_product(session, deposit.product_id)
    if deposit.rollover == deposits.NONE or product is None or not product.is_offered:
        return None
    rate = deposits.rate_for(
        store.rates_on(session, product.id, row.matures_on),
        term_months=row.months,
        amount=principal,
    )
    return None if rate is None else rate.rate_bps


# By wish of the member


def break_deposit(
    database: Database, ledger: Ledger, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """End a deposit today: interest so far, less the penalty, to the savings account.

    Raises DepositNotActive, DepositMatured, and what the ledger refuses.
    """
    part, cooperative_id = command["idempotency"], actor.cooperative_id
    payout_id = identifiers.derived(
        "dpo", cooperative_id, part["operation"], part["key"]
    )
    is_replayed = _decide_break(database, actor, command["deposit_id"], payout_id)
    try:
        post(database, ledger, cooperative_id, payout_id)
    except UnavailableError as error:
        # It is decided, so somebody will post it: not "nothing was done".
        raise OutcomeUnknown from error
    answer = views.get_deposit(database, cooperative_id, command["deposit_id"])
    return answer | {"replayed": True} if is_replayed else answer


@retrying
def _decide_break(
    database: Database, actor: Actor, deposit_id: str, payout_id: str
) -> bool:
    """Decide to break a deposit; whether the same request had done so before."""
    today = clock.business_date()
    with database.tenant(actor.cooperative_id) as session:
        deposit = _found(store.lock_deposit(session, deposit_id))
        known = store.find_payout(session, payout_id)
        if known is not None:
            return True
        if deposit.status != deposits.ACTIVE or deposit.next_due_on is None:
            raise contract.DepositNotActive
        row = store.find_term(session, deposit, deposit.term_number)
        if today >= row.matures_on:
            raise contract.DepositMatured
        account = deposit.savings_account
        if not store.find_savings_account(session, account, deposit.member_id):
            raise contract.WrongSavingsAccount
        payout = _of_break(session, deposit, row, today)
        deposit.status, deposit.next_due_on = deposits.CLOSING, None
        _keep(
            session, deposit, deposits.BREAK, payout, month=0, day=today, id_=payout_id
        )
        audit.record(session, actor, "deposit.broken", deposit.id)
    return False


def _of_break(
    session: Session, deposit: Deposit, row: DepositTerm, today: date
) -> Payout:
    """Interest until today, and the penalty on all of it, what was paid included."""
    term = views.term_of(row)
    earned = term.interest_until(today)
    gross = max(earned - store.paid_in_term(session, deposit.id, row.number), 0)
    return Payout(
        gross=gross,
        tax=_tax(session, deposit, today, gross),
        penalty=deposits.penalty(earned, deposit.penalty_bps),
        principal=term.principal,
    )


@retrying
def change_deposit(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Another account for the payouts, or another wish for the maturity.

    Raises DepositNotActive, WrongSavingsAccount, InvalidRollover.
    """
    with database.tenant(actor.cooperative_id) as session:
        deposit = _found(store.lock_deposit(session, command["deposit_id"]))
        before = _changeable(deposit)
        _change(session, deposit, command)
        session.flush()
        after = _changeable(deposit)
        answer = views.details(session, deposit, clock.business_date())
        if after != before:
            audit.record(
                session,
                actor,
                "deposit.changed",
                deposit.id,
                before=before,
                after=after,
            )
        return answer


def _change(session: Session, deposit: Deposit, command: dict[str, Any]) -> None:
    if deposit.status not in {deposits.ACTIVE, deposits.CLOSING}:
        raise contract.DepositNotActive
    account, rollover = command["savings_account"], command["rollover"]
    if account is not None:
        if not store.find_savings_account(session, account, deposit.member_id):
            raise contract.WrongSavingsAccount
        deposit.savings_account = account
    if rollover is not None:
        is_monthly = deposit.schedule == deposits.MONTHLY
        if is_monthly and rollover == deposits.PRINCIPAL_AND_INTEREST:
            raise contract.InvalidRollover
        deposit.rollover = rollover


def _changeable(deposit: Deposit) -> dict[str, str]:
    return {"savings_account": deposit.savings_account, "rollover": deposit.rollover}


# Posting


def post(
    database: Database, ledger: Ledger, cooperative_id: str, payout_id: str
) -> None:
    """Post a payout and let the deposit become what it is then; safe to repeat.

    Raises what the ledger refuses, after recording it for the next attempt.
    """
    with database.tenant(cooperative_id) as session:
        payout = store.find_payout(session, payout_id)
    if payout is None or payout.status == POSTED:
        return
    postings = _plan(payout).postings(
        deposits.book_of(cooperative_id, payout.deposit_id, payout.savings_account)
    )
    try:
        if postings:
            ledger.post_journal(_journal(payout, postings))
    except RefusedError as error:
        _record_refusal(database, payout, error.code)
        raise
    if payout.principal:
        key = deposits.ledger_key(cooperative_id, payout.deposit_id)
        ledger.set_status({"key": key, "status": "closed"})
    _record_posting(database, payout)


def finish_due(database: Database, ledger_of: LedgerOf) -> int:
    """Post what was decided and left behind; how many there were."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_payouts(
            session, until=now, again_at=now + PATIENCE, limit=STEP_SIZE
        )

    def finish(cooperative_id: str, payout_id: str) -> None:
        post(database, ledger_of(cooperative_id), cooperative_id, payout_id)

    return sweeping.one_by_one(_log, "payout", due, finish)


def _journal(
    payout: DepositPayout, postings: list[tuple[str, str, int]]
) -> dict[str, Any]:
    """The journal of one attempt; each refused one leaves its id behind."""
    return {
        "id": identifiers.derived(
            "jrn", payout.cooperative_id, payout.id, str(payout.attempt)
        ),
        "kind": f"deposit_{payout.kind}",
        "description": deposits.DESCRIPTIONS[payout.kind],
        # After a refusal because its day was closed, today.
        "business_date": (
            payout.business_date if payout.attempt == 1 else clock.business_date()
        ).isoformat(),
        "reference": payout.deposit_id,
        "postings": [list(line) for line in postings],
    }


def _plan(payout: DepositPayout) -> Payout:
    return Payout(
        gross=payout.gross,
        tax=payout.tax,
        penalty=payout.penalty,
        principal=payout.principal,
        is_capitalised=payout.is_capitalised,
    )


@retrying
def _record_refusal(database: Database, tried: DepositPayout, code: str) -> None:
    """Let the next attempt begin, with the account that is right by now."""
    with database.tenant(tried.cooperative_id) as session:
        payout = store.lock_payout(session, tried.id)
        if payout is None or payout.status == POSTED:
            return
        # Only the attempt that was refused: another may have been begun meanwhile.
        if payout.attempt != tried.attempt:
            return
        deposit = _found(store.find_deposit(session, payout.deposit_id))
        payout.attempt += 1
        payout.fault = code
        payout.savings_account = deposit.savings_account
        payout.due_at = clock.now() + RETRY


@retrying
def _record_posting(database: Database, posted: DepositPayout) -> None:
    with database.tenant(posted.cooperative_id) as session:
        payout = store.lock_payout(session, posted.id)
        if payout is None or payout.status == POSTED:
            return
        payout.status, payout.posted_at = POSTED, clock.now()
        payout.fault = None
        deposit = _found(store.lock_deposit(session, payout.deposit_id))
        if payout.principal:
            _end(session, deposit, payout)
        elif payout.kind == deposits.MATURITY:
            _roll_over(session, deposit, payout)


def _end(session: Session, deposit: Deposit, payout: DepositPayout) -> None:
    is_broken = payout.kind == deposits.BREAK
    deposit.status = deposits.BROKEN if is_broken else deposits.MATURED
    deposit.ended_on = payout.business_date
    session.flush()
    placements.tell(session, contract.DEPOSIT_ENDED, deposit, payout.principal)


def _roll_over(session: Session, deposit: Deposit, payout: DepositPayout) -> None:
    """Begin the next term on the day on which the last one ended."""
    row = store.find_term(session, deposit, payout.term_number)
    added = _plan(payout).net if payout.is_capitalised else 0
    term = Term(
        principal=row.principal + added,
        rate_bps=payout.next_rate_bps or 0,
        months=row.months,
        starts_on=row.matures_on,
    )
    store.add_term(session, deposit, row.number + 1, term)
    deposit.term_number = row.number + 1
    deposit.next_due_on = term.first_due_on(deposit.schedule)


def _tax(session: Session, deposit: Deposit, day: date, gross: int) -> int:
    if not gross:
        return 0
    return taxes.withhold(
        session, deposit.cooperative_id, deposit.member_id, day, gross
    )


def _keep(  # noqa: PLR0913 - a payout has as many columns
    session: Session,
    deposit: Deposit,
    kind: str,
    payout: Payout,
    *,
    month: int,
    day: date,
    next_rate_bps: int | None = None,
    id_: str | None = None,
) -> str:
    kept = store.add_payout(
        session,
        id=id_ or identifiers.new("dpo"),
        cooperative_id=deposit.cooperative_id,
        deposit_id=deposit.id,
        term_number=deposit.term_number,
        kind=kind,
        month=month,
        gross=payout.gross,
        tax=payout.tax,
        penalty=payout.penalty,
        principal=payout.principal,
        is_capitalised=payout.is_capitalised,
        savings_account=deposit.savings_account,
        business_date=day,
        next_rate_bps=next_rate_bps,
        due_at=clock.now() + PATIENCE,
    )
    return kept.id


def _found(deposit: Deposit | None) -> Deposit:
    if deposit is None:
        raise NotFound("There is no such deposit.")
    return deposit
