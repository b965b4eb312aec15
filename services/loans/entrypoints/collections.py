"""What is done about loans that are late."""

from __future__ import annotations

from typing import Any, Final

from services.loans.entrypoints.peers import Peers
from services.loans.operations import collections
from services.shared import access
from services.shared.contracts.loans import collections as contract
from services.shared.messaging import loaded, rpc

READS: Final = access.scope("collections:read")
WRITES: Final = access.scope("collections:write")


class CollectionEntrypoints(Peers):
    """Tasks, visits, promises and letters."""

    @rpc(READS)
    def list_collection_tasks(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what is to be done, and what was."""
        request = loaded(contract.ListTasks(), command)
        return collections.list_tasks(self.database, self.tenant, request)

    @rpc(WRITES)
    def assign_collection_task(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let another do a task."""
        request = loaded(contract.AssignTask(), command)
        return self.once(
            request, lambda: collections.assign_task(self.database, self.actor, request)
        )

    @rpc(WRITES)
    def finish_collection_task(self, command: dict[str, Any]) -> dict[str, Any]:
        """Say what came of a task."""
        request = loaded(contract.FinishTask(), command)
        return self.once(
            request, lambda: collections.finish_task(self.database, self.actor, request)
        )

    @rpc(WRITES)
    def record_collection_visit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what a visit found."""
        request = loaded(contract.RecordVisit(), command)
        return collections.record_visit(
            self.database, self.settings, self.actor, request
        )

    @rpc(READS)
    def list_collection_visits(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the visits for a loan."""
        request = loaded(contract.ListVisits(), command)
        return collections.list_visits(
            self.database, self.settings, self.tenant, request
        )

    @rpc(WRITES)
    def record_payment_promise(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep what a borrower promised to pay."""
        request = loaded(contract.RecordPromise(), command)
        return collections.record_promise(self.database, self.actor, request)

    @rpc(READS)
    def list_payment_promises(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the promises for a loan."""
        request = loaded(contract.ListPromises(), command)
        return collections.list_promises(self.database, self.tenant, request)

    @rpc(WRITES)
    def issue_collection_letter(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a letter to a borrower who is late."""
        request = loaded(contract.IssueLetter(), command)
        return collections.issue_letter(self.database, self.actor, request)

    @rpc(READS)
    def get_collection_letter(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show a letter, or print it."""
        request = loaded(contract.GetLetter(), command)
        return collections.get_letter(self.database, self.tenant, request)

    @rpc(READS)
    def list_collection_letters(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the letters for a loan."""
        request = loaded(contract.ListLetters(), command)
        return collections.list_letters(self.database, self.tenant, request)

    @rpc(WRITES)
    def set_arrears_cause(self, command: dict[str, Any]) -> dict[str, Any]:
        """Say why a loan fell behind."""
        request = loaded(contract.SetCause(), command)
        return collections.set_cause(self.database, self.actor, request)
