"""The small pages that links in e-mails lead to: complete in themselves, no JSON.

Opening a link changes nothing, since mail programs open links to look at them; only the
button does. No page asks another host for anything, and the policy it is sent with
allows its own style, its own script and forms to the hub alone.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.http.answers import Answer

FOLDER: Final = Path(__file__).parent
HTML: Final = "text/html; charset=utf-8"
STYLE: Final = (FOLDER / "page.css").read_text()
SCRIPT: Final = (FOLDER / "page.js").read_text()

_pages: Final = Environment(
    loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, autoescape=True
)


def _source(content: str) -> str:
    """The hash by which a policy allows exactly this text."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(SCRIPT)}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def answer(status: int, page: str, **values: Any) -> Answer:
    """The page ``page``, filled in; what is filled in is escaped."""
    html = _pages.get_template(f"{page}.html").render(
        values | {"style": STYLE, "script": SCRIPT}
    )
    headers = (("Content-Security-Policy", CONTENT_SECURITY_POLICY),)
    return Answer(status, html.encode(), HTML, headers)
