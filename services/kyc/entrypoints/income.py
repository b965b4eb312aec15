"""What members earn."""

from __future__ import annotations

from typing import Any

from services.kyc.entrypoints.checks import LENDING, READS, WRITES
from services.kyc.entrypoints.peers import Peers
from services.kyc.operations import income
from services.shared import access
from services.shared.contracts.kyc import bureau as bureau_contract
from services.shared.contracts.kyc import income as contract
from services.shared.messaging import loaded, rpc


class IncomeEntrypoints(Peers):
    """What BPJSTK knows of members."""

    @rpc(WRITES)
    def upload_income(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a statement that a member has handed in."""
        request = loaded(contract.UploadIncome(), command)
        return income.upload_income(
            self.database, self.settings, self.members, self.actor, request
        )

    @rpc(access.any_of(LENDING, READS))
    def get_income(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the newest statement of a member."""
        member_id = loaded(bureau_contract.MemberCommand(), command)["member_id"]
        self.refuse_stranger(member_id)
        return income.get_income(self.database, self.settings, self.tenant, member_id)
