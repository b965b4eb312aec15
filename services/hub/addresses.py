"""Is the address free, does the hub answer there, and what does one type to try it?"""

from __future__ import annotations

import shlex
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from services.hub.errors import HubError
from services.shared import settings as settings_module

ANY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 compared, not bound
ASK_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 0.2


class AddressTaken(HubError):
    """Something else listens on the address."""


def require_free(address: str) -> None:
    """Raise AddressTaken when anything listens on ``address``.

    The gateways share their port (SO_REUSEPORT), so a second hub on it would not fail:
    the kernel would hand it half of the first one's requests. Hence this look before.
    """
    host, port = settings_module.split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise AddressTaken(
                f"HUB_HTTP_ADDRESS {address} cannot be used: {error.strerror}. "
                f"Stop what listens there or set another address."
            ) from error


def find_free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def url_of(address: str) -> str:
    """The URL under which this machine reaches ``address``."""
    host, port = settings_module.split_address(address)
    if host in ANY_ADDRESS:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_ready(url: str) -> bool:
    """Whether the hub's own readiness page says yes."""
    # No proxy of the environment between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/readyz", timeout=ASK_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False


def wait_ready(url: str, seconds: float, *, goes_on: Callable[[], bool]) -> bool:
    """Ask until ready; False after ``seconds`` or as soon as ``goes_on`` says no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and goes_on():
        if is_ready(url):
            return True
        time.sleep(PAUSE_SECONDS)
    return False


def welcome(url: str, client_id: str, client_secret: str | None) -> str:
    """What `hub up` prints when ready; a secret appears only where it may."""
    shown = (
        shlex.quote(f"client_secret={client_secret}")
        if client_secret
        else '"client_secret=$HUB_OPERATOR_CLIENT_SECRET"'
    )
    token = (
        f"curl -s {url}/v1/oauth/token -d grant_type=client_credentials "
        f"-d {shlex.quote(f'client_id={client_id}')} -d {shown} "
        """| sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/'"""
    )
    return (
        "\nThe hub is up.\n"
        f"  API             {url}/v1\n"
        f"  Documentation   {url}/docs\n"
        f"  OpenAPI 3.1     {url}/v1/openapi.json\n"
        f"  Readiness       {url}/readyz\n"
        f"  Metrics         {url}/metrics\n"
        "\nTry it, as the operator:\n"
        f'  curl -s {url}/v1/cooperatives -H "Authorization: Bearer $({token})"\n'
    )
