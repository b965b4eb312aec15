"""Taking over members and balances from another system."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

from services.gateway.http import files, tables
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access, identifiers
from services.shared.contracts.files import JSON
from services.shared.contracts.members import CooperativeNotActive
from services.shared.contracts.members import imports as contract
from services.shared.errors import NotAllowed, SameProposer, StepUpRequired
from services.shared.presentation import sheets

TAG = "Imports"
READ = access.scope("imports:read")
WRITE = access.scope("imports:write")
APPROVE = access.scope("approvals:write")

PROBLEMS_PER_CALL: Final = 5000
ROWS_PER_CALL: Final = 1000
PROBLEM_HEADER: Final = ("Lembar", "Baris", "Kolom", "Tingkat", "Kode", "Keterangan")
SEVERITIES: Final = {"error": "salah", "warning": "peringatan"}
UPLOAD: Final = RawBody(
    media_types=(contract.CSV, contract.XLSX), bytes_max=contract.FILE_BYTES_MAX
)


class ImportRoutes(Peers):
    """Taking over members and balances from another system."""

    @route(
        "POST",
        "/v1/imports",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.ImportBody,
        command=contract.CreateImport,
        answer=contract.Import,
        errors=(contract.CutOverInFuture,),
    )
    def create_import(self, request: Request) -> dict[str, Any]:
        """Begin an import of members, savings and opening balances.

        Upload the sheets, validate, look at the problems and the reconciliation, then
        commit. Nothing is changed before that.
        """
        return dict(self.members.create_import(request.command()))

    @route(
        "GET",
        "/v1/imports",
        tag=TAG,
        rule=READ,
        query=contract.ListImports,
        command=contract.ListImports,
        answer=contract.ImportPage,
    )
    def list_imports(self, request: Request) -> dict[str, Any]:
        """List the imports, oldest first."""
        return dict(self.members.list_imports(request.command()))

    @route(
        "GET",
        "/v1/imports/template.xlsx",
        tag=TAG,
        rule=READ,
        files=(sheets.MEDIA_TYPE,),
    )
    def get_import_template(self, _request: Request) -> Answer:
        """Download the workbook to fill data into."""
        return files.attached(self.members.get_import_template({}))

    @route(
        "GET",
        "/v1/imports/{import_id}",
        tag=TAG,
        rule=READ,
        command=contract.ImportCommand,
        answer=contract.Import,
    )
    def get_import(self, request: Request) -> dict[str, Any]:
        """Show an import and how far it has come."""
        return dict(self.members.get_import(request.command()))

    @route(
        "PUT",
        "/v1/imports/{import_id}/sheets/{sheet}",
        tag=TAG,
        rule=WRITE,
        raw_body=UPLOAD,
        command=contract.PutImportPart,
        answer=contract.Import,
        errors=(contract.ImportNotEditable,),
    )
    def put_import_sheet(self, request: Request) -> dict[str, Any]:
        """Upload the file of a sheet, CSV or XLSX, in place of the one before.

        `workbook` stands for one XLSX file with several sheets. A CSV file is UTF-8,
        with commas or semicolons.
        """
        answer: dict[str, Any] = {}
        for command in _parts(request):
            answer = self.members.put_import_part(command)
        return dict(answer)

    @route(
        "POST",
        "/v1/imports/{import_id}/validate",
        tag=TAG,
        rule=WRITE,
        status=202,
        command=contract.ChangeImport,
        answer=contract.Import,
        errors=(contract.ImportNotEditable, contract.ImportEmpty),
    )
    def validate_import(self, request: Request) -> dict[str, Any]:
        """Have the files read and checked; follow it with `progress`."""
        return dict(self.members.validate_import(request.command()))

    @route(
        "GET",
        "/v1/imports/{import_id}/problems",
        tag=TAG,
        rule=READ,
        query=contract.ProblemsFormQuery,
        command=contract.ListProblems,
        answer=contract.ProblemPage,
        files=tables.MEDIA_TYPES,
    )
    def list_import_problems(self, request: Request) -> dict[str, Any] | Answer:
        """List what is wrong, by sheet, row and column; as a file it is all of it."""
        wanted = request.query.pop("format", JSON)
        if wanted == JSON:
            return dict(self.members.list_import_problems(request.command()))
        rows = self._all_problems(request.command(limit=PROBLEMS_PER_CALL))
        return tables.as_file("masalah-impor", wanted, PROBLEM_HEADER, rows)

    def _all_problems(self, command: dict[str, Any]) -> Iterator[list[Any]]:
        pages = tables.all_pages(
            lambda cursor: self.members.list_import_problems(
                command | {"cursor": cursor}
            )
        )
        for page in pages:
            for one in page["items"]:
                yield [
                    one["sheet"],
                    one["row"],
                    one["column"] or "",
                    SEVERITIES[one["severity"]],
                    one["code"],
                    one["explanation"],
                ]

    @route(
        "GET",
        "/v1/imports/{import_id}/preview",
        tag=TAG,
        rule=READ,
        query=contract.RowsQuery,
        command=contract.ListRows,
        answer=contract.RowPage,
    )
    def list_import_rows(self, request: Request) -> dict[str, Any]:
        """Show the rows of a sheet as they were understood, with their problems."""
        return dict(self.members.list_import_rows(request.command()))

    @route(
        "GET",
        "/v1/imports/{import_id}/reconciliation",
        tag=TAG,
        rule=READ,
        command=contract.ImportCommand,
        answer=contract.Reconciliation,
        errors=(contract.ImportNotReady,),
    )
    def get_reconciliation(self, request: Request) -> dict[str, Any]:
        """Show the sums of the details beside the balance sheet."""
        return dict(self.members.get_reconciliation(request.command()))

    @route(
        "POST",
        "/v1/imports/{import_id}/sign-off",
        tag=TAG,
        rule=APPROVE,
        body=contract.SignOffBody,
        command=contract.SignOffImport,
        answer=contract.Import,
        errors=(
            contract.ImportNotReady,
            contract.NothingToSignOff,
            SameProposer,
            StepUpRequired,
        ),
    )
    def sign_off_import(self, request: Request) -> dict[str, Any]:
        """Accept the differences, as somebody else than who made the import."""
        return dict(self.members.sign_off_import(request.command()))

    @route(
        "POST",
        "/v1/imports/{import_id}/commit",
        tag=TAG,
        rule=WRITE,
        status=202,
        body=contract.CommitBody,
        command=contract.CommitImport,
        answer=contract.Import,
        errors=(
            contract.ImportNotReady,
            contract.ImportHasProblems,
            contract.ImportNotReconciled,
            contract.ImportEmpty,
            contract.ImportRunning,
            CooperativeNotActive,
        ),
    )
    def commit_import(self, request: Request) -> dict[str, Any]:
        """Take over everything in one piece, or with `partial` all but the bad rows.

        Done in the background; should it be refused there, the import is `ready` again
        with the code in `fault`, and nothing has changed.
        """
        return dict(self.members.commit_import(request.command()))

    @route(
        "POST",
        "/v1/imports/{import_id}/cancel",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeImport,
        answer=contract.Import,
        errors=(contract.ImportNotEditable,),
    )
    def cancel_import(self, request: Request) -> dict[str, Any]:
        """Give an import up; what was uploaded is forgotten."""
        return dict(self.members.cancel_import(request.command()))

    @route(
        "GET",
        "/v1/imported-members",
        tag=TAG,
        rule=READ,
        query=contract.ListImportedMembers,
        command=contract.ListImportedMembers,
        answer=contract.ImportedMemberPage,
    )
    def list_imported_members(self, request: Request) -> dict[str, Any]:
        """List members that were taken over with data missing ("Data belum lengkap").

        A page may be shorter than asked for, where data were completed meanwhile.
        """
        return dict(self.members.list_imported_members(request.command()))

    @route(
        "GET",
        "/v1/exports/{sheet}",
        tag=TAG,
        rule=READ,
        query=contract.ExportQuery,
        command=contract.ExportCommand,
        files=tables.MEDIA_TYPES,
        errors=(NotAllowed,),
    )
    def export_sheet(self, request: Request) -> Answer:
        """Download members, savings or the balance sheet, as an import takes them."""
        sheet = request.parameters["sheet"]
        command = {
            "sheet": sheet,
            "is_masked": request.query.get("nik") != "full",
            "limit": ROWS_PER_CALL,
        }
        pages = tables.all_pages(
            lambda cursor: self.members.export_rows(command | {"cursor": cursor})
        )
        first = next(pages)
        rows = (row for page in _with(first, pages) for row in page["rows"])
        wanted = request.query.get("format", contract.CSV_FORMAT)
        return tables.as_file(first["title"], wanted, first["header"], rows)


def _with(
    first: dict[str, Any], others: Iterator[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    yield first
    yield from others


def _parts(request: Request) -> Iterator[dict[str, Any]]:
    """The commands that carry the file to the service, none of them too large."""
    upload_id = identifiers.new("upl")
    media_type = request.headers.get("content-type", "").partition(";")[0]
    size = contract.PART_BYTES_MAX
    parts = max(1, -(-len(request.body) // size))
    for part in range(parts):
        some = request.body[part * size : (part + 1) * size]
        yield request.command(
            upload_id=upload_id,
            part=part,
            parts=parts,
            media_type=media_type.strip().lower(),
            content=base64.b64encode(some).decode("ascii"),
        )
