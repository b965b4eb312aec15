"""The committee's votes, its decisions, and the members' answers."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import decisions
from services.shared import access, clock
from services.shared.contracts.loans import ApplicationCommand
from services.shared.contracts.loans import decisions as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("applications:read", "approvals:read")


class DecisionEntrypoints(Peers):
    """Decisions on applications."""

    @rpc(access.scope("approvals:write"))
    def cast_vote(self, command: dict[str, Any]) -> dict[str, Any]:
        """Vote on a verified application."""
        request = loaded(contract.CastVote(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return decisions.cast_vote(
            self.database,
            self.settings,
            self.asked.kyc,
            self.actor,
            self.identity,
            request,
        )

    @rpc(access.scope("approvals:write"))
    def send_back(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have a verified application verified again."""
        request = loaded(contract.SendBack(), command)
        return decisions.send_back(self.database, self.actor, request)

    @rpc(READS)
    def get_decision(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell where the decision on an application stands."""
        request = loaded(ApplicationCommand(), command)
        return decisions.get_decision(
            self.database, self.tenant, request["application_id"]
        )

    @rpc(READS)
    def get_decision_letter(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a decision letter, or print it."""
        request = loaded(contract.GetLetter(), command)
        return decisions.get_letter(self.database, self.tenant, request)

    @rpc(access.scope("applications:write"))
    def accept_offer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record that the member accepts the conditions."""
        request = loaded(contract.AnswerOffer(), command)
        return decisions.answer_offer(
            self.database, self.actor, request, decisions.ACCEPTED
        )

    @rpc(access.scope("applications:write"))
    def decline_offer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record that the member declines the conditions."""
        request = loaded(contract.AnswerOffer(), command)
        return decisions.answer_offer(
            self.database, self.actor, request, decisions.DECLINED
        )

    @rpc(access.scope("self:read"))
    def get_my_decision(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the letter on the caller's own application, or print it."""
        request = loaded(contract.GetLetter(), command)
        return decisions.get_letter(
            self.database, self.tenant, request, member_id=self.own_member
        )

    @rpc(access.scope("self:write"))
    def accept_my_offer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Accept the conditions of the caller's own loan."""
        request = loaded(contract.AnswerOffer(), command)
        return decisions.answer_offer(
            self.database,
            self.actor,
            request,
            decisions.ACCEPTED,
            member_id=self.own_member,
        )

    @rpc(access.scope("self:write"))
    def decline_my_offer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Decline the conditions of the caller's own loan."""
        request = loaded(contract.AnswerOffer(), command)
        return decisions.answer_offer(
            self.database,
            self.actor,
            request,
            decisions.DECLINED,
            member_id=self.own_member,
        )
