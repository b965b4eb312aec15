"""How a cooperative leaves the hub."""

from __future__ import annotations

from typing import Any, Final

from services.members.domain.closing import Others
from services.members.entrypoints.peers import Peers
from services.members.operations import closing, closing_document, departure
from services.shared import access, clock
from services.shared.contracts.members import closing as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.scope("cooperative:read")
WRITES: Final = access.scope("cooperative:write")
LOOKS: Final = access.any_of(access.operator, READS)
SWEEP_SECONDS: Final = 2.0
UPKEEP_SECONDS: Final = 600.0


class ClosingEntrypoints(Peers):
    """How a cooperative leaves the hub."""

    @property
    def others(self) -> Others:
        """Whom a closing asks."""
        return Others(
            books=self.ledger.on_behalf_of,
            clearing=self.transfers,
            insurance=self.insurance,
        )

    @rpc(READS)
    def get_closing_blockers(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what stands against a closing."""
        del command
        return closing.get_blockers(self.database, self.others, self.tenant)

    @rpc(WRITES)
    def request_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask to leave the hub."""
        request = loaded(contract.RequestClosing(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return closing.request_closing(
            self.database, self.settings, self.others, self.actor, request
        )

    @rpc(WRITES)
    def withdraw_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take a request to leave back."""
        request = loaded(contract.ClosingChange(), command)
        return self.once(
            request,
            lambda: closing.withdraw_closing(
                self.database, self.settings, self.actor, request["closing_id"]
            ),
        )

    @rpc(LOOKS)
    def get_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how a closing stands."""
        request = loaded(contract.ClosingCommand(), command)
        return closing.get_closing(
            self.database, self.settings, self.identity, request["closing_id"]
        )

    @rpc(LOOKS)
    def list_closings(self, command: dict[str, Any]) -> dict[str, Any]:
        """List closings; a cooperative sees its own."""
        request = loaded(contract.ListClosings(), command)
        return closing.list_closings(
            self.database, self.settings, self.identity, request
        )

    @rpc(access.operator)
    def verify_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Check that nothing stands against a closing, and document it."""
        request = loaded(contract.ClosingChange(), command)
        return self.once(
            request,
            lambda: closing.verify_closing(
                self.database,
                self.settings,
                self.others,
                self.actor,
                request["closing_id"],
            ),
        )

    @rpc(LOOKS)
    def get_closing_document(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the verification document."""
        request = loaded(contract.GetDocument(), command)
        return closing_document.get_document(
            self.database, self.identity, request["closing_id"], request["format"]
        )

    @rpc(access.operator)
    def approve_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a verified closing go on."""
        request = loaded(contract.ApproveClosing(), command)
        return self.once(
            request,
            lambda: closing.approve_closing(
                self.database, self.settings, self.others, self.actor, request
            ),
        )

    @rpc(access.operator)
    def reject_closing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a closing not go on."""
        request = loaded(contract.RejectClosing(), command)
        return self.once(
            request,
            lambda: closing.reject_closing(
                self.database, self.settings, self.actor, request
            ),
        )

    @rpc(access.anyone)
    def get_closing_export(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a part of the exported books to whoever has the mailed link."""
        request = loaded(contract.GetExport(), command)
        return departure.get_export(self.database, request)

    @timer(seconds=SWEEP_SECONDS)
    def carry_on_closings(self) -> None:
        """Take approved closings on, wherever they stopped."""
        departure.carry_on(self.database, self.settings, self.others)

    @timer(seconds=UPKEEP_SECONDS)
    def forget_exported_books(self) -> None:
        """Drop exported books that can be fetched no more."""
        departure.forget_exports(self.database)
