"""Passwords, PINs, and the links that lead to them."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import passwords as operations
from services.shared import access
from services.shared.contracts.members import passwords as contract
from services.shared.messaging import loaded, rpc


class PasswordEntrypoints(Peers):
    """Passwords, PINs, and the links that lead to them."""

    @rpc(access.anyone)
    def rate_password(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how good a password is."""
        return operations.rate_password(loaded(contract.RatePassword(), command))

    @rpc(access.anyone)
    def forget_password(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a link to whoever forgot a password."""
        request = loaded(contract.ForgetPassword(), command)
        return operations.forget_password(self.database, self.settings, request)

    @rpc(access.anyone)
    def reset_password(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set a new password by the link."""
        request = loaded(contract.UseLink(), command)
        return operations.reset_password(
            self.database, self.settings, request, self.caller.request_id
        )

    @rpc(access.anyone)
    def accept_invitation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set the first password by the link of an invitation."""
        request = loaded(contract.UseLink(), command)
        return operations.accept_invitation(
            self.database, self.settings, request, self.caller.request_id
        )

    @rpc(access.person)
    def change_password(self, command: dict[str, Any]) -> dict[str, Any]:
        """Exchange one's own password."""
        request = loaded(contract.ChangePassword(), command)
        return operations.change_password(
            self.database, self.settings, self.identity, request
        )

    @rpc(access.person)
    def set_pin(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set one's own transaction PIN."""
        request = loaded(contract.SetPin(), command)
        return operations.set_pin(self.database, self.identity, request)
