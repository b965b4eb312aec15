"""Reports of the credit bureau."""

from __future__ import annotations

from typing import Any

from services.kyc.entrypoints.checks import LENDING, READS, WRITES
from services.kyc.entrypoints.peers import Peers
from services.kyc.operations import bureau
from services.shared import access
from services.shared.contracts.kyc import bureau as contract
from services.shared.messaging import loaded, rpc


class BureauEntrypoints(Peers):
    """What the credit bureau knows of members."""

    @rpc(WRITES)
    def upload_bureau_report(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep an iDEB that a member has handed in."""
        request = loaded(contract.UploadBureauReport(), command)
        return bureau.upload_bureau_report(
            self.database, self.settings, self.members, self.actor, request
        )

    @rpc(access.any_of(LENDING, READS))
    def get_bureau_summary(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the newest report of a member comes to."""
        member_id = loaded(contract.MemberCommand(), command)["member_id"]
        self.refuse_stranger(member_id)
        return bureau.get_bureau_summary(
            self.database, self.settings, self.tenant, member_id
        )
