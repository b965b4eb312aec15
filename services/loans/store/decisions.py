"""How votes and decisions are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.loans.models import CommitteeVote, LoanDecision, Verification


def add_vote(session: Session, **columns: Any) -> bool:
    """Keep a vote; False when this voter has voted in this round already."""
    added = session.execute(
        insert(CommitteeVote)
        .values(**columns)
        .on_conflict_do_nothing(constraint="uq_committee_votes")
        .returning(CommitteeVote.id)
    )
    return added.scalar_one_or_none() is not None


def votes_on(session: Session, application_id: str) -> Sequence[CommitteeVote]:
    """All votes on an application, in the order they were cast."""
    return session.scalars(
        select(CommitteeVote)
        .where(CommitteeVote.application_id == application_id)
        .order_by(CommitteeVote.round, CommitteeVote.voted_at, CommitteeVote.id)
    ).all()


def find_decision(session: Session, application_id: str) -> LoanDecision | None:
    """What was decided on an application, if anything."""
    return session.scalar(
        select(LoanDecision)
        .where(LoanDecision.application_id == application_id)
        .execution_options(populate_existing=True)
    )


def verified_at(session: Session, application_id: str) -> datetime | None:
    """When the application was last brought before the committee."""
    return session.scalar(
        select(Verification.finished_at).where(
            Verification.application_id == application_id
        )
    )


def analyst_of(session: Session, application_id: str) -> str | None:
    """Who verified the application and brought it before the committee."""
    return session.scalar(
        select(Verification.finished_by).where(
            Verification.application_id == application_id
        )
    )
