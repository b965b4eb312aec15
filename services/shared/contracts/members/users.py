"""What may be asked about the people who sign in, and their roles.

| entrypoint | rule | command | result |
|---|---|---|---|
| `invite_user` | users:write | `InviteUser` | `User` |
| `invite_user_again` | users:write | `ChangeUser` | `User` |
| `get_user` | users:read | `UserCommand` | `User` |
| `list_users` | users:read | `ListUsers` | `UserPage` |
| `get_own_user` | person | `{}` | `OwnUser` |
| `change_user` | users:write | `PutUser` | `User` |
| `disable_user` | users:write | `ChangeUser` | `User` |
| `enable_user` | users:write | `ChangeUser` | `User` |
| `reset_second_factor` | users:write | `ChangeUser` | `User` |
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, fields, validate

from services.shared import access
from services.shared.contracts.fields import FlagField, UtcField, text
from services.shared.contracts.members import (
    Command,
    Cooperative,
    Page,
    identifier,
    name_field,
)
from services.shared.errors import ConflictError, NotAllowedError, RefusedError

USER_STATUSES: Final = ("invited", "active", "disabled")
ROLES: Final = tuple(sorted(access.ROLE_SCOPES))
OPERATOR_ROLE: Final = "operator"


class LoginTaken(ConflictError):
    """Somebody of this cooperative already signs in with this address or number."""

    code = "login_taken"


class IncompatibleRoles(RefusedError):
    """Supervisors (pengawas) hold no other office than that of a member."""

    code = "incompatible_roles"


class MemberRequired(RefusedError):
    """The role anggota goes with a membership, and a membership with that role."""

    code = "member_required"


class OwnRights(NotAllowedError):
    """Nobody changes their own roles or status."""

    code = "own_rights"


class LastAdministrator(RefusedError):
    """The cooperative would be left without an administrator who can sign in."""

    code = "last_administrator"


class InvitationAccepted(ConflictError):
    """This person has accepted the invitation already."""

    code = "invitation_accepted"


def email_field(**kwargs: object) -> fields.Email:
    """An e-mail address that a link may be sent to."""
    return fields.Email(
        validate=validate.Length(max=200),
        metadata={"example": "sari@contoh.id"},
        **kwargs,  # type: ignore[arg-type]
    )


def phone_field(**kwargs: object) -> fields.String:
    """A telephone number as people write it; kept as E.164."""
    return fields.String(
        validate=validate.Regexp(
            r"^\+?[0-9][0-9 -]{7,18}\Z", error="Must be a telephone number."
        ),
        metadata={"example": "+6281234567890"},
        **kwargs,  # type: ignore[arg-type]
    )


def _roles() -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(ROLES)),
        required=True,
        validate=validate.Length(min=1, max=len(ROLES)),
        metadata={
            "description": "`pengawas` goes with no other role but `anggota`.",
            "example": ["teller"],
        },
    )


class RightsBody(Schema):
    """What somebody is in the cooperative, and where."""

    roles = _roles()
    branch_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The branch where the person works."},
    )
    member_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"description": "The person's own membership, for role anggota."},
    )


class UserBody(RightsBody):
    """A person who is to sign in; the invitation goes to the e-mail address."""

    name = name_field("Sari Dewi")
    email = email_field(required=True)
    phone = phone_field(load_default=None, allow_none=True)


class InviteUser(UserBody, Command):
    """A person who is invited."""


class UserCommand(Schema):
    """Something about one person of the caller's cooperative."""

    user_id = identifier("usr_01jd8x")


class ChangeUser(UserCommand, Command):
    """A person whose status changes."""


class PutUser(RightsBody, UserCommand):
    """A person with other roles."""


class ListUsers(Page):
    """The people of the caller's cooperative who may sign in."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(USER_STATUSES)
    )
    role = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(ROLES)
    )


class User(Schema):
    """A person who may sign in."""

    id = identifier("usr_01jd8x")
    name = fields.String(required=True, metadata={"example": "Sari Dewi"})
    email = fields.String(required=True, metadata={"example": "sari@contoh.id"})
    phone = fields.String(required=True, allow_none=True)
    roles = fields.List(
        fields.String(validate=validate.OneOf((*ROLES, OPERATOR_ROLE))),
        required=True,
        metadata={"example": ["teller"]},
    )
    status = fields.String(required=True, validate=validate.OneOf(USER_STATUSES))
    branch_id = fields.String(required=True, allow_none=True)
    member_id = fields.String(required=True, allow_none=True)
    has_second_factor = FlagField(required=True)
    created_at = UtcField(required=True)
    signed_in_at = UtcField(required=True, allow_none=True)


class OwnUser(User):
    """Who the caller is, and with which cooperative."""

    cooperative = fields.Nested(
        Cooperative,
        required=True,
        allow_none=True,
        metadata={"description": "Null for the operators of the hub."},
    )


class UserPage(Schema):
    """People in the order in which they were invited."""

    items = fields.List(fields.Nested(User), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
