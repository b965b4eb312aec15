"""Taking over members and balances from another system."""

from __future__ import annotations

from typing import Any, Final

from services.members.entrypoints.peers import Peers
from services.members.operations.imports import (
    batches,
    exports,
    reports,
    template,
    uploads,
    work,
)
from services.shared import access, clock
from services.shared.contracts.members import imports as contract
from services.shared.messaging import loaded, rpc, timer

READS_IMPORTS: Final = access.scope("imports:read")
WRITES_IMPORTS: Final = access.scope("imports:write")
APPROVES: Final = access.scope("approvals:write")


class ImportEntrypoints(Peers):
    """Taking over members and balances from another system."""

    @rpc(WRITES_IMPORTS)
    def create_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Begin an import."""
        request = loaded(contract.CreateImport(), command)
        return batches.create_import(self.database, self.actor, request)

    @rpc(READS_IMPORTS)
    def get_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how far an import has come."""
        request = loaded(contract.ImportCommand(), command)
        return batches.get_import(self.database, self.tenant, request["import_id"])

    @rpc(READS_IMPORTS)
    def list_imports(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the imports of the caller's cooperative."""
        request = loaded(contract.ListImports(), command)
        return batches.list_imports(self.database, self.tenant, request)

    @rpc(WRITES_IMPORTS)
    def put_import_part(self, command: dict[str, Any]) -> dict[str, Any]:
        """Keep a part of a file."""
        request = loaded(contract.PutImportPart(), command)
        return uploads.put_part(self.database, self.settings, self.actor, request)

    @rpc(WRITES_IMPORTS)
    def validate_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have an import read and checked."""
        request = loaded(contract.ChangeImport(), command)
        return self.once(
            request,
            lambda: batches.validate_import(self.database, self.actor, request),
        )

    @rpc(READS_IMPORTS)
    def list_import_problems(self, command: dict[str, Any]) -> dict[str, Any]:
        """List what is wrong with an import."""
        request = loaded(contract.ListProblems(), command)
        return reports.list_problems(self.database, self.tenant, request)

    @rpc(READS_IMPORTS)
    def list_import_rows(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the rows of an import as they were understood."""
        request = loaded(contract.ListRows(), command)
        return reports.list_rows(self.database, self.settings, self.tenant, request)

    @rpc(READS_IMPORTS)
    def get_reconciliation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Show details beside the balance sheet."""
        request = loaded(contract.ImportCommand(), command)
        return reports.get_reconciliation(
            self.database, self.ledger, self.tenant, request["import_id"]
        )

    @rpc(APPROVES)
    def sign_off_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Accept the differences between details and balance sheet."""
        request = loaded(contract.SignOffImport(), command)
        access.require_strong(self.identity, clock.now().timestamp())
        return self.once(
            request,
            lambda: batches.sign_off_import(self.database, self.actor, request),
        )

    @rpc(WRITES_IMPORTS)
    def commit_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have an import taken over."""
        request = loaded(contract.CommitImport(), command)
        return self.once(
            request,
            lambda: batches.commit_import(self.database, self.actor, request),
        )

    @rpc(WRITES_IMPORTS)
    def cancel_import(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give an import up."""
        request = loaded(contract.ChangeImport(), command)
        return self.once(
            request,
            lambda: batches.cancel_import(self.database, self.actor, request),
        )

    @rpc(READS_IMPORTS)
    def list_imported_members(self, command: dict[str, Any]) -> dict[str, Any]:
        """List imported members whose data is incomplete."""
        request = loaded(contract.ListImportedMembers(), command)
        return reports.list_imported_members(
            self.database, self.settings, self.tenant, request
        )

    @rpc(READS_IMPORTS)
    def get_import_template(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give the workbook that an import can be filled into."""
        del command
        return template.get_template()

    @rpc(READS_IMPORTS)
    def export_rows(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a stretch of a sheet of what the cooperative has."""
        request = loaded(contract.ExportRows(), command)
        exporter = exports.Exporter(
            database=self.database,
            settings=self.settings,
            ledger=self.ledger,
            identity=self.identity,
            actor=self.actor,
            is_masked=request["is_masked"],
        )
        return exports.export_rows(exporter, request)

    @timer(seconds=1.0)
    def work_on_imports(self) -> None:
        """Read, check and take over what was asked for."""
        work.work_on_imports(
            self.database,
            self.settings,
            self.ledger.on_behalf_of,
            self.loans.on_behalf_of,
        )
