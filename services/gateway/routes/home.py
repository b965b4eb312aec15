"""What somebody sees who has signed in: who one is, what is next, where one is.

Not a dashboard: those come per role.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.gateway import pages
from services.gateway.http.answers import Answer
from services.gateway.http.requests import Request
from services.gateway.pages import forms
from services.gateway.pages.forms import HOME, SIGN_IN
from services.gateway.routes.edge import Edge
from services.gateway.routes.security import SECOND_FACTOR
from services.shared import access
from services.shared.contracts.members import sessions as contract
from services.shared.errors import NotAllowed, NotFound
from services.shared.presentation import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do, and where it is done: address and words of a button."""

    text: str
    button: tuple[str, str] | None = None


END_SESSION: Final = "/beranda/akhiri"
SESSIONS_SHOWN_MAX: Final = 100

ROLES: Final = {
    "admin": "Admin",
    "analis": "Analis kredit",
    "anggota": "Anggota",
    "bendahara": "Bendahara",
    "komite": "Komite kredit",
    "operator": "Pengelola hub",
    "pengawas": "Pengawas",
    "pengurus": "Pengurus",
    "teller": "Teller",
}
STATUSES: Final = {
    "registered": "Terdaftar, belum aktif",
    "active": "Aktif",
    "deactivated": "Dinonaktifkan",
    "closing": "Dalam proses penutupan",
    "closed": "Ditutup",
}
ENROL: Final = Step(
    text="Jabatan Anda wajib memakai verifikasi dua langkah. Sebelum itu diaktifkan, "
    "layanan lain belum terbuka.",
    button=(SECOND_FACTOR, "AKTIFKAN"),
)
NEXT_STEPS: Final = {
    "activated": "Lengkapi data legalitas koperasi, lalu ajukan untuk diperiksa.",
    "submitted": "Data legalitas sedang diperiksa pengelola hub. Hasilnya kami kirim "
    "lewat e-mail.",
    "refused": "Perbaiki data legalitas, lalu ajukan kembali.",
}
"""What a cooperative does next, by the state of its registration."""

WAIT_FOR_ACTIVATION: Final = "Pengelola hub akan mengaktifkan koperasi Anda."
NOTHING_TO_DO: Final = "Tidak ada yang perlu dilakukan sekarang."

# Browsers call themselves by each other's names: the first that is found is right.
BROWSERS: Final = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
UNKNOWN_DEVICE: Final = "Perangkat lain"
DEVICE_SHOWN_MAX: Final = 40


class HomeRoutes(Edge):
    """The page of who has signed in."""

    @forms.shown(HOME, rule=access.person, on_refusal=forms.sent_to(SIGN_IN))
    def show_home(self, request: Request) -> Answer:
        """Who one is, what is next, and one's sessions."""
        own = dict(self.members.get_own_user({}))
        security = dict(self.members.get_security({}))
        listed = self.members.list_sessions({"limit": SESSIONS_SHOWN_MAX})
        current = request.identity.session_id if request.identity else ""
        return pages.answer(
            200,
            "home",
            title="Beranda",
            is_signed_in=True,
            is_wide=True,
            own=own,
            roles=[ROLES.get(role, role) for role in own["roles"]],
            standing=_standing(own),
            steps=next_steps(own, security, self._registration()),
            sessions=[_shown(one, current) for one in listed["items"]],
        )

    @forms.submitted(END_SESSION, rule=access.person, on_refusal=forms.sent_to(SIGN_IN))
    def submit_end_session(self, request: Request) -> Answer:
        """AKHIRI: sign out on another device."""
        given = {"session_id": forms.read(request.body).get("session_id", "")}
        command = forms.checked(contract.SessionCommand(), given)
        self.members.end_session(command)
        self.edge.revocations.add(command["session_id"])
        return pages.redirect(HOME)

    def _registration(self) -> dict[str, Any] | None:
        """How the registration stands, for who may know, if there was one."""
        with suppress(NotAllowed, NotFound):
            return dict(self.members.get_own_registration({}))
        return None


def next_steps(
    own: Mapping[str, Any],
    security: Mapping[str, Any],
    registration: Mapping[str, Any] | None,
) -> list[Step]:
    """What there is to do, the most urgent first."""
    steps = []
    if security["must_have_second_factor"] and not security["has_second_factor"]:
        steps.append(ENROL)
    cooperative = own["cooperative"]
    if cooperative is not None and cooperative["status"] == "registered":
        steps.append(Step(text=_towards_activation(registration)))
    return steps or [Step(text=NOTHING_TO_DO)]


def _towards_activation(registration: Mapping[str, Any] | None) -> str:
    if registration is None:
        return WAIT_FOR_ACTIVATION
    step = NEXT_STEPS.get(registration["status"], WAIT_FOR_ACTIVATION)
    reason = registration["refusal_reason"]
    return f"{step} Alasan penolakan: {reason}" if reason else step


def _standing(own: Mapping[str, Any]) -> str:
    cooperative = own["cooperative"]
    if cooperative is None:
        return ""
    status: str = cooperative["status"]
    return STATUSES.get(status, status)


def _shown(session: Mapping[str, Any], current: str) -> dict[str, Any]:
    return {
        "id": session["id"],
        "device": device_called(session["device"]),
        "since": _moment(session["created_at"]),
        "used": _moment(session["used_at"]),
        "until": _moment(session["expires_at"]),
        "is_current": session["id"] == current,
    }


def _moment(text: str) -> str:
    return formats.moment(datetime.fromisoformat(text))


def device_called(device: str) -> str:
    """A device as people know it, out of what a browser says of itself."""
    browser = _first(BROWSERS, device)
    system = _first(SYSTEMS, device)
    if browser and system:
        return f"{browser} di {system}"
    return browser or device[:DEVICE_SHOWN_MAX] or UNKNOWN_DEVICE


def _first(names: Mapping[str, str], device: str) -> str:
    found = (
        called
        for name, called in names.items()
        if re.search(rf"\b{re.escape(name)}", device)
    )
    return next(found, "")
