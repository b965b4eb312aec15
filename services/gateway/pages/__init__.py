"""The small pages of the hub: complete in themselves, no JSON.

Opening a page changes nothing, since mail programs open links to look at them; only a
button does. No page asks another host for anything. The policy it is sent with allows
its own style, the hub's one script and forms to the hub alone; every page does its work
without the script.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.http.answers import Answer, Headers

FOLDER: Final = Path(__file__).parent
HTML: Final = "text/html; charset=utf-8"
STYLE: Final = (FOLDER / "page.css").read_text()
SCRIPT_PATH: Final = "/aset/halaman.js"
ICON_PATH: Final = "/aset/ikon.svg"

_pages: Final = Environment(
    loader=FileSystemLoader(FOLDER),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _source(content: str) -> str:
    """The hash by which a policy allows exactly this text."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src {_source(STYLE)}; script-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# What most pages leave as it is.
_USUAL: Final = {
    "style": STYLE,
    "script_path": SCRIPT_PATH,
    "icon_path": ICON_PATH,
    # Whether search engines may list the page.
    "is_listed": False,
    "is_signed_in": False,
    "is_wide": False,
    # What the page leads to afterwards: address and words of a button.
    "next_step": None,
    # Where a browser goes by itself.
    "leads_to": "",
    "code": "",
}


def answer(status: int, page: str, headers: Headers = (), /, **values: Any) -> Answer:
    """The page ``page``, filled in; what is filled in is escaped."""
    html = _pages.get_template(f"{page}.html").render(_USUAL | values)
    policy = ("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    return Answer(status, html.encode(), HTML, (policy, *headers))


def redirect(path: str, headers: Headers = ()) -> Answer:
    """Send the browser on to another page, which it gets by GET."""
    return Answer(303, b"", HTML, (("Location", path), *headers))
