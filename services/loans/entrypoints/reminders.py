"""When borrowers are reminded."""

from __future__ import annotations

from typing import Any

from services.loans.entrypoints.peers import Peers
from services.loans.operations import reminders
from services.shared import access
from services.shared.contracts.loans import reminders as contract
from services.shared.messaging import loaded, rpc


class ReminderEntrypoints(Peers):
    """When borrowers are reminded."""

    @rpc(access.scope("loans:read"))
    def get_reminder_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how many days before and after a due day borrowers are told."""
        del command
        return reminders.get_settings(self.database, self.tenant)

    @rpc(access.scope("loans:write"))
    def put_reminder_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell borrowers at other times."""
        request = loaded(contract.ReminderSettingsBody(), command)
        return reminders.put_settings(self.database, self.actor, request)
