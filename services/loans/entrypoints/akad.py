"""Loan agreements."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import akad
from services.shared import access
from services.shared.contracts.loans import akad as contract
from services.shared.messaging import loaded, rpc


class AkadEntrypoints(Peers):
    """Loan agreements."""

    @rpc(access.scope("applications:write", "loans:write", "disbursements:write"))
    def make_akad(self, command: dict[str, Any]) -> dict[str, Any]:
        """Draw up the agreement on an approved loan."""
        request = loaded(contract.MakeAkad(), command)
        return akad.make_akad(
            self.database, self.settings, self.asked, self.actor, request
        )

    @rpc(access.scope("applications:read", "loans:read"))
    def get_akad(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the agreement on a loan, or print it."""
        request = loaded(contract.GetAkad(), command)
        return akad.get_akad(self.database, self.settings, self.tenant, request)

    @rpc(access.scope("loans:write", "disbursements:write"))
    def sign_akad(self, command: dict[str, Any]) -> dict[str, Any]:
        """Record that an agreement was signed."""
        request = loaded(contract.SignAkad(), command)
        return akad.sign_akad(self.database, self.settings, self.actor, request)

    @rpc(access.scope("self:read"))
    def get_my_akad(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show the agreement on the caller's own loan, or print it."""
        request = loaded(contract.GetAkad(), command)
        return akad.get_akad(
            self.database,
            self.settings,
            self.tenant,
            request,
            member_id=self.own_member,
        )
