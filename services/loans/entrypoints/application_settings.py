"""What a cooperative asks of who wants a loan."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import application_settings
from services.shared import access
from services.shared.contracts.loans import application_settings as contract
from services.shared.messaging import loaded, rpc


class ApplicationSettingsEntrypoints(Peers):
    """The rules of the caller's cooperative."""

    @rpc(access.scope("applications:read"))
    def get_application_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the rules in force."""
        del command
        return application_settings.get_settings(self.database, self.tenant)

    @rpc(access.scope("products:write"))
    def put_application_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set all rules anew."""
        request = loaded(contract.ApplicationSettings(), command)
        return application_settings.put_settings(self.database, self.actor, request)
