"""Passwords and PINs."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.members import passwords as contract
from services.shared.contracts.members.sessions import TooManyAttempts
from services.shared.errors import NotFound

TAG: Final = "Passwords"


class PasswordRoutes(Edge):
    """Passwords and PINs."""

    @route(
        "POST",
        "/v1/passwords/strength",
        tag=TAG,
        rule=access.anyone,
        body=contract.RatePassword,
        command=contract.RatePassword,
        answer=contract.PasswordStrength,
        key=Idempotency.NONE,
    )
    def rate_password(self, request: Request) -> dict[str, Any]:
        """Tell how good a password is; it is not kept."""
        return dict(self.members.rate_password(request.command()))

    @route(
        "POST",
        "/v1/passwords/forgotten",
        tag=TAG,
        rule=access.anyone,
        status=202,
        body=contract.ForgetPassword,
        command=contract.ForgetPassword,
        answer=contract.LinkSent,
        key=Idempotency.NONE,
    )
    def forget_password(self, request: Request) -> dict[str, Any]:
        """Send a link to whoever has this login; the answer tells nothing of it."""
        self.check_password_rate(request)
        return dict(self.members.forget_password(request.command()))

    @route(
        "POST",
        "/v1/passwords/reset",
        tag=TAG,
        rule=access.anyone,
        body=contract.UseLink,
        command=contract.UseLink,
        answer=contract.PasswordSet,
        key=Idempotency.NONE,
        errors=(contract.InvalidLink, contract.WeakPassword),
    )
    def reset_password(self, request: Request) -> dict[str, Any]:
        """Set a new password by the token of a link; every session ends."""
        self.check_password_rate(request)
        answer = dict(self.members.reset_password(request.command()))
        self.learn_at_once()
        return answer

    @route(
        "POST",
        "/v1/invitations/accept",
        tag=TAG,
        rule=access.anyone,
        body=contract.UseLink,
        command=contract.UseLink,
        answer=contract.PasswordSet,
        key=Idempotency.NONE,
        errors=(contract.InvalidLink, contract.WeakPassword),
    )
    def accept_invitation(self, request: Request) -> dict[str, Any]:
        """Choose the first password by the token of an invitation."""
        self.check_password_rate(request)
        return dict(self.members.accept_invitation(request.command()))

    @route(
        "PUT",
        "/v1/me/password",
        tag=TAG,
        rule=access.person,
        body=contract.ChangePassword,
        command=contract.ChangePassword,
        answer=contract.PasswordSet,
        errors=(
            NotFound,
            contract.WrongPassword,
            contract.WeakPassword,
            TooManyAttempts,
        ),
    )
    def change_password(self, request: Request) -> dict[str, Any]:
        """Exchange one's own password; one's other sessions end."""
        answer = dict(self.members.change_password(request.command()))
        self.learn_at_once()
        return answer

    @route(
        "PUT",
        "/v1/me/pin",
        tag=TAG,
        rule=access.person,
        body=contract.SetPin,
        command=contract.SetPin,
        answer=contract.PinSet,
        errors=(NotFound, contract.WrongPassword, contract.WeakPin, TooManyAttempts),
    )
    def set_pin(self, request: Request) -> dict[str, Any]:
        """Set one's own transaction PIN: six digits, for confirming payments."""
        return dict(self.members.set_pin(request.command()))
