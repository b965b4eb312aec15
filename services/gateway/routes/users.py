"""The people of a cooperative who may sign in."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.members import users as contract
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.errors import NotFound, RateLimitedError

TAG: Final = "Users"
READ: Final = access.scope("users:read")
WRITE: Final = access.scope("users:write")


class UserRoutes(Edge):
    """Users."""

    @route(
        "POST",
        "/v1/users",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.UserBody,
        command=contract.InviteUser,
        answer=contract.User,
        errors=(
            NotFound,
            InvalidPhone,
            contract.LoginTaken,
            contract.IncompatibleRoles,
            contract.MemberRequired,
        ),
    )
    def invite_user(self, request: Request) -> dict[str, Any]:
        """Invite a person; a link to choose a password goes to the e-mail address."""
        return dict(self.members.invite_user(request.command()))

    @route(
        "GET",
        "/v1/users",
        tag=TAG,
        rule=READ,
        query=contract.ListUsers,
        command=contract.ListUsers,
        answer=contract.UserPage,
    )
    def list_users(self, request: Request) -> dict[str, Any]:
        """List the people in the order in which they were invited."""
        return dict(self.members.list_users(request.command()))

    @route(
        "GET",
        "/v1/me/user",
        tag=TAG,
        rule=access.person,
        answer=contract.OwnUser,
        errors=(NotFound,),
    )
    def get_own_user(self, _request: Request) -> dict[str, Any]:
        """Show who one is, and with which cooperative."""
        return dict(self.members.get_own_user({}))

    @route(
        "GET",
        "/v1/users/{user_id}",
        tag=TAG,
        rule=READ,
        command=contract.UserCommand,
        answer=contract.User,
    )
    def get_user(self, request: Request) -> dict[str, Any]:
        """Show a person."""
        return dict(self.members.get_user(request.command()))

    @route(
        "PUT",
        "/v1/users/{user_id}",
        tag=TAG,
        rule=WRITE,
        body=contract.RightsBody,
        command=contract.PutUser,
        answer=contract.User,
        errors=(
            contract.OwnRights,
            contract.IncompatibleRoles,
            contract.MemberRequired,
            contract.LastAdministrator,
        ),
    )
    def change_user(self, request: Request) -> dict[str, Any]:
        """Give a person other roles or another branch; one's sessions end."""
        return self._after(dict(self.members.change_user(request.command())))

    @route(
        "POST",
        "/v1/users/{user_id}/invite-again",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeUser,
        answer=contract.User,
        errors=(contract.InvitationAccepted, RateLimitedError),
    )
    def invite_user_again(self, request: Request) -> dict[str, Any]:
        """Send a new invitation; the links of earlier ones stop working."""
        return dict(self.members.invite_user_again(request.command()))

    @route(
        "POST",
        "/v1/users/{user_id}/disable",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeUser,
        answer=contract.User,
        errors=(contract.OwnRights, contract.LastAdministrator),
    )
    def disable_user(self, request: Request) -> dict[str, Any]:
        """Sign a person out everywhere and for good."""
        return self._after(dict(self.members.disable_user(request.command())))

    @route(
        "POST",
        "/v1/users/{user_id}/enable",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeUser,
        answer=contract.User,
        errors=(contract.OwnRights,),
    )
    def enable_user(self, request: Request) -> dict[str, Any]:
        """Let a person sign in again."""
        return dict(self.members.enable_user(request.command()))

    @route(
        "POST",
        "/v1/users/{user_id}/reset-second-factor",
        tag=TAG,
        rule=WRITE,
        command=contract.ChangeUser,
        answer=contract.User,
        errors=(contract.OwnRights,),
    )
    def reset_second_factor(self, request: Request) -> dict[str, Any]:
        """Let a person who lost the authenticator enrol anew."""
        return self._after(dict(self.members.reset_second_factor(request.command())))

    def _after(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer, once the person's access tokens are known to be void."""
        self.learn_at_once()
        return answer
