"""How consents to debits are kept, and what they are to take on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.loans.models import Autodebit

# What is due of a loan by the day; what was put off falls due with the last instalment.
_LEFT: Final = """
    coalesce((
        SELECT sum(part.principal - part.principal_paid
            + part.interest - part.interest_paid
            + part.penalty - part.penalty_paid - part.penalty_waived)
        FROM instalments part
        WHERE part.loan_id = loan.id AND part.due_on <= :day
    ), 0) + CASE WHEN loan.matures_on <= :day
        THEN loan.deferred_interest - loan.deferred_interest_paid ELSE 0 END
"""

_DUE: Final = f"""
SELECT consent.id, consent.loan_id, consent.savings_account,
    under_way.id AS under_way
FROM autodebits consent
JOIN loans loan ON loan.id = consent.loan_id AND loan.status = 'active'
LEFT JOIN repayments under_way
    ON under_way.loan_id = loan.id AND under_way.status = 'posting'
CROSS JOIN LATERAL (SELECT {_LEFT} AS amount) owed
WHERE consent.cooperative_id = :cooperative_id AND consent.revoked_at IS NULL
    AND (consent.tried_on IS NULL OR consent.tried_on < :day)
    AND consent.id > :after AND owed.amount > 0
ORDER BY consent.id LIMIT :limit
"""  # noqa: S608  constants

# Who has paid in another way since has not failed any more; what failed after the day
# is none of the business of who looks at that day late.
_FORGIVE: Final = f"""
UPDATE autodebits consent SET missing = 0, failures = 0
FROM loans loan
WHERE consent.cooperative_id = :cooperative_id AND consent.revoked_at IS NULL
    AND consent.failures > 0 AND consent.tried_on <= :day
    AND loan.id = consent.loan_id AND {_LEFT} = 0
"""  # noqa: S608  constants

# A consent or a loan that has ended meanwhile has not failed, and how a payment that is
# still under way ends is not known.
_JUDGE: Final = f"""
WITH owed AS (
    SELECT consent.id, loan.number, loan.member_id, {_LEFT} AS amount
    FROM autodebits consent JOIN loans loan ON loan.id = consent.loan_id
    WHERE consent.id = ANY (:ids) AND loan.status IN ('active', 'settled')
        AND NOT EXISTS (
            SELECT FROM repayments
            WHERE repayments.loan_id = loan.id AND repayments.status = 'posting')
), judged AS (
    UPDATE autodebits consent SET tried_on = :day, missing = owed.amount,
        failures = CASE WHEN owed.amount > 0 THEN consent.failures + 1 ELSE 0 END
    FROM owed
    WHERE consent.id = owed.id AND consent.revoked_at IS NULL
        AND (consent.tried_on IS NULL OR consent.tried_on < :day)
    RETURNING consent.*, owed.number, owed.member_id
)
INSERT INTO outbox (event_id, name, payload)
SELECT 'evt_' || md5(concat_ws(' ', id, tried_on)), :event,
    jsonb_build_object(
        'cooperative_id', cooperative_id, 'loan_id', loan_id, 'number', number,
        'member_id', member_id, 'missing', missing, 'on', tried_on)
FROM judged WHERE failures = 1
"""  # noqa: S608  constants


class Due(NamedTuple):
    """A consent by which something is to be taken.

    ``under_way`` is the repayment of the loan that somebody has left on its way.
    """

    id: str
    loan_id: str
    savings_account: str
    under_way: str | None


def add(session: Session, consent: Autodebit) -> None:
    """Keep a consent."""
    session.add(consent)
    session.flush()


def find_standing(session: Session, loan_id: str) -> Autodebit | None:
    """The consent that stands; whoever changes it holds the loan's lock."""
    return session.scalar(
        select(Autodebit)
        .where(Autodebit.loan_id == loan_id, Autodebit.revoked_at.is_(None))
        .execution_options(populate_existing=True)
    )


def list_of(
    session: Session, loan_id: str, *, after: str | None, limit: int
) -> Sequence[Autodebit]:
    """Consents of a loan past ``after``, in the order they were given."""
    query = (
        select(Autodebit)
        .where(Autodebit.loan_id == loan_id)
        .order_by(Autodebit.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Autodebit.id > after)
    return session.scalars(query).all()


def list_due(
    session: Session,
    cooperative_id: str,
    day: date,
    *,
    after: str | None,
    limit: int,
) -> list[Due]:
    """Consents past ``after`` whose loans owe something by the day, not tried on it."""
    rows = session.execute(
        text(_DUE),
        {
            "cooperative_id": cooperative_id,
            "day": day,
            "after": after or "",
            "limit": limit,
        },
    )
    return [Due(*row) for row in rows]


def forgive(session: Session, cooperative_id: str, day: date) -> None:
    """Count no failures of those who owe nothing by the day."""
    session.execute(text(_FORGIVE), {"cooperative_id": cooperative_id, "day": day})


def judge(session: Session, day: date, ids: Sequence[str], event: str) -> None:
    """Keep how the debits of a day went, once; who fails first is told by ``event``."""
    session.execute(text(_JUDGE), {"day": day, "ids": list(ids), "event": event})
