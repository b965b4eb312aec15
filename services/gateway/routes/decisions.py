"""The committee's votes and decisions, and what members answer to them."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import decisions as contract
from services.shared.errors import NotFound, SameProposer, StepUpRequired
from services.shared.presentation import pdf

TAG = "Loan decisions"
READ = access.scope("applications:read", "approvals:read")
ANSWER = access.scope("applications:write")
SELF_READ = access.scope("self:read")
SELF_WRITE = access.scope("self:write")

_ANSWER_ERRORS = (NotFound, loans.ApplicationNotReady)


class DecisionRoutes(Peers):
    """Decisions on applications."""

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/votes",
        tag=TAG,
        rule=access.scope("approvals:write"),
        status=201,
        body=contract.VoteBody,
        command=contract.CastVote,
        answer=contract.Ballot,
        errors=(
            NotFound,
            SameProposer,
            StepUpRequired,
            loans.ApplicationNotReady,
            loans.RateOverCap,
            contract.OwnLoan,
            contract.NotOnCommittee,
            contract.AlreadyVoted,
            contract.ApplicationIncomplete,
            contract.TermsNotAllowed,
            contract.ReasonRequired,
        ),
    )
    def cast_vote(self, request: Request) -> dict[str, Any]:
        """Vote on a verified application.

        The vote that completes the quorum decides. A vote for other terms than the
        last one begins a new round.
        """
        return dict(self.loans.cast_vote(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/send-back",
        tag=TAG,
        rule=access.scope("approvals:write"),
        body=contract.SendBackBody,
        command=contract.SendBack,
        answer=contract.Ballot,
        errors=(NotFound, loans.ApplicationNotReady),
    )
    def send_back(self, request: Request) -> dict[str, Any]:
        """Have a verified application verified again; votes on it lapse.

        It waits for an analyst at the place that it had in the line.
        """
        return dict(self.loans.send_back(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/decision",
        tag=TAG,
        rule=READ,
        command=loans.ApplicationCommand,
        answer=contract.Ballot,
        errors=(NotFound,),
    )
    def get_decision(self, request: Request) -> dict[str, Any]:
        """Show where the decision stands: terms, votes, and what was decided."""
        return dict(self.loans.get_decision(request.command()))

    @route(
        "GET",
        "/v1/loan-applications/{application_id}/decision/letter",
        tag=TAG,
        rule=READ,
        query=contract.LetterQuery,
        command=contract.GetLetter,
        answer=contract.DecisionLetter,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_decision_letter(self, request: Request) -> dict[str, Any] | Answer:
        """Show the decision letter, or print it."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_decision_letter(command)
        )

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/offer/accept",
        tag=TAG,
        rule=ANSWER,
        command=contract.AnswerOffer,
        answer=contract.Decision,
        errors=_ANSWER_ERRORS,
    )
    def accept_offer(self, request: Request) -> dict[str, Any]:
        """Record that the member accepts the conditions."""
        return dict(self.loans.accept_offer(request.command()))

    @route(
        "POST",
        "/v1/loan-applications/{application_id}/offer/decline",
        tag=TAG,
        rule=ANSWER,
        command=contract.AnswerOffer,
        answer=contract.Decision,
        errors=_ANSWER_ERRORS,
    )
    def decline_offer(self, request: Request) -> dict[str, Any]:
        """Record that the member declines the conditions; the application ends."""
        return dict(self.loans.decline_offer(request.command()))

    @route(
        "GET",
        "/v1/me/loan-applications/{application_id}/decision",
        tag=TAG,
        rule=SELF_READ,
        query=contract.LetterQuery,
        command=contract.GetLetter,
        answer=contract.DecisionLetter,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_my_decision(self, request: Request) -> dict[str, Any] | Answer:
        """Show the decision letter on my own application, or print it."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_my_decision(command))

    @route(
        "POST",
        "/v1/me/loan-applications/{application_id}/offer/accept",
        tag=TAG,
        rule=SELF_WRITE,
        command=contract.AnswerOffer,
        answer=contract.Decision,
        errors=_ANSWER_ERRORS,
    )
    def accept_my_offer(self, request: Request) -> dict[str, Any]:
        """Accept the conditions of my own loan."""
        return dict(self.loans.accept_my_offer(request.command()))

    @route(
        "POST",
        "/v1/me/loan-applications/{application_id}/offer/decline",
        tag=TAG,
        rule=SELF_WRITE,
        command=contract.AnswerOffer,
        answer=contract.Decision,
        errors=_ANSWER_ERRORS,
    )
    def decline_my_offer(self, request: Request) -> dict[str, Any]:
        """Decline the conditions of my own loan; the application ends."""
        return dict(self.loans.decline_my_offer(request.command()))
