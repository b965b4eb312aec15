"""How members prove that their phones and e-mail addresses are their own."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import verification
from services.shared import access
from services.shared.contracts.members import verification as contract
from services.shared.messaging import loaded, rpc, timer

FORGOTTEN_EVERY_SECONDS: Final = 3600.0


class VerificationEntrypoints(Peers):
    """Verification codes."""

    @rpc(access.scope("members:write"))
    def send_verification_code(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a code to a member."""
        request = loaded(contract.SendCode(), command)
        return verification.send_code(self.database, self.settings, self.actor, request)

    @rpc(access.scope("members:write"))
    def confirm_verification_code(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a code that a member got."""
        request = loaded(contract.ConfirmCode(), command)
        return verification.confirm_code(
            self.database, self.settings, self.actor, request
        )

    @timer(seconds=FORGOTTEN_EVERY_SECONDS)
    def forget_verification_codes(self) -> None:
        """Drop the codes that nobody can use any more."""
        verification.forget_codes(self.database)
