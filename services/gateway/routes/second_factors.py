"""Authenticator apps and recovery codes."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.members import second_factors as contract
from services.shared.contracts.members.passwords import WrongPassword
from services.shared.contracts.members.sessions import (
    InvalidSecondFactor,
    TooManyAttempts,
)
from services.shared.errors import NotFound

TAG: Final = "Second factor"
PATH: Final = "/v1/me/second-factor"


class SecondFactorRoutes(Edge):
    """The caller's second factor."""

    @route(
        "GET",
        PATH,
        tag=TAG,
        rule=access.person,
        answer=contract.Security,
        errors=(NotFound,),
    )
    def get_security(self, _request: Request) -> dict[str, Any]:
        """Show how well one's own account is protected."""
        return dict(self.members.get_security({}))

    @route(
        "POST",
        PATH,
        tag=TAG,
        rule=access.person,
        status=201,
        body=contract.EnrolSecondFactor,
        command=contract.EnrolSecondFactor,
        answer=contract.Enrolment,
        key=Idempotency.NONE,
        errors=(
            NotFound,
            WrongPassword,
            TooManyAttempts,
            contract.SecondFactorEnrolled,
        ),
    )
    def enrol_second_factor(self, request: Request) -> dict[str, Any]:
        """Make a secret for one's authenticator app, shown this once."""
        return dict(self.members.enrol_second_factor(request.command()))

    @route(
        "POST",
        f"{PATH}/confirm",
        tag=TAG,
        rule=access.person,
        body=contract.ConfirmSecondFactor,
        command=contract.ConfirmSecondFactor,
        answer=contract.RecoveryCodes,
        key=Idempotency.NONE,
        errors=(
            NotFound,
            InvalidSecondFactor,
            TooManyAttempts,
            contract.SecondFactorEnrolled,
            contract.NoSecondFactor,
        ),
    )
    def confirm_second_factor(self, request: Request) -> dict[str, Any]:
        """Let the app count, once it has shown a right code.

        Refresh the session afterwards: the next access token has all one's rights.
        """
        return dict(self.members.confirm_second_factor(request.command()))

    @route(
        "POST",
        f"{PATH}/recovery-codes",
        tag=TAG,
        rule=access.person,
        body=contract.ConfirmSecondFactor,
        command=contract.ConfirmSecondFactor,
        answer=contract.RecoveryCodes,
        key=Idempotency.NONE,
        errors=(
            NotFound,
            InvalidSecondFactor,
            TooManyAttempts,
            contract.NoSecondFactor,
        ),
    )
    def renew_recovery_codes(self, request: Request) -> dict[str, Any]:
        """Make other recovery codes; those before are worth nothing."""
        return dict(self.members.renew_recovery_codes(request.command()))

    @route(
        "POST",
        f"{PATH}/remove",
        tag=TAG,
        rule=access.person,
        body=contract.RemoveSecondFactor,
        command=contract.RemoveSecondFactor,
        answer=contract.Security,
        key=Idempotency.NONE,
        errors=(
            NotFound,
            WrongPassword,
            InvalidSecondFactor,
            TooManyAttempts,
            contract.NoSecondFactor,
        ),
    )
    def remove_second_factor(self, request: Request) -> dict[str, Any]:
        """Have no second factor any more; every session ends."""
        answer = dict(self.members.remove_second_factor(request.command()))
        self.learn_at_once()
        return answer
