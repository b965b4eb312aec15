"""Messages reach a real mail server, once, and nothing tells what they say."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from services.members.adapters.mail import SmtpMailer
from services.members.domain.notifications import (
    ATTEMPTS_MAX,
    KEPT_DAYS,
    Mail,
    MailServerAway,
)
from services.members.operations import notifications
from services.members.operations.notifications import Message
from services.shared.contracts.members import notifications as contract
from services.shared.identity import Identity
from tests.factories.counter import later
from tests.factories.members import OPERATOR, PAGE, Tenant, World
from tests.fakes.mail_server import MailServer

SENDER = "KSP Maju Bersama <hub@koperasi.id>"
VALUES = {
    "name": "Budi Santoso",
    "amount": 100_000,
    "purpose": "Setoran simpanan",
    "reference": "pay_1",
}


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    """A mail server for this module."""
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def mailer(mail_server: MailServer) -> SmtpMailer:
    """The way to it."""
    return SmtpMailer(mail_server.url, SENDER)


@pytest.fixture
def address() -> str:
    """Somebody who has got no mail yet."""
    return f"budi-{uuid.uuid4().hex[:8]}@contoh.id"


def notify(tenant: Tenant, address: str, **more: Any) -> str:
    given = {"template": "payment_credited", "values": VALUES} | more
    with tenant.world.members.tenant(tenant.id) as session:
        return notifications.notify(
            session,
            tenant.world.settings,
            tenant.id,
            Message(recipient=address, **given),
        )


@pytest.fixture(autouse=True)
def _nothing_waits(world: World) -> None:
    """What other tests on this database have told waits no more."""
    with world.members.hub() as session:
        session.execute(
            text(
                "UPDATE notifications SET status = 'sent', sent_at = now() "
                "WHERE status = 'waiting'"
            )
        )


def send(world: World, mailer: Any) -> int:
    return notifications.send_due(world.members, world.settings, mailer)


def listed(world: World, identity: Identity, **query: Any) -> list[dict[str, Any]]:
    """Every page: other tests on this database have told much."""
    items: list[dict[str, Any]] = []
    command = {**PAGE, "limit": 200, "status": None, **query}
    while True:
        answer = notifications.list_notifications(world.members, identity, command)
        contract.NotificationPage().load(answer)
        items += answer["items"]
        if answer["next_cursor"] is None:
            return items
        command["cursor"] = answer["next_cursor"]


def one(tenant: Tenant, message_id: str) -> dict[str, Any]:
    staff = replace(tenant.identity, scopes=frozenset({"cooperative:read"}))
    [found] = [row for row in listed(tenant.world, staff) if row["id"] == message_id]
    return found


def test_a_message_reaches_its_recipient_once(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    message_id = notify(tenant, address)

    assert send(tenant.world, mailer) >= 1
    assert send(tenant.world, mailer) == 0

    [mail] = mail_server.mails_to(address)
    assert mail["subject"] == "Pembayaran Rp 100.000 telah diterima"
    assert "Yth. Budi Santoso" in mail["text"]
    assert mail["from"] == "hub@koperasi.id"
    assert mail["message_id"] == f"<{message_id}@koperasi.id>"
    shown = one(tenant, message_id)
    assert (shown["status"], shown["attempts"]) == ("sent", 1)


def test_what_is_rolled_back_is_not_told(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    def fails_after_telling() -> None:
        with tenant.world.members.tenant(tenant.id) as session:
            notifications.notify(
                session,
                tenant.world.settings,
                tenant.id,
                Message(template="payment_credited", recipient=address, values=VALUES),
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails_after_telling()
    send(tenant.world, mailer)

    assert mail_server.mails_to(address) == []


def test_while_the_server_is_away_messages_wait(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    message_id = notify(tenant, address)
    nowhere = SmtpMailer("smtp://127.0.0.1:1", SENDER, timeout_seconds=1)

    assert send(tenant.world, nowhere) == 0
    waiting = one(tenant, message_id)
    assert (waiting["status"], waiting["attempts"]) == ("waiting", 1)
    assert waiting["fault"] == "ConnectionRefusedError"
    assert send(tenant.world, mailer) == 0

    with later():
        send(tenant.world, mailer)
    assert len(mail_server.mails_to(address)) == 1


def test_a_server_that_is_busy_is_asked_again(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    mail_server.refuse(address, 451)
    message_id = notify(tenant, address)

    send(tenant.world, mailer)

    shown = one(tenant, message_id)
    assert (shown["status"], shown["fault"]) == (
        "waiting",
        "The mail server answered 451.",
    )


def test_a_recipient_that_does_not_exist_is_given_up(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    mail_server.refuse(address, 550)
    message_id = notify(tenant, address)

    send(tenant.world, mailer)

    shown = one(tenant, message_id)
    assert (shown["status"], shown["fault"]) == (
        "failed",
        "The mail server answered 550.",
    )


class AlwaysAway:
    """A mail server that never answers."""

    def send(self, _mail: Mail) -> None:
        raise MailServerAway("nobody there")


def test_nobody_is_tried_for_ever(tenant: Tenant, address: str) -> None:
    message_id = notify(tenant, address)
    with tenant.world.members.hub() as session:
        session.execute(
            text("UPDATE notifications SET attempts = :n WHERE id = :id"),
            {"n": ATTEMPTS_MAX - 1, "id": message_id},
        )

    send(tenant.world, AlwaysAway())

    assert one(tenant, message_id)["status"] == "failed"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"template": "nothing_like_this"}, id="no template"),
        pytest.param({"values": {"name": "Budi"}}, id="a value is missing"),
    ],
)
def test_what_cannot_be_written_stops_no_other(
    tenant: Tenant,
    mail_server: MailServer,
    mailer: SmtpMailer,
    address: str,
    more: dict[str, Any],
) -> None:
    broken = notify(tenant, "rusak@contoh.id", **more)
    notify(tenant, address)

    send(tenant.world, mailer)

    assert one(tenant, broken)["status"] == "failed"
    assert len(mail_server.mails_to(address)) == 1


@pytest.mark.parametrize(
    "recipient", ["", "budi", "budi@", "a@b.id\nBcc: c@d.id", "a@b.id, c@d.id"]
)
def test_what_is_no_address_is_given_up(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, recipient: str
) -> None:
    message_id = notify(tenant, recipient)

    send(tenant.world, mailer)

    assert one(tenant, message_id)["status"] == "failed"
    assert mail_server.mails_to("c@d.id") == []


def test_another_channel_stands_in_nobodys_way(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    bot = notify(tenant, "+6281234567890", channel="whatsapp")
    notify(tenant, address)

    send(tenant.world, mailer)

    assert one(tenant, bot)["status"] == "waiting"
    assert len(mail_server.mails_to(address)) == 1


def test_a_sender_that_died_leaves_the_message_to_the_next(
    tenant: Tenant, mail_server: MailServer, mailer: SmtpMailer, address: str
) -> None:
    class Dies:
        def send(self, _mail: Mail) -> None:
            raise KeyboardInterrupt

    message_id = notify(tenant, address)
    with pytest.raises(KeyboardInterrupt):
        send(tenant.world, Dies())
    assert send(tenant.world, mailer) == 0

    with later():
        send(tenant.world, mailer)

    [mail] = mail_server.mails_to(address)
    assert mail["message_id"] == f"<{message_id}@koperasi.id>"


def test_nothing_tells_what_a_message_says(
    tenant: Tenant,
    mailer: SmtpMailer,
    address: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    message_id = notify(tenant, address, values={**VALUES, "name": "RAHASIA"})
    notify(tenant, address, template="nothing_like_this", values={"x": "RAHASIA"})
    with caplog.at_level(logging.DEBUG):
        send(tenant.world, mailer)

    with tenant.world.members.hub() as session:
        row = session.execute(
            text("SELECT notifications::text FROM notifications WHERE id = :id"),
            {"id": message_id},
        ).scalar_one()
    for told in (caplog.text, row, str(one(tenant, message_id))):
        assert "RAHASIA" not in told
        assert address not in told


def test_staff_sees_its_own_messages_and_the_operator_all(
    tenant: Tenant, neighbour: Tenant, address: str
) -> None:
    ours, theirs = notify(tenant, address), notify(neighbour, address)
    staff = replace(tenant.identity, scopes=frozenset({"cooperative:read"}))

    seen = {row["id"] for row in listed(tenant.world, staff)}
    all_seen = {row["id"] for row in listed(tenant.world, OPERATOR)}

    assert ours in seen
    assert theirs not in seen
    assert {ours, theirs} <= all_seen
    assert listed(tenant.world, staff, status="sent") == []


def test_messages_of_long_ago_are_forgotten_unless_they_wait(
    tenant: Tenant, mailer: SmtpMailer, address: str
) -> None:
    sent = notify(tenant, address)
    send(tenant.world, mailer)
    waiting = notify(tenant, "+628", channel="whatsapp")

    with later(hours=24 * (KEPT_DAYS + 1)):
        notifications.forget_old(tenant.world.members)

    left = {row["id"] for row in listed(tenant.world, OPERATOR)}
    assert sent not in left
    assert waiting in left
