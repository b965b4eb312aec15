"""Scoring: models and who activates them, scores, rankings, cards that are learnt."""

from __future__ import annotations

from services.loans.operations.scoring.cards import (
    SCORECARD,
    get_scorecard,
    get_settings,
    list_scorecards,
    put_settings,
)
from services.loans.operations.scoring.models import (
    activate_model,
    create_model,
    get_model,
    list_models,
)
from services.loans.operations.scoring.scores import (
    latest_score,
    list_scores,
    rank_applications,
    reproduce_score,
    score,
    score_new,
)

__all__ = [
    "SCORECARD",
    "activate_model",
    "create_model",
    "get_model",
    "get_scorecard",
    "get_settings",
    "latest_score",
    "list_models",
    "list_scorecards",
    "list_scores",
    "put_settings",
    "rank_applications",
    "reproduce_score",
    "score",
    "score_new",
]
