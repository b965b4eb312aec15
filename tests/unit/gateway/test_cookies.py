"""Cookies that no script reads, and that count only on the hub's own pages."""

from __future__ import annotations

import pytest

from services.gateway.cookies import Cookies
from services.gateway.http.problems import CrossSiteRequest
from services.gateway.http.requests import Request

SIGNED_IN = {
    "access_token": "aaa",
    "refresh_token": "rrr",
    "expires_in": 900,
    "remembered": False,
}
HUB = "https://hub.contoh.id"


def request(method: str = "POST", **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, "/v1/members", {"host": "hub.contoh.id"} | named)


def test_tokens_are_out_of_reach_for_scripts_and_other_sites() -> None:
    for name, value in Cookies(HUB).issued(SIGNED_IN):
        assert name == "Set-Cookie"
        assert value.startswith("__Host-hub-")
        assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"} <= set(
            value.split("; ")
        )
        assert "Domain" not in value


def test_without_https_there_is_no_secure_cookie_and_no_prefix() -> None:
    for _name, value in Cookies("http://127.0.0.1:8000").issued(SIGNED_IN):
        assert value.startswith("hub-")
        assert "Secure" not in value
        assert "HttpOnly" in value


def test_what_is_not_remembered_ends_with_the_browser() -> None:
    _access, refresh = Cookies(HUB).issued(SIGNED_IN)
    assert "Max-Age" not in refresh[1]
    _access, refresh = Cookies(HUB).issued(SIGNED_IN | {"remembered": True})
    assert "Max-Age=2592000" in refresh[1]


def test_signing_out_clears_both() -> None:
    assert all("Max-Age=0" in value for _name, value in Cookies(HUB).cleared())


def test_a_cookie_is_found_by_its_whole_name() -> None:
    sent = request(cookie="x__Host-hub-access=no; __Host-hub-access=yes; b=c")
    assert Cookies(HUB).access_token(sent) == "yes"
    assert Cookies(HUB).refresh_token(sent) is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"sec_fetch_site": "same-origin"}, id="the browser says so"),
        pytest.param({"origin": HUB}, id="the hub's address"),
        pytest.param({"origin": "HTTPS://HUB.contoh.id"}, id="in capitals"),
    ],
)
def test_the_hubs_own_pages_may_change_something(headers: dict[str, str]) -> None:
    Cookies(HUB).check_origin(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing said"),
        pytest.param({"sec_fetch_site": "cross-site"}, id="another site"),
        pytest.param({"sec_fetch_site": "same-site"}, id="a sister's site"),
        pytest.param({"sec_fetch_site": "none"}, id="typed by hand"),
        pytest.param({"origin": "https://jahat.contoh"}, id="another origin"),
        pytest.param({"origin": "null"}, id="no origin to name"),
        pytest.param({"origin": "http://hub.contoh.id"}, id="without https"),
        pytest.param({"origin": "https://hub.contoh.id.jahat.id"}, id="alike"),
        pytest.param(
            {"origin": HUB, "sec_fetch_site": "cross-site"}, id="two opinions"
        ),
    ],
)
def test_nobody_else_may(headers: dict[str, str]) -> None:
    with pytest.raises(CrossSiteRequest):
        Cookies(HUB).check_origin(request(**headers))


def test_looking_is_free() -> None:
    Cookies(HUB).check_origin(request("GET", sec_fetch_site="cross-site"))
