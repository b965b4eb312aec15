"""Autodebet: instalments that are taken from savings."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import autodebits
from services.shared import access
from services.shared.contracts.loans import autodebits as contract
from services.shared.messaging import loaded, rpc


class AutodebitEntrypoints(Peers):
    """Autodebet: instalments that are taken from savings."""

    @rpc(access.scope("loans:write"))
    def consent_to_autodebit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a consent that the borrower has signed."""
        request = loaded(contract.ConsentToAutodebit(), command)
        return autodebits.consent(self.database, self.asked, self.actor, request)

    @rpc(access.scope("loans:write"))
    def revoke_autodebit(self, command: dict[str, Any]) -> dict[str, Any]:
        """End a consent, as the borrower wishes."""
        request = loaded(contract.RevokeAutodebit(), command)
        return autodebits.revoke(self.database, self.actor, request)

    @rpc(access.scope("loans:read"))
    def list_autodebits(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the consents of a loan, and how the last debits went."""
        request = loaded(contract.ListAutodebits(), command)
        return autodebits.list_of(self.database, self.tenant, request)

    @rpc(access.scope("self:write"))
    def consent_to_my_autodebit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let the own savings be debited for the own loan."""
        request = loaded(contract.ConsentToMyAutodebit(), command)
        return autodebits.consent_own(
            self.database,
            self.asked,
            self.actor,
            request,
            self.identity,
            self.own_member,
        )

    @rpc(access.scope("self:write"))
    def revoke_my_autodebit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let the own savings be debited no longer."""
        request = loaded(contract.RevokeAutodebit(), command)
        return autodebits.revoke(self.database, self.actor, request, self.own_member)

    @rpc(access.scope("self:read"))
    def list_my_autodebits(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the own consents of a loan."""
        request = loaded(contract.ListAutodebits(), command)
        return autodebits.list_of(self.database, self.tenant, request, self.own_member)
