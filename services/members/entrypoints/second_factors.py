"""Authenticator apps and recovery codes."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import second_factors as operations
from services.shared import access
from services.shared.contracts.members import second_factors as contract
from services.shared.messaging import loaded, rpc


class SecondFactorEntrypoints(Peers):
    """Authenticator apps and recovery codes."""

    @rpc(access.person)
    def get_security(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how well one's own account is protected."""
        del command
        return operations.get_security(self.database, self.identity)

    @rpc(access.person)
    def enrol_second_factor(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a secret for one's authenticator app."""
        request = loaded(contract.EnrolSecondFactor(), command)
        return operations.enrol_second_factor(
            self.database, self.settings, self.identity, request
        )

    @rpc(access.person)
    def confirm_second_factor(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let the app count, once it has shown a right code."""
        request = loaded(contract.ConfirmSecondFactor(), command)
        return operations.confirm_second_factor(
            self.database, self.settings, self.identity, request
        )

    @rpc(access.person)
    def renew_recovery_codes(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make other recovery codes."""
        request = loaded(contract.ConfirmSecondFactor(), command)
        return operations.renew_recovery_codes(
            self.database, self.settings, self.identity, request
        )

    @rpc(access.person)
    def remove_second_factor(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have no second factor any more."""
        request = loaded(contract.RemoveSecondFactor(), command)
        return operations.remove_second_factor(
            self.database, self.settings, self.identity, request
        )
