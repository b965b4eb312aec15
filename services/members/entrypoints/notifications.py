"""Messages to people: sent when they are due, listed without what they say."""

from __future__ import annotations

from typing import Any, Final

from services.members.adapters.mail import SmtpMailer
from services.members.entrypoints.peers import Peers
from services.members.operations import notifications
from services.shared import access
from services.shared.contracts.members import notifications as contract
from services.shared.messaging import loaded, rpc, timer

READS: Final = access.any_of(access.operator, access.scope("cooperative:read"))


class NotificationEntrypoints(Peers):
    """Messages to people."""

    @rpc(READS)
    def list_notifications(self, command: dict[str, Any]) -> dict[str, Any]:
        """List that messages were sent, and why not."""
        request = loaded(contract.ListNotifications(), command)
        return notifications.list_notifications(self.database, self.identity, request)

    @timer(seconds=1.0)
    def send_notifications(self) -> None:
        """Send the e-mails that wait; without a mail server they go on waiting."""
        if self.settings.smtp_url:
            mailer = SmtpMailer(self.settings.smtp_url, self.settings.mail_from)
            notifications.send_due(self.database, self.settings, mailer)

    @timer(seconds=3600.0)
    def forget_notifications(self) -> None:
        """Drop messages of long ago."""
        notifications.forget_old(self.database)
