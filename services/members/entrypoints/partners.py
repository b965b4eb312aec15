"""SNAP partners and their requests."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import partners
from services.shared import access, clock
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import partners as contract
from services.shared.errors import NotAllowed
from services.shared.identity import Identity
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("partners:read")
WRITES: Final = access.scope("partners:write")


def partner(identity: Identity | None) -> None:
    """a SNAP partner"""
    if identity is None or not identity.subject.startswith("snp_"):
        raise NotAllowed


class PartnerEntrypoints(Peers):
    """SNAP partners and their requests."""

    @rpc(WRITES)
    def create_partner(self, command: dict[str, Any]) -> dict[str, Any]:
        """Register a partner and show its secret once."""
        request = loaded(contract.CreatePartner(), command)
        # A partner moves money with its own signature: whoever lets one in must have
        # shown just now that it is he.
        access.require_strong(self.identity, clock.now().timestamp())
        return partners.create_partner(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS)
    def list_partners(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the cooperative's partners."""
        request = loaded(members_contract.Page(), command)
        return partners.list_partners(self.database, self.tenant, request)

    @rpc(WRITES)
    def renew_partner_secret(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a partner a new secret and show it once."""
        request = loaded(contract.ChangePartner(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return partners.renew_partner_secret(
            self.database, self.settings, self.actor, request
        )

    @rpc(WRITES)
    def revoke_partner(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a partner ask nothing any more."""
        request = loaded(contract.ChangePartner(), command)
        return self.once(
            request,
            lambda: partners.revoke_partner(
                self.database, self.actor, request["partner_id"]
            ),
        )

    @rpc(READS)
    def list_partner_requests(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what a partner asked and was answered."""
        request = loaded(contract.ListPartnerRequests(), command)
        return partners.list_partner_requests(self.database, self.tenant, request)

    @rpc(access.anyone)
    def authenticate_partner(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a token to a partner that signs with its private key."""
        request = loaded(contract.AuthenticatePartner(), command)
        return partners.authenticate_partner(self.database, self.settings, request)

    @rpc(partner)
    def admit_partner_request(self, command: dict[str, Any]) -> dict[str, Any]:
        """Check and keep a signed request of the calling partner."""
        request = loaded(contract.AdmitPartnerRequest(), command)
        return partners.admit_partner_request(
            self.database, self.settings, self.actor, request
        )

    @rpc(partner)
    def record_partner_answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what a request of the calling partner was answered."""
        request = loaded(contract.RecordPartnerAnswer(), command)
        return partners.record_partner_answer(self.database, self.actor, request)

    @rpc(partner)
    def find_partner_request(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the reference of a payment that the calling partner asked for."""
        request = loaded(contract.FindPartnerRequest(), command)
        return partners.find_partner_request(self.database, self.actor, request)

    @rpc(partner)
    def get_partner_account(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell a partner of an account of its own cooperative."""
        request = loaded(members_contract.AccountCommand(), command)
        return partners.get_partner_account(
            self.database, self.ledger, self.tenant, request["number"]
        )
