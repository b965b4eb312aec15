"""The people who sign in, their roles and invitations."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import users as operations
from services.shared import access
from services.shared.contracts.members import users as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("users:read")
WRITES: Final = access.scope("users:write")


class UserEntrypoints(Peers):
    """The people who sign in, their roles and invitations."""

    @rpc(WRITES)
    def invite_user(self, command: dict[str, Any]) -> dict[str, Any]:
        """Invite a person by e-mail."""
        request = loaded(contract.InviteUser(), command)
        return operations.invite_user(self.database, self.settings, self.actor, request)

    @rpc(WRITES)
    def invite_user_again(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a new invitation instead of the earlier ones."""
        request = loaded(contract.ChangeUser(), command)
        return self.once(
            request,
            lambda: operations.invite_again(
                self.database, self.settings, self.actor, request["user_id"]
            ),
        )

    @rpc(READS)
    def get_user(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about a person of the caller's cooperative."""
        request = loaded(contract.UserCommand(), command)
        return operations.get_user(
            self.database, self.settings, self.tenant, request["user_id"]
        )

    @rpc(READS)
    def list_users(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the people of the caller's cooperative."""
        request = loaded(contract.ListUsers(), command)
        return operations.list_users(self.database, self.settings, self.tenant, request)

    @rpc(access.person)
    def get_own_user(self, _command: dict[str, Any]) -> dict[str, Any]:
        """Tell people who they are."""
        return operations.get_own_user(self.database, self.settings, self.identity)

    @rpc(WRITES)
    def change_user(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a person other roles or another branch."""
        request = loaded(contract.PutUser(), command)
        return operations.change_user(self.database, self.settings, self.actor, request)

    @rpc(WRITES)
    def disable_user(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a person sign in no more."""
        request = loaded(contract.ChangeUser(), command)
        return self.once(
            request,
            lambda: operations.disable_user(
                self.database, self.settings, self.actor, request["user_id"]
            ),
        )

    @rpc(WRITES)
    def enable_user(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a person who was disabled sign in again."""
        request = loaded(contract.ChangeUser(), command)
        return self.once(
            request,
            lambda: operations.enable_user(
                self.database, self.settings, self.actor, request["user_id"]
            ),
        )

    @rpc(WRITES)
    def reset_second_factor(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a person who lost the authenticator enrol anew."""
        request = loaded(contract.ChangeUser(), command)
        return self.once(
            request,
            lambda: operations.reset_second_factor(
                self.database, self.settings, self.actor, request["user_id"]
            ),
        )
