"""How scoring models, cards and scores are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from services.loans.models import (
    ApplicationScore,
    LoanApplication,
    LoanProduct,
    Scorecard,
    ScoringActivation,
    ScoringModel,
    ScoringSettings,
)


class History(NamedTuple):
    """How somebody has repaid loans of this cooperative until a day."""

    due: int
    """Instalments that fell due."""

    on_time: int
    """How many of them were paid in full by their day."""

    worst_dpd: int
    """The most days that one of them was late."""

    settled: int
    """Loans that were paid back."""


class PastLoan(NamedTuple):
    """A loan to learn from, with what was known of its borrower when it was given."""

    loan_id: str
    score_id: str | None
    amount: int
    instalments: int
    is_bad: bool
    due: int
    on_time: int
    worst_dpd: int
    settled: int


# Models


def add_model(session: Session, model: ScoringModel) -> None:
    """Keep a model for ever."""
    session.add(model)
    session.flush()


def find_model(session: Session, model_id: str) -> ScoringModel | None:
    """A model by its id."""
    return session.get(ScoringModel, model_id)


def list_models(
    session: Session, *, after: str | None, limit: int
) -> Sequence[ScoringModel]:
    """Models of the tenant past ``after``, in the order they were made."""
    query = select(ScoringModel).order_by(ScoringModel.id).limit(limit)
    if after is not None:
        query = query.where(ScoringModel.id > after)
    return session.scalars(query).all()


def add_activation(session: Session, activation: ScoringActivation) -> None:
    """From now on another model is in use."""
    session.add(activation)
    session.flush()


def active_model(session: Session) -> ScoringModel | None:
    """The model in use; None while the cooperative uses the one that is offered."""
    return session.scalar(
        select(ScoringModel)
        .join(ScoringActivation, ScoringActivation.model_id == ScoringModel.id)
        .order_by(ScoringActivation.number.desc())
        .limit(1)
    )


def highest_rate_bps(session: Session) -> int:
    """The highest rate of a product on offer; 0 when there is none."""
    found = session.scalar(
        select(func.max(LoanProduct.rate_bps)).where(LoanProduct.is_offered)
    )
    return found or 0


# Scores


def add_score(session: Session, score: ApplicationScore) -> None:
    """Keep a score for ever."""
    session.add(score)
    session.flush()


def find_score(session: Session, score_id: str) -> ApplicationScore | None:
    """A score by its id."""
    return session.get(ApplicationScore, score_id)


def latest_scores(
    session: Session, application_ids: Sequence[str]
) -> dict[str, ApplicationScore]:
    """The last score of each of these applications that has one."""
    rows = session.scalars(
        select(ApplicationScore)
        .where(ApplicationScore.application_id.in_(application_ids))
        .ext(distinct_on(ApplicationScore.application_id))
        .order_by(
            ApplicationScore.application_id,
            ApplicationScore.scored_at.desc(),
            ApplicationScore.id.desc(),
        )
    )
    return {row.application_id: row for row in rows}


def count_applications(session: Session, application_ids: Sequence[str]) -> int:
    """How many of these applications there are."""
    return session.execute(
        select(func.count())
        .select_from(LoanApplication)
        .where(LoanApplication.id.in_(application_ids))
    ).scalar_one()


def list_scores(
    session: Session, application_id: str, *, before: str | None, limit: int
) -> Sequence[ApplicationScore]:
    """The scores of an application, the latest first."""
    query = (
        select(ApplicationScore)
        .where(ApplicationScore.application_id == application_id)
        .order_by(ApplicationScore.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ApplicationScore.id < before)
    return session.scalars(query).all()


def history_of(session: Session, member_id: str, until: date) -> History:
    """How a member has repaid until a day."""
    row = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE part.due_on <= :until), "
            " count(*) FILTER (WHERE part.due_on <= :until "
            "  AND part.settled_on <= part.due_on), "
            " coalesce(max(least(coalesce(part.settled_on, :until), :until) "
            "  - part.due_on) FILTER (WHERE part.due_on <= :until), 0), "
            " count(DISTINCT loan.id) FILTER (WHERE loan.status = 'settled') "
            "FROM loans loan JOIN instalments part ON part.loan_id = loan.id "
            "WHERE loan.cooperative_id = current_setting('app.cooperative_id') "
            " AND loan.member_id = :member_id"
        ),
        {"member_id": member_id, "until": until},
    ).one()
    due, on_time, worst, settled = row
    return History(due=due, on_time=on_time, worst_dpd=max(worst, 0), settled=settled)


# Scorecards


def past_loans(
    session: Session, today: date, begun_before: date, limit: int
) -> list[PastLoan]:
    """Loans that are closed or old enough, and what was known before each of them.

    Bad is one that was ever more than 90 days late, or written off. A loan that took
    the place of another is the other's fate and teaches nothing of its own. Of more
    than ``limit`` the latest.
    """
    rows = session.execute(
        text(
            "WITH judged AS ("
            " SELECT loan.id, loan.member_id, loan.application_id, loan.principal, "
            "  loan.count, loan.disbursed_on, "
            "  loan.status = 'written_off' OR EXISTS ("
            "   SELECT FROM instalments part WHERE part.loan_id = loan.id "
            "   AND least(coalesce(part.settled_on, :today), :today) "
            "    - part.due_on > 90) AS is_bad "
            " FROM loans loan "
            " WHERE loan.cooperative_id = current_setting('app.cooperative_id') "
            "  AND loan.kind = 'loan' AND loan.restructured_from IS NULL "
            "  AND (loan.status IN ('settled', 'written_off') "
            "   OR loan.disbursed_on <= :begun_before) "
            " ORDER BY loan.disbursed_on DESC, loan.id LIMIT :limit), "
            "known AS ("
            " SELECT DISTINCT ON (judged.id) judged.id, score.id AS score_id "
            " FROM judged JOIN application_scores score "
            "  ON score.cooperative_id = current_setting('app.cooperative_id') "
            "  AND score.application_id = judged.application_id "
            " ORDER BY judged.id, score.scored_at DESC, score.id DESC), "
            "before AS ("
            " SELECT judged.id, "
            "  count(part.loan_id) AS due, "
            "  count(*) FILTER (WHERE part.settled_on <= part.due_on) AS on_time, "
            "  max(least(coalesce(part.settled_on, judged.disbursed_on), "
            "   judged.disbursed_on) - part.due_on) AS worst, "
            "  count(DISTINCT other.id) FILTER ("
            "   WHERE other.closed_on <= judged.disbursed_on) AS settled "
            " FROM judged "
            " JOIN loans other "
            "  ON other.cooperative_id = current_setting('app.cooperative_id') "
            "  AND other.member_id = judged.member_id AND other.id <> judged.id "
            " JOIN instalments part ON part.loan_id = other.id "
            "  AND part.due_on <= judged.disbursed_on "
            " GROUP BY judged.id) "
            "SELECT judged.id AS loan_id, known.score_id, "
            " judged.principal AS amount, judged.count AS instalments, judged.is_bad, "
            " coalesce(before.due, 0) AS due, coalesce(before.on_time, 0) AS on_time, "
            " greatest(coalesce(before.worst, 0), 0) AS worst_dpd, "
            " coalesce(before.settled, 0) AS settled "
            "FROM judged LEFT JOIN known ON known.id = judged.id "
            "LEFT JOIN before ON before.id = judged.id ORDER BY judged.id"
        ),
        {"today": today, "begun_before": begun_before, "limit": limit},
    )
    return [PastLoan(**row._mapping) for row in rows]  # noqa: SLF001  public


def scores_by_id(
    session: Session, score_ids: Sequence[str]
) -> Sequence[ApplicationScore]:
    """These scores."""
    return session.scalars(
        select(ApplicationScore).where(ApplicationScore.id.in_(score_ids))
    ).all()


def add_scorecard(session: Session, card: Scorecard) -> None:
    """Keep a card for ever."""
    session.add(card)
    session.flush()


def has_card_of(session: Session, day: date) -> bool:
    """Whether the run of this day has kept its card."""
    found = session.scalar(select(Scorecard.id).where(Scorecard.trained_on == day))
    return found is not None


def find_scorecard(session: Session, scorecard_id: str) -> Scorecard | None:
    """A card by its id."""
    return session.get(Scorecard, scorecard_id)


def list_scorecards(
    session: Session, *, before: str | None, limit: int
) -> Sequence[Scorecard]:
    """The cards of the tenant, the latest first."""
    query = select(Scorecard).order_by(Scorecard.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Scorecard.id < before)
    return session.scalars(query).all()


def find_settings(session: Session, cooperative_id: str) -> ScoringSettings | None:
    """How much history a card needs, None while the cooperative has not said."""
    return session.get(ScoringSettings, cooperative_id)


def keep_settings(session: Session, cooperative_id: str, **columns: Any) -> None:
    """Keep new settings."""
    session.execute(
        insert(ScoringSettings)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
    )
