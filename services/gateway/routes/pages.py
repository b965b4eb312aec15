"""What a person sees who follows a link in an e-mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import EXCLUDE, Schema

from services.gateway import pages
from services.gateway.http import problems
from services.gateway.http.answers import Answer
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.pages.forms import NO_FAULTS, Faults
from services.gateway.routes.edge import Edge
from services.shared.contracts.fields import text
from services.shared.contracts.members import passwords as contract
from services.shared.errors import ServiceError


class LinkQuery(Schema):
    """What a link carries. Mail programs add things of their own, which do no harm."""

    class Meta:
        """What others add is ignored."""

        unknown = EXCLUDE

    token = text(longest=contract.LINK_LENGTH_MAX, load_default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One link: its address, what it asks for, and what it says when it is done."""

    path: str
    title: str
    text: str
    button: str
    done: str
    hint: str = ""
    # Address and words of what helps when the link is not good any more.
    help: tuple[str, str] | None = None
    asks_password: bool = True

    def form(self, status: int, token: str, faults: Faults = NO_FAULTS) -> Answer:
        """The page with its button, perhaps with what was wrong the last time."""
        return pages.answer(
            status,
            "form",
            title=self.title,
            text=self.text,
            button=self.button,
            action=self.path,
            hint=self.hint,
            asks_password=self.asks_password,
            token=token,
            help=self.help if faults.general and not faults.fields else None,
            faults=faults,
        )

    def finished(self) -> Answer:
        """The page after the deed."""
        return pages.answer(
            200,
            "message",
            title=self.title,
            text=self.done,
            next_step=(forms.SIGN_IN, "MASUK"),
        )


HINT: Final = (
    "Paling sedikit 8 karakter (anggota: 6). Sebaiknya campuran huruf, angka, "
    "dan tanda."
)
ACTIVATION: Final = Page(
    path="/aktivasi",
    title="Aktivasi koperasi",
    text="Tekan tombol untuk memverifikasi alamat e-mail koperasi Anda.",
    button="VERIFIKASI",
    done="Alamat e-mail sudah diverifikasi. Silakan masuk dan lengkapi data legalitas.",
    help=("/daftar/kirim-ulang", "Minta tautan aktivasi baru"),
    asks_password=False,
)
INVITATION: Final = Page(
    path="/undangan",
    title="Undangan",
    text="Anda diundang untuk masuk ke Koperasi Hub. Tentukan kata sandi Anda.",
    hint=HINT,
    button="SIMPAN",
    done="Kata sandi tersimpan. Silakan masuk.",
)
PASSWORD_RESET: Final = Page(
    path="/atur-ulang-sandi",
    title="Atur ulang kata sandi",
    text="Tentukan kata sandi baru. Setelah itu semua perangkat harus masuk kembali.",
    hint=HINT,
    help=("/lupa-password", "Minta tautan baru"),
    button="SIMPAN PERUBAHAN",
    done="Kata sandi sudah diubah. Silakan masuk kembali.",
)


class PageRoutes(Edge):
    """Pages."""

    @forms.shown(ACTIVATION.path, query=LinkQuery)
    def show_activation(self, request: Request) -> Answer:
        """The page behind an activation link."""
        return ACTIVATION.form(200, request.query.get("token", ""))

    @forms.submitted(ACTIVATION.path)
    def submit_activation(self, request: Request) -> Answer:
        """The button of the activation page."""
        return _submitted(
            ACTIVATION,
            request,
            lambda form: self.members.activate_registration({"token": form["token"]}),
        )

    @forms.shown(INVITATION.path, query=LinkQuery)
    def show_invitation(self, request: Request) -> Answer:
        """The page behind an invitation's link."""
        return INVITATION.form(200, request.query.get("token", ""))

    @forms.submitted(INVITATION.path)
    def submit_invitation(self, request: Request) -> Answer:
        """The button of the invitation page."""
        self.check_password_rate(request)
        return _submitted(INVITATION, request, self.members.accept_invitation)

    @forms.shown(PASSWORD_RESET.path, query=LinkQuery)
    def show_password_reset(self, request: Request) -> Answer:
        """The page behind the link of a forgotten password."""
        return PASSWORD_RESET.form(200, request.query.get("token", ""))

    @forms.submitted(PASSWORD_RESET.path)
    def submit_password_reset(self, request: Request) -> Answer:
        """The button of the page for a new password."""
        self.check_password_rate(request)
        answer = _submitted(PASSWORD_RESET, request, self.members.reset_password)
        self.learn_at_once()
        return answer


def _submitted(
    page: Page, request: Request, deed: Callable[[dict[str, str]], Any]
) -> Answer:
    """Do what the button says; what is refused can be tried again on the same page."""
    form = forms.read(request.body)
    token = form.get("token", "")[: contract.LINK_LENGTH_MAX]
    command = {"token": token}
    if page.asks_password:
        command["password"] = form.get("password", "")
    try:
        deed(command)
    except ServiceError as refusal:
        status = problems.status_of(type(refusal))
        return page.form(status, token, forms.faults_of(refusal, {"password": ""}))
    return page.finished()
