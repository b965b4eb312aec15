"""Hands e-mails to the mail server of the settings."""

from __future__ import annotations

import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from services.members.domain.notifications import (
    Mail,
    MailPostponed,
    MailRefused,
    MailServerAway,
)
from services.shared import clock

TIMEOUT_SECONDS: Final = 10.0
IMPLICIT_TLS: Final = "smtps"
PORTS: Final = {"smtp": 587, IMPLICIT_TLS: 465}
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PERMANENT: Final = range(500, 600)
_CLOSING: Final = 421


class SmtpMailer:
    """Sends e-mails over SMTP, each on a connection of its own.

    ``url`` is that of HUB_SMTP_URL. Outside of this machine a password never travels
    in the clear: without TLS the message is not sent.
    """

    def __init__(
        self, url: str, sender: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._timeout_seconds = timeout_seconds

    def send(self, mail: Mail) -> None:
        """Send one e-mail. Raises MailRefused, MailPostponed or MailServerAway."""
        try:
            message = self._message(mail)
        except (MessageError, ValueError, IndexError) as fault:
            # What was wrong with it would repeat the address, which is no one's to log.
            raise MailRefused("The e-mail cannot be written.") from fault
        try:
            self._deliver(message)
        except smtplib.SMTPRecipientsRefused as fault:
            raise _judged(max(code for code, _ in fault.recipients.values())) from fault
        except smtplib.SMTPAuthenticationError as fault:
            # Wrong credentials are put right by people; the message is not at fault.
            raise MailServerAway("The mail server refused our credentials.") from fault
        except smtplib.SMTPResponseException as fault:
            raise _judged(fault.smtp_code) from fault
        except smtplib.SMTPNotSupportedError as fault:
            raise MailRefused("The mail server lacks what this needs.") from fault
        except (OSError, smtplib.SMTPException) as fault:
            raise MailServerAway(type(fault).__name__) from fault

    def _message(self, mail: Mail) -> EmailMessage:
        sender_name, sender_address = parseaddr(self._sender)
        message = EmailMessage()
        message["From"] = Address(sender_name, addr_spec=sender_address)
        message["To"] = Address(addr_spec=mail.recipient)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(clock.now())
        # Should we die before we know that it was taken, it is sent again: by this a
        # mail server or a reader sees that it is the same one.
        message["Message-ID"] = f"<{mail.id}@{sender_address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    def _deliver(self, message: EmailMessage) -> None:
        with self._connection() as server:
            if self._url.username:
                server.login(
                    unquote(self._url.username), unquote(self._url.password or "")
                )
            server.send_message(message)

    def _connection(self) -> smtplib.SMTP:
        host, port = _place(self._url)
        context = ssl.create_default_context()
        if self._url.scheme == IMPLICIT_TLS:
            return smtplib.SMTP_SSL(
                host, port, timeout=self._timeout_seconds, context=context
            )
        server = smtplib.SMTP(host, port, timeout=self._timeout_seconds)
        try:
            self._secure(server, host, context)
        except BaseException:
            server.close()
            raise
        return server

    def _secure(self, server: smtplib.SMTP, host: str, context: ssl.SSLContext) -> None:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif self._url.username and host not in LOCAL_HOSTS:
            raise MailServerAway("The mail server offers no TLS.")


def _place(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "localhost", url.port or PORTS[url.scheme]


def _judged(status: int) -> MailRefused | MailPostponed | MailServerAway:
    """What an SMTP status means: 5xx for ever, 4xx for now, 421 for everybody."""
    told = f"The mail server answered {status}."
    if status == _CLOSING:
        return MailServerAway(told)
    return MailRefused(told) if status in _PERMANENT else MailPostponed(told)
