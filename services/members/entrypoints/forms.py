"""What a cooperative asks of those who want to become members."""

from __future__ import annotations

from typing import Any

from services.members.entrypoints.peers import Peers
from services.members.operations import forms
from services.shared import access
from services.shared.contracts.members import forms as contract
from services.shared.messaging import loaded, rpc


class FormEntrypoints(Peers):
    """The registration form."""

    @rpc(access.scope("cooperative:write"))
    def put_member_form(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make a new version of the registration form."""
        request = loaded(contract.PutMemberForm(), command)
        return forms.put_member_form(self.database, self.actor, request)

    @rpc(access.scope("members:read"))
    def get_member_form(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the registration form asks for."""
        loaded(contract.GetMemberForm(), command)
        return forms.get_member_form(self.database, self.tenant)
