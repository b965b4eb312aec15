"""What a member may ask and do for itself; whose data it is comes from the session.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_me` | self:read | `{}` | `MemberDetails` |
| `change_me` | self:write | `MyChanges` | `MemberDetails` |
| `list_my_accounts` | self:read | `Page` | `AccountPage` |
| `get_my_statement` | self:read | `GetMyStatement` | `ledger.Statement` |
| `list_my_contributions` | self:read | `Page` | `ContributionPage` |
| `get_my_dues` | self:read | `Page` | `MemberDues` |
| `list_my_documents` | self:read | `Page` | `DocumentPage` |
| `upload_my_document` | self:write | `UploadMyDocument` | `Document` |
| `get_my_document_content` | self:read | `DocumentCommand` | `File` |
| `send_my_verification_code` | self:write | `SendMyCode` | `CodeSent` |
| `confirm_my_verification_code` | self:write | `ConfirmBody` | `Verified` |
"""

from __future__ import annotations

from services.shared.contracts.ledger import StatementQuery
from services.shared.contracts.members import Command, MemberBody, identifier
from services.shared.contracts.members.documents import Upload
from services.shared.contracts.members.verification import CodeBody


class MyChanges(MemberBody):
    """What a member may change of its own data; null removes what is known."""

    class Meta:
        """Who somebody is does not change; where to find somebody does."""

        fields = ("phone", "email", "address")


class GetMyStatement(StatementQuery):
    """The statement of an account of the caller's own."""

    number = identifier("0101100000000017")


class UploadMyDocument(Upload, Command):
    """A document of the caller's own."""


class SendMyCode(CodeBody, Command):
    """A code that is to be sent to the caller."""
