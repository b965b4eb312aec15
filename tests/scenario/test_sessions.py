"""People sign in through the API, as apps and as browsers, and out again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from services.gateway.routes.edge import LEARN_SECONDS
from services.shared.messaging import memory, runner
from services.shared.persistence.database import Database
from tests.factories.members import Tenant, World
from tests.factories.users import PASSWORD, Person, operator, user
from tests.fakes.ledger_peer import LedgerPeer
from tests.fakes.running_gateway import Gateway, Reply
from tests.interface.members.test_second_factors import enrolled
from tests.interface.members.test_users import mails

SERVICES: Final = ("ledger", "members", "transfers")
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
COOKIES: Final = ("hub-access", "hub-refresh")


class Stage:
    """A running hub with one active cooperative."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.world = World(
            members=hub.databases["members"],
            ledger=hub.databases["ledger"],
            settings=hub.settings,
        )
        made = self._operator("/v1/cooperatives", code="0301", kind="ksp_primer")
        self._operator(f"/v1/cooperatives/{made['id']}/activate")
        peer = LedgerPeer(self.world.ledger, hub.settings, made["id"])
        self.tenant = Tenant(world=self.world, id=made["id"], code="0301", ledger=peer)

    def _operator(self, path: str, **body: Any) -> Any:
        content = body | {"name": "KSP Maju Bersama"} if body else None
        reply = self.hub.request("POST", path, content, token=self.hub.operator())
        assert reply.status < 300, reply.body
        return reply.json

    def sign_in(self, person: Person, **more: Any) -> Reply:
        """What signing in is answered."""
        body = {"login": person.email, "password": PASSWORD} | more
        return self.hub.request("POST", "/v1/sessions", body, token=None)

    def tokens(self, person: Person, **more: Any) -> dict[str, Any]:
        """The answer to somebody who gets in."""
        reply = self.sign_in(person, **more)
        assert reply.status == 201, reply.body
        signed: dict[str, Any] = reply.json
        return signed


@pytest.fixture(scope="module")
def stage(database_factory: Callable[[str], Database]) -> Iterator[Stage]:
    """One hub for this module, on databases of its own."""
    memory.install()
    databases = {name: database_factory(name) for name in SERVICES}
    hub = Gateway({"rate_per_second": 0}, databases)
    hub.start_all([runner.service_class(name) for name in SERVICES])
    yield Stage(hub)
    hub.stop()


class Browser:
    """Keeps cookies, and says where the page came from that sends a request."""

    def __init__(self, hub: Gateway) -> None:
        self.hub = hub
        self.cookies: dict[str, str] = {}

    def send(
        self, method: str, path: str, body: Any = None, *, site: str = "same-origin"
    ) -> Reply:
        """One request of a page of this site."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.hub.request(
            method,
            path,
            body,
            token=None,
            headers={"Cookie": cookie, "Sec-Fetch-Site": site},
        )


def cookies_of(stage: Stage, body: dict[str, Any], path: str, cookie: str) -> list[str]:
    """Every Set-Cookie header of an answer, of which there may be several."""
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n"
    content = json.dumps(body).encode()
    head += "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n"
    head += f"Cookie: {cookie}\r\nContent-Length: {len(content)}\r\n\r\n"
    answer = stage.hub.raw(head.encode() + content).decode()
    assert answer.startswith("HTTP/1.1 2"), answer
    return re.findall(r"Set-Cookie: ([^\r]+)", answer)


def browse(stage: Stage, person: Person, **more: Any) -> Browser:
    """A browser that signed in."""
    browser = Browser(stage.hub)
    body = {"login": person.email, "password": PASSWORD, "cookie": True} | more
    for cookie in cookies_of(stage, body, "/v1/sessions", ""):
        name, value = cookie.split(";")[0].split("=", 1)
        browser.cookies[name] = value
    return browser


# --- apps -----------------------------------------------------------------------------


def test_an_app_signs_in_works_refreshes_and_signs_out(stage: Stage) -> None:
    hub, admin = stage.hub, user(stage.tenant, "admin")
    signed = stage.tokens(admin, remember=True)
    token = signed["access_token"]
    assert hub.request("GET", "/v1/users", token=token).status == 200

    body = {"refresh_token": signed["refresh_token"]}
    refreshed = hub.request("POST", "/v1/sessions/refresh", body, token=None)
    assert refreshed.status == 200
    fresh = refreshed.json["access_token"]
    assert hub.request("GET", "/v1/sessions", token=fresh).json["items"]

    assert hub.request("DELETE", "/v1/sessions/current", token=fresh).status == 200
    # Both access tokens have minutes to go, and are worth nothing.
    for one in (token, fresh):
        reply = hub.request("GET", "/v1/users", token=one)
        assert (reply.status, reply.json["code"]) == (401, "not_authenticated")
    again = {"refresh_token": refreshed.json["refresh_token"]}
    reply = hub.request("POST", "/v1/sessions/refresh", again, token=None)
    assert (reply.status, reply.json["code"]) == (401, "invalid_refresh_token")


def test_a_wrong_password_and_an_unknown_login_are_answered_alike(stage: Stage) -> None:
    admin = user(stage.tenant, "admin")
    known = stage.sign_in(admin, password="Mawar-Merah-17")
    unknown = stage.sign_in(admin, login="siapa@contoh.id")

    assert known.status == unknown.status == 401
    assert known.json == unknown.json
    assert known.json["code"] == "invalid_login"


def test_the_sixth_attempt_has_to_wait(stage: Stage) -> None:
    admin = user(stage.tenant, "admin")
    for _ in range(5):
        assert stage.sign_in(admin, password="Mawar-Merah-17").status == 401

    reply = stage.sign_in(admin)

    assert (reply.status, reply.json["code"]) == (429, "too_many_attempts")
    assert 800 < int(reply.headers["Retry-After"]) <= 901


def test_a_teller_has_to_enrol_before_anything_else(stage: Stage) -> None:
    hub, teller = stage.hub, user(stage.tenant, "teller")
    signed = stage.tokens(teller)
    assert signed["must_enrol_second_factor"] is True
    token = signed["access_token"]
    assert hub.request("GET", "/v1/members", token=token).status == 403
    security = hub.request("GET", "/v1/me/second-factor", token=token)
    assert security.json["must_have_second_factor"] is True

    app = enrolled(stage.world, teller)
    assert stage.sign_in(teller).json["code"] == "second_factor_required"
    token = stage.tokens(teller, second_factor=app.code(1))["access_token"]
    assert hub.request("GET", "/v1/members", token=token).status == 200


def test_an_operator_signs_in_like_everybody_else(stage: Stage) -> None:
    person = operator(stage.world)
    app = enrolled(stage.world, person)
    signed = stage.tokens(person, second_factor=app.code(1), cooperative_code="hub")

    reply = stage.hub.request("GET", "/v1/cooperatives", token=signed["access_token"])
    assert reply.status == 200


def test_somebody_disabled_is_out_at_once(stage: Stage) -> None:
    hub = stage.hub
    admin, clerk = user(stage.tenant, "admin"), user(stage.tenant, "analis")
    token = stage.tokens(clerk)["access_token"]
    assert hub.request("GET", "/v1/members", token=token).status == 200

    reply = hub.request(
        "POST",
        f"/v1/users/{clerk.user_id}/disable",
        token=stage.tokens(admin)["access_token"],
    )
    assert reply.json["status"] == "disabled"

    assert hub.request("GET", "/v1/members", token=token).status == 401


def test_a_gateway_hears_of_sessions_that_ended_elsewhere(stage: Stage) -> None:
    hub, admin = stage.hub, user(stage.tenant, "admin")
    token = stage.tokens(admin)["access_token"]
    with stage.world.members.hub() as session:
        stage_end = "UPDATE sessions SET ended_at = now(), end_reason = 'revoked'"
        session.connection().exec_driver_sql(
            f"{stage_end} WHERE user_id = %s", (admin.user_id,)
        )
    deadline = time.monotonic() + 10 * LEARN_SECONDS
    while hub.request("GET", "/v1/users", token=token).status != 401:
        assert time.monotonic() < deadline


def test_a_machine_has_no_sessions(stage: Stage) -> None:
    token = stage.hub.token(cooperative_id=stage.tenant.id)
    for method, path in (("GET", "/v1/sessions"), ("DELETE", "/v1/sessions/current")):
        assert stage.hub.request(method, path, token=token).status == 403


# --- browsers -------------------------------------------------------------------------


def test_a_browser_never_sees_its_tokens(stage: Stage) -> None:
    admin = user(stage.tenant, "admin")
    reply = stage.sign_in(admin, cookie=True)

    assert reply.json["access_token"] is None
    assert reply.json["refresh_token"] is None
    body = {"login": admin.email, "password": PASSWORD, "cookie": True}
    cookies = cookies_of(stage, body, "/v1/sessions", "")
    assert [one.split("=")[0] for one in cookies] == list(COOKIES)
    assert all("HttpOnly" in one and "SameSite=Strict" in one for one in cookies)


def test_a_browser_works_with_its_cookies(stage: Stage) -> None:
    browser = browse(stage, user(stage.tenant, "admin"))

    assert browser.send("GET", "/v1/users").status == 200
    assert browser.send("POST", "/v1/members", {"name": "Budi Santoso"}).status == 201


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_another_site_changes_nothing_with_a_browsers_cookies(
    stage: Stage, site: str
) -> None:
    browser = browse(stage, user(stage.tenant, "admin"))
    person = {"name": "Budi Santoso"}

    for method, path, body in (
        ("POST", "/v1/members", person),
        ("DELETE", "/v1/sessions/current", None),
        ("POST", "/v1/sessions/refresh", {}),
    ):
        reply = browser.send(method, path, body, site=site)
        assert (reply.status, reply.json["code"]) == (403, "cross_site_request")
    assert browser.send("GET", "/v1/users").status == 200


def test_a_browsers_cookies_are_exchanged_and_an_old_one_ends_the_session(
    stage: Stage,
) -> None:
    browser = browse(stage, user(stage.tenant, "admin"), remember=True)
    sent = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    cookies = cookies_of(stage, {}, "/v1/sessions/refresh", sent)
    assert all("Max-Age=" in one for one in cookies)

    # The browser still has the old ones, as a thief would.
    reply = browser.send("POST", "/v1/sessions/refresh", {})
    assert (reply.status, reply.json["code"]) == (401, "invalid_refresh_token")
    fresh = dict(one.split(";")[0].split("=", 1) for one in cookies)
    browser.cookies = fresh
    assert browser.send("POST", "/v1/sessions/refresh", {}).status == 401


def test_a_bearer_token_counts_before_a_cookie(stage: Stage) -> None:
    browser = browse(stage, user(stage.tenant, "admin"))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    reply = stage.hub.request(
        "GET", "/v1/users", token="nonsense", headers={"Cookie": cookie}
    )
    assert reply.status == 401


# --- pages ----------------------------------------------------------------------------


def link_in(stage: Stage, template: str, person_email: str) -> str:
    """The path of the link in the last mail."""
    url: str = mails(stage.world, template, person_email)[-1]["url"]
    return url.removeprefix(stage.hub.settings.public_url)


def submit(stage: Stage, path: str, token: str, password: str) -> Reply:
    body = f"token={token}&password={password}".encode()
    return stage.hub.request("POST", path, body, token=None, headers=dict(FORM))


def test_an_invitation_is_accepted_on_its_page(stage: Stage) -> None:
    hub, admin = stage.hub, user(stage.tenant, "admin")
    email = f"ketut.{admin.user_id[-6:]}@contoh.id"
    invited = hub.request(
        "POST",
        "/v1/users",
        {"name": "Ketut Ariani", "email": email, "roles": ["analis"]},
        token=stage.tokens(admin)["access_token"],
    )
    assert invited.status == 201, invited.body
    path = link_in(stage, "invitation", email)

    # Mail programs open links to look at them: nothing happens by that.
    for _ in range(2):
        page = hub.request("GET", path, token=None)
        assert page.status == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    token = path.partition("token=")[2]
    weak = submit(stage, "/undangan", token, "melati")
    assert weak.status == 422
    assert "8 karakter" in weak.body.decode()
    assert submit(stage, "/undangan", token, PASSWORD).status == 200
    assert submit(stage, "/undangan", token, PASSWORD).status == 422

    signed = hub.request(
        "POST", "/v1/sessions", {"login": email, "password": PASSWORD}, token=None
    )
    assert signed.status == 201


def test_a_forgotten_password_is_set_anew_on_its_page(stage: Stage) -> None:
    hub, admin = stage.hub, user(stage.tenant, "admin")
    token = stage.tokens(admin)["access_token"]
    for login in (admin.email, "siapa@contoh.id"):
        body = {"login": login}
        reply = hub.request("POST", "/v1/passwords/forgotten", body, token=None)
        assert reply.status == 202
    path = link_in(stage, "password_reset", admin.email)
    link = path.partition("token=")[2]

    assert submit(stage, "/atur-ulang-sandi", link, "Kenanga-Kuning-7").status == 200

    assert hub.request("GET", "/v1/users", token=token).status == 401
    assert stage.sign_in(admin).status == 401
    assert stage.sign_in(admin, password="Kenanga-Kuning-7").status == 201


def test_what_a_link_carries_is_shown_as_text(stage: Stage) -> None:
    path = "/undangan?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    page = stage.hub.request("GET", path, token=None).body.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["/aktivasi", "/undangan", "/atur-ulang-sandi"])
def test_a_page_that_goes_wrong_says_so_as_a_page(stage: Stage, path: str) -> None:
    wrong = submit(stage, path, "bukan-tautan", PASSWORD)
    assert wrong.status == 422
    assert "<form" in wrong.body.decode()
    garbage = stage.hub.request("POST", path, b"\xff", token=None, headers=dict(FORM))
    assert garbage.status == 400
    assert garbage.headers["Content-Type"].startswith("text/html")
    not_a_form = stage.hub.request("POST", path, {}, token=None)
    assert not_a_form.status == 415


def test_strength_is_told_to_anybody(stage: Stage) -> None:
    body = {"password": "Melati-Putih-42"}
    reply = stage.hub.request("POST", "/v1/passwords/strength", body, token=None)
    assert reply.json == {"score": 4, "accepted": True, "advice": []}
