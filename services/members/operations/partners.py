"""How systems of cooperatives become SNAP partners, and how their requests are judged.

A partner proves itself twice: with its private key when it asks for a token, and with
the shared secret in every request. Each request is remembered before it is worked on,
in the transaction that decides whether its X-EXTERNAL-ID and its partnerReferenceNo
may be used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import cooperatives, partners
from services.members.domain.peers import Ledger
from services.members.models import Partner
from services.members.operations import audit, personal_data, savings
from services.members.store import partners as store
from services.shared import clock, crypto, identifiers, identity
from services.shared.contracts import answers
from services.shared.contracts.members import partners as contract
from services.shared.errors import NotFound
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

NO_REFERENCE: Final = ""


def create_partner(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A partner of the cooperative; its secret is in this answer and nowhere else.

    Raises InvalidPublicKey.
    """
    if not crypto.is_rsa_public_key(command["public_key"]):
        raise contract.InvalidPublicKey
    cooperative_id = actor.cooperative_id

    def create(session: Session) -> dict[str, Any]:
        partner_id, secret = identifiers.new("snp"), crypto.new_secret()
        partner = store.add_partner(
            session,
            id=partner_id,
            cooperative_id=cooperative_id,
            name=command["name"],
            public_key=command["public_key"],
            client_secret=_hidden(
                session, settings, cooperative_id, partner_id, secret
            ),
            scopes=sorted(set(command["scopes"])),
            allowed_ips=command["allowed_ips"],
            created_at=clock.now(),
        )
        after = {"scopes": partner.scopes, "allowed_ips": partner.allowed_ips}
        audit.record(session, actor, "partner.created", partner_id, after=after)
        return _with_secret(partner, secret)

    return idempotency.once(database, actor, command, create)


def list_partners(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The partners of the cooperative, revoked ones included."""
    owner, limit = f"partners {cooperative_id}", command["limit"]
    with database.tenant(cooperative_id) as session:
        rows = store.list_partners(
            session,
            cooperative_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.Partner(), shown),
        "next_cursor": next_cursor,
    }


def renew_partner_secret(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """A new secret; the old one signs nothing any more. Raises PartnerRevoked."""
    cooperative_id = actor.cooperative_id

    def renew(session: Session) -> dict[str, Any]:
        partner = _found(store.lock_partner(session, command["partner_id"]))
        if partner.status != partners.ACTIVE:
            raise contract.PartnerRevoked
        secret = crypto.new_secret()
        partner.client_secret = _hidden(
            session, settings, cooperative_id, partner.id, secret
        )
        session.flush()
        audit.record(session, actor, "partner.secret_renewed", partner.id)
        return _with_secret(partner, secret)

    return idempotency.once(database, actor, command, renew)


def revoke_partner(database: Database, actor: Actor, partner_id: str) -> dict[str, Any]:
    """The partner may ask nothing from now on; again changes nothing."""
    with database.tenant(actor.cooperative_id) as session:
        partner = _found(store.lock_partner(session, partner_id))
        if partner.status == partners.ACTIVE:
            partner.status, partner.revoked_at = partners.REVOKED, clock.now()
            session.flush()
            audit.record(session, actor, "partner.revoked", partner.id)
        return answers.one(contract.Partner(), partner)


def list_partner_requests(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What a partner asked and was answered, newest first."""
    partner_id, limit = command["partner_id"], command["limit"]
    owner = f"partner requests {cooperative_id} {partner_id}"
    with database.tenant(cooperative_id) as session:
        _found(store.find_partner(session, partner_id))
        rows = store.list_requests(
            session,
            cooperative_id,
            partner_id,
            before=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": answers.many(contract.PartnerRequest(), shown),
        "next_cursor": next_cursor,
    }


# What the gateway asks while it serves a partner.


def authenticate_partner(
    database: Database, settings: Settings, command: dict[str, Any]
) -> dict[str, Any]:
    """A token for who signs ``client key|timestamp`` with the partner's private key.

    Raises InvalidPartnerSignature, whatever of it is wrong, and AddressNotAllowed.
    """
    with database.hub() as session:
        found = store.find_with_cooperative(session, command["client_key"])
    if found is None:
        raise contract.InvalidPartnerSignature
    partner, cooperative_status = found
    _check_standing(partner, cooperative_status, command["timestamp"])
    signed = f"{partner.id}|{command['timestamp']}".encode()
    signature = partners.decoded_signature(command["signature"])
    if not crypto.rsa_is_signed(partner.public_key, signed, signature):
        raise contract.InvalidPartnerSignature
    if not partners.may_call_from(partner.allowed_ips, command["address"]):
        raise contract.AddressNotAllowed
    caller = Identity(
        subject=partner.id,
        cooperative_id=partner.cooperative_id,
        scopes=frozenset(partner.scopes),
    )
    token = identity.sign(
        caller,
        settings.identity_key,
        # Another audience than the API's: a partner's token is worth nothing without
        # the signature that `/snap` asks for with it.
        audience=contract.TOKEN_AUDIENCE,
        seconds=contract.TOKEN_SECONDS,
    )
    return {"access_token": token, "expires_in": contract.TOKEN_SECONDS}


@retrying
def admit_partner_request(
    database: Database, settings: Settings, caller: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Check a request's signature and keep it; the id under which it is kept.

    Raises InvalidPartnerSignature, AddressNotAllowed and ExternalIdReused; nothing is
    kept then. A reference used before with other parameters is kept and told.
    """
    with database.tenant(caller.cooperative_id) as session:
        found = store.find_with_cooperative(session, caller.subject)
        if found is None:
            raise contract.InvalidPartnerSignature
        partner, cooperative_status = found
        _check_standing(partner, cooperative_status, command["timestamp"])
        _check_signature(session, settings, partner, command)
        if not partners.may_call_from(partner.allowed_ips, command["address"]):
            raise contract.AddressNotAllowed
        request_id = _keep_request(session, partner, caller, command)
        is_consistent = _is_consistent(session, partner, command)
    return {"id": request_id, "is_consistent": is_consistent}


def record_partner_answer(
    database: Database, caller: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep what the request was answered."""
    with database.tenant(caller.cooperative_id) as session:
        store.record_answer(
            session,
            caller.subject,
            command["id"],
            response_code=command["response_code"],
            answered_at=clock.now(),
        )
    return {"id": command["id"]}


def find_partner_request(
    database: Database, caller: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The reference of a payment that this partner asked for. Raises NotFound."""
    with database.tenant(caller.cooperative_id) as session:
        reference = command["reference"]
        if reference is None:
            reference = store.find_reference(
                session,
                caller.subject,
                command["business_date"] or clock.business_date(),
                command["external_id"] or NO_REFERENCE,
            )
        payment = store.find_payment(session, caller.subject, reference or NO_REFERENCE)
    if payment is None:
        raise NotFound("There is no such payment.")
    is_recent = clock.now() - payment.first_used_at < partners.RECENT
    return {"reference": payment.reference, "is_recent": is_recent}


def get_partner_account(
    database: Database, ledger: Ledger, cooperative_id: str, number: str
) -> dict[str, Any]:
    """An account of the partner's own cooperative, with its owner's whole name."""
    account = savings.get_account(database, ledger, cooperative_id, number)
    with database.tenant(cooperative_id) as session:
        name = store.find_holder(session, number)
    return answers.one(contract.PartnerAccount(), account | {"name": name or ""})


def _check_standing(partner: Partner, cooperative_status: str, timestamp: str) -> None:
    if (
        partner.status != partners.ACTIVE
        or not cooperatives.may_sign_in(cooperative_status)
        or not partners.is_fresh(timestamp, clock.now())
    ):
        raise contract.InvalidPartnerSignature


def _check_signature(
    session: Session, settings: Settings, partner: Partner, command: dict[str, Any]
) -> None:
    own = personal_data.cipher(session, settings, partner.cooperative_id)
    secret = own.decrypt(partner.client_secret, secret_place(partner.id))
    right = crypto.hmac_sha512(secret, command["string_to_sign"].encode())
    given = partners.decoded_signature(command["signature"])
    if not crypto.is_same(right, given):
        raise contract.InvalidPartnerSignature


def _keep_request(
    session: Session, partner: Partner, caller: Actor, command: dict[str, Any]
) -> str:
    now: datetime = clock.now()
    request_id = identifiers.new("snq")
    is_first = store.add_request(
        session,
        id=request_id,
        cooperative_id=partner.cooperative_id,
        partner_id=partner.id,
        # The day in Jakarta: SNAP counts days there.
        business_date=clock.business_date(now),
        external_id=command["external_id"],
        service_code=command["service_code"],
        reference=command["reference"],
        address=command["address"],
        body=command["body"],
        request_id=caller.request_id or "",
        received_at=now,
    )
    if not is_first:
        raise contract.ExternalIdReused
    return request_id


def _is_consistent(session: Session, partner: Partner, command: dict[str, Any]) -> bool:
    """Whether the reference, if any, means the payment that it meant before."""
    if command["parameters_hash"] is None:
        return True
    payment = store.use_reference(
        session,
        partner_id=partner.id,
        reference=command["reference"],
        cooperative_id=partner.cooperative_id,
        parameters_hash=command["parameters_hash"],
        first_used_at=clock.now(),
    )
    return payment.parameters_hash == str(command["parameters_hash"])


def secret_place(partner_id: str) -> bytes:
    """What a partner's encrypted secret is bound to."""
    return f"snap_partners.client_secret:{partner_id}".encode()


def _hidden(
    session: Session,
    settings: Settings,
    cooperative_id: str,
    partner_id: str,
    secret: str,
) -> bytes:
    own = personal_data.cipher(session, settings, cooperative_id)
    return own.encrypt(secret.encode(), secret_place(partner_id))


def _with_secret(partner: Partner, secret: str) -> dict[str, Any]:
    known = answers.one(contract.Partner(), partner)
    return known | {"client_secret": secret}


def _found(partner: Partner | None) -> Partner:
    if partner is None:
        raise NotFound("There is no such partner.")
    return partner
