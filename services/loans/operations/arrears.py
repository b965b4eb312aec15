"""The daily job: how late every loan is, what that costs, and what the book follows.

One transaction looks at all loans of a cooperative: days past due, classes and stages,
penalties, the interest earned so far and, when it is time, provisions. With it goes the
plan of the journals that say the same in the book; what is planned is posted then. All
targets are absolute, so a run makes up for days on which there was none, and one that
is done again changes nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import arrears as domain
from services.loans.domain.arrears import Settings
from services.loans.domain.peers import Ledger
from services.loans.models import ArrearsJournal
from services.loans.operations import obligations
from services.loans.operations.job_context import Job, JobContext
from services.loans.store import arrears as store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.errors import ServiceError
from services.shared.persistence import tenants
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.jobs import Step
from services.shared.presentation import formats

NAME: Final = "arrears"

ACCRUAL: Final = "accrual"
PROVISION: Final = "provision"

# What is debited and what is credited when a kind goes up; down is the other way round.
_ACCOUNTS: Final = {
    ACCRUAL: (ledger_contract.INTEREST_RECEIVABLE, ledger_contract.INTEREST_INCOME),
    PROVISION: (ledger_contract.PROVISION_EXPENSE, ledger_contract.LOAN_ALLOWANCE),
}
_TITLES: Final = {
    ACCRUAL: "Akru bunga pinjaman",
    PROVISION: "Penyisihan kerugian piutang",
}


def run(context: JobContext, position: str | None) -> Step:
    """Look at all loans, then post what that moves: one step."""
    del position
    looked_at = look(context.database, context.cooperative_id, context.business_date)
    post_planned(context.database, context.peers.ledger, context.cooperative_id)
    return Step(done=looked_at)


JOB: Final = Job(name=NAME, is_due=lambda _day: True, run=run)
"""Every day, soon after it has begun (domain.md, topic 7)."""


@retrying
def look(database: Database, cooperative_id: str, day: date) -> int:
    """Bring all loans to a day and plan its journals; how many loans.

    None of them when a later day was looked at already: this would undo it.
    """
    with database.tenant(cooperative_id) as session:
        if store.is_done_after(session, cooperative_id, NAME, day):
            return 0
        settings = store.settings_of(session, cooperative_id)
        store.lock_active(session, cooperative_id)
        looked_at = _look(session, cooperative_id, day, settings)
        store.charge_penalties(session, cooperative_id, day)
    return looked_at


def post_planned(database: Database, ledger: Ledger, cooperative_id: str) -> None:
    """Post what is planned. Raises what the ledger says when it cannot be posted."""
    with database.tenant(cooperative_id) as session:
        planned = store.planned_journals(session, cooperative_id)
    for one in planned:
        _post(database, ledger, one)


def _look(session: Session, cooperative_id: str, day: date, settings: Settings) -> int:
    month_end = day.replace(day=1) - timedelta(days=1)
    provides_on = day if settings.provision_every == domain.DAY else None
    if _begins_a_month(session, cooperative_id, month_end):
        store.take_picture(session, cooperative_id, month_end, settings)
        obligations.open_for(session, cooperative_id, month_end, settings)
        provides_on = provides_on or month_end
    if provides_on and store.find_journal(
        session, cooperative_id, provides_on, PROVISION
    ):
        provides_on = None
    accrues = store.find_journal(session, cooperative_id, day, ACCRUAL) is None
    moved = store.assess(
        session,
        cooperative_id,
        day,
        settings,
        accrues=accrues,
        provides_on=provides_on,
    )
    cleared = store.clear(
        session,
        cooperative_id,
        day,
        accrues=accrues,
        provides=provides_on is not None,
    )
    _plan(
        session,
        cooperative_id,
        day,
        ACCRUAL,
        up=moved.accrued,
        down=moved.unaccrued + cleared.unaccrued,
    )
    _plan(
        session,
        cooperative_id,
        provides_on or day,
        PROVISION,
        up=moved.provided,
        down=moved.released + cleared.released,
    )
    return moved.loans


def _begins_a_month(session: Session, cooperative_id: str, month_end: date) -> bool:
    """Whether no run of this month is done, and the one before was one of ours."""
    tenant = tenants.find(session, cooperative_id)
    return (
        tenant is not None
        and tenant.active_since <= month_end
        and not store.is_done_after(session, cooperative_id, NAME, month_end)
    )


def _plan(
    session: Session,
    cooperative_id: str,
    day: date,
    kind: str,
    *,
    up: int,
    down: int,
) -> None:
    """Say what the book has to follow; nothing when nothing moved."""
    if not up and not down:
        return
    session.add(
        ArrearsJournal(
            cooperative_id=cooperative_id,
            business_date=day,
            kind=kind,
            up=up,
            down=down,
            booked_on=day,
            attempt=1,
            journal_id=_journal_id(cooperative_id, day, kind, 1),
            state="planned",
            posted_at=None,
        )
    )
    session.flush()


def _post(database: Database, ledger: Ledger, planned: ArrearsJournal) -> None:
    one = planned
    while one.state == "planned":
        try:
            ledger.post_journal(_journal(one))
        except ServiceError as refusal:
            if refusal.code not in ledger_contract.REFUSALS:
                raise
            one = _plan_again(database, one, refusal)
        else:
            one = _mark_posted(database, one)


@retrying
def _plan_again(
    database: Database, refused: ArrearsJournal, refusal: ServiceError
) -> ArrearsJournal:
    """Give what was refused another id, since the ledger keeps the refusal for ever.

    A day that was closed meanwhile is replaced by today. Raises any other refusal,
    once the next attempt has an id that can be posted.
    """
    is_closed = refusal.code == ledger_contract.PeriodClosed.code
    with database.tenant(refused.cooperative_id) as session:
        one = store.lock_journal(session, refused)
        if one.journal_id == refused.journal_id and one.state == "planned":
            one.attempt += 1
            one.journal_id = _journal_id(
                one.cooperative_id, one.business_date, one.kind, one.attempt
            )
            if is_closed:
                one.booked_on = clock.business_date()
    if not is_closed or refused.booked_on == clock.business_date():
        raise refusal
    return one


@retrying
def _mark_posted(database: Database, posted: ArrearsJournal) -> ArrearsJournal:
    with database.tenant(posted.cooperative_id) as session:
        one = store.lock_journal(session, posted)
        if one.state == "planned":
            one.state, one.posted_at = "posted", clock.now()
    return one


def _journal(one: ArrearsJournal) -> dict[str, Any]:
    grows, other = (
        ledger_contract.chart_account(one.cooperative_id, code)
        for code in _ACCOUNTS[one.kind]
    )
    postings: list[list[Any]] = []
    if one.up:
        postings.append([grows, other, one.up])
    if one.down:
        postings.append([other, grows, one.down])
    return {
        "id": one.journal_id,
        "kind": f"loan_{one.kind}",
        "description": f"{_TITLES[one.kind]} {formats.date_long(one.business_date)}",
        "business_date": one.booked_on.isoformat(),
        "reference": None,
        "postings": postings,
    }


def _journal_id(cooperative_id: str, day: date, kind: str, attempt: int) -> str:
    return identifiers.derived(
        "jrn", cooperative_id, f"loan_{kind}", day.isoformat(), str(attempt)
    )
