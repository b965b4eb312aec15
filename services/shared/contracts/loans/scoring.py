"""How applications are scored: models, cards, scores, rankings (R45-R46, R130-R131).

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_scoring_model` | products:write | `CreateScoringModel` | `ScoringModel` |
| `list_scoring_models` | reads models | `ListScoringModels` | a page of them |
| `get_scoring_model` | reads models | `ScoringModelCommand` | `ScoringModel` |
| `activate_scoring_model` | approvals:write | `ActivateScoringModel` | the same |
| `score_application` | applications:write | `ScoreApplication` | `ApplicationScore` |
| `list_application_scores` | applications:read | `ListScores` | a page of them |
| `reproduce_score` | applications:read | `ScoreCommand` | `Reproduction` |
| `rank_applications` | applications:read | `RankApplications` | `Ranking` |
| `list_scorecards` | reads models | `ListScorecards` | a page of them |
| `get_scorecard` | reads models | `ScorecardCommand` | `Scorecard` |
| `get_scoring_settings` | reads models | `{}` | `ScoringSettings` |
| `put_scoring_settings` | products:write | `ScoringSettings` | its settings |

Who reads models has applications:read or products:read.
Scores, ratings and weights are basis points: a `score_bps` of 7825 is 78.25 of a
hundred points. Columns of R131: `score_bps` is skor_kelayakan, `verification_status`
of an application status_verifikasi, `note` catatan_analis.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import (
    SECTORS,
    ApplicationCommand,
    Command,
    identifier,
)
from services.shared.contracts.loans.queue import score_bps
from services.shared.contracts.paging import Page
from services.shared.errors import RefusedError

METHODS: Final = ("saw", "wp", "ahp", "scorecard")
KINDS: Final = ("benefit", "cost")
NUMBERS: Final = (
    "monthly_income",
    "debt_service_bps",
    "membership_months",
    "savings_total",
    "savings_bps",
    "on_time_bps",
    "worst_dpd",
    "settled_loans",
    "bureau_score",
    "cover_bps",
    "business_months",
    "amount",
    "instalments",
)
CHOICES: Final = {
    "check_result": ("LOLOS", "TINJAU", "GAGAL"),
    "employment": ("employee", "self_employed"),
    "income_cycle": ("daily", "weekly", "monthly", "seasonal"),
    "simple_class": ("A", "B", "C"),
    "sector": SECTORS,
}
SOURCES: Final = (*NUMBERS, *CHOICES)
SIMPLE_CLASSES: Final = ("A", "B", "C")
CRITERIA_MAX: Final = 10
CLASSES_MAX: Final = 10
RANKED_MAX: Final = 100
ALL_BPS: Final = 10_000
BOUND_MAX: Final = 10**15
_KEY: Final = r"^[a-z][a-z0-9_]{0,29}\Z"


class WeightsNotWhole(RefusedError):
    """The weights of the criteria must make exactly 10000 basis points."""

    code = "weights_not_whole"


class InvalidCriteria(RefusedError):
    """A criterion does not fit what it looks at."""

    code = "invalid_criteria"


class InvalidRiskClasses(RefusedError):
    """Each class begins below the one before, and the last one at zero."""

    code = "invalid_risk_classes"


class IncompleteComparisons(RefusedError):
    """Every pair of criteria is compared exactly once."""

    code = "incomplete_comparisons"


class InconsistentComparisons(RefusedError):
    """The comparisons contradict each other; `consistency_bps` may be at most 1000."""

    code = "inconsistent_comparisons"


class ClassRateOverCap(RefusedError):
    """A class would let a loan on offer cost more than 24 % a year."""

    code = "class_rate_over_cap"


class ScoringModelActive(RefusedError):
    """This model is in use already."""

    code = "scoring_model_active"


def _share(**options: Any) -> fields.Integer:
    return fields.Integer(
        strict=True, validate=validate.Range(min=0, max=ALL_BPS), **options
    )


def _key(**options: Any) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(
            _KEY, error="Must be small letters, digits and _, a letter first."
        ),
        **options,
    )


def _bound() -> fields.Integer:
    return fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=BOUND_MAX),
    )


# Models


class Criterion(Schema):
    """One thing that is looked at.

    A number (such as `monthly_income`) is rated between `lower` and `upper`, a word
    (such as `employment`) by `table`. Names that end in `_bps` are shares: 10000 is
    all.
    """

    key = _key(metadata={"example": "income"})
    name = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "What people are told it is."},
    )
    kind = fields.String(
        load_default="benefit",
        validate=validate.OneOf(KINDS),
        metadata={"description": "Whether more is better (`benefit`) or worse."},
    )
    source = fields.String(
        required=True,
        validate=validate.OneOf(SOURCES),
        metadata={"example": "monthly_income"},
    )
    weight_bps = _share(
        load_default=0,
        metadata={"description": "Left out with AHP, which computes it."},
    )
    lower = _bound()
    upper = _bound()
    table = fields.Dict(
        keys=fields.String(),
        values=_share(),
        load_default=None,
        allow_none=True,
        metadata={"example": None, "description": "The rating of each word."},
    )
    missing_bps = _share(
        load_default=0,
        metadata={"description": "The rating of what is not known.", "example": 0},
    )


class ModelComparison(Schema):
    """`criterion` is `importance` times as important as `over` (Saaty's 1 to 9)."""

    criterion = _key(metadata={"example": "income"})
    over = _key(metadata={"example": "membership"})
    importance = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=9),
        metadata={"example": 3},
    )


class RiskClass(Schema):
    """From which score on a class begins, and what it means for the terms.

    `amount_bps` is the part of the product's largest amount that may be lent;
    `rate_add_bps` is added to the product's rate. No rate may come to more than 2400.
    """

    grade = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[A-Z][A-Z0-9+-]{0,2}\Z", error="Must be such as A or B+."
        ),
        metadata={"example": "A"},
    )
    from_bps = _share(required=True, metadata={"example": 8000})
    amount_bps = _share(required=True, metadata={"example": 10_000})
    rate_add_bps = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=-2400, max=2400),
        metadata={"example": 0},
    )


class ScoringModelBody(Schema):
    """A way to judge. A model never changes: another way is another version.

    `saw`, `wp` and `ahp` need criteria, `ahp` also a comparison of every pair of them;
    `scorecard` needs a card that the job `scorecard` has made.
    """

    name = text(longest=100, required=True, metadata={"example": "Umum 2026"})
    method = fields.String(
        required=True, validate=validate.OneOf(METHODS), metadata={"example": "saw"}
    )
    criteria = fields.List(
        fields.Nested(Criterion),
        load_default=list,
        validate=validate.Length(max=CRITERIA_MAX),
    )
    comparisons = fields.List(
        fields.Nested(ModelComparison),
        load_default=list,
        validate=validate.Length(max=CRITERIA_MAX * (CRITERIA_MAX - 1) // 2),
    )
    classes = fields.List(
        fields.Nested(RiskClass),
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=CLASSES_MAX),
        metadata={"description": "By default five, A to E, at the product's rate."},
    )
    scorecard_id = text(longest=100, load_default=None, allow_none=True)

    @validates_schema
    def _fits_method(self, data: dict[str, Any], **_: Any) -> None:
        method = data["method"]
        if (method == "scorecard") != (data["scorecard_id"] is not None):
            raise ValidationError("Goes with the method scorecard.", "scorecard_id")
        if (method == "scorecard") == bool(data["criteria"]):
            raise ValidationError("Go with the methods saw, wp and ahp.", "criteria")
        if method != "ahp" and data["comparisons"]:
            raise ValidationError("Go with the method ahp.", "comparisons")


class CreateScoringModel(ScoringModelBody, Command):
    """A model that can be activated by another person."""


class ScoringModelCommand(Schema):
    """A model of the caller's cooperative."""

    model_id = identifier("scm_01jd8x")


class ActivateScoringModel(ScoringModelCommand, Command):
    """A model that is used from now on."""


class ListScoringModels(Page):
    """The models of the caller's cooperative."""


class CardBin(Schema):
    """What numbers up to and including `upto` are worth; null is all others."""

    upto = fields.Integer(required=True, strict=True, allow_none=True)
    points = fields.Integer(required=True, strict=True)


class CardFeature(Schema):
    """What a card looks at; points are hundredths of one of a hundred."""

    source = fields.String(required=True)
    name = fields.String(required=True)
    bins = fields.List(fields.Nested(CardBin), required=True)
    missing = fields.Integer(required=True, strict=True)


class ScoringModel(Schema):
    """A model with everything that it computes with; version 0 is offered to all."""

    id = fields.String(
        required=True, allow_none=True, metadata={"example": "scm_01jd8x"}
    )
    version = fields.Integer(required=True, strict=True, metadata={"example": 1})
    name = fields.String(required=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    is_active = fields.Boolean(required=True)
    criteria = fields.List(fields.Nested(Criterion), required=True)
    comparisons = fields.List(fields.Nested(ModelComparison), required=True)
    consistency_bps = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={
            "description": "Saaty's consistency ratio: at most 1000, which is 0.1.",
            "example": 332,
        },
    )
    classes = fields.List(fields.Nested(RiskClass), required=True)
    scorecard_id = fields.String(required=True, allow_none=True)
    created_at = UtcField(required=True, allow_none=True)
    created_by = fields.String(required=True, allow_none=True)


class ScoringModelPage(Schema):
    """Models in the order they were made; on the first page also the one offered."""

    items = fields.List(fields.Nested(ScoringModel), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Scores


class ScoreBody(Schema):
    """What the analyst has to say (catatan_analis)."""

    note = text(
        longest=1000,
        load_default=None,
        allow_none=True,
        metadata={"example": "Usaha ramai, pembukuan rapi."},
    )


class ScoreApplication(ScoreBody, ApplicationCommand, Command):
    """An application to be scored with the model in use."""


class RatedCriterion(Schema):
    """What one criterion did to a score.

    `contribution_bps` is what it adds; of a weighted product it is a factor, where
    10000 takes nothing away. Base and contributions make the score.
    """

    key = fields.String(required=True)
    name = fields.String(required=True)
    weight_bps = fields.Integer(required=True, strict=True)
    rating_bps = fields.Integer(required=True, strict=True)
    contribution_bps = fields.Integer(required=True, strict=True)
    is_known = fields.Boolean(required=True)


class ApplicationScore(Schema):
    """A score and all it was computed from; `max_amount` in whole rupiah."""

    id = identifier("scr_01jd8x")
    application_id = identifier("app_01jd8x")
    model_id = fields.String(required=True, allow_none=True)
    model_version = fields.Integer(required=True, strict=True)
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    score_bps = score_bps(required=True)
    risk_class = fields.String(required=True, metadata={"example": "B"})
    simple_class = fields.String(
        required=True,
        validate=validate.OneOf(SIMPLE_CLASSES),
        metadata={"description": "The simple score of R141; A is low risk."},
    )
    amount = fields.Integer(required=True, strict=True)
    max_amount = fields.Integer(required=True, strict=True)
    rate_bps = fields.Integer(required=True, strict=True)
    base_bps = fields.Integer(required=True, strict=True)
    criteria = fields.List(fields.Nested(RatedCriterion), required=True)
    reasons = fields.List(
        fields.String(),
        required=True,
        metadata={"example": ["Nilai 78,25 dari 100 masuk kelas risiko B."]},
    )
    inputs = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "What was known, by source; null is not known.",
            "example": {"monthly_income": 6_000_000},
        },
    )
    note = fields.String(required=True, allow_none=True)
    scored_at = UtcField(required=True)
    scored_by = fields.String(required=True)


class ListScores(ApplicationCommand, Page):
    """The scores of an application."""


class ApplicationScorePage(Schema):
    """Scores, the latest first: that one counts."""

    items = fields.List(fields.Nested(ApplicationScore), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ScoreCommand(ApplicationCommand):
    """One score of an application."""

    score_id = identifier("scr_01jd8x")


class Reproduction(Schema):
    """A score computed again from what was kept of it."""

    score_id = identifier("scr_01jd8x")
    is_reproduced = fields.Boolean(required=True)
    score_bps = score_bps(required=True)


class RankBody(Schema):
    """Applications to be compared with each other."""

    application_ids = fields.List(
        text(longest=100),
        required=True,
        validate=validate.Length(min=1, max=RANKED_MAX),
        metadata={"example": ["app_01jd8x", "app_01jd8y"]},
    )
    method = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(("saw", "wp")),
        metadata={"description": "By default that of the model in use."},
    )


class RankApplications(RankBody):
    """What the textbook makes of the batch, by the criteria of the model in use."""


class RankedApplication(Schema):
    """One of a batch."""

    application_id = identifier("app_01jd8x")
    rank = fields.Integer(required=True, strict=True)
    value_bps = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "SAW: the preference; WP: the share of all."},
    )
    score_bps = score_bps(required=True)


class Ranking(Schema):
    """The batch, the best first; `unscored` have no score yet to take inputs from."""

    method = fields.String(required=True)
    items = fields.List(fields.Nested(RankedApplication), required=True)
    unscored = fields.List(fields.String(), required=True)


# Scorecards


class ScorecardDecile(Schema):
    """A tenth of all loans, the riskiest first: bad as foreseen, and in fact."""

    count = fields.Integer(required=True, strict=True)
    bad = fields.Integer(required=True, strict=True)
    foreseen_bps = fields.Integer(required=True, strict=True)


class ScorecardQuality(Schema):
    """How well a card tells good from bad, on loans that it was not learnt from."""

    auc_bps = fields.Integer(
        required=True,
        strict=True,
        metadata={
            "description": "How often a good loan has the better score; 5000 is "
            "guessing.",
            "example": 7400,
        },
    )
    ks_bps = fields.Integer(required=True, strict=True, metadata={"example": 3800})
    brier_bps = fields.Integer(required=True, strict=True, metadata={"example": 900})
    deciles = fields.List(fields.Nested(ScorecardDecile), required=True)


class ScorecardCommand(Schema):
    """A card of the caller's cooperative."""

    scorecard_id = identifier("crd_01jd8x")


class ListScorecards(Page):
    """The cards of the caller's cooperative."""


class Scorecard(Schema):
    """What the job learnt; it judges nobody until a model of it is activated."""

    id = identifier("crd_01jd8x")
    version = fields.Integer(required=True, strict=True)
    trained_on = fields.Date(required=True)
    loans = fields.Integer(required=True, strict=True)
    bad = fields.Integer(required=True, strict=True)
    base = fields.Integer(required=True, strict=True)
    features = fields.List(fields.Nested(CardFeature), required=True)
    quality = fields.Nested(ScorecardQuality, required=True)
    created_at = UtcField(required=True)


class ScorecardPage(Schema):
    """Cards, the latest first."""

    items = fields.List(fields.Nested(Scorecard), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ScoringSettings(Schema):
    """How much history a card is learnt from at least."""

    minimum_loans = fields.Integer(
        load_default=200, strict=True, validate=validate.Range(min=50, max=1_000_000)
    )
    minimum_bad = fields.Integer(
        load_default=20, strict=True, validate=validate.Range(min=5, max=100_000)
    )
    minimum_months = fields.Integer(
        load_default=12,
        strict=True,
        validate=validate.Range(min=1, max=120),
        metadata={"description": "How old a loan that is still running must be."},
    )

    @validates_schema
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        if data["minimum_bad"] >= data["minimum_loans"]:
            raise ValidationError("Must be fewer than the loans.", "minimum_bad")
