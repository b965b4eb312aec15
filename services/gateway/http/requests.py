"""One HTTP request, from the bytes on the connection to what a route works with."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_to_bytes

from services.gateway import translations
from services.gateway.http.problems import PathNotFound
from services.shared import identifiers
from services.shared.identity import Identity

REQUEST_ID_LENGTH_MAX: Final = 128


class Request:
    """A request. The edge fills it in stages; a route sees it complete."""

    __slots__ = (
        "address",
        "body",
        "has_body",
        "headers",
        "id",
        "idempotency",
        "identity",
        "is_raw",
        "json",
        "keep_alive",
        "method",
        "parameters",
        "path",
        "query",
        "query_string",
    )

    def __init__(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        body: bytes = b"",
        *,
        address: str = "",
        keep_alive: bool = True,
    ) -> None:
        path, _, query_string = _origin_form(target).partition("?")
        self.method = method
        self.path = path
        self.query_string = query_string
        self.headers = headers
        self.body = body
        self.has_body = bool(body)
        self.is_raw = False
        self.address = address
        self.keep_alive = keep_alive
        self.id = _request_id(headers.get("x-request-id"))
        self.identity: Identity | None = None
        self.parameters: dict[str, str] = {}
        self.query: dict[str, Any] = {}
        self.json: dict[str, Any] = {}
        self.idempotency: dict[str, str] | None = None

    @property
    def language(self) -> str:
        """In which language the caller wants to be told what went wrong."""
        return translations.language_of(self.headers.get("accept-language"))

    def command(self, **more: Any) -> dict[str, Any]:
        """What travels to a service: body, query, path and idempotency in one."""
        command = {**self.json, **self.query, **self.parameters, **more}
        if self.idempotency is not None:
            command["idempotency"] = self.idempotency
        return command


def _origin_form(target: str) -> str:
    """The path and query of a target; proxies may send it with scheme and host."""
    if target.startswith("/"):
        return target
    _, scheme_sep, rest = target.partition("://")
    slash = rest.find("/")
    return rest[slash:] if scheme_sep and slash >= 0 else "/"


def _request_id(given: str | None) -> str:
    if (
        given is not None
        and 0 < len(given) <= REQUEST_ID_LENGTH_MAX
        and is_visible_ascii(given)
    ):
        return given
    return identifiers.new("req")


def is_visible_ascii(text: str) -> bool:
    """Whether ``text`` is made of visible ASCII characters alone."""
    return text.isascii() and text.isprintable() and " " not in text


def segments(path: str) -> list[str]:
    """The decoded segments of a path. An encoded slash stays inside its segment."""
    parts = path.split("/")[1:]
    if "%" not in path:
        return parts
    try:
        return [unquote_to_bytes(part).decode() for part in parts]
    except UnicodeDecodeError as error:
        raise PathNotFound from error
