"""Signing in, staying signed in and signing out."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import sessions as operations
from services.shared import access
from services.shared.contracts.members import Page
from services.shared.contracts.members import sessions as contract
from services.shared.messaging import loaded, rpc, timer

FORGET_SECONDS: Final = 3600.0


class SessionEntrypoints(Peers):
    """Signing in, staying signed in and signing out."""

    @rpc(access.anyone)
    def sign_in(self, command: dict[str, Any]) -> dict[str, Any]:
        """Begin a session for a person who proves who they are."""
        request = loaded(contract.SignIn(), command)
        return operations.sign_in(
            self.database, self.settings, request, self.caller.request_id
        )

    @rpc(access.anyone)
    def refresh_session(self, command: dict[str, Any]) -> dict[str, Any]:
        """Exchange a refresh token for the next one and an access token."""
        request = loaded(contract.RefreshSession(), command)
        return operations.refresh_session(self.database, self.settings, request)

    @rpc(access.person)
    def step_up(self, command: dict[str, Any]) -> dict[str, Any]:
        """Confirm with a second factor or the PIN."""
        request = loaded(contract.StepUp(), command)
        return operations.step_up(self.database, self.settings, self.identity, request)

    @rpc(access.person)
    def list_sessions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the caller's sessions."""
        request = loaded(Page(), command)
        return operations.list_sessions(self.database, self.identity, request)

    @rpc(access.person)
    def end_session(self, command: dict[str, Any]) -> dict[str, Any]:
        """End one of the caller's sessions."""
        request = loaded(contract.SessionCommand(), command)
        return operations.end_session(
            self.database, self.identity, request["session_id"]
        )

    @rpc(access.service("gateway"))
    def list_ended_sessions(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the sessions whose access tokens are worth nothing any more."""
        request = loaded(contract.ListEndedSessions(), command)
        return operations.list_ended_sessions(self.database, self.settings, request)

    @timer(FORGET_SECONDS)
    def forget_old_sessions(self) -> None:
        """Drop what has been over for long."""
        operations.forget_old_sessions(self.database)
