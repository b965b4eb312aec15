"""What a person sees who follows a link in an e-mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import EXCLUDE, Schema

from services.gateway import pages, translations
from services.gateway.http import bodies, problems
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import FORM, RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.edge import Edge
from services.shared import access
from services.shared.contracts.fields import text
from services.shared.contracts.members import passwords as contract
from services.shared.errors import ServiceError

TAG: Final = "Pages"
FORM_BYTES_MAX: Final = 8 << 10
FORM_BODY: Final = RawBody(media_types=(FORM,), bytes_max=FORM_BYTES_MAX)


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
    asks_password: bool = True

    def form(self, status: int, token: str, fault: str = "") -> Answer:
        """The page with its button, perhaps with what was wrong the last time."""
        return pages.answer(
            status,
            "form",
            title=self.title,
            text=self.text,
            button=self.button,
            action=self.path,
            asks_password=self.asks_password,
            token=token,
            fault=fault,
        )

    def finished(self) -> Answer:
        """The page after the deed."""
        return pages.answer(200, "message", title=self.title, text=self.done)


ACTIVATION: Final = Page(
    path="/aktivasi",
    title="Aktivasi koperasi",
    text="Tekan tombol untuk memverifikasi alamat e-mail koperasi Anda.",
    button="VERIFIKASI",
    done="Alamat e-mail sudah diverifikasi. Silakan masuk dan lengkapi data legalitas.",
    asks_password=False,
)
INVITATION: Final = Page(
    path="/undangan",
    title="Undangan",
    text="Tentukan kata sandi: paling sedikit 8 karakter, sebaiknya campuran huruf, "
    "angka, dan tanda.",
    button="SIMPAN",
    done="Kata sandi tersimpan. Silakan masuk.",
)
PASSWORD_RESET: Final = Page(
    path="/atur-ulang-sandi",
    title="Atur ulang kata sandi",
    text="Tentukan kata sandi baru. Setelah itu semua perangkat harus masuk kembali.",
    button="SIMPAN PERUBAHAN",
    done="Kata sandi sudah diubah. Silakan masuk kembali.",
)


def in_indonesian(refusal: ServiceError) -> str:
    """What the person reads instead of the sentence for machines."""
    default = (type(refusal).__doc__ or "").strip().splitlines()[0]
    return translations.translate(
        refusal.message, translations.INDONESIAN, default=default
    )


def refused(refusal: ServiceError, _request: Request) -> Answer:
    """A page for what went wrong before the form was even read."""
    return pages.answer(
        problems.status_of(type(refusal)),
        "message",
        title="Maaf",
        text=in_indonesian(refusal),
    )


class PageRoutes(Edge):
    """Pages."""

    @route(
        "GET",
        ACTIVATION.path,
        tag=TAG,
        rule=access.anyone,
        query=LinkQuery,
        is_described=False,
        on_refusal=refused,
    )
    def show_activation(self, request: Request) -> Answer:
        """The page behind an activation link."""
        return ACTIVATION.form(200, request.query.get("token", ""))

    @route(
        "POST",
        ACTIVATION.path,
        tag=TAG,
        rule=access.anyone,
        raw_body=FORM_BODY,
        key=Idempotency.NONE,
        is_described=False,
        on_refusal=refused,
    )
    def submit_activation(self, request: Request) -> Answer:
        """The button of the activation page."""
        return _submitted(
            ACTIVATION,
            request,
            lambda form: self.members.activate_registration({"token": form["token"]}),
        )

    @route(
        "GET",
        INVITATION.path,
        tag=TAG,
        rule=access.anyone,
        query=LinkQuery,
        is_described=False,
        on_refusal=refused,
    )
    def show_invitation(self, request: Request) -> Answer:
        """The page behind an invitation's link."""
        return INVITATION.form(200, request.query.get("token", ""))

    @route(
        "POST",
        INVITATION.path,
        tag=TAG,
        rule=access.anyone,
        raw_body=FORM_BODY,
        key=Idempotency.NONE,
        is_described=False,
        on_refusal=refused,
    )
    def submit_invitation(self, request: Request) -> Answer:
        """The button of the invitation page."""
        self.check_password_rate(request)
        return _submitted(INVITATION, request, self.members.accept_invitation)

    @route(
        "GET",
        PASSWORD_RESET.path,
        tag=TAG,
        rule=access.anyone,
        query=LinkQuery,
        is_described=False,
        on_refusal=refused,
    )
    def show_password_reset(self, request: Request) -> Answer:
        """The page behind the link of a forgotten password."""
        return PASSWORD_RESET.form(200, request.query.get("token", ""))

    @route(
        "POST",
        PASSWORD_RESET.path,
        tag=TAG,
        rule=access.anyone,
        raw_body=FORM_BODY,
        key=Idempotency.NONE,
        is_described=False,
        on_refusal=refused,
    )
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
    form = bodies.parse_form(request.body)
    token = form.get("token", "")[: contract.LINK_LENGTH_MAX]
    command = {"token": token}
    if page.asks_password:
        command["password"] = form.get("password", "")
    try:
        deed(command)
    except ServiceError as refusal:
        status = problems.status_of(type(refusal))
        return page.form(status, token, in_indonesian(refusal))
    return page.finished()
