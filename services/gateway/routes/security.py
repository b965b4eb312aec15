"""Pages on which people protect their own account: second factor and password.

The routes of the API below `/v1/me` do the same. What an authenticator app shares with
the hub passes through here once, on its way to the page, and is kept nowhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import segno

from services.gateway import pages
from services.gateway.http import problems
from services.gateway.http.answers import Answer, Headers
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.pages.forms import HOME, NO_FAULTS, SIGN_IN, Faults
from services.gateway.routes.edge import Edge
from services.gateway.routes.pages import HINT
from services.shared import access
from services.shared.contracts.members import passwords
from services.shared.contracts.members import second_factors as contract
from services.shared.contracts.members.sessions import InvalidSecondFactor
from services.shared.errors import ServiceError

SECOND_FACTOR: Final = f"{HOME}/faktor-kedua"
CONFIRM: Final = f"{SECOND_FACTOR}/konfirmasi"
RENEW: Final = f"{SECOND_FACTOR}/kode-pemulihan"
REMOVE: Final = f"{SECOND_FACTOR}/hapus"
PASSWORD: Final = f"{HOME}/kata-sandi"

TITLE: Final = "Verifikasi dua langkah"
TITLES: Final = {RENEW: "Kode pemulihan baru", REMOVE: "Hapus verifikasi dua langkah"}
GROUP_LENGTH: Final = 4
"""A secret is typed more easily in groups of as many characters."""

ASKED: Final = {"password": "", "code": ""}
ASKED_FOR_PASSWORD: Final = {"current_password": "", "password": ""}
# At which field of a form stands what the service says of all of it.
FIELD_OF: Final[dict[type[ServiceError], str]] = {
    passwords.WrongPassword: "password",
    InvalidSecondFactor: "code",
}
STRENGTHS: Final = {1: "lemah", 2: "cukup", 3: "baik", 4: "kuat"}
ADVICE: Final = {
    "common": "Kata ini termasuk yang pertama kali ditebak orang.",
    "longer": "Lebih aman bila paling sedikit 12 karakter.",
    "mix": "Lebih aman bila campuran huruf besar, huruf kecil, angka, dan tanda.",
}

_to_sign_in: Final = forms.sent_to(SIGN_IN)


class SecurityRoutes(Edge):
    """Pages for the second factor and the password of who has signed in."""

    @forms.shown(SECOND_FACTOR, rule=access.person, on_refusal=_to_sign_in)
    def show_second_factor(self, _request: Request) -> Answer:
        """What a second factor is, or how things stand with the one there is."""
        return self._second_factor(200, NO_FAULTS)

    @forms.submitted(SECOND_FACTOR, rule=access.person, on_refusal=_to_sign_in)
    def submit_enrolment(self, request: Request) -> Answer:
        """LANJUTKAN: for the password, the secret of the app, shown this once."""
        given = {"password": forms.read(request.body).get("password", "")}
        try:
            command = forms.checked(contract.EnrolSecondFactor(), given)
            enrolment = dict(self.members.enrol_second_factor(command))
        except ServiceError as refusal:
            return self._second_factor(*_refused(refusal, ASKED))
        return _enrolment(200, NO_FAULTS, enrolment=enrolment)

    @forms.submitted(CONFIRM, rule=access.person, on_refusal=_to_sign_in)
    def submit_first_code(self, request: Request) -> Answer:
        """AKTIFKAN: the recovery codes, and a session with all one's rights."""
        try:
            command = forms.checked(contract.ConfirmSecondFactor(), _code(request))
            recovery = dict(self.members.confirm_second_factor(command))
        except (contract.SecondFactorEnrolled, contract.NoSecondFactor) as refusal:
            return self._second_factor(*_refused(refusal, ASKED))
        except ServiceError as refusal:
            return _enrolment(*_refused(refusal, ASKED))
        headers: Headers = ()
        # Whatever becomes of the session, these codes are shown now or never.
        with suppress(ServiceError):
            headers = self.renewed(request)
        return _recovery_codes(recovery, headers, is_first=True)

    @forms.shown(RENEW, rule=access.person, on_refusal=_to_sign_in)
    def show_renewal(self, _request: Request) -> Answer:
        """The form for other recovery codes."""
        return self._proof(RENEW)

    @forms.submitted(RENEW, rule=access.person, on_refusal=_to_sign_in)
    def submit_renewal(self, request: Request) -> Answer:
        """BUAT KODE BARU."""
        try:
            command = forms.checked(contract.ConfirmSecondFactor(), _code(request))
            recovery = dict(self.members.renew_recovery_codes(command))
        except ServiceError as refusal:
            return _proof(RENEW, *_refused(refusal, ASKED))
        return _recovery_codes(recovery, (), is_first=False)

    @forms.shown(REMOVE, rule=access.person, on_refusal=_to_sign_in)
    def show_removal(self, _request: Request) -> Answer:
        """The form for having no second factor any more."""
        return self._proof(REMOVE)

    @forms.submitted(REMOVE, rule=access.person, on_refusal=_to_sign_in)
    def submit_removal(self, request: Request) -> Answer:
        """HAPUS: every session ends, this one too."""
        given = {"password": forms.read(request.body).get("password", "")}
        try:
            command = forms.checked(
                contract.RemoveSecondFactor(), given | _code(request)
            )
            self.members.remove_second_factor(command)
        except ServiceError as refusal:
            return _proof(REMOVE, *_refused(refusal, ASKED))
        self.learn_at_once()
        return pages.answer(
            200,
            "message",
            self.edge.cookies.cleared(),
            title=TITLE,
            text="Verifikasi dua langkah sudah dihapus. Semua perangkat harus masuk "
            "kembali.",
            next_step=(SIGN_IN, "MASUK"),
        )

    @forms.shown(PASSWORD, rule=access.person, on_refusal=_to_sign_in)
    def show_password(self, _request: Request) -> Answer:
        """The form for another password."""
        return _password(200, NO_FAULTS)

    @forms.submitted(PASSWORD, rule=access.person, on_refusal=_to_sign_in)
    def submit_password(self, request: Request) -> Answer:
        """SIMPAN PERUBAHAN: one's other sessions end, and one reads how good it is."""
        form = forms.read(request.body)
        given = {name: form.get(name, "") for name in ASKED_FOR_PASSWORD}
        try:
            command = forms.checked(passwords.ChangePassword(), given)
            self.members.change_password(command)
        except passwords.WrongPassword as refusal:
            faults = Faults(fields={"current_password": forms.in_indonesian(refusal)})
            return _password(problems.status_of(type(refusal)), faults)
        except ServiceError as refusal:
            return _password(*_refused(refusal, ASKED_FOR_PASSWORD))
        self.learn_at_once()
        return pages.answer(
            200,
            "message",
            title="Kata sandi sudah diubah",
            text=" ".join(
                [
                    "Perangkat lain harus masuk kembali dengan kata sandi baru.",
                    *self._judged(given["password"]),
                ]
            ),
            is_signed_in=True,
            next_step=(HOME, "KE BERANDA"),
        )

    def _judged(self, password: str) -> list[str]:
        """How good the password is that was set, and what would make a better one."""
        # The change stands, whether this can be told or not.
        with suppress(ServiceError):
            found = dict(self.members.rate_password({"password": password}))
            advice = [ADVICE[one] for one in found["advice"] if one in ADVICE]
            if found["score"] in STRENGTHS:
                return [f"Kekuatannya: {STRENGTHS[found['score']]}.", *advice]
        return []

    def _second_factor(
        self, status: int, faults: Faults, headers: Headers = ()
    ) -> Answer:
        return pages.answer(
            status,
            "second_factor",
            headers,
            title=TITLE,
            is_signed_in=True,
            security=dict(self.members.get_security({})),
            faults=faults,
        )

    def _proof(self, path: str) -> Answer:
        """The form at ``path``, for who has a second factor."""
        if not dict(self.members.get_security({}))["has_second_factor"]:
            return pages.redirect(SECOND_FACTOR)
        return _proof(path, 200, NO_FAULTS)


def _code(request: Request) -> dict[str, str]:
    return {"code": forms.read(request.body).get("code", "").strip()}


def _refused(
    refusal: ServiceError, shown: dict[str, str]
) -> tuple[int, Faults, Headers]:
    """The status, the faults and the headers with which a form is shown again."""
    field = FIELD_OF.get(type(refusal))
    if field is None:
        faults = forms.faults_of(refusal, shown)
    else:
        faults = Faults(fields={field: forms.in_indonesian(refusal)})
    return problems.status_of(type(refusal)), faults, forms.headers_of(refusal)


def _enrolment(
    status: int,
    faults: Faults,
    headers: Headers = (),
    *,
    enrolment: dict[str, Any] | None = None,
) -> Answer:
    """The form for the first code; with what the app needs, the first time only."""
    return pages.answer(
        status,
        "enrolment",
        headers,
        title="Hubungkan aplikasi autentikator",
        is_signed_in=True,
        secret=_grouped(enrolment["secret"]) if enrolment else "",
        uri=enrolment["uri"] if enrolment else "",
        picture=qr_code(enrolment["uri"]) if enrolment else "",
        faults=faults,
    )


def _grouped(secret: str) -> str:
    starts = range(0, len(secret), GROUP_LENGTH)
    return " ".join(secret[at : at + GROUP_LENGTH] for at in starts)


def qr_code(text: str) -> str:
    """``text`` as a QR code: SVG that stands in a page, nothing in it to escape."""
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(omitsize=True, light="#fff", svgclass=None, lineclass=None)


def _recovery_codes(
    recovery: dict[str, Any], headers: Headers, *, is_first: bool
) -> Answer:
    return pages.answer(
        200,
        "recovery_codes",
        headers,
        title="Catat kode pemulihan Anda",
        is_signed_in=True,
        codes=recovery["codes"],
        is_first=is_first,
    )


def _proof(path: str, status: int, faults: Faults, headers: Headers = ()) -> Answer:
    """A form that asks for proof of who it is before it does its deed."""
    return pages.answer(
        status,
        "proof",
        headers,
        title=TITLES[path],
        is_signed_in=True,
        action=path,
        is_removal=path == REMOVE,
        faults=faults,
    )


def _password(status: int, faults: Faults, headers: Headers = ()) -> Answer:
    return pages.answer(
        status,
        "password",
        headers,
        title="Ganti kata sandi",
        is_signed_in=True,
        hint=HINT,
        faults=faults,
    )
