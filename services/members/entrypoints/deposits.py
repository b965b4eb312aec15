"""How time deposits are offered, placed, changed and broken."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations import deposits, me
from services.shared import access
from services.shared.contracts.members import deposits as contract
from services.shared.messaging import loaded, rpc, timer

READS_PRODUCTS: Final = access.scope("products:read")
WRITES_PRODUCTS: Final = access.scope("products:write")
READS_DEPOSITS: Final = access.scope("deposits:read")
WRITES_DEPOSITS: Final = access.scope("deposits:write")


class DepositEntrypoints(Peers):
    """Time deposits."""

    @rpc(WRITES_PRODUCTS)
    def create_deposit_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Offer a time deposit."""
        request = loaded(contract.CreateDepositProduct(), command)
        return deposits.create_product(self.database, self.actor, request)

    @rpc(WRITES_PRODUCTS)
    def set_deposit_rates(self, command: dict[str, Any]) -> dict[str, Any]:
        """Set the next rate table."""
        request = loaded(contract.SetDepositRates(), command)
        return deposits.set_rates(self.database, self.actor, request)

    @rpc(WRITES_PRODUCTS)
    def withdraw_deposit_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Offer a time deposit no longer."""
        request = loaded(contract.ChangeDepositProduct(), command)
        return self.once(
            request,
            lambda: deposits.withdraw_product(
                self.database, self.actor, request["product_id"]
            ),
        )

    @rpc(READS_PRODUCTS)
    def get_deposit_product(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one time deposit on offer."""
        request = loaded(contract.DepositProductCommand(), command)
        return deposits.get_product(self.database, self.tenant, request["product_id"])

    @rpc(READS_PRODUCTS)
    def list_deposit_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what is and was on offer."""
        request = loaded(contract.ListDepositProducts(), command)
        return deposits.list_products(self.database, self.tenant, request)

    @rpc(WRITES_DEPOSITS)
    def open_deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Place money for a term."""
        request = loaded(contract.OpenDeposit(), command)
        return deposits.open_deposit(
            self.database, self.ledger, self.actor, request, self.identity
        )

    @rpc(WRITES_DEPOSITS)
    def change_deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change where a deposit pays to, or what happens at maturity."""
        request = loaded(contract.ChangeDeposit(), command)
        return deposits.change_deposit(self.database, self.actor, request)

    @rpc(WRITES_DEPOSITS)
    def break_deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """End a deposit before its maturity."""
        request = loaded(contract.BreakDeposit(), command)
        return deposits.break_deposit(self.database, self.ledger, self.actor, request)

    @rpc(READS_DEPOSITS)
    def get_deposit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell about one deposit and what it has paid."""
        request = loaded(contract.DepositCommand(), command)
        return deposits.get_deposit(self.database, self.tenant, request["deposit_id"])

    @rpc(READS_DEPOSITS)
    def get_certificate(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a certificate, or print it."""
        request = loaded(contract.GetCertificate(), command)
        return deposits.get_certificate(self.database, self.tenant, request)

    @rpc(READS_DEPOSITS)
    def list_deposits(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the deposits of the cooperative, or of one member."""
        request = loaded(contract.ListDeposits(), command)
        return deposits.list_deposits(self.database, self.tenant, request)

    @rpc(access.scope("self:read"))
    def list_my_deposits(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the deposits of the member who asks."""
        request = loaded(contract.ListMyDeposits(), command)
        own = request | {"member_id": me.own_member(self.identity), "status": None}
        return deposits.list_deposits(self.database, self.tenant, own)

    @timer(seconds=15.0)
    def finish_deposits(self) -> None:
        """Finish placements and payouts that were left on their way."""
        deposits.finish_opening(self.database, self.ledger.on_behalf_of)
        deposits.finish_due(self.database, self.ledger.on_behalf_of)
