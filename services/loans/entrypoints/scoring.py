"""How applications are scored, and by which models."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import scoring
from services.shared import access, clock
from services.shared.contracts import loans
from services.shared.contracts.loans import scoring as contract
from services.shared.messaging import Event, loaded, on_event, rpc

READS: Final = access.scope("applications:read")
READS_MODELS: Final = access.scope("applications:read", "products:read")
WRITES_MODELS: Final = access.scope("products:write")


class ScoringEntrypoints(Peers):
    """Models, scores and cards."""

    @rpc(WRITES_MODELS)
    def create_scoring_model(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a model."""
        request = loaded(contract.CreateScoringModel(), command)
        return scoring.create_model(self.database, self.actor, request)

    @rpc(READS_MODELS)
    def list_scoring_models(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the models."""
        request = loaded(contract.ListScoringModels(), command)
        return scoring.list_models(self.database, self.tenant, request)

    @rpc(READS_MODELS)
    def get_scoring_model(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one model."""
        request = loaded(contract.ScoringModelCommand(), command)
        return scoring.get_model(self.database, self.tenant, request["model_id"])

    @rpc(access.scope("approvals:write"))
    def activate_scoring_model(self, command: dict[str, Any]) -> dict[str, Any]:
        """Use a model from now on."""
        request = loaded(contract.ActivateScoringModel(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return scoring.activate_model(self.database, self.actor, request)

    @rpc(access.scope("applications:write"))
    def score_application(self, command: dict[str, Any]) -> dict[str, Any]:
        """Score an application."""
        request = loaded(contract.ScoreApplication(), command)
        return scoring.score(
            self.database, self.settings, self.asked, self.actor, request
        )

    @on_event(loans.SERVICE, loans.APPLICATION_MOVED)
    def on_loans_application_moved(self, event: Event) -> None:
        """Score whoever has just entered the line."""
        scoring.score_new(
            self.database,
            self.settings,
            self.asked_for(event.payload["cooperative_id"]),
            event.event_id,
            event.payload,
        )

    @rpc(READS)
    def list_application_scores(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the scores of an application."""
        request = loaded(contract.ListScores(), command)
        return scoring.list_scores(self.database, self.settings, self.tenant, request)

    @rpc(READS)
    def reproduce_score(self, command: dict[str, Any]) -> dict[str, Any]:
        """Compute a score again."""
        request = loaded(contract.ScoreCommand(), command)
        return scoring.reproduce_score(
            self.database, self.settings, self.tenant, request
        )

    @rpc(READS)
    def rank_applications(self, command: dict[str, Any]) -> dict[str, Any]:
        """Compare applications with each other."""
        request = loaded(contract.RankApplications(), command)
        return scoring.rank_applications(
            self.database, self.settings, self.tenant, request
        )

    @rpc(READS_MODELS)
    def list_scorecards(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the cards that were learnt."""
        request = loaded(contract.ListScorecards(), command)
        return scoring.list_scorecards(self.database, self.tenant, request)

    @rpc(READS_MODELS)
    def get_scorecard(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one card and its quality."""
        request = loaded(contract.ScorecardCommand(), command)
        return scoring.get_scorecard(
            self.database, self.tenant, request["scorecard_id"]
        )

    @rpc(READS_MODELS)
    def get_scoring_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how much history a card needs."""
        del command
        return scoring.get_settings(self.database, self.tenant)

    @rpc(WRITES_MODELS)
    def put_scoring_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change how much history a card needs."""
        request = loaded(contract.ScoringSettings(), command)
        return scoring.put_settings(self.database, self.actor, request)
