"""How arrears are judged, and how loans stood."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import arrears_views
from services.shared import access
from services.shared.contracts.loans import arrears as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("loans:read")


class ArrearsEntrypoints(Peers):
    """How arrears are judged, and how loans stood."""

    @rpc(READS)
    def get_arrears_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell by which tables arrears are judged."""
        del command
        return arrears_views.get_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_arrears_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set the tables by which arrears are judged."""
        request = loaded(contract.ArrearsSettingsBody(), command)
        return arrears_views.put_settings(
            self.database, self.actor, self.tenant, request
        )

    @rpc(READS)
    def get_loan_history(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how a loan stood, the latest first."""
        request = loaded(contract.GetLoanHistory(), command)
        return arrears_views.get_history(self.database, self.tenant, request)
