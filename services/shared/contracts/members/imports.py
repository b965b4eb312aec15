"""What may be asked of the members service about taking over data, and its answers.

An import is one batch: files are uploaded (`draft`), read and checked in the
background (`validating`), looked at (`ready`), and taken over in one piece
(`committing`, `committed`). Nothing of the cooperative changes before the last step.

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_import` | imports:write | `CreateImport` | `Import` |
| `get_import` | imports:read | `ImportCommand` | `Import` |
| `list_imports` | imports:read | `ListImports` | `ImportPage` |
| `put_import_part` | imports:write | `PutImportPart` | `Import` |
| `validate_import` | imports:write | `ChangeImport` | `Import` |
| `list_import_problems` | imports:read | `ListProblems` | `ProblemPage` |
| `list_import_rows` | imports:read | `ListRows` | `RowPage` |
| `get_reconciliation` | imports:read | `ImportCommand` | `Reconciliation` |
| `sign_off_import` | approvals:write | `SignOffImport` | `Import` |
| `commit_import` | imports:write | `CommitImport` | `Import` |
| `cancel_import` | imports:write | `ChangeImport` | `Import` |
| `list_imported_members` | imports:read | `ListImportedMembers` | `…MemberPage` |
| `get_import_template` | imports:read | `{}` | `File` |
| `export_rows` | imports:read | `ExportRows` | `ExportedRows` |

A result given again for the same idempotency key carries `"replayed": true`.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.contracts.members import Command, Page, identifier
from services.shared.errors import ConflictError, RefusedError

SHEETS: Final = ("anggota", "simpanan", "pinjaman", "neraca", "aset_tetap")
WORKBOOK: Final = "workbook"
"""Uploaded in place of single sheets: one XLSX file that has several of them."""

FILES: Final = (*SHEETS, WORKBOOK)
STATES: Final = (
    "draft",
    "validating",
    "ready",
    "committing",
    "committed",
    "cancelled",
)
STAGES: Final = (
    "reading",
    "checking",
    "reserving",
    "numbering",
    "opening",
    "posting",
    "lending",
    "writing",
)
SEVERITIES: Final = ("error", "warning")
OUTCOMES: Final = ("taken", "left_out")
EXPORTS: Final = ("anggota", "simpanan", "neraca")

CSV: Final = "text/csv"
CSV_FORMAT: Final = "csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILE_BYTES_MAX: Final = 32 * 1024 * 1024
PART_BYTES_MAX: Final = 6 * 1024 * 1024
"""What one message carries of a file: 8 MiB once it is base64."""

PARTS_MAX: Final = -(-FILE_BYTES_MAX // PART_BYTES_MAX)
BASE64_LENGTH_MAX: Final = 4 * -(-PART_BYTES_MAX // 3)

IMPORT_COMMITTED: Final = "import_committed"  # ImportEvent


class ImportNotEditable(ConflictError):
    """The import is being worked on or is finished; its files stay as they are."""

    code = "import_not_editable"


class ImportNotReady(ConflictError):
    """The import must be validated first."""

    code = "import_not_ready"


class ImportRunning(ConflictError):
    """Another import of the cooperative is being taken over right now."""

    code = "import_running"


class ImportEmpty(RefusedError):
    """There is nothing to take over: upload a sheet first."""

    code = "import_empty"


class ImportHasProblems(RefusedError):
    """Rows have problems: correct them, or ask to leave those rows out."""

    code = "import_has_problems"


class ImportNotReconciled(RefusedError):
    """Details and balance sheet differ, and nobody has signed the differences off."""

    code = "import_not_reconciled"


class NothingToSignOff(RefusedError):
    """Details and balance sheet do not differ."""

    code = "nothing_to_sign_off"


class CutOverInFuture(RefusedError):
    """Opening balances cannot be those of a day to come."""

    code = "cut_over_in_future"


def _sheet(**kwargs: object) -> fields.String:
    return fields.String(
        validate=validate.OneOf(SHEETS),
        metadata={"description": "The sheet.", "example": "anggota"},
        **kwargs,  # type: ignore[arg-type]
    )


class ImportBody(Schema):
    """A new batch: the day whose closing balances are taken over."""

    cut_over = fields.Date(
        required=True,
        metadata={
            "description": "The balances are those at the end of this day, usually "
            "the last of a book year that the members' meeting has approved.",
            "example": "2025-12-31",
        },
    )


class CreateImport(ImportBody, Command):
    """A new batch."""


class ImportCommand(Schema):
    """Something about one import of the caller's cooperative."""

    import_id = identifier("imp_01jd8x")


class ChangeImport(ImportCommand, Command):
    """An import that is validated or cancelled."""


class ListImports(Page):
    """The imports of the caller's cooperative."""


class PutImportPart(ImportCommand):
    """A part of a file; with the last part the file replaces the one before it."""

    sheet = fields.String(
        required=True,
        validate=validate.OneOf(FILES),
        metadata={
            "description": "Which sheet the file holds; `workbook` is one XLSX file "
            "with several of them.",
            "example": "anggota",
        },
    )
    upload_id = identifier("upl_01jd8x")
    part = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=PARTS_MAX - 1)
    )
    parts = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=PARTS_MAX)
    )
    media_type = fields.String(required=True, validate=validate.OneOf((CSV, XLSX)))
    content = fields.String(
        required=True, validate=validate.Length(max=BASE64_LENGTH_MAX)
    )


class Progress(Schema):
    """How far the work at hand has come; `total` is null while it is unknown."""

    stage = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(STAGES)
    )
    done = fields.Integer(required=True, strict=True)
    total = fields.Integer(required=True, strict=True, allow_none=True)


class ImportFile(Schema):
    """An uploaded file."""

    sheet = fields.String(required=True, validate=validate.OneOf(FILES))
    media_type = fields.String(required=True)
    bytes = fields.Integer(required=True, strict=True)
    sha512 = fields.String(required=True)
    uploaded_at = UtcField(required=True)


class SheetCount(Schema):
    """How many rows a sheet has, and how many of them have an error."""

    sheet = fields.String(required=True, validate=validate.OneOf(SHEETS))
    rows = fields.Integer(required=True, strict=True)
    bad_rows = fields.Integer(required=True, strict=True)


class Counts(Schema):
    """What validation found."""

    sheets = fields.List(fields.Nested(SheetCount), required=True)
    errors = fields.Integer(required=True, strict=True)
    errors_of_sheets = fields.Integer(
        required=True,
        strict=True,
        metadata={
            "description": "Those of the errors that no row can be left out for."
        },
    )
    warnings = fields.Integer(required=True, strict=True)
    incomplete_members = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Members without NIK, birth date, phone or address."},
    )


class SignOff(Schema):
    """Who accepted the differences, and why."""

    by = fields.String(required=True)
    at = UtcField(required=True)
    reason = fields.String(required=True)


class Import(Schema):
    """An import and how far it has come."""

    id = identifier("imp_01jd8x")
    cut_over = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    is_partial = fields.Boolean(
        required=True,
        metadata={"description": "Whether rows with errors are left out."},
    )
    progress = fields.Nested(Progress, required=True)
    files = fields.List(fields.Nested(ImportFile), required=True)
    counts = fields.Nested(Counts, required=True, allow_none=True)
    is_reconciled = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={
            "description": "Whether details and balance sheet agree, or their "
            "differences are signed off; null before validation."
        },
    )
    sign_off = fields.Nested(SignOff, required=True, allow_none=True)
    journal_id = fields.String(required=True, allow_none=True)
    fault = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The code that ended the last attempt, if one did."},
    )
    created_by = fields.String(required=True)
    created_at = UtcField(required=True)
    finished_at = UtcField(required=True, allow_none=True)


class ImportPage(Schema):
    """Imports, oldest first."""

    items = fields.List(fields.Nested(Import), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# What validation found


class ProblemsQuery(Page):
    """Which problems; as a file (`csv`, `xlsx`) it is always all of them."""

    severity = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SEVERITIES)
    )
    sheet = _sheet(load_default=None, allow_none=True)


class ProblemsFormQuery(ProblemsQuery):
    """Which problems, and in which form."""

    format = files.format_field(CSV_FORMAT, files.XLSX)


class ListProblems(ProblemsQuery, ImportCommand):
    """The problems of an import."""

    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=5000))


class Problem(Schema):
    """What is wrong, and where; row 0 is the sheet as a whole, row 1 its header."""

    sheet = fields.String(required=True, validate=validate.OneOf(SHEETS))
    row = fields.Integer(required=True, strict=True)
    column = fields.String(required=True, allow_none=True)
    severity = fields.String(required=True, validate=validate.OneOf(SEVERITIES))
    code = fields.String(required=True, metadata={"example": "amount_invalid"})
    detail = fields.String(required=True)
    explanation = fields.String(
        required=True, metadata={"description": "The same in Indonesian."}
    )


class ProblemPage(Schema):
    """Problems by sheet and row."""

    items = fields.List(fields.Nested(Problem), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RowsQuery(Page):
    """Which rows of which sheet."""

    sheet = _sheet(load_default="anggota")
    outcome = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(OUTCOMES),
        metadata={"description": "What became of the rows, once committed."},
    )


class ListRows(RowsQuery, ImportCommand):
    """The rows of an import as they were understood."""


class Row(Schema):
    """A row as it was understood; personal numbers are masked."""

    row = fields.Integer(required=True, strict=True)
    values = fields.Dict(keys=fields.String(), required=True)
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What makes the member's data incomplete."},
    )
    problems = fields.List(fields.Nested(Problem), required=True)
    outcome = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(OUTCOMES)
    )
    number = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The new member or account number, once committed."},
    )


class RowPage(Schema):
    """Rows in the order of the sheet."""

    items = fields.List(fields.Nested(Row), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ReconciliationLine(Schema):
    """An account of the balance sheet beside the sum of its details."""

    code = fields.String(required=True, metadata={"example": "2-1000"})
    name = fields.String(required=True, metadata={"example": "Simpanan Sukarela"})
    balance_sheet = fields.Integer(required=True, strict=True)
    details = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "Null for an account without a sheet of details."},
    )
    difference = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Balance sheet less details."},
    )


class Reconciliation(Schema):
    """Details against balance sheet; rows with errors are not counted."""

    lines = fields.List(fields.Nested(ReconciliationLine), required=True)
    assets = fields.Integer(required=True, strict=True)
    liabilities_and_equity = fields.Integer(required=True, strict=True)
    is_balanced = fields.Boolean(required=True)
    is_reconciled = fields.Boolean(required=True)
    sign_off = fields.Nested(SignOff, required=True, allow_none=True)


class SignOffBody(Schema):
    """Why the differences are accepted."""

    reason = text(
        longest=500,
        shortest=10,
        required=True,
        metadata={
            "example": "Selisih simpanan sukarela dijelaskan dalam berita acara RAT."
        },
    )


class SignOffImport(SignOffBody, ImportCommand, Command):
    """The differences are accepted, by somebody else than who made the import."""


class CommitBody(Schema):
    """Whether rows with errors are left out."""

    is_partial = FlagField(
        load_default=False,
        data_key="partial",
        metadata={"description": "Take over the good rows and leave out the others."},
    )


class CommitImport(CommitBody, ImportCommand, Command):
    """The import is taken over."""


class ImportEvent(Schema):
    """Payload of the import events."""

    cooperative_id = identifier("coop_01jd8x")
    import_id = identifier("imp_01jd8x")
    members = fields.Integer(required=True, strict=True)
    accounts = fields.Integer(required=True, strict=True)
    journal_id = fields.String(required=True, allow_none=True)


class ListImportedMembers(Page):
    """Members that came by import and whose data is incomplete."""


class ImportedMember(Schema):
    """A member that was taken over, and what its data lacks."""

    member_id = identifier("mem_01jd8x")
    number = fields.String(required=True)
    name = fields.String(required=True)
    old_number = fields.String(required=True)
    import_id = identifier("imp_01jd8x")
    missing = fields.List(fields.String(), required=True)
    label = fields.String(required=True, metadata={"example": "Data belum lengkap"})


class ImportedMemberPage(Schema):
    """Imported members in the order of their ids."""

    items = fields.List(fields.Nested(ImportedMember), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Export


class ExportQuery(Schema):
    """The form of the file, and whether NIKs are shown in full."""

    format = fields.String(
        load_default=CSV_FORMAT,
        validate=validate.OneOf((CSV_FORMAT, files.XLSX)),
        metadata={"description": "In which form the sheet is wanted."},
    )
    nik = fields.String(
        load_default="masked",
        validate=validate.OneOf(("masked", "full")),
        metadata={
            "description": "`full` needs imports:write, and is written into the audit "
            "trail."
        },
    )


class ExportCommand(Schema):
    """A sheet of what the cooperative has now."""

    sheet = fields.String(
        required=True,
        validate=validate.OneOf(EXPORTS),
        metadata={"example": "anggota"},
    )


class ExportRows(ExportCommand, Page):
    """A stretch of a sheet of what the cooperative has now."""

    is_masked = fields.Boolean(load_default=True)
    limit = fields.Integer(load_default=1000, validate=validate.Range(min=1, max=1000))


class ExportedRows(Schema):
    """Rows under the header of the import's sheet of the same name."""

    title = fields.String(required=True)
    header = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
