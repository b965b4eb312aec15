"""How a member proves that a phone or an e-mail address is its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import membership, verification
from services.members.models import Member
from services.members.operations import audit, directory, lookup, notifications
from services.members.operations.membership import found
from services.members.operations.notifications import Message
from services.members.store import cooperatives as cooperatives_store
from services.members.store import membership as members_store
from services.members.store import verification as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts import answers
from services.shared.contracts.members import membership as membership_contract
from services.shared.contracts.members import verification as contract
from services.shared.identity import Actor
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

TEMPLATE: Final = "verification_code"
# The phone has no sender yet: its messages wait for the WhatsApp channel.
CHANNEL_OF: Final = {
    verification.EMAIL: notifications.EMAIL,
    verification.PHONE: notifications.WHATSAPP,
}

OnProof = Callable[[Session, Member], None]
"""What else happens in the transaction in which a member proves an address."""


@retrying
def send_code(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A code on its way to the member. Raises NothingToVerify, TooManyCodes."""

    def send(session: Session) -> dict[str, Any]:
        member = found(members_store.lock_member(session, command["member_id"]))
        return issue(session, settings, member, command["channel"])

    return idempotency.once(database, actor, command, send)


def issue(
    session: Session, settings: Settings, member: Member, channel: str
) -> dict[str, Any]:
    """Send a code to an address of the member, whose row is locked.

    Raises NothingToVerify, TooManyCodes, and MemberHasLeft.
    """
    if member.status not in membership.CHANGEABLE:
        raise membership_contract.MemberHasLeft
    target = _target(session, settings, member, channel)
    if target is None or _verified_at(member, channel) is not None:
        raise contract.NothingToVerify
    now = clock.now()
    sent_at = store.list_sent(session, member.id, channel, now - verification.PERIOD)
    seconds = verification.seconds_to_wait(list(sent_at), now)
    if seconds:
        raise contract.TooManyCodes(details={"retry_after": seconds})
    code_id, code = identifiers.new("ver"), _new_code()
    issued = store.add_code(
        session,
        id=code_id,
        cooperative_id=member.cooperative_id,
        member_id=member.id,
        channel=channel,
        target_hash=_hash(session, settings, code_id, target),
        code_hash=_hash(session, settings, code_id, code),
        created_at=now,
        expires_at=now + verification.LIFETIME,
    )
    _tell(session, settings, member, channel, target, code)
    return answers.one(
        contract.CodeSent(),
        {
            "channel": channel,
            "target": _masked(channel, target),
            "expires_at": issued.expires_at,
        },
    )


@retrying
def confirm_code(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
    *,
    on_proof: OnProof | None = None,
) -> dict[str, Any]:
    """The address is proven from now on; again changes nothing. Raises WrongCode.

    A wrong guess is counted although it is refused, so it is refused after the commit.
    ``on_proof`` is what else is true exactly if the address is proven.
    """
    with database.tenant(actor.cooperative_id) as session:
        member = found(members_store.lock_member(session, command["member_id"]))
        verified_at = _try(session, settings, member, command)
        if verified_at is not None:
            if on_proof is not None:
                on_proof(session, member)
            action = f"member.{command['channel']}_verified"
            audit.record(session, actor, action, member.id)
    if verified_at is None:
        raise contract.WrongCode
    return answers.one(
        contract.Verified(),
        {"channel": command["channel"], "verified_at": verified_at},
    )


def forget_codes(database: Database) -> None:
    """Drop the codes of yesterday: older ones count for nothing any more."""
    with database.hub() as session:
        store.forget_codes(session, clock.now() - verification.PERIOD)


def _try(
    session: Session, settings: Settings, member: Member, command: dict[str, Any]
) -> datetime | None:
    channel, now = command["channel"], clock.now()
    issued = store.lock_newest(session, member.id, channel)
    target = _target(session, settings, member, channel)
    if issued is None or target is None:
        return None
    if not verification.may_be_tried(issued.attempts, issued.expires_at, now):
        return None
    given = _hash(session, settings, issued.id, command["code"])
    sent_to = _hash(session, settings, issued.id, target)
    issued.attempts += 1
    is_right = crypto.is_same(given, issued.code_hash)
    if not is_right or not crypto.is_same(sent_to, issued.target_hash):
        session.flush()
        return None
    issued.used_at = now
    if channel == verification.EMAIL:
        member.email_verified_at = now
    else:
        member.phone_verified_at = now
    session.flush()
    return now


def _tell(
    session: Session,
    settings: Settings,
    member: Member,
    channel: str,
    target: str,
    code: str,
) -> None:
    cooperative = cooperatives_store.find_cooperative(session, member.cooperative_id)
    minutes = int(verification.LIFETIME.total_seconds()) // 60
    notifications.notify(
        session,
        settings,
        member.cooperative_id,
        Message(
            template=TEMPLATE,
            recipient=target,
            channel=CHANNEL_OF[channel],
            values={
                "cooperative": cooperative.name if cooperative else "",
                "name": member.name,
                "code": code,
                "minutes": minutes,
            },
        ),
    )


def _target(
    session: Session, settings: Settings, member: Member, channel: str
) -> str | None:
    data = directory.personal(session, settings, member)
    target: str | None = data[channel]
    return target


def _verified_at(member: Member, channel: str) -> datetime | None:
    is_email = channel == verification.EMAIL
    return member.email_verified_at if is_email else member.phone_verified_at


def _masked(channel: str, target: str) -> str:
    if channel == verification.EMAIL:
        return membership.masked_email(target)
    return membership.masked_phone(target)


def _new_code() -> str:
    return verification.spelled(crypto.new_number(10**verification.CODE_DIGITS))


def _hash(session: Session, settings: Settings, code_id: str, value: str) -> bytes:
    return lookup.hashed(session, settings, lookup.VERIFICATION, f"{code_id} {value}")
