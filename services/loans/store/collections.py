"""How collection tasks, visits, promises and letters are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.domain import collections as domain
from services.loans.domain.arrears import Stage
from services.loans.models import (
    CollectionLetter,
    CollectionTask,
    CollectionVisit,
    Loan,
    PaymentPromise,
)
from services.shared import clock, identifiers
from services.shared.identity import Actor

PROPOSAL_STEPS: Final = tuple(step.code for step in domain.STEPS)
REPORT_STEPS: Final = (domain.REPORT,)

# What is to be done about every late loan: the step of its stage, and those that come
# whatever the stages say, unless a restructuring is under way.
_TASKS: Final = """
WITH steps AS (
    SELECT * FROM unnest(
        CAST(:codes AS text[]), CAST(:from_days AS integer[]),
        CAST(:due_after AS integer[]), CAST(:actions AS text[]),
        CAST(:are_stages AS boolean[])
    ) AS step (code, from_day, due_after, action, is_stage)
), late AS (
    SELECT id, officer, oldest_due_on, :day - oldest_due_on AS dpd
    FROM loans
    WHERE cooperative_id = :cooperative_id AND status = 'active'
        AND oldest_due_on < :day
)
INSERT INTO collection_tasks
    (id, cooperative_id, loan_id, code, is_stage, since, action, due_on, assignee,
     state, created_at)
SELECT 'ctk_' || replace(gen_random_uuid()::text, '-', ''), :cooperative_id, late.id,
    steps.code, steps.is_stage, late.oldest_due_on, steps.action,
    late.oldest_due_on + steps.from_day + steps.due_after, late.officer,
    'open', :now
FROM late JOIN steps ON steps.from_day <= late.dpd
WHERE CASE WHEN steps.is_stage THEN NOT EXISTS (
        SELECT FROM steps later WHERE later.is_stage
            AND later.from_day <= late.dpd AND later.from_day > steps.from_day)
    ELSE NOT EXISTS (
        SELECT FROM restructurings WHERE restructurings.loan_id = late.id
            AND restructurings.status IN ('proposed', 'approved')) END
ON CONFLICT (loan_id, code, since) DO NOTHING
"""

# Arrears that were made good, and stages that another has followed.
_CANCEL: Final = """
UPDATE collection_tasks task
SET state = 'cancelled', ended_by = :by, ended_at = :now
FROM loans
WHERE task.cooperative_id = :cooperative_id AND task.state = 'open'
    AND loans.id = task.loan_id
    AND (task.is_stage OR task.code = ANY (CAST(:steps AS text[])))
    AND (loans.status <> 'active' OR loans.oldest_due_on IS DISTINCT FROM task.since
        OR task.is_stage AND EXISTS (
            SELECT FROM collection_tasks later
            WHERE later.loan_id = task.loan_id AND later.since = task.since
                AND later.is_stage AND later.due_on > task.due_on))
"""

_JUDGE: Final = """
UPDATE payment_promises promise
SET state = CASE WHEN promise.amount <= paid.amount THEN 'kept' ELSE 'broken' END
FROM (
    SELECT open_.id, coalesce(sum(repayment.amount), 0) AS amount
    FROM payment_promises open_
    LEFT JOIN repayments repayment ON repayment.loan_id = open_.loan_id
        AND repayment.status = 'posted'
        AND repayment.posted_at >= open_.recorded_at
        AND repayment.business_date <= open_.due_on
    WHERE open_.cooperative_id = :cooperative_id AND open_.state = 'open'
    GROUP BY open_.id
) paid
WHERE promise.id = paid.id AND promise.state = 'open'
    AND (promise.amount <= paid.amount OR promise.due_on < :day)
"""


def make_tasks(
    session: Session, cooperative_id: str, day: date, stages: Sequence[Stage]
) -> int:
    """Make the tasks that are due on a day and drop those that are not; how many."""
    steps = [
        (one.code, one.from_day, domain.STAGE_DAYS, one.action, True) for one in stages
    ] + [
        (one.code, one.from_day, one.due_after, one.action, False)
        for one in domain.STEPS
    ]
    codes, from_days, due_after, actions, are_stages = zip(*steps, strict=True)
    shared = {"cooperative_id": cooperative_id, "now": clock.now()}
    made = session.execute(
        text(_TASKS),
        shared
        | {
            "day": day,
            "codes": list(codes),
            "from_days": list(from_days),
            "due_after": list(due_after),
            "actions": list(actions),
            "are_stages": list(are_stages),
        },
    )
    session.execute(
        text(_CANCEL),
        shared | {"by": "service:loans", "steps": list(PROPOSAL_STEPS)},
    )
    return int(made.rowcount)  # type: ignore[attr-defined]


def judge_promises(session: Session, cooperative_id: str, day: date) -> int:
    """Say of promises whether they were kept; how many that could be said of."""
    judged = session.execute(
        text(_JUDGE), {"cooperative_id": cooperative_id, "day": day}
    )
    return int(judged.rowcount)  # type: ignore[attr-defined]


def add_task(
    session: Session,
    loan: Loan,
    *,
    code: str,
    action: str,
    since: date,
    due_on: date,
) -> None:
    """A task that no stage makes, once for its loan, step and day."""
    session.execute(
        insert(CollectionTask)
        .values(
            id=identifiers.new("ctk"),
            cooperative_id=loan.cooperative_id,
            loan_id=loan.id,
            code=code,
            is_stage=False,
            since=since,
            action=action,
            due_on=due_on,
            assignee=loan.officer,
            state=domain.OPEN,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )


def end_steps(
    session: Session, actor: Actor, loan_id: str, codes: Collection[str]
) -> None:
    """The steps were done by doing them: their tasks are over."""
    session.execute(
        update(CollectionTask)
        .where(
            CollectionTask.loan_id == loan_id,
            CollectionTask.code.in_(codes),
            CollectionTask.state == domain.OPEN,
        )
        .values(state=domain.DONE, ended_by=actor.subject, ended_at=clock.now())
    )


def lock_task(session: Session, task_id: str) -> CollectionTask | None:
    """A task, held until the transaction ends."""
    return session.get(
        CollectionTask, task_id, with_for_update=True, populate_existing=True
    )


def list_tasks(
    session: Session,
    *,
    filters: dict[str, str | None],
    branch_code: str | None,
    after: str | None,
    limit: int,
) -> Sequence[tuple[CollectionTask, Loan]]:
    """Tasks and their loans past ``after``, what is due first at the top."""
    query = (
        select(CollectionTask, Loan)
        .join(Loan, Loan.id == CollectionTask.loan_id)
        .order_by(CollectionTask.due_on, CollectionTask.id)
        .limit(limit)
    )
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(CollectionTask, name) == value)
    if branch_code is not None:
        query = query.where(Loan.branch_code == branch_code)
    if after is not None:
        day, _, id_ = after.partition(" ")
        place = (date.fromisoformat(day), id_)
        query = query.where(tuple_(CollectionTask.due_on, CollectionTask.id) > place)
    return [(task, loan) for task, loan in session.execute(query)]


def add(
    session: Session, row: CollectionVisit | PaymentPromise | CollectionLetter
) -> None:
    """Keep a visit, a promise or a letter."""
    session.add(row)
    session.flush()


def visits_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[CollectionVisit]:
    """Visits for a loan past ``after``, in the order they were recorded."""
    query = (
        select(CollectionVisit)
        .where(CollectionVisit.loan_id == loan_id)
        .order_by(CollectionVisit.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(CollectionVisit.id > after)
    return session.scalars(query).all()


def promises_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[PaymentPromise]:
    """Promises for a loan past ``after``, in the order they were recorded."""
    query = (
        select(PaymentPromise)
        .where(PaymentPromise.loan_id == loan_id)
        .order_by(PaymentPromise.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(PaymentPromise.id > after)
    return session.scalars(query).all()


def letters_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[CollectionLetter]:
    """Letters for a loan past ``after``, in the order they were issued."""
    query = (
        select(CollectionLetter)
        .where(CollectionLetter.loan_id == loan_id)
        .order_by(CollectionLetter.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(CollectionLetter.id > after)
    return session.scalars(query).all()


def find_letter(session: Session, letter_id: str) -> CollectionLetter | None:
    """One letter by its id."""
    return session.get(CollectionLetter, letter_id)


def last_level(session: Session, loan_id: str) -> int | None:
    """The highest letter that was sent for a loan, None before the first."""
    return session.scalar(
        select(func.max(CollectionLetter.level)).where(
            CollectionLetter.loan_id == loan_id
        )
    )
