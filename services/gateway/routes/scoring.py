"""How loan applications are scored."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import scoring as contract
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound, SameProposer, StepUpRequired

TAG = "Loan scoring"
READ = access.scope("applications:read")
READ_MODELS = access.scope("applications:read", "products:read")
WRITE_MODELS = access.scope("products:write")


class ScoringRoutes(Peers):
    """How loan applications are scored."""

    @route(
        "POST",
        "/v1/scoring-models",
        tag=TAG,
        rule=WRITE_MODELS,
        status=201,
        body=contract.ScoringModelBody,
        command=contract.CreateScoringModel,
        answer=contract.ScoringModel,
        errors=(
            NotFound,
            contract.WeightsNotWhole,
            contract.InvalidCriteria,
            contract.InvalidRiskClasses,
            contract.IncompleteComparisons,
            contract.InconsistentComparisons,
            contract.ClassRateOverCap,
        ),
    )
    def create_scoring_model(self, request: Request) -> dict[str, Any]:
        """Make a model; it judges nobody before another person activates it."""
        return dict(self.loans.create_scoring_model(request.command()))

    @route(
        "GET",
        "/v1/scoring-models",
        tag=TAG,
        rule=READ_MODELS,
        query=contract.ListScoringModels,
        command=contract.ListScoringModels,
        answer=contract.ScoringModelPage,
    )
    def list_scoring_models(self, request: Request) -> dict[str, Any]:
        """List the models, first the one that is offered to everybody."""
        return dict(self.loans.list_scoring_models(request.command()))

    @route(
        "GET",
        "/v1/scoring-models/{model_id}",
        tag=TAG,
        rule=READ_MODELS,
        command=contract.ScoringModelCommand,
        answer=contract.ScoringModel,
    )
    def get_scoring_model(self, request: Request) -> dict[str, Any]:
        """Show a model with everything that it computes with."""
        return dict(self.loans.get_scoring_model(request.command()))

    @route(
        "POST",
        "/v1/scoring-models/{model_id}/activate",
        tag=TAG,
        rule=access.scope("approvals:write"),
        command=contract.ActivateScoringModel,
        answer=contract.ScoringModel,
        errors=(
            SameProposer,
            StepUpRequired,
            contract.ScoringModelActive,
            contract.ClassRateOverCap,
        ),
    )
    def activate_scoring_model(self, request: Request) -> dict[str, Any]:
        """Score with a model from now on; who has made it cannot do this."""
        return dict(self.loans.activate_scoring_model(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/rank",
        tag=TAG,
        rule=READ,
        body=contract.RankBody,
        command=contract.RankApplications,
        answer=contract.Ranking,
        errors=(NotFound,),
    )
    def rank_applications(self, request: Request) -> dict[str, Any]:
        """Compare applications by SAW or WP as the textbook has them.

        Values are measured by the best of the batch, with the inputs of the latest
        scores and the criteria of the model in use. Nothing is changed.
        """
        return dict(self.loans.rank_applications(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/scores",
        tag=TAG,
        rule=access.scope("applications:write"),
        status=201,
        body=contract.ScoreBody,
        command=contract.ScoreApplication,
        answer=contract.ApplicationScore,
        errors=(loans.ApplicationNotReady,),
    )
    def score_application(self, request: Request) -> dict[str, Any]:
        """Score an application with the model in use; the latest score counts.

        `score_bps` is skor_kelayakan and `note` catatan_analis; status_verifikasi is
        the application's `verification_status`.
        """
        return dict(self.loans.score_application(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/scores",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListScores,
        answer=contract.ApplicationScorePage,
    )
    def list_application_scores(self, request: Request) -> dict[str, Any]:
        """List the scores of an application with inputs and reasons, latest first."""
        return dict(self.loans.list_application_scores(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/scores/{score_id}/reproduction",
        tag=TAG,
        rule=READ,
        command=contract.ScoreCommand,
        answer=contract.Reproduction,
    )
    def reproduce_score(self, request: Request) -> dict[str, Any]:
        """Compute a score again from what was kept of it, and compare."""
        return dict(self.loans.reproduce_score(request.command()))

    @route(
        "GET",
        "/v1/scorecards",
        tag=TAG,
        rule=READ_MODELS,
        query=contract.ListScorecards,
        command=contract.ListScorecards,
        answer=contract.ScorecardPage,
    )
    def list_scorecards(self, request: Request) -> dict[str, Any]:
        """List the scorecards that were learnt from the cooperative's own loans."""
        return dict(self.loans.list_scorecards(request.command()))

    @route(
        "GET",
        "/v1/scorecards/{scorecard_id}",
        tag=TAG,
        rule=READ_MODELS,
        command=contract.ScorecardCommand,
        answer=contract.Scorecard,
    )
    def get_scorecard(self, request: Request) -> dict[str, Any]:
        """Show a scorecard: its points, and how well it tells good from bad."""
        return dict(self.loans.get_scorecard(request.command()))

    @route(
        "GET",
        "/v1/scoring-settings",
        tag=TAG,
        rule=READ_MODELS,
        answer=contract.ScoringSettings,
    )
    def get_scoring_settings(self, request: Request) -> dict[str, Any]:
        """Show how much history a scorecard is learnt from at least."""
        del request
        return dict(self.loans.get_scoring_settings({}))

    @route(
        "PUT",
        "/v1/scoring-settings",
        tag=TAG,
        rule=WRITE_MODELS,
        body=contract.ScoringSettings,
        answer=contract.ScoringSettings,
    )
    def put_scoring_settings(self, request: Request) -> dict[str, Any]:
        """Change how much history a scorecard is learnt from at least."""
        return dict(self.loans.put_scoring_settings(request.json))
