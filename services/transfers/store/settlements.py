"""Rows of settlements and of their proofs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import BigInteger, Subquery, cast, func, select, text, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.transfers import models
from services.transfers.domain.settlement import Share


def add(session: Session, settlement_id: str, window_ids: Sequence[str]) -> None:
    """A pending settlement that these windows belong to from now on."""
    session.add(models.Settlement(id=settlement_id, state="pending"))
    session.flush()
    session.execute(
        text("UPDATE settlement_windows SET settlement_id = :id WHERE id = ANY(:ids)"),
        {"id": settlement_id, "ids": list(window_ids)},
    )


def find(session: Session, settlement_id: str) -> models.Settlement | None:
    """One settlement."""
    return session.get(models.Settlement, settlement_id, populate_existing=True)


def find_locked(session: Session, settlement_id: str) -> models.Settlement | None:
    """One settlement, held until the transaction ends."""
    return session.get(
        models.Settlement, settlement_id, with_for_update=True, populate_existing=True
    )


def _parts(settlement_ids: Sequence[str]) -> Subquery:
    """Settlements with their windows, also those that a cancelled one has freed."""
    bound = select(
        models.Window.settlement_id, models.Window.id.label("window_id")
    ).where(models.Window.settlement_id.in_(list(settlement_ids)))
    freed = select(
        models.Settlement.id, func.unnest(models.Settlement.freed_window_ids)
    ).where(models.Settlement.id.in_(list(settlement_ids)))
    return union_all(bound, freed).subquery()


def window_ids(session: Session, settlement_ids: Sequence[str]) -> dict[str, list[str]]:
    """The windows of each settlement, oldest first."""
    part = _parts(settlement_ids).c
    rows = session.execute(
        select(part.settlement_id, part.window_id).order_by(part.window_id)
    )
    found: dict[str, list[str]] = {one: [] for one in settlement_ids}
    for settlement_id, window_id in rows:
        found[settlement_id].append(window_id)
    return found


def load_shares(
    session: Session, settlement_ids: Sequence[str]
) -> dict[str, list[Share]]:
    """What each settlement adds up to for each cooperative."""
    part, row = _parts(settlement_ids).c, models.WindowNet
    sums = (
        cast(func.sum(one), BigInteger).label(one.key)
        for one in (row.net, row.book_paid, row.book_received)
    )
    rows = session.execute(
        select(part.settlement_id, row.cooperative_id, *sums)
        .where(row.window_id == part.window_id)
        .group_by(part.settlement_id, row.cooperative_id)
        .order_by(row.cooperative_id)
    )
    found: dict[str, list[Share]] = {one: [] for one in settlement_ids}
    for one in rows:
        found[one.settlement_id].append(
            Share(
                cooperative_id=one.cooperative_id,
                net=one.net,
                book_paid=one.book_paid,
                book_received=one.book_received,
            )
        )
    return found


def list_page(
    session: Session, *, before_id: str | None, limit: int
) -> Sequence[models.Settlement]:
    """Settlements, newest first; ids are time-ordered."""
    query = select(models.Settlement).order_by(models.Settlement.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(models.Settlement.id < before_id)
    return session.scalars(query).all()


def begin(session: Session, settlement_id: str, *, journal_id: str, on: date) -> None:
    """Record the decision to settle, and the journal that will do it."""
    session.execute(
        text(
            "UPDATE settlements SET state = 'settling', attempts = attempts + 1, "
            " journal_id = :journal_id, business_date = :on, "
            " driven_at = clock_timestamp() WHERE id = :id AND state = 'pending'"
        ),
        {"id": settlement_id, "journal_id": journal_id, "on": on},
    )


def abandon(session: Session, settlement_id: str, journal_id: str) -> None:
    """The journal was refused: the settlement may be tried again with another."""
    session.execute(
        text(
            "UPDATE settlements SET state = 'pending' "
            "WHERE id = :id AND state = 'settling' AND journal_id = :journal_id"
        ),
        {"id": settlement_id, "journal_id": journal_id},
    )


def complete(session: Session, settlement_id: str) -> bool:
    """Settle the settlement and its windows; False when that had been done before."""
    done = session.execute(
        text(
            "UPDATE settlements SET state = 'settled', settled_at = clock_timestamp() "
            "WHERE id = :id AND state = 'settling' RETURNING id"
        ),
        {"id": settlement_id},
    ).first()
    if done is None:
        return False
    session.execute(
        text(
            "UPDATE settlement_windows SET state = 'settled' "
            "WHERE settlement_id = :id AND state = 'closed'"
        ),
        {"id": settlement_id},
    )
    return True


def cancel(session: Session, settlement_id: str, window_ids: Sequence[str]) -> bool:
    """Cancel a pending settlement and free its windows; False when it is not pending.

    The settlement first: PostgreSQL lets a window go only from a cancelled one.
    """
    done = session.execute(
        text(
            "UPDATE settlements SET state = 'cancelled', "
            " cancelled_at = clock_timestamp(), "
            " freed_window_ids = CAST(:window_ids AS text[]) "
            "WHERE id = :id AND state = 'pending' RETURNING id"
        ),
        {"id": settlement_id, "window_ids": list(window_ids)},
    ).first()
    if done is None:
        return False
    session.execute(
        text(
            "UPDATE settlement_windows SET settlement_id = NULL "
            "WHERE settlement_id = :id AND state = 'closed'"
        ),
        {"id": settlement_id},
    )
    return True


def claim_stuck(session: Session, *, age_seconds: float, limit: int) -> list[str]:
    """Settlements whose journal is under way for too long, claimed."""
    rows = session.execute(
        text(
            "UPDATE settlements SET driven_at = clock_timestamp() WHERE id IN ("
            " SELECT id FROM settlements WHERE state = 'settling' "
            " AND driven_at <= clock_timestamp() - make_interval(secs => :age) "
            " ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING id"
        ),
        {"age": age_seconds, "limit": limit},
    )
    return list(rows.scalars())


def find_proof(session: Session, settlement_id: str) -> models.SettlementProof | None:
    """The signed body of a settlement's proof, if it was made already."""
    return session.get(models.SettlementProof, settlement_id)


def keep_proof(
    session: Session, settlement_id: str, *, body: str, public_key: str, signature: str
) -> None:
    """Freeze a proof; the first one stays."""
    session.execute(
        insert(models.SettlementProof)
        .values(
            settlement_id=settlement_id,
            body=body,
            public_key=public_key,
            signature=signature,
        )
        .on_conflict_do_nothing()
    )
