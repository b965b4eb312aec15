"""How applications are judged: models, cards, and every score that was given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime

_METHODS = "method IN ('saw', 'wp', 'ahp', 'scorecard')"


class Scorecard(Base):
    """A scorecard as it was trained on the cooperative's own history; rows are added.

    What it says of whom is `domain/scorecards.py`: Card.
    """

    __tablename__ = "scorecards"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "version"),
        # One run of the job trains one.
        UniqueConstraint("cooperative_id", "trained_on"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("bad BETWEEN 1 AND loans - 1", name="bad"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    trained_on: Mapped[date]
    loans: Mapped[int] = mapped_column(Integer)
    bad: Mapped[int] = mapped_column(Integer)
    card: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # How well it tells good from bad: AUC, KS, Brier, deciles.
    quality: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ScoringModel(Base):
    """A way to judge applications, as it was made; another way is another version."""

    __tablename__ = "scoring_models"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "version"),
        ForeignKeyConstraint(
            ["cooperative_id", "scorecard_id"],
            ["scorecards.cooperative_id", "scorecards.id"],
            name="fk_scoring_models_scorecard",
        ),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint(_METHODS, name="method"),
        CheckConstraint(
            "(method = 'scorecard') = (scorecard_id IS NOT NULL)", name="scorecard"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    scorecard_id: Mapped[str | None] = mapped_column(Text)
    # Everything that a score is computed with (`domain/scoring.py`: Model).
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)


class ScoringActivation(Base):
    """Which model is in use since when: the latest row; rows are added."""

    __tablename__ = "scoring_activations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "model_id"],
            ["scoring_models.cooperative_id", "scoring_models.id"],
            name="fk_scoring_activations_model",
        ),
        CheckConstraint("number > 0", name="number"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_id: Mapped[str] = mapped_column(Text)
    activated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_by: Mapped[str] = mapped_column(Text)


class ApplicationScore(Base):
    """A score with all that it was computed from, so that it can be computed again."""

    __tablename__ = "application_scores"
    __table_args__ = (
        ForeignKeyConstraint(
            ["cooperative_id", "application_id"],
            ["loan_applications.cooperative_id", "loan_applications.id"],
            name="fk_application_scores_application",
        ),
        ForeignKeyConstraint(
            ["cooperative_id", "model_id"],
            ["scoring_models.cooperative_id", "scoring_models.id"],
            name="fk_application_scores_model",
        ),
        CheckConstraint(_METHODS, name="method"),
        CheckConstraint("score_bps BETWEEN 0 AND 10000", name="score_bps"),
        CheckConstraint("simple_class IN ('A', 'B', 'C')", name="simple_class"),
        CheckConstraint("max_amount BETWEEN 0 AND amount", name="max_amount"),
        # Permenkop 8/2023 art. 27: no risk is dear enough for more.
        CheckConstraint("rate_bps BETWEEN 0 AND 2400", name="rate_bps"),
        CheckConstraint("(model_id IS NULL) = (model_version = 0)", name="model"),
        Index(
            "ix_application_scores_application",
            "cooperative_id",
            "application_id",
            "scored_at",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    application_id: Mapped[str] = mapped_column(Text)
    # None, and version 0, for the model that is offered to everybody.
    model_id: Mapped[str | None] = mapped_column(Text)
    model_version: Mapped[int] = mapped_column(Integer)
    method: Mapped[str] = mapped_column(Text)
    model: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # Of the best there is: 7825 is 78.25 points of a hundred.
    score_bps: Mapped[int] = mapped_column(SmallInteger)
    risk_class: Mapped[str] = mapped_column(Text)
    # R141: the simple score of membership, history, business and cycle.
    simple_class: Mapped[str] = mapped_column(Text)
    # What was applied for, and what the class lets the committee give at most.
    amount: Mapped[int] = mapped_column(MoneyColumn)
    max_amount: Mapped[int] = mapped_column(MoneyColumn)
    rate_bps: Mapped[int] = mapped_column(Integer)
    # Inputs, points by criterion, reasons and the analyst's note, encrypted.
    details: Mapped[bytes] = mapped_column(LargeBinary)
    scored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scored_by: Mapped[str] = mapped_column(Text)


class ScoringSettings(Base):
    """How much history a scorecard is trained on at least."""

    __tablename__ = "scoring_settings"
    __table_args__ = (
        CheckConstraint(
            "minimum_loans >= 50 AND minimum_bad >= 5 AND minimum_bad < minimum_loans",
            name="minimum",
        ),
        CheckConstraint("minimum_months BETWEEN 1 AND 120", name="minimum_months"),
    )

    cooperative_id: Mapped[str] = mapped_column(Text, primary_key=True)
    minimum_loans: Mapped[int] = mapped_column(Integer)
    minimum_bad: Mapped[int] = mapped_column(Integer)
    # How old a loan that is still running must be to be learnt from.
    minimum_months: Mapped[int] = mapped_column(Integer)
