"""Payments in through virtual accounts."""

from __future__ import annotations

from typing import Any, Final

from services.members.adapters.ipaymu import Ipaymu, read_callback
from services.members.entrypoints.peers import Peers
from services.members.operations import payments
from services.members.operations.payments import Till
from services.shared import access, clock
from services.shared.contracts.members import payments as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.scope("payments:read")
WRITES: Final = access.scope("payments:write")


class PaymentEntrypoints(Peers):
    """Payments in through virtual accounts."""

    @property
    def till(self) -> Till:
        """What payments are taken with."""
        return Till(
            database=self.database,
            settings=self.settings,
            provider=Ipaymu.of(self.settings),
            ledger_of=self.ledger.on_behalf_of,
            loans_of=self.loans.on_behalf_of,
        )

    @rpc(WRITES)
    def request_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask for a virtual account for a member."""
        request = loaded(contract.RequestPayment(), command)
        return payments.request_payment(self.till, self.actor, request)

    @rpc(access.scope("wallet:write"))
    def request_wallet_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask for a virtual account for the cooperative's wallet."""
        request = loaded(contract.RequestWalletPayment(), command)
        return payments.request_wallet_payment(self.till, self.actor, request)

    @rpc(access.scope("self:write"))
    def request_own_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask for a virtual account for oneself."""
        request = loaded(contract.RequestOwnPayment(), command)
        return payments.request_own_payment(
            self.till, self.identity, self.actor, request
        )

    @rpc(READS)
    def get_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a payment and what became of it."""
        request = loaded(contract.PaymentCommand(), command)
        return payments.get_payment(self.database, self.tenant, request["payment_id"])

    @rpc(READS)
    def list_payments(self, command: dict[str, Any]) -> dict[str, Any]:
        """List payments in the order they were asked for."""
        request = loaded(contract.ListPayments(), command)
        return payments.list_payments(self.database, self.tenant, request)

    @rpc(access.scope("self:read"))
    def list_own_payments(self, command: dict[str, Any]) -> dict[str, Any]:
        """List one's own payments."""
        request = loaded(contract.ListOwnPayments(), command)
        return payments.list_own_payments(self.database, self.identity, request)

    @rpc(WRITES)
    def check_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask the provider about a payment now."""
        request = loaded(contract.CheckPayment(), command)
        return payments.check_payment(self.till, self.tenant, request["payment_id"])

    @rpc(WRITES)
    def allocate_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give held money to a savings account."""
        request = loaded(contract.AllocatePayment(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return payments.allocate_payment(self.till, self.actor, request)

    @rpc(access.anyone)
    def record_payment_callback(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what somebody calls back about a payment."""
        request = loaded(contract.RecordCallback(), command)
        va = self.settings.ipaymu_va
        return payments.record_callback(
            self.database,
            lambda body, media_type, signed: read_callback(
                body, media_type, signed, va
            ),
            request,
        )

    @rpc(access.operator)
    def list_payment_callbacks(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what was called back, and what was thought of it."""
        request = loaded(contract.ListCallbacks(), command)
        return payments.list_callbacks(self.database, request)

    @timer(seconds=1.0)
    def sweep_payments(self) -> None:
        """Carry on with payments that are due."""
        payments.sweep(self.till)

    @timer(seconds=3600.0)
    def forget_payment_callbacks(self) -> None:
        """Drop callbacks of long ago."""
        payments.forget_callbacks(self.database)
