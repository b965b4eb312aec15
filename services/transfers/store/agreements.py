"""Rows of agreements and of what they have used of a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from services.transfers import models
from services.transfers.domain.agreements import Agreement, Pair


def load_in_force(
    session: Session, pairs: Iterable[Pair], on: date
) -> dict[Pair, Agreement]:
    """The agreements of these pairs that are in force on a date."""
    wanted = sorted(set(pairs))
    if not wanted:
        return {}
    rows = session.execute(
        text(
            "SELECT id, cooperative_a, cooperative_b, transfer_limit, daily_limit "
            "FROM agreements WHERE (cooperative_a, cooperative_b) IN ("
            " SELECT * FROM unnest(CAST(:firsts AS text[]), CAST(:seconds AS text[]))) "
            "AND :on BETWEEN valid_from AND last_day"
        ),
        {
            "firsts": [pair[0] for pair in wanted],
            "seconds": [pair[1] for pair in wanted],
            "on": on,
        },
    )
    return {
        (row.cooperative_a, row.cooperative_b): Agreement(
            id=row.id,
            pair=(row.cooperative_a, row.cooperative_b),
            transfer_limit=row.transfer_limit,
            daily_limit=row.daily_limit,
        )
        for row in rows
    }


def lock_usage(
    session: Session, agreements: Iterable[Agreement], on: date
) -> dict[str, int]:
    """What these agreements have used of a date, held until the transaction ends."""
    limits = {
        agreement.id: agreement.daily_limit
        for agreement in agreements
        if agreement.daily_limit is not None
    }
    if not limits:
        return {}
    ids = sorted(limits)
    session.execute(
        text(
            "INSERT INTO agreement_usage "
            "(agreement_id, business_date, used, daily_limit) "
            "SELECT id, CAST(:on AS date), 0, daily_limit FROM unnest("
            " CAST(:ids AS text[]), CAST(:limits AS bigint[])) "
            " AS fresh (id, daily_limit) ON CONFLICT DO NOTHING"
        ),
        {"on": on, "ids": ids, "limits": [limits[one] for one in ids]},
    )
    rows = session.execute(
        text(
            "SELECT agreement_id, used FROM agreement_usage "
            "WHERE agreement_id = ANY(:ids) AND business_date = :on "
            "ORDER BY agreement_id FOR UPDATE"
        ),
        {"ids": ids, "on": on},
    )
    return {row.agreement_id: row.used for row in rows}


def add_usage(session: Session, amounts: Mapping[str, int], on: date) -> None:
    """Count these amounts to a date; negative ones give back what was not used."""
    ids = sorted(amounts)
    session.execute(
        text(
            "UPDATE agreement_usage SET used = used + change.amount "
            "FROM (SELECT agreement_id AS id, change.amount FROM agreement_usage "
            " JOIN unnest(CAST(:ids AS text[]), CAST(:amounts AS bigint[])) "
            " AS change (id, amount) ON change.id = agreement_id "
            " WHERE business_date = :on ORDER BY agreement_id FOR UPDATE OF "
            " agreement_usage) AS change "
            "WHERE agreement_id = change.id AND business_date = :on"
        ),
        {"ids": ids, "amounts": [amounts[one] for one in ids], "on": on},
    )


def find(session: Session, agreement_id: str) -> models.Agreement | None:
    """One agreement."""
    return session.get(models.Agreement, agreement_id)


def find_locked(session: Session, agreement_id: str) -> models.Agreement | None:
    """One agreement, held until the transaction ends."""
    return session.get(models.Agreement, agreement_id, with_for_update=True)


def overlapping(session: Session, pair: Pair, first: date, last: date) -> str | None:
    """The id of an agreement of the pair that is in force on one of these days."""
    row = models.Agreement
    return session.scalar(
        select(row.id)
        .where(
            row.cooperative_a == pair[0],
            row.cooperative_b == pair[1],
            row.valid_from <= last,
            row.last_day >= first,
            row.last_day >= row.valid_from,
        )
        .limit(1)
    )


def list_page(
    session: Session, *, cooperative_id: str | None, before_id: str | None, limit: int
) -> Sequence[models.Agreement]:
    """Agreements, newest first; ids are time-ordered."""
    row = models.Agreement
    query = select(row).order_by(row.id.desc()).limit(limit)
    if cooperative_id is not None:
        query = query.where(
            or_(
                row.cooperative_a == cooperative_id, row.cooperative_b == cooperative_id
            )
        )
    if before_id is not None:
        query = query.where(row.id < before_id)
    return session.scalars(query).all()
