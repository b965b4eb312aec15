"""How people sign in and out in a browser, and what they do who forgot the password."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from services.gateway import pages
from services.gateway.http import problems
from services.gateway.http.answers import Answer, Headers
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.pages.forms import HOME, NO_FAULTS, SIGN_IN, Faults
from services.gateway.routes.edge import Edge
from services.gateway.routes.sessions import device_of
from services.shared import access
from services.shared.contracts.members import passwords
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotAuthenticatedError, NotFound, ServiceError

SIGN_OUT: Final = "/keluar"
FORGOTTEN: Final = "/lupa-password"
FIELDS: Final = {"login": "", "password": ""}
STEP: Final = "step"

# What the second page of signing in asks for, by what stood against the first.
ASKS_FOR: Final[dict[type[ServiceError], str]] = {
    contract.SecondFactorRequired: "second_factor",
    contract.InvalidSecondFactor: "second_factor",
    contract.CooperativeCodeRequired: "cooperative_code",
}


class EntranceRoutes(Edge):
    """Pages for signing in and out."""

    @forms.shown(SIGN_IN)
    def show_sign_in(self, request: Request) -> Answer:
        """The form for signing in; whoever still is goes straight on."""
        if self._is_signed_in(request):
            return pages.redirect(HOME)
        renewed = self.renewed(request)
        if renewed:
            return pages.redirect(HOME, renewed)
        return _sign_in(200)

    @forms.submitted(SIGN_IN)
    def submit_sign_in(self, request: Request) -> Answer:
        """MASUK, from the first page or from the one that asks for more."""
        self.edge.cookies.check_origin(request)
        self.check_password_rate(request)
        form = forms.read(request.body)
        try:
            return self._signed_in(request, self._said(form))
        except ServiceError as refusal:
            return _sign_in(
                problems.status_of(type(refusal)),
                form,
                forms.faults_of(refusal, FIELDS),
                forms.headers_of(refusal),
            )

    @forms.shown(SIGN_OUT)
    def show_sign_out(self, request: Request) -> Answer:
        """Where KELUAR leads whose access token had run out, as it soon does.

        The session goes on behind it, and only somebody signed in can end it.
        """
        renewed = self.renewed(request)
        if not renewed and not self._is_signed_in(request):
            return pages.redirect(SIGN_IN)
        return pages.answer(200, "sign_out", renewed, title="Keluar", is_signed_in=True)

    @forms.submitted(SIGN_OUT, rule=access.person, on_refusal=forms.sent_to(SIGN_OUT))
    def submit_sign_out(self, request: Request) -> Answer:
        """KELUAR."""
        session_id = request.identity.session_id if request.identity else ""
        # A session that is over and forgotten is no reason to keep its cookies.
        with suppress(NotFound):
            self.members.end_session({"session_id": session_id})
            self.edge.revocations.add(session_id)
        return pages.answer(
            200,
            "message",
            self.edge.cookies.cleared(),
            title="Anda sudah keluar",
            text="Terima kasih. Tutup peramban ini bila perangkat dipakai bersama.",
            next_step=(SIGN_IN, "MASUK LAGI"),
        )

    @forms.shown(FORGOTTEN)
    def show_forgotten(self, _request: Request) -> Answer:
        """The form of who forgot the password (R13)."""
        return _forgotten(200, "", NO_FAULTS)

    @forms.submitted(FORGOTTEN)
    def submit_forgotten(self, request: Request) -> Answer:
        """KIRIM: the same answer whether anybody has this address or not."""
        self.edge.cookies.check_origin(request)
        self.check_password_rate(request)
        login = forms.read(request.body).get("login", "").strip()
        try:
            command = forms.checked(passwords.ForgetPassword(), {"login": login})
            self.members.forget_password(command)
        except ServiceError as refusal:
            status = problems.status_of(type(refusal))
            return _forgotten(status, login, forms.faults_of(refusal, FIELDS))
        return pages.answer(
            202,
            "message",
            title="Periksa e-mail Anda",
            text="Jika alamat itu terdaftar, tautan untuk menentukan kata sandi baru "
            "sudah kami kirim. Tautan berlaku 60 menit. Periksa juga folder Spam dan "
            "Promosi.",
            next_step=(SIGN_IN, "KEMBALI KE HALAMAN MASUK"),
        )

    def _said(self, form: dict[str, str]) -> dict[str, Any]:
        """The command that the form stands for, whichever of both pages it was on.

        Raises FormExpired and Malformed.
        """
        if STEP not in form:
            return {
                "login": form.get("login", "").strip(),
                "password": form.get("password", ""),
                "remember": "remember" in form,
            }
        said: dict[str, Any] = self.edge.steps.open(form[STEP])
        for name in set(ASKS_FOR.values()) & form.keys():
            said[name] = form[name].strip()
        return said

    def _signed_in(self, request: Request, said: dict[str, Any]) -> Answer:
        """Home, with the cookies of the session; or the page that asks for more."""
        command = forms.checked(contract.SignIn(), said)
        try:
            signed_in = dict(
                self.members.sign_in(command | {"device": device_of(request)})
            )
        except tuple(ASKS_FOR) as refusal:
            return self._ask(refusal, said)
        return pages.redirect(HOME, self.edge.cookies.issued(signed_in))

    def _ask(self, refusal: ServiceError, said: dict[str, Any]) -> Answer:
        """The page for what the service wants to know besides."""
        asked = ASKS_FOR[type(refusal)]
        is_fault = said.get(asked) is not None
        faults = Faults(fields={asked: forms.in_indonesian(refusal)})
        known = {name: one for name, one in said.items() if name != "second_factor"}
        return pages.answer(
            problems.status_of(type(refusal)) if is_fault else 200,
            "second_step",
            title="Satu langkah lagi",
            asked=asked,
            step=self.edge.steps.seal(known),
            faults=faults if is_fault else NO_FAULTS,
        )

    def _is_signed_in(self, request: Request) -> bool:
        """Whether the access token in the cookie is good."""
        try:
            self.edge.admit(request)
        except NotAuthenticatedError:
            return False
        return True


def _sign_in(
    status: int,
    form: dict[str, str] | None = None,
    faults: Faults = NO_FAULTS,
    headers: Headers = (),
) -> Answer:
    form = form or {}
    return pages.answer(
        status,
        "sign_in",
        headers,
        title="Masuk",
        login=form.get("login", ""),
        remember="remember" in form,
        faults=faults,
    )


def _forgotten(status: int, login: str, faults: Faults) -> Answer:
    return pages.answer(
        status, "forgotten", title="Lupa password", login=login, faults=faults
    )
