"""What every group of entrypoints has: its database, its caller and its peers."""

from __future__ import annotations

from services.shared.contracts import ledger, loans, members
from services.shared.messaging import Entrypoints, ServiceRpc


class Peers(Entrypoints):
    """What every group of entrypoints inherits."""

    ledger = ServiceRpc(ledger.SERVICE)
    members = ServiceRpc(members.SERVICE)

    def refuse_stranger(self, member_id: str) -> None:
        """Raise NotFound for a member of nowhere, or of another cooperative.

        Whoever nothing is known of here may still be a member. The loans service asks
        only about members that it has looked at itself.
        """
        if self.identity.service != loans.SERVICE:
            self.members.get_member({"member_id": member_id})
