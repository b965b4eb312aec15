"""What the members' stand-in answers about imports and exports."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts import files
from services.shared.contracts.members import imports


class Nothing(Schema):
    """A command without content."""


METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "create_import": (imports.CreateImport, imports.Import),
    "get_import": (imports.ImportCommand, imports.Import),
    "list_imports": (imports.ListImports, imports.ImportPage),
    "put_import_part": (imports.PutImportPart, imports.Import),
    "validate_import": (imports.ChangeImport, imports.Import),
    "list_import_problems": (imports.ListProblems, imports.ProblemPage),
    "list_import_rows": (imports.ListRows, imports.RowPage),
    "get_reconciliation": (imports.ImportCommand, imports.Reconciliation),
    "sign_off_import": (imports.SignOffImport, imports.Import),
    "commit_import": (imports.CommitImport, imports.Import),
    "cancel_import": (imports.ChangeImport, imports.Import),
    "list_imported_members": (imports.ListImportedMembers, imports.ImportedMemberPage),
    "get_import_template": (Nothing, files.File),
    "export_rows": (imports.ExportRows, imports.ExportedRows),
}
