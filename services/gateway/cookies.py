"""How a browser keeps its tokens: in cookies that no script reads and no site sends.

One mechanism for both kinds of client. A cookie holds the same token that an app sends
as a bearer; only what must be checked differs, because a browser sends cookies along
with requests that others made it send.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from services.gateway.http.answers import Headers
from services.gateway.http.problems import CrossSiteRequest
from services.gateway.http.requests import Request

ACCESS: Final = "hub-access"
REFRESH: Final = "hub-refresh"
# The prefix binds a cookie to this very host and to https; browsers enforce it.
SECURE_PREFIX: Final = "__Host-"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_ORIGIN: Final = "same-origin"
REMEMBERED_SECONDS: Final = 30 * 24 * 3600
"""How long a browser keeps the refresh token; the session itself ends no later."""


class Cookies:
    """Reads and writes the cookies of a hub that is reached at ``public_url``."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        # Only where there is no https at all, on one's own machine, is it done without.
        self._is_secure = parts.scheme == "https"
        prefix = SECURE_PREFIX if self._is_secure else ""
        self.access_name = f"{prefix}{ACCESS}"
        self.refresh_name = f"{prefix}{REFRESH}"

    def access_token(self, request: Request) -> str | None:
        """The access token in a cookie, if there is one."""
        return _cookie(request, self.access_name)

    def refresh_token(self, request: Request) -> str | None:
        """The refresh token in a cookie, if there is one."""
        return _cookie(request, self.refresh_name)

    def check_origin(self, request: Request) -> None:
        """Refuse what another site's page may have made a browser send.

        Modern browsers say so themselves; of others the Origin has to be the hub's.
        Raises CrossSiteRequest.
        """
        if request.method in SAFE_METHODS:
            return
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            is_own = site.lower() == SAME_ORIGIN
        else:
            origin = request.headers.get("origin", "").lower()
            is_own = origin in {self._origin, self._origin_of(request)}
        if not is_own:
            raise CrossSiteRequest

    def _origin_of(self, request: Request) -> str:
        """The origin under which this request reached us."""
        scheme = "https" if self._is_secure else "http"
        return f"{scheme}://{request.headers.get('host', '')}".lower()

    def issued(self, signed_in: dict[str, Any]) -> Headers:
        """The headers that keep both tokens, as long as they are good.

        Without "ingatkan saya" they end with the browser, at the latest with the
        session.
        """
        seconds = signed_in["expires_in"]
        access = self._set(self.access_name, signed_in["access_token"], seconds)
        if signed_in["refresh_token"] is None:
            return (access,)
        lasting = REMEMBERED_SECONDS if signed_in["remembered"] else None
        refresh = self._set(self.refresh_name, signed_in["refresh_token"], lasting)
        return (access, refresh)

    def cleared(self) -> Headers:
        """The headers that make a browser forget both."""
        return (self._set(self.access_name, "", 0), self._set(self.refresh_name, "", 0))

    def _set(self, name: str, value: str, seconds: int | None) -> tuple[str, str]:
        parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Strict"]
        if self._is_secure:
            parts.append("Secure")
        if seconds is not None:
            parts.append(f"Max-Age={seconds}")
        return "Set-Cookie", "; ".join(parts)


def _cookie(request: Request, name: str) -> str | None:
    for pair in request.headers.get("cookie", "").split(";"):
        found, equals, value = pair.strip().partition("=")
        if equals and found == name:
            return value.strip('"') or None
    return None
