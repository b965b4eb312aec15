"""What anybody sees: the front page, the terms, and the form of a new cooperative."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from services.gateway import pages
from services.gateway.http import problems
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.pages.forms import NO_FAULTS, Faults
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.members import registration as contract
from services.shared.errors import ServiceError
from services.shared.presentation import formats

REGISTER: Final = "/daftar"
SEND_AGAIN: Final = "/daftar/kirim-ulang"
TERMS: Final = "/syarat"
SCRIPT: Final = (pages.FOLDER / "page.js").read_bytes()
ICON: Final = (pages.FOLDER / "icon.svg").read_bytes()

# The fields of the form (R6) in their order, and what is said of them instead of the
# contract's sentence.
FIELDS: Final = {
    "name": "",
    "email": "",
    "phone": "",
    "password": "",
    "partner_code": "",
    "terms_version": "Bacalah dan setujui syarat dan ketentuan untuk mendaftar.",
}
FORGOTTEN_ON_ERROR: Final = frozenset({"password"})
"""What a form that is shown again does not repeat."""


class SiteRoutes(Edge):
    """Pages that anybody sees."""

    @forms.shown("/")
    def show_front(self, _request: Request) -> Answer:
        """The front page, with DAFTAR and MASUK at the top right (R5)."""
        return pages.answer(
            200, "front", title="Koperasi Hub", is_listed=True, is_wide=True
        )

    @forms.shown(TERMS)
    def show_terms(self, _request: Request) -> Answer:
        """The terms in force (R9), in the version that registering accepts."""
        in_force_from = date.fromisoformat(contract.TERMS_VERSION)
        return pages.answer(
            200,
            f"terms-{contract.TERMS_VERSION}",
            title="Syarat dan ketentuan",
            version=contract.TERMS_VERSION,
            in_force_from=formats.date_long(in_force_from),
            is_listed=True,
            is_wide=True,
        )

    @forms.shown(REGISTER)
    def show_registration(self, _request: Request) -> Answer:
        """The form of a new cooperative (R6)."""
        return _registration(200, {}, NO_FAULTS)

    @forms.submitted(REGISTER)
    def submit_registration_form(self, request: Request) -> Answer:
        """DAFTAR: what follows comes by e-mail, and the page says where to look."""
        self.edge.cookies.check_origin(request)
        self.check_password_rate(request)
        form = forms.read(request.body)
        try:
            command = forms.checked(contract.StartRegistration(), _command(form))
            self.members.start_registration(command)
        except ServiceError as refusal:
            status = problems.status_of(type(refusal))
            return _registration(
                status,
                form,
                forms.faults_of(refusal, FIELDS),
                forms.headers_of(refusal),
            )
        return _look_into_the_mail(202, command["email"])

    @forms.shown(SEND_AGAIN)
    def show_send_again(self, _request: Request) -> Answer:
        """The form of who lost the link, or waited for too long."""
        return pages.answer(
            200, "send_again", title="Kirim ulang tautan aktivasi", faults=NO_FAULTS
        )

    @forms.submitted(SEND_AGAIN)
    def submit_send_again(self, request: Request) -> Answer:
        """KIRIM ULANG: another link to the same address."""
        self.edge.cookies.check_origin(request)
        email = forms.read(request.body).get("email", "")
        try:
            command = forms.checked(contract.ResendActivation(), {"email": email})
            self.members.resend_activation(command)
        except ServiceError as refusal:
            status = problems.status_of(type(refusal))
            faults = forms.faults_of(refusal, {"email": ""})
            return _look_into_the_mail(status, email, faults, forms.headers_of(refusal))
        return _look_into_the_mail(202, email, is_again=True)

    @route(
        "GET",
        pages.SCRIPT_PATH,
        tag=forms.TAG,
        rule=access.anyone,
        query=forms.AnyQuery,
        is_described=False,
    )
    def get_page_script(self, _request: Request) -> Answer:
        """The one script of the pages, which shows a password that is being typed."""
        return Answer(200, SCRIPT, "text/javascript; charset=utf-8")

    @route(
        "GET",
        pages.ICON_PATH,
        tag=forms.TAG,
        rule=access.anyone,
        query=forms.AnyQuery,
        is_described=False,
    )
    def get_page_icon(self, _request: Request) -> Answer:
        """The sign of the hub."""
        return Answer(200, ICON, "image/svg+xml")


def _command(form: dict[str, str]) -> dict[str, Any]:
    """The form as the contract has it: what was left empty was not said."""
    given: dict[str, Any] = {name: form[name] for name in FIELDS if form.get(name)}
    for name in given.keys() - {"password"}:
        given[name] = given[name].strip()
    return given


def _registration(
    status: int, form: dict[str, str], faults: Faults, headers: Any = ()
) -> Answer:
    values = {
        name: "" if name in FORGOTTEN_ON_ERROR else form.get(name, "")
        for name in FIELDS
    }
    return pages.answer(
        status,
        "register",
        headers,
        title="Daftarkan koperasi",
        values=values,
        terms_version=contract.TERMS_VERSION,
        faults=faults,
    )


def _look_into_the_mail(
    status: int,
    email: str,
    faults: Faults = NO_FAULTS,
    headers: Any = (),
    *,
    is_again: bool = False,
) -> Answer:
    """Where the link is, most likely (R10), and how to be sent another one."""
    return pages.answer(
        status,
        "registered",
        headers,
        title="Periksa e-mail Anda",
        email=email,
        is_again=is_again,
        faults=faults,
    )
