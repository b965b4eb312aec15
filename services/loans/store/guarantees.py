"""How guarantees, what is held for them and their calls are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Numeric, cast, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from services.loans.domain import guarantees as domain
from services.loans.domain import loans
from services.loans.models import (
    Guarantee,
    GuaranteeCall,
    GuaranteeHold,
    Loan,
    LoanApplication,
)
from services.shared.persistence import sweeping


class Ref(NamedTuple):
    """Something of one cooperative, found under the hub's role."""

    cooperative_id: str
    id: str


def add(session: Session, row: Guarantee | GuaranteeHold | GuaranteeCall) -> None:
    """Keep a new row."""
    session.add(row)
    session.flush()


def find_guarantee(session: Session, guarantee_id: str) -> Guarantee | None:
    """A guarantee by its id."""
    return session.get(Guarantee, guarantee_id)


def lock_guarantee(session: Session, guarantee_id: str) -> Guarantee | None:
    """The same, with its row locked: whoever changes it or its holds does."""
    return session.scalar(
        select(Guarantee)
        .where(Guarantee.id == guarantee_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_guarantees(session: Session, ids: Collection[str]) -> Sequence[Guarantee]:
    """Guarantees by their ids, locked in one order."""
    return session.scalars(
        select(Guarantee)
        .where(Guarantee.id.in_(ids))
        .order_by(Guarantee.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def list_of_application(session: Session, application_id: str) -> Sequence[Guarantee]:
    """Everybody who answers or answered for an application."""
    return session.scalars(
        select(Guarantee)
        .where(Guarantee.application_id == application_id)
        .order_by(Guarantee.id)
    ).all()


class Answered(NamedTuple):
    """A guarantee, whose loan it secures and, once that is paid out, the loan."""

    guarantee: Guarantee
    borrower_name: str
    application_status: str
    loan: Loan | None


def list_of_guarantor(
    session: Session, member_id: str, *, after: str | None, limit: int
) -> list[Answered]:
    """What a member answers or answered for past ``after``, as it was taken down."""
    query = (
        select(Guarantee, LoanApplication.member_name, LoanApplication.status, Loan)
        .join(LoanApplication, LoanApplication.id == Guarantee.application_id)
        .outerjoin(Loan, Loan.id == Guarantee.loan_id)
        .where(Guarantee.member_id == member_id)
        .order_by(Guarantee.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Guarantee.id > after)
    return [Answered(*row) for row in session.execute(query)]


def lock_of_application(
    session: Session, application_id: str, statuses: Collection[str]
) -> Sequence[Guarantee]:
    """Those in these states, locked in one order."""
    return session.scalars(
        select(Guarantee)
        .where(
            Guarantee.application_id == application_id,
            Guarantee.status.in_(statuses),
        )
        .order_by(Guarantee.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def lock_of_loan(session: Session, loan_id: str) -> Sequence[Guarantee]:
    """Those that secure a loan, locked in one order."""
    return session.scalars(
        select(Guarantee)
        .where(Guarantee.loan_id == loan_id)
        .order_by(Guarantee.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def holds_of_loan(
    session: Session, loan_id: str, statuses: Collection[str]
) -> Sequence[GuaranteeHold]:
    """The holds that were placed for a loan's payout and are in these states."""
    return session.scalars(
        select(GuaranteeHold)
        .where(GuaranteeHold.loan_id == loan_id, GuaranteeHold.status.in_(statuses))
        .order_by(GuaranteeHold.id)
        .execution_options(populate_existing=True)
    ).all()


def holds_of(
    session: Session, guarantee_id: str, statuses: Collection[str]
) -> Sequence[GuaranteeHold]:
    """The parts of a guarantee that are in these states, the largest first."""
    return session.scalars(
        select(GuaranteeHold)
        .where(
            GuaranteeHold.guarantee_id == guarantee_id,
            GuaranteeHold.status.in_(statuses),
        )
        .order_by(GuaranteeHold.amount.desc(), GuaranteeHold.id)
        .execution_options(populate_existing=True)
    ).all()


def holds_of_call(session: Session, call_id: str) -> Sequence[GuaranteeHold]:
    """The parts that a call takes."""
    return session.scalars(
        select(GuaranteeHold)
        .where(GuaranteeHold.call_id == call_id)
        .order_by(GuaranteeHold.id)
        .execution_options(populate_existing=True)
    ).all()


def held_amounts(session: Session, guarantee_ids: Collection[str]) -> dict[str, int]:
    """What is held now of each guarantee, in whole rupiah."""
    rows = session.execute(
        select(GuaranteeHold.guarantee_id, func.sum(GuaranteeHold.amount))
        .where(
            GuaranteeHold.guarantee_id.in_(guarantee_ids),
            GuaranteeHold.status == domain.HELD,
        )
        .group_by(GuaranteeHold.guarantee_id)
    )
    return {guarantee_id: int(amount) for guarantee_id, amount in rows}


def get_holds(session: Session, ids: Collection[str]) -> dict[str, GuaranteeHold]:
    """Holds that exist by id, as they are now."""
    rows = session.scalars(
        select(GuaranteeHold)
        .where(GuaranteeHold.id.in_(ids))
        .execution_options(populate_existing=True)
    )
    return {one.id: one for one in rows}


def accounts_of(session: Session, guarantee_ids: Collection[str]) -> dict[str, str]:
    """In which savings account each guarantee is held."""
    rows = session.execute(
        select(Guarantee.id, Guarantee.savings_account).where(
            Guarantee.id.in_(guarantee_ids)
        )
    )
    return {row.id: row.savings_account for row in rows}


def take_due_holds(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Holds that have to be given up yet; under the hub's role."""
    return sweeping.take_due(
        session,
        GuaranteeHold,
        GuaranteeHold.status == domain.RELEASING,
        until=until,
        again_at=again_at,
        limit=limit,
    )


def follow_restructurings(session: Session) -> None:
    """Let guarantees secure the loans that replaced theirs; under the hub's role."""
    old, new = aliased(Loan), aliased(Loan)
    session.execute(
        update(Guarantee)
        .where(
            Guarantee.status == domain.HELD,
            Guarantee.cooperative_id == old.cooperative_id,
            Guarantee.loan_id == old.id,
            old.status == loans.RESTRUCTURED,
            new.cooperative_id == old.cooperative_id,
            new.restructured_from == old.id,
        )
        .values(loan_id=new.id)
        .execution_options(synchronize_session=False)
    )


def has_successor(session: Session, loan_id: str) -> bool:
    """Whether another loan has replaced this one."""
    return bool(
        session.scalar(select(exists().where(Loan.restructured_from == loan_id)))
    )


def list_eased(session: Session, limit: int) -> list[Ref]:
    """Guarantees of which more is held than is owed; under the hub's role."""
    held = (
        select(
            GuaranteeHold.guarantee_id,
            func.sum(GuaranteeHold.amount).label("total"),
            func.max(GuaranteeHold.amount).label("largest"),
        )
        .where(GuaranteeHold.status == domain.HELD)
        .group_by(GuaranteeHold.guarantee_id)
        .subquery()
    )
    new = aliased(Loan)
    replaced = exists().where(new.restructured_from == Loan.id).correlate(Loan)
    rows = session.execute(
        select(Guarantee.cooperative_id, Guarantee.id)
        .join(
            Loan,
            (Loan.cooperative_id == Guarantee.cooperative_id)
            & (Loan.id == Guarantee.loan_id),
        )
        .outerjoin(held, held.c.guarantee_id == Guarantee.id)
        .where(
            Guarantee.status == domain.HELD,
            (Loan.status == loans.SETTLED)
            # Replaced by none: what was owed has become a share in the cooperative.
            | ((Loan.status == loans.RESTRUCTURED) & ~replaced)
            | (
                (Loan.status == loans.ACTIVE)
                # `domain.needed` without its rounding, multiplied out; the product of
                # two amounts is more than a bigint holds.
                & (
                    (held.c.total - held.c.largest) * Loan.principal
                    >= cast(Guarantee.amount, Numeric) * Loan.outstanding
                )
            ),
        )
        .order_by(Guarantee.id)
        .limit(limit)
    )
    return [Ref(*row) for row in rows]


def find_call(session: Session, call_id: str) -> GuaranteeCall | None:
    """A call by its id, as it is now."""
    return session.get(GuaranteeCall, call_id, populate_existing=True)


def lock_call(session: Session, call_id: str) -> GuaranteeCall | None:
    """The same, with its row locked."""
    return session.scalar(
        select(GuaranteeCall)
        .where(GuaranteeCall.id == call_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def find_open_call(session: Session, guarantee_id: str) -> GuaranteeCall | None:
    """The call of a guarantee that has not ended."""
    return session.scalar(
        select(GuaranteeCall).where(
            GuaranteeCall.guarantee_id == guarantee_id,
            GuaranteeCall.status.in_(domain.OPEN_CALLS),
        )
    )


def take_due_calls(
    session: Session, *, until: datetime, again_at: datetime, limit: int
) -> list[tuple[str, str]]:
    """Calls that were left on their way; under the hub's role."""
    return sweeping.take_due(
        session,
        GuaranteeCall,
        GuaranteeCall.status.in_(domain.MOVING_CALLS),
        until=until,
        again_at=again_at,
        limit=limit,
    )


def count_unfinished(session: Session) -> int:
    """How many holds have to be given up yet, and calls to be carried out."""
    releasing = select(func.count()).where(GuaranteeHold.status == domain.RELEASING)
    moving = select(func.count()).where(GuaranteeCall.status.in_(domain.MOVING_CALLS))
    return sum(session.execute(one).scalar_one() for one in (releasing, moving))
