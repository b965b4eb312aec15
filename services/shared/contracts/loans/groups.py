"""Groups whose members answer for each other (tanggung renteng, R139).

| entrypoint | rule | command | result |
|---|---|---|---|
| `create_loan_group` | applications:write | `CreateLoanGroup` | `LoanGroup` |
| `add_loan_group_member` | applications:write | `GroupMemberCommand` | the same |
| `remove_loan_group_member` | applications:write | `GroupMemberCommand` | the same |
| `get_loan_group` | applications:read, loans:read | `LoanGroupCommand` | the same |
| `list_loan_groups` | applications:read, loans:read | `ListLoanGroups` | a page |
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from services.shared.contracts.fields import UtcField, text
from services.shared.contracts.loans import Command, identifier
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

MEMBERS_MIN: Final = 2
MEMBERS_MAX: Final = 50


class LoanGroupNameTaken(ConflictError):
    """Another group of the cooperative has this name."""

    code = "loan_group_name_taken"


class AlreadyInAGroup(ConflictError):
    """A member is in one group at a time."""

    code = "already_in_a_group"


class MemberAnswersForLoans(RefusedError):
    """The member has a loan, or answers for one, and stays in its group until then."""

    code = "member_answers_for_loans"


class NotAnActiveMember(RefusedError):
    """Only active members of this cooperative answer for others."""

    code = "not_an_active_member"


class TooManyGroupMembers(RefusedError):
    """This group has as many members as one may have."""

    code = "too_many_group_members"


class LoanGroupBody(Schema):
    """A group, who leads it, and who is in it, the leader included."""

    name = text(longest=100, required=True, metadata={"example": "Kelompok Melati"})
    leader_id = identifier("mem_01jd8x")
    member_ids = fields.List(
        text(longest=100),
        required=True,
        validate=validate.Length(min=MEMBERS_MIN, max=MEMBERS_MAX),
        metadata={"example": ["mem_01jd8x", "mem_01jd8y"]},
    )

    @validates_schema
    def _leads_its_own(self, data: dict[str, Any], **_: Any) -> None:
        if data["leader_id"] not in data["member_ids"]:
            raise ValidationError("The leader is one of the members.", "leader_id")
        if len(set(data["member_ids"])) < len(data["member_ids"]):
            raise ValidationError("Every member stands once.", "member_ids")


class CreateLoanGroup(LoanGroupBody, Command):
    """A new group."""


class LoanGroupCommand(Schema):
    """One group of the caller's cooperative."""

    group_id = identifier("grp_01jd8x")


class GroupMemberCommand(LoanGroupCommand):
    """A member that comes to a group, or leaves it."""

    member_id = identifier("mem_01jd8x")


class ListLoanGroups(Page):
    """The groups of the caller's cooperative."""


class LoanGroupMember(Schema):
    """A member in a group."""

    member_id = identifier("mem_01jd8x")
    member_name = fields.String(required=True)
    joined_on = fields.Date(required=True)
    days_late = fields.Integer(
        required=True,
        metadata={"description": "Days past due of its worst loan.", "example": 0},
    )


class LoanGroup(Schema):
    """A group with who is in it now."""

    id = identifier("grp_01jd8x")
    name = fields.String(required=True)
    leader_id = identifier("mem_01jd8x")
    members = fields.List(fields.Nested(LoanGroupMember), required=True)
    created_by = fields.String(required=True)
    created_at = UtcField(required=True)


class LoanGroupPage(Schema):
    """Groups in the order they were made."""

    items = fields.List(fields.Nested(LoanGroup), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
