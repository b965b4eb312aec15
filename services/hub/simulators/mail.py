"""A mail server that delivers nowhere: it keeps what it takes and shows it over HTTP.

`GET /messages?to=` lists what came, newest last; `DELETE /messages` forgets it;
`POST /refuse {"address","status"}` lets it answer an address with an SMTP status.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.hub.simulators import web

KEPT_MAX: Final = 10_000
TAKEN: Final = "250 2.0.0 taken"


class Mailbox:
    """What came, and which addresses are refused with which status."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT_MAX)
        self._refused: dict[str, int] = {}

    # Called by aiosmtpd, under the name that it looks for.
    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take a recipient, unless it is to be refused."""
        status = self._refused.get(address)
        if status is not None:
            return f"{status} refused as asked for"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a message."""
        content = cast("bytes", envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        body = message.get_body(("plain",))
        self._messages.append(
            {
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "subject": str(message["Subject"]),
                "message_id": str(message["Message-ID"]),
                "text": body.get_content() if body else "",
            }
        )
        return TAKEN

    def respond(
        self, method: str, target: str, _headers: dict[str, str], body: bytes
    ) -> web.Answer:
        """Answer one request of the HTTP side."""
        parts = urlsplit(target)
        if (method, parts.path) == ("GET", "/messages"):
            return 200, {"items": self._found(parse_qs(parts.query).get("to"))}
        if (method, parts.path) == ("DELETE", "/messages"):
            self._messages.clear()
            return 200, {}
        if (method, parts.path) == ("POST", "/refuse"):
            asked = json.loads(body)
            self._refused[asked["address"]] = int(asked["status"])
            return 200, {}
        return 404, {"detail": "There is GET and DELETE /messages, and POST /refuse."}

    def _found(self, recipients: list[str] | None) -> list[dict[str, Any]]:
        return [
            message
            for message in list(self._messages)
            if recipients is None or set(recipients) & set(message["to"])
        ]


def run(
    smtp: tuple[str, int], http: tuple[str, int], emit: Callable[[str], object]
) -> None:
    """Listen on both addresses until the process is told to end.

    Emits where, as one line of JSON with host:port of each side, once both listen.
    """
    asyncio.run(_serve(smtp, http, emit))


async def _serve(
    smtp: tuple[str, int], http: tuple[str, int], emit: Callable[[str], object]
) -> None:
    box = Mailbox()
    shown = web.server(http, box.respond)
    loop = asyncio.get_running_loop()
    taking = await loop.create_server(
        lambda: SMTP(box, hostname="surat.simulasi", enable_SMTPUTF8=True), *smtp
    )
    web.serve_aside(shown)
    host, port = taking.sockets[0].getsockname()[:2]
    emit(json.dumps({"smtp": f"{host}:{port}", "http": web.address_of(shown)}))
    async with taking:
        await taking.serve_forever()
