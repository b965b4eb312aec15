"""What recovery has in common: its settings, and journals that follow what is decided.

A restructuring, a write-off or a remainder is decided in one transaction, together
with the plan of its journal. The ledger follows at once or, where it cannot be reached,
as soon as it can; until then nothing else happens to the loan.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans as loan_domain
from services.loans.domain import recovery as domain
from services.loans.domain import restructurings, schedules
from services.loans.domain.arrears import NO_STAGE
from services.loans.domain.peers import Ledger
from services.loans.domain.recovery import Settings
from services.loans.models import Loan, LoanJournal
from services.loans.store import arrears as arrears_store
from services.loans.store import loans as loans_store
from services.loans.store import recovery as store
from services.loans.store import repayments as repayments_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import recovery as contract
from services.shared.contracts.loans import repayments as repayments_contract
from services.shared.errors import InvariantViolated, NotFound, ServiceError
from services.shared.identity import Actor
from services.shared.persistence import outbox, sweeping, trail
from services.shared.persistence.database import Database, retrying

PATIENCE: Final = timedelta(seconds=60)
PATIENCE_MAX: Final = timedelta(hours=1)
SWEEP_SIZE: Final = 50

SHARES_NAME: Final = "Penyertaan pada Usaha Anggota"
ACCOUNT_NAMES: Final = {
    loan_domain.LOAN: "Piutang Pinjaman Anggota",
    loan_domain.REMAINDER: "Piutang Hasil Lelang/Subrogasi",
}

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """From when and within which bounds loans are recovered."""
    with database.tenant(cooperative_id) as session:
        return _answer(store.settings_of(session, cooperative_id))


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """New settings, for what is decided from now on."""
    with database.tenant(actor.cooperative_id) as session:
        before = _answer(store.settings_of(session, actor.cooperative_id))
        store.keep_settings(
            session,
            actor.cooperative_id,
            **command,
            changed_at=clock.now(),
            changed_by=actor.subject,
        )
        answer = _answer(Settings(**command))
        trail.note(
            session,
            actor,
            "recovery_settings.changed",
            actor.cooperative_id,
            before=before,
            after=answer,
        )
    return answer


def account_of(loan: Loan) -> dict[str, Any]:
    """The account of a loan's principal, to be opened."""
    return {
        "key": key_of(loan),
        "code": loan_domain.CODES[loan.kind],
        "name": ACCOUNT_NAMES[loan.kind],
        "minimum_balance": 0,
    }


def shares_of(cooperative_id: str) -> dict[str, Any]:
    """The account of shares in members' businesses, which older books lack."""
    return {
        "key": f"{cooperative_id}:{domain.SHARES}",
        "code": domain.SHARES,
        "name": SHARES_NAME,
        "minimum_balance": None,
    }


def require_quiet(session: Session, loan: Loan) -> None:
    """Raises RepaymentUnderWay while something of the locked loan is being posted."""
    if repayments_store.is_under_way(session, loan.id):
        raise repayments_contract.RepaymentUnderWay


def plan(
    session: Session,
    loan: Loan,
    kind: str,
    description: str,
    postings: domain.Lines,
    *,
    opens: Sequence[dict[str, Any]] = (),
    patience: timedelta = PATIENCE,
) -> str:
    """Say what the book has to follow, and answer its id for `follow`.

    The accounts in ``opens`` are opened before: `account_of` a loan, `shares_of`. Who
    does not follow has nothing to be patient for: `follow_due` will.
    """
    journal = LoanJournal(
        id=identifiers.new("ljr"),
        cooperative_id=loan.cooperative_id,
        loan_id=loan.id,
        kind=kind,
        description=description,
        accounts=list(opens),
        postings=postings,
        booked_on=clock.business_date(),
        attempt=1,
        state=domain.PLANNED,
        due_at=clock.now() + patience,
        posted_at=None,
    )
    store.add_journal(session, journal)
    return journal.id


def follow(
    database: Database, ledger: Ledger, cooperative_id: str, journal_id: str
) -> bool:
    """Post what was planned; whether the book has followed. Safe to repeat.

    What the ledger refuses is planned again under another id, and stays due.
    """
    with database.tenant(cooperative_id) as session:
        journal = _found(store.lock_journal(session, journal_id))
    if journal.state == domain.POSTED:
        return True
    try:
        if journal.accounts:
            ledger.open_accounts({"accounts": journal.accounts})
        ledger.post_journal(_body(journal))
    except ServiceError as error:
        _log.warning("journal of loan %s: %s", journal.loan_id, error.code)
        if error.code in ledger_contract.REFUSALS:
            _plan_again(database, journal, error)
        return False
    _mark_posted(database, journal)
    return True


def follow_due(database: Database, ledger_of: LedgerOf) -> int:
    """Post what was planned and left; how many were tried."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def carry_on(cooperative_id: str, journal_id: str) -> None:
        follow(database, ledger_of(cooperative_id), cooperative_id, journal_id)

    return sweeping.one_by_one(_log, "journal of a loan", due, carry_on)


def keep_class(
    session: Session,
    loan: Loan,
    new: Loan,
    instalments: Sequence[schedules.Instalment],
) -> None:
    """Let a loan that replaces another begin in the class of that one (topic 7)."""
    settings = arrears_store.settings_of(session, loan.cooperative_id)
    until = restructurings.third_paid(instalments, settings.upgrade_after_instalments)
    if until is not None:
        new.class_floor, new.class_floor_until_paid = loan.collectibility, until
        session.flush()
    arrears_store.refresh(session, loan.cooperative_id, clock.business_date(), [new.id])
    session.refresh(new)


def close_replaced(session: Session, loan: Loan) -> None:
    """Nothing is left of a loan that another has replaced.

    Interest and provision that stood for it are taken out by the daily job.
    """
    loan.status, loan.closed_on = loan_domain.RESTRUCTURED, clock.business_date()
    loan.outstanding = 0
    loan.dpd, loan.oldest_due_on, loan.stage = 0, None, NO_STAGE
    session.flush()


def key_of(loan: Loan) -> str:
    """The ledger's account of the principal of a loan."""
    return loan_domain.account_key(loan.cooperative_id, loan.kind, loan.id)


def _body(journal: LoanJournal) -> dict[str, Any]:
    return {
        "id": identifiers.derived(
            "jrn", journal.cooperative_id, journal.id, str(journal.attempt)
        ),
        "kind": journal.kind,
        "description": journal.description,
        "business_date": journal.booked_on.isoformat(),
        "reference": journal.loan_id,
        "postings": journal.postings,
    }


@retrying
def _plan_again(database: Database, tried: LoanJournal, refusal: ServiceError) -> None:
    """The ledger keeps a refusal for ever, so that another try has another id.

    A day that was closed meanwhile is replaced by today. What was for a savings account
    that is gone is owed to whom it belongs: the heirs, or who has left. Whatever
    else was refused is tried ever less often, until somebody has seen to it.
    """
    with database.tenant(tried.cooperative_id) as session:
        journal = _found(store.lock_journal(session, tried.id))
        if journal.attempt != tried.attempt or journal.state != domain.PLANNED:
            return
        pause = min(PATIENCE * 2 ** min(journal.attempt - 1, 10), PATIENCE_MAX)
        journal.attempt, journal.due_at = journal.attempt + 1, clock.now() + pause
        if refusal.code == ledger_contract.PeriodClosed.code:
            journal.booked_on = clock.business_date()
        elif journal.kind in domain.FOR_MEMBERS:
            journal.postings = domain.owed(journal.cooperative_id, journal.postings)


@retrying
def _mark_posted(database: Database, posted: LoanJournal) -> None:
    with database.tenant(posted.cooperative_id) as session:
        journal = _found(store.lock_journal(session, posted.id))
        if journal.state == domain.PLANNED:
            journal.state, journal.posted_at = domain.POSTED, clock.now()
            if journal.kind == domain.REBATE:
                _tell_of_rebate(session, journal)


def _tell_of_rebate(session: Session, journal: LoanJournal) -> None:
    loan = loans_store.find_loan(session, journal.loan_id)
    if loan is None:
        raise InvariantViolated("a journal is that of a loan")
    outbox.add(
        session,
        loans_contract.LOAN_REBATED,
        loans_contract.LoanEvent().dump(
            {
                "cooperative_id": loan.cooperative_id,
                "loan_id": loan.id,
                "number": loan.number,
                "member_id": loan.member_id,
                "amount": domain.amount_of(journal.postings),
                "on": journal.booked_on,
            }
        ),
    )


def _found(journal: LoanJournal | None) -> LoanJournal:
    if journal is None:
        raise NotFound("There is no such journal.")
    return journal


def _answer(settings: Settings) -> dict[str, Any]:
    return answers.one(contract.RecoverySettings(), settings)
