"""How checks are asked for, looked at and reviewed."""

from __future__ import annotations

from typing import Any, Final

from services.kyc.adapters.configured import vendor_of
from services.kyc.entrypoints.peers import Peers
from services.kyc.operations import checks, thresholds
from services.kyc.operations.checks import Desk
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.kyc import checks as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.scope("kyc:read")
WRITES: Final = access.scope("kyc:write")
LENDING: Final = access.service(loans.SERVICE)


class CheckEntrypoints(Peers):
    """Checks of members."""

    def desk_of(self, cooperative_id: str) -> Desk:
        """What this service does checks with, of its own accord."""
        return Desk(
            database=self.database,
            settings=self.settings,
            tenant=cooperative_id,
            vendor=vendor_of(self.settings),
            ledger=self.ledger.on_behalf_of(cooperative_id),
            members=self.members.on_behalf_of(cooperative_id),
        )

    @property
    def desk(self) -> Desk:
        """What checks are done with in the name of who asks."""
        return Desk(
            database=self.database,
            settings=self.settings,
            tenant=self.tenant,
            vendor=vendor_of(self.settings),
            ledger=self.ledger,
            members=self.members,
        )

    @rpc(access.any_of(LENDING, WRITES))
    def request_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have a member checked, once per request id."""
        request = loaded(contract.RequestCheck(), command)
        return checks.request_check(self.desk, self.actor, request)

    @rpc(access.any_of(LENDING, READS))
    def get_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how a check stands."""
        request = loaded(contract.CheckCommand(), command)
        return checks.get_check(
            self.database, self.settings, self.tenant, request["check_id"]
        )

    @rpc(READS)
    def list_checks(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the checks of the cooperative, or of one member."""
        request = loaded(contract.ListChecks(), command)
        return checks.list_checks(self.database, self.settings, self.tenant, request)

    @rpc(WRITES)
    def review_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Decide about a check that could not be decided by itself."""
        request = loaded(contract.ReviewCheck(), command)
        return checks.review_check(self.database, self.settings, self.actor, request)

    @rpc(READS)
    def get_check_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell from which scores on somebody passes."""
        del command
        return thresholds.get_check_settings(self.database, self.tenant)

    @rpc(access.scope("cooperative:write"))
    def put_check_settings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set from which scores on somebody passes."""
        request = loaded(contract.CheckSettingsBody(), command)
        return thresholds.put_check_settings(self.database, self.actor, request)

    @timer(seconds=5.0)
    def carry_on_checks(self) -> None:
        """Carry on with checks that were left on their way."""
        checks.carry_on(self.database, self.desk_of)
