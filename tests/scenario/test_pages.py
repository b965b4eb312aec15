"""A cooperative's PIC comes in through the pages alone, as in a browser."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlencode

import pytest

from services.gateway.routes.security import qr_code
from services.shared import clock, crypto
from services.shared.contracts.members import registration
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.joining import PASSWORD, mails
from tests.factories.members import Tenant, World
from tests.factories.users import bearer, person
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.running_gateway import Gateway, Reply

SERVICES: Final = ("ledger", "members", "transfers")
EMAIL: Final = "pengurus@tunas.example"
OTHER_EMAIL: Final = "pengurus@karya.example"
NEW_PASSWORD: Final = "Kenanga-Kuning-7"


class Browser:
    """Follows redirects, keeps cookies and says where a form came from. No script."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.cookies: dict[str, str] = {}

    def open(self, path: str) -> str:
        """The page at ``path``."""
        return self._page(self._send("GET", path))

    def submit(self, path: str, **fields: str) -> str:
        """The page that pressing the button of a form leads to."""
        return self._page(self._send("POST", path, urlencode(fields).encode()))

    def status(self, path: str) -> int:
        """What a GET of ``path`` is answered, with the cookies alone."""
        return self._send("GET", path).status

    def _page(self, reply: Reply) -> str:
        if reply.status == 303:
            return self.open(reply.headers["Location"])
        return reply.body.decode()

    def _send(self, method: str, path: str, body: bytes | None = None) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection(*self.hub.address, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for one in response.headers.get_all("Set-Cookie") or ():
                self._keep(one)
            found = dict(response.getheaders())
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def _keep(self, set_cookie: str) -> None:
        name, _, value = set_cookie.partition(";")[0].partition("=")
        self.cookies.pop(name, None)
        if value:
            self.cookies[name] = value


@pytest.fixture(scope="module")
def hub(database_factory: Callable[[str], Database]) -> Iterator[Gateway]:
    """A running hub on databases of its own, one for this module."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    running = Gateway({"rate_per_second": 0}, databases)
    running.start_all([runner.service_class(name) for name in SERVICES])
    yield running
    running.stop()


def link_in_mail(hub: Gateway, email: str, template: str, value: str) -> str:
    """The path of the link in the last such mail."""
    world = World(
        members=hub.databases["members"],
        ledger=hub.databases["ledger"],
        settings=hub.settings,
    )
    found = [one for one in mails(world, email) if one["template"] == template]
    link: str = found[-1][value]
    return link.removeprefix(hub.settings.public_url)


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_pic_registers_follows_the_link_signs_in_and_out(hub: Gateway) -> None:
    browser = Browser(hub)
    page = browser.submit(
        "/daftar",
        name="KSP Tunas Harapan",
        email=EMAIL,
        phone="0812-3456-7890",
        password=PASSWORD,
        partner_code="mitra-01",
        terms_version=registration.TERMS_VERSION,
    )
    assert "Promotions" in page
    again = browser.submit("/daftar/kirim-ulang", email=EMAIL)
    assert "baru saja dikirim" in again
    assert "salah" in browser.submit("/masuk", login=EMAIL, password=PASSWORD)

    link = link_in_mail(hub, EMAIL, "registration_activation", "link")
    token = token_in(browser.open(link))
    assert "sudah diverifikasi" in browser.submit("/aktivasi", token=token)

    page = browser.submit("/masuk", login=EMAIL, password=PASSWORD, remember="ya")
    for told in ("KSP Tunas Harapan", EMAIL, "Admin", "Terdaftar, belum aktif"):
        assert told in page
    assert "Lengkapi data legalitas" in page
    assert "Perangkat ini" in page

    # The access token has run out, as it does after minutes: the session goes on.
    del browser.cookies["hub-access"]
    assert "Halo," in browser.open("/masuk")

    kept = dict(browser.cookies)
    assert "sudah keluar" in browser.submit("/keluar")
    assert browser.cookies == {}
    browser.cookies = kept
    assert "Silakan masuk" in browser.open("/beranda")
    assert "INGATKAN SAYA NANTI" in browser.open("/masuk")
    _forget_and_come_back(hub, browser)


def _forget_and_come_back(hub: Gateway, browser: Browser) -> None:
    """R13: a link, a new password, and signing in again, on every device."""
    elsewhere = Browser(hub)
    assert "Halo," in elsewhere.submit("/masuk", login=EMAIL, password=PASSWORD)

    assert "Spam" in browser.submit("/lupa-password", login=EMAIL)
    token = token_in(browser.open(link_in_mail(hub, EMAIL, "password_reset", "url")))
    weak = browser.submit("/atur-ulang-sandi", token=token, password="melati")
    assert "paling sedikit 8" in weak
    done = browser.submit("/atur-ulang-sandi", token=token, password=NEW_PASSWORD)
    assert "Silakan masuk kembali" in done

    assert "Silakan masuk" in elsewhere.open("/beranda")
    assert "salah" in browser.submit("/masuk", login=EMAIL, password=PASSWORD)
    assert "Halo," in browser.submit("/masuk", login=EMAIL, password=NEW_PASSWORD)


def test_a_session_on_another_device_is_ended_from_home(hub: Gateway) -> None:
    here, there = Browser(hub), Browser(hub)
    here.submit(
        "/daftar",
        name="KSU Karya Mandiri",
        email=OTHER_EMAIL,
        phone="0812-3456-7890",
        password=PASSWORD,
        terms_version=registration.TERMS_VERSION,
    )
    link = link_in_mail(hub, OTHER_EMAIL, "registration_activation", "link")
    here.submit("/aktivasi", token=token_in(here.open(link)))
    there.submit("/masuk", login=OTHER_EMAIL, password=PASSWORD)
    page = here.submit("/masuk", login=OTHER_EMAIL, password=PASSWORD)
    [other] = re.findall(r'name="session_id" value="(\w+)"', page)

    page = here.submit("/beranda/akhiri", session_id=other)

    assert other not in page
    assert "Silakan masuk" in there.open("/beranda")
    assert "Halo," in here.open("/beranda")


def test_an_invited_teller_enrols_on_the_pages_and_has_the_rights(hub: Gateway) -> None:
    browser = Browser(hub)
    email = _invited_teller(hub)
    token = token_in(browser.open(link_in_mail(hub, email, "invitation", "url")))
    browser.submit("/undangan", token=token, password=PASSWORD)
    page = browser.submit("/masuk", login=email, password=PASSWORD)
    assert "layanan lain belum terbuka" in page
    assert 'href="/beranda/faktor-kedua">AKTIFKAN' in page
    assert browser.status("/v1/members") == 403

    assert "Aegis" in browser.open("/beranda/faktor-kedua")
    page = browser.submit("/beranda/faktor-kedua", password=PASSWORD)
    secret = _secret_in(page)
    wrong = browser.submit("/beranda/faktor-kedua/konfirmasi", code="abcdef")
    assert 'id="code-wrong"' in wrong
    page = browser.submit("/beranda/faktor-kedua/konfirmasi", code=_code(secret))
    recovery = re.findall(r"<code>([a-z0-9-]{14})</code>", page)
    assert len(recovery) == 10

    page = browser.open("/beranda")
    assert "layanan lain belum terbuka" not in page
    assert "Tidak ada yang perlu dilakukan sekarang" in page
    assert ">Kelola<" in page
    assert browser.status("/v1/members") == 200
    _renew_change_and_remove(hub, browser, email, recovery[0])


def _renew_change_and_remove(
    hub: Gateway, browser: Browser, email: str, recovery_code: str
) -> None:
    """What else can be done with a second factor, and the password besides."""
    second_factor = "/beranda/faktor-kedua"
    page = browser.submit(f"{second_factor}/kode-pemulihan", code=recovery_code)
    [fresh, other, *_] = re.findall(r"<code>([a-z0-9-]{14})</code>", page)
    assert recovery_code not in page

    page = browser.submit(
        "/beranda/kata-sandi", current_password="salah", password=NEW_PASSWORD
    )
    assert 'id="current_password-wrong"' in page
    page = browser.submit(
        "/beranda/kata-sandi", current_password=PASSWORD, password="melati"
    )
    assert "paling sedikit 8" in page
    page = browser.submit(
        "/beranda/kata-sandi", current_password=PASSWORD, password=NEW_PASSWORD
    )
    assert "Kekuatannya: kuat." in page
    assert "Halo," in browser.open("/beranda")

    elsewhere = Browser(hub)
    page = elsewhere.submit("/masuk", login=email, password=NEW_PASSWORD)
    assert "KODE VERIFIKASI" in page
    found = re.search(r'name="step" value="([^"]+)"', page)
    assert found is not None
    assert "Halo," in elsewhere.submit("/masuk", step=found[1], second_factor=fresh)

    page = browser.submit(f"{second_factor}/hapus", password=NEW_PASSWORD, code=other)
    assert "sudah dihapus" in page
    assert browser.cookies == {}
    assert "Silakan masuk" in elsewhere.open("/beranda")
    page = browser.submit("/masuk", login=email, password=NEW_PASSWORD)
    assert "layanan lain belum terbuka" in page


def _invited_teller(hub: Gateway) -> str:
    """The address of a teller whom an active cooperative has invited."""
    world = World(
        members=hub.databases["members"],
        ledger=hub.databases["ledger"],
        settings=hub.settings,
    )
    email = "teller@maju.example"
    body = {"code": "0377", "name": "KSP Maju Bersama", "kind": "ksp_primer"}
    made = hub.request("POST", "/v1/cooperatives", body, token=hub.operator()).json
    path = f"/v1/cooperatives/{made['id']}/activate"
    hub.request("POST", path, token=hub.operator())
    tenant = Tenant(
        world=world,
        id=made["id"],
        code="0377",
        ledger=LedgerPeer(world.ledger, hub.settings, made["id"]),
    )
    reply = hub.request(
        "POST",
        "/v1/users",
        {"name": "Wayan Sukma", "email": email, "roles": ["teller"]},
        token=bearer(hub.settings, person(tenant, "admin")),
    )
    assert reply.status == 201, reply.body
    return email


def _secret_in(page: str) -> bytes:
    """What an app reads from the page, which says the same in all ways."""
    typed = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    link = re.search(r'href="(otpauth://[^"]+)"', page)
    assert typed is not None
    assert link is not None
    secret = typed[1].replace(" ", "")
    assert f"secret={secret}" in link[1]
    assert qr_code(html.unescape(link[1])) in page
    return base64.b32decode(secret)


def _code(secret: bytes) -> str:
    return crypto.totp_code(secret, clock.now().timestamp())
