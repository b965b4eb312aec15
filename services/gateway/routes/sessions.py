"""Signing in, staying signed in and signing out."""

from __future__ import annotations

from typing import Any, Final

from services.gateway.http import answers
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.problems import CrossSiteRequest
from services.gateway.http.requests import Request
from services.gateway.routes.edge import LEARN_SECONDS, Edge
from services.shared import access
from services.shared.contracts.members import Page
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotFound
from services.shared.messaging import timer

TAG: Final = "Sessions"
DEVICE_LENGTH_MAX: Final = 200


class SessionRoutes(Edge):
    """Sessions."""

    @route(
        "POST",
        "/v1/sessions",
        tag=TAG,
        rule=access.anyone,
        status=201,
        body=contract.SignInBody,
        answer=contract.SignedIn,
        key=Idempotency.NONE,
        errors=(
            contract.InvalidLogin,
            contract.SecondFactorRequired,
            contract.InvalidSecondFactor,
            contract.CooperativeCodeRequired,
            contract.TooManyAttempts,
        ),
    )
    def sign_in(self, request: Request) -> Answer:
        """Sign in with e-mail or telephone number and password.

        Whoever has a second factor sends its code too. After five failures a login is
        locked for fifteen minutes, whether anybody has it or not. With
        `must_enrol_second_factor` the access token is good for that alone.
        """
        self.check_password_rate(request)
        command = request.command()
        with_cookie = command.pop("cookie", False)
        command["device"] = command.get("device") or device_of(request)
        signed_in = dict(self.members.sign_in(command))
        return self._answer(201, signed_in, with_cookie=with_cookie)

    @route(
        "POST",
        "/v1/sessions/refresh",
        tag=TAG,
        rule=access.anyone,
        body=contract.RefreshBody,
        command=contract.RefreshSession,
        answer=contract.SignedIn,
        key=Idempotency.NONE,
        errors=(contract.InvalidRefreshToken, CrossSiteRequest),
    )
    def refresh_session(self, request: Request) -> Answer:
        """Exchange a refresh token for the next one and an access token.

        Each is good once. One that comes twice is in two hands: the session ends.
        """
        given = request.json.get("refresh_token")
        with_cookie = given is None
        if given is None:
            given = self.edge.cookies.refresh_token(request)
            if given is None:
                raise contract.InvalidRefreshToken
            self.edge.cookies.check_origin(request)
        signed_in = dict(
            self.members.refresh_session(
                {"refresh_token": given[: contract.TOKEN_LENGTH_MAX]}
            )
        )
        return self._answer(200, signed_in, with_cookie=with_cookie)

    @route(
        "POST",
        "/v1/sessions/current/step-up",
        tag=TAG,
        rule=access.person,
        body=contract.StepUp,
        command=contract.StepUp,
        answer=contract.SignedIn,
        key=Idempotency.NONE,
        errors=(
            NotFound,
            contract.InvalidRefreshToken,
            contract.InvalidSecondFactor,
            contract.TooManyAttempts,
        ),
    )
    def step_up(self, request: Request) -> Answer:
        """Confirm with a code or the transaction PIN.

        For five minutes the new access token is good for what asks for it: money above
        a set amount, and approvals.
        """
        signed_in = dict(self.members.step_up(request.command()))
        with_cookie = "authorization" not in request.headers
        return self._answer(200, signed_in, with_cookie=with_cookie)

    @route(
        "GET",
        "/v1/sessions",
        tag=TAG,
        rule=access.person,
        query=Page,
        command=Page,
        answer=contract.SessionPage,
    )
    def list_sessions(self, request: Request) -> dict[str, Any]:
        """List one's own sessions that have not ended."""
        return dict(self.members.list_sessions(request.command()))

    @route(
        "DELETE",
        "/v1/sessions/current",
        tag=TAG,
        rule=access.person,
        answer=contract.Session,
        errors=(NotFound,),
    )
    def end_current_session(self, request: Request) -> Answer:
        """Sign out."""
        own = request.identity.session_id if request.identity else ""
        return self._ended(own)

    @route(
        "DELETE",
        "/v1/sessions/{session_id}",
        tag=TAG,
        rule=access.person,
        command=contract.SessionCommand,
        answer=contract.Session,
    )
    def end_session(self, request: Request) -> Answer:
        """Sign out on another device."""
        return self._ended(request.parameters["session_id"])

    @timer(LEARN_SECONDS)
    def learn_ended_sessions(self) -> None:
        """Hear of sessions that ended at another gateway, or by an administrator."""
        self.learn_ended()

    def _ended(self, session_id: str) -> Answer:
        ended = dict(self.members.end_session({"session_id": session_id}))
        self.edge.revocations.add(session_id)
        return answers.of_json(200, ended, headers=self.edge.cookies.cleared())

    def _answer(
        self, status: int, signed_in: dict[str, Any], *, with_cookie: bool
    ) -> Answer:
        """The tokens: in the body for an app, in cookies for a browser."""
        if not with_cookie:
            return answers.of_json(status, signed_in)
        headers = self.edge.cookies.issued(signed_in)
        hidden = {"access_token": None, "refresh_token": None}
        return answers.of_json(status, signed_in | hidden, headers=headers)


def device_of(request: Request) -> str:
    """What the client calls itself, for the list of one's sessions."""
    told = request.headers.get("user-agent", "")
    return "".join(one for one in told if one.isprintable())[:DEVICE_LENGTH_MAX]
