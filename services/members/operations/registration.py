"""How a cooperative registers itself, is checked and let in.

Anybody may ask; what follows goes to the address by e-mail, and the answer is the same
whether or not the address is known. Nothing but a row exists until the link is
followed: then the cooperative comes into being, and its first user with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.orm import Session

from services.members import store as cooperative_store
from services.members.domain import cooperatives, passwords, phones
from services.members.domain import registration as domain
from services.members.domain.peers import Ledger
from services.members.models import Cooperative, Registration
from services.members.operations import (
    audit,
    legality,
    lookup,
    notifications,
    users,
)
from services.members.operations import cooperatives as register
from services.members.store import registration as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts import answers
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import registration as contract
from services.shared.contracts.members.membership import InvalidPhone
from services.shared.contracts.members.passwords import WeakPassword
from services.shared.errors import InvariantViolated, NotFound
from services.shared.identity import HUB, Actor
from services.shared.persistence import idempotency, keyring, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

LIST: Final = "registrations"
ACTIVATION_PATH: Final = "/aktivasi"
ACCEPTED: Final = {"status": "accepted"}
EMAIL: Final = "members registration e-mail"
TOKEN: Final = "members activation links"  # noqa: S105  a label, no secret
CONTACT: Final = "members contacts"
DAY: Final = timedelta(days=1)


def start_registration(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what a stranger says and send a link to the address it gave (R6, R10).

    Raises TermsNotCurrent, WeakPassword and ActivationMailTooSoon, none of which
    tells whether the address is known.
    """
    if command["terms_version"] != domain.TERMS_VERSION:
        raise contract.TermsNotCurrent
    phone = _mobile(command["phone"])
    _check_password(command)
    # Costly on purpose, so it is done before any row is locked.
    password_hash = crypto.hash_password(passwords.prepared(command["password"]))
    email = _same_address(command["email"])
    now = clock.now()
    with database.hub() as session:
        email_hash = _mail_allowed(session, settings, email, now)
        registration_id = identifiers.new("reg")
        token = crypto.new_secret()
        contact = {
            "email": email,
            "phone": phone,
            "password_hash": password_hash,
        }
        store.add_registration(
            session,
            id=registration_id,
            name=command["name"],
            email_hash=email_hash,
            contact=_sealed(session, settings, registration_id, contact),
            token_hash=lookup.hashed(session, settings, TOKEN, token),
            token_expires_at=now + domain.LINK_LIFE,
            partner_code=_capitals(command["partner_code"]),
            terms_version=command["terms_version"],
            terms_accepted_at=now,
        )
        _send_link(session, settings, name=command["name"], email=email, token=token)
    return dict(ACCEPTED)


def resend_activation(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """A new link for the newest registration of an address; older links stop working.

    An address without one is counted and answered alike. Raises ActivationMailTooSoon.
    """
    email = _same_address(command["email"])
    now = clock.now()
    with database.hub() as session:
        email_hash = _mail_allowed(session, settings, email, now)
        row = store.lock_latest_awaiting(session, email_hash)
        if row is not None:
            token = crypto.new_secret()
            row.token_hash = lookup.hashed(session, settings, TOKEN, token)
            row.token_expires_at = now + domain.LINK_LIFE
            _send_link(session, settings, name=row.name, email=email, token=token)
    return dict(ACCEPTED)


@retrying
def activate_registration(
    database: Database, settings: Settings, token: str, request_id: str
) -> dict[str, Any]:
    """Turn the registration whose link was followed into a cooperative, once.

    Raises InvalidActivationLink for whatever is wrong with the link.
    """
    now = clock.now()
    with database.hub() as session:
        row = store.lock_by_token(
            session, lookup.hashed(session, settings, TOKEN, token)
        )
        if row is None or row.token_expires_at is None or row.token_expires_at <= now:
            raise contract.InvalidActivationLink
        contact = _contact(session, settings, row)
        cooperative = _new_cooperative(session, settings, row.name, now)
        row.cooperative_id = cooperative.id
        row.status = domain.ACTIVATED
        row.activated_at = now
        row.token_hash = row.token_expires_at = None
        password_hash = contact.pop("password_hash")
        row.contact = _sealed(session, settings, row.id, contact)
        session.flush()
        users.create_first_admin(
            session,
            settings,
            cooperative.id,
            name=row.name,
            email=contact["email"],
            phone=contact["phone"],
            password_hash=password_hash,
        )
        actor = Actor(
            cooperative_id=cooperative.id,
            subject=f"registration:{row.id}",
            request_id=request_id,
        )
        audit.record(session, actor, "registration.activated", row.id)
        return answers.one(
            contract.ActivatedRegistration(),
            {"registration_id": row.id, "cooperative": cooperative},
        )


@retrying
def submit_registration(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Ask the operator to check the legality data.

    Raises LegalityIncomplete with everything that stands against it, and
    RegistrationUnderReview or RegistrationAlreadyDecided.
    """
    cooperative_id = actor.cooperative_id

    def submit() -> dict[str, Any]:
        row = _found(store.lock_of_cooperative(session, cooperative_id))
        _check_transition(row, domain.SUBMITTED)
        # Nothing of it changes any more once the operator may look at it.
        store.hold_legality(session, cooperative_id)
        legality.require_complete(session, cooperative_id)
        row.status = domain.SUBMITTED
        row.submitted_at = clock.now()
        session.flush()
        outbox.add(
            session,
            contract.REGISTRATION_SUBMITTED,
            {"registration_id": row.id, "cooperative_id": cooperative_id},
        )
        audit.record(session, actor, "registration.submitted", row.id)
        return _shown(session, row.id)

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=submit,
        )


def approve_registration(
    database: Database,
    settings: Settings,
    ledger: Ledger,
    actor: Actor,
    registration_id: str,
) -> dict[str, Any]:
    """Let the cooperative take part, with a book of its own; again changes nothing.

    The book is opened first, as when the operator activates a cooperative. Raises
    RegistrationNotSubmitted, and LegalityIncomplete for a licence that expired since.
    """
    with database.hub() as session:
        row = _found(store.find_registration(session, registration_id))
    if row.status not in {domain.SUBMITTED, domain.APPROVED}:
        raise contract.RegistrationNotSubmitted
    ledger.open_book({"cooperative_id": row.cooperative_id})
    return _approve(database, settings, actor, registration_id)


@retrying
def _approve(
    database: Database, settings: Settings, actor: Actor, registration_id: str
) -> dict[str, Any]:
    with database.hub() as session:
        row = _found(store.lock_registration(session, registration_id))
        if row.status == domain.APPROVED:
            return _shown(session, row.id)
        cooperative = _decided(session, row, domain.APPROVED, actor)
        given = legality.require_complete(session, cooperative.id)
        cooperative.kind = given.kind
        register.make_active(session, cooperative)
        session.flush()
        _tell_contact(session, settings, row, "registration_approved")
        own = replace(actor, cooperative_id=cooperative.id)
        audit.record(session, own, "registration.approved", row.id)
        return _shown(session, row.id)


@retrying
def refuse_registration(
    database: Database,
    settings: Settings,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Send a registration back with a reason; it may be corrected and submitted again.

    Raises RegistrationNotSubmitted.
    """
    with database.hub() as session:
        row = _found(store.lock_registration(session, command["registration_id"]))
        if row.status == domain.REFUSED and row.refusal_reason == command["reason"]:
            return _shown(session, row.id)
        cooperative = _decided(session, row, domain.REFUSED, actor)
        row.refusal_reason = command["reason"]
        session.flush()
        _tell_contact(session, settings, row, "registration_refused")
        own = replace(actor, cooperative_id=cooperative.id)
        audit.record(session, own, "registration.refused", row.id)
        return _shown(session, row.id)


def get_own_registration(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The registration that the caller's cooperative came from."""
    with database.hub() as session:
        row = _found(store.find_of_cooperative(session, cooperative_id))
        return _shown(session, row.id)


def get_registration(
    database: Database, settings: Settings, registration_id: str
) -> dict[str, Any]:
    """A registration with whom to ask and what to check."""
    with database.hub() as session:
        row = _found(store.find_registration(session, registration_id))
        shown = _shown(session, row.id)
        contact = _contact(session, settings, row)
        given = (
            legality.shown(session, row.cooperative_id) if row.cooperative_id else None
        )
    return shown | {
        "email": contact.get("email"),
        "phone": contact.get("phone"),
        "legality": given,
    }


def list_registrations(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The registrations of the hub, oldest first."""
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_registrations(
            session,
            status=command["status"],
            after=answers.position(LIST, command["cursor"]),
            limit=limit + 1,
        )
    found: Sequence[Registration] = [row.registration for row in rows]
    shown, next_cursor = answers.cut(LIST, found, limit=limit, key="id")
    partners = {row.registration.id: row.partner_name for row in rows}
    return {
        "items": [_answer(row, partners[row.id]) for row in shown],
        "next_cursor": next_cursor,
    }


def forget_unfinished(database: Database) -> int:
    """Drop what strangers began and never finished; how many registrations."""
    with database.hub() as session:
        return store.forget_unfinished(session, before=clock.now() - DAY)


def forget_contact(session: Session, cooperative_id: str) -> None:
    """Keep nothing of the person who registered a cooperative that has left."""
    row = store.lock_of_cooperative(session, cooperative_id)
    if row is not None:
        row.contact = None


def _mobile(number: str) -> str:
    """The number in E.164. Raises InvalidPhone."""
    written = phones.e164(number)
    if written is None or not phones.is_mobile(written):
        detail = InvalidPhone().message
        error = {"field": "phone", "code": InvalidPhone.code, "detail": detail}
        raise InvalidPhone(None, {"errors": [error]})
    return written


def _check_password(command: dict[str, Any]) -> None:
    fault = passwords.fault(
        command["password"],
        is_staff=True,
        personal=[command["name"], command["email"], command["phone"]],
    )
    if fault is not None:
        error = {
            "field": "password",
            "code": fault,
            "detail": WeakPassword().message,
        }
        raise WeakPassword(None, {"errors": [error]})


def _mail_allowed(
    session: Session, settings: Settings, email: str, now: datetime
) -> bytes:
    """Count a link to this address; its hash. Raises ActivationMailTooSoon."""
    email_hash = lookup.hashed(session, settings, EMAIL, email)
    sent = list(store.mails_since(session, email_hash, now - DAY))
    if not domain.may_mail(sent, now):
        wait = domain.seconds_to_wait(sent, now)
        raise contract.ActivationMailTooSoon(None, {"retry_after": wait})
    store.add_mail(
        session, mail_id=identifiers.new("aml"), email_hash=email_hash, sent_at=now
    )
    return email_hash


def _send_link(
    session: Session, settings: Settings, *, name: str, email: str, token: str
) -> None:
    link = f"{settings.public_url}{ACTIVATION_PATH}?token={quote(token)}"
    notifications.notify(
        session,
        settings,
        HUB,
        notifications.Message(
            template="registration_activation",
            recipient=email,
            values={
                "name": name,
                "link": link,
                "hours": int(domain.LINK_LIFE.total_seconds()) // 3600,
            },
        ),
    )


def _new_cooperative(
    session: Session, settings: Settings, name: str, now: datetime
) -> Cooperative:
    """The cooperative under the first free code, with the key of its people's data."""
    while True:
        number = store.free_code(session)
        if number is None:
            raise contract.NoCodeLeft
        cooperative = cooperative_store.add_cooperative(
            session,
            id=identifiers.new("coop"),
            code=domain.code_of(number),
            name=name,
            # Until the legality data says otherwise (R3: KSP or KSU).
            kind=cooperatives.KSP_PRIMER,
            registered_at=now,
        )
        # None: somebody was given this code a moment ago.
        if cooperative is not None:
            break
    keyring.make_key(session, settings, members_contract.SERVICE, cooperative.id)
    register.tell(session, members_contract.COOPERATIVE_REGISTERED, cooperative)
    return cooperative


def _decided(
    session: Session, row: Registration, status: str, actor: Actor
) -> Cooperative:
    """Note the decision on a locked registration; its cooperative, locked too."""
    if not domain.may_follow(row.status, status) or row.cooperative_id is None:
        raise contract.RegistrationNotSubmitted
    cooperative = cooperative_store.lock_cooperative(session, row.cooperative_id)
    if cooperative is None:
        raise InvariantViolated(f"{row.id} names no cooperative")
    row.status = status
    row.decided_at = clock.now()
    row.decided_by = actor.subject
    return cooperative


def _check_transition(row: Registration, status: str) -> None:
    if row.status == domain.SUBMITTED:
        raise contract.RegistrationUnderReview
    if not domain.may_follow(row.status, status):
        raise contract.RegistrationAlreadyDecided


def _tell_contact(
    session: Session, settings: Settings, row: Registration, template: str
) -> None:
    contact = _contact(session, settings, row)
    if row.cooperative_id is None or "email" not in contact:
        return
    notifications.notify(
        session,
        settings,
        row.cooperative_id,
        notifications.Message(
            template=template,
            recipient=contact["email"],
            values={
                "name": row.name,
                "reason": row.refusal_reason or "",
                "link": settings.public_url,
            },
        ),
    )


def _contact(session: Session, settings: Settings, row: Registration) -> dict[str, Any]:
    if row.contact is None:
        return {}
    cipher = crypto.FieldCipher(lookup.key(session, settings, CONTACT))
    plain = cipher.decrypt(row.contact, f"registrations.contact:{row.id}".encode())
    return dict(json.loads(plain))


def _sealed(
    session: Session, settings: Settings, registration_id: str, contact: dict[str, Any]
) -> bytes:
    cipher = crypto.FieldCipher(lookup.key(session, settings, CONTACT))
    place = f"registrations.contact:{registration_id}".encode()
    return cipher.encrypt(json.dumps(contact).encode(), place)


def _shown(session: Session, registration_id: str) -> dict[str, Any]:
    found = store.with_partner(session, registration_id)
    if found is None:
        raise NotFound("There is no such registration.")
    return _answer(found.registration, found.partner_name)


def _answer(row: Registration, partner: str | None) -> dict[str, Any]:
    columns = {
        name: getattr(row, name)
        for name in contract.Registration().fields
        if name != "partner_name"
    }
    return answers.one(contract.Registration(), columns | {"partner_name": partner})


def _found(row: Registration | None) -> Registration:
    if row is None:
        raise NotFound("There is no such registration.")
    return row


def _same_address(email: str) -> str:
    """An address in the one spelling that it is compared in."""
    return email.strip().lower()


def _capitals(partner_code: str | None) -> str | None:
    return None if partner_code is None else partner_code.upper()
