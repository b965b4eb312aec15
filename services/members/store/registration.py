"""How registrations, legality and modules are read and written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import cooperatives
from services.members.domain import registration as domain
from services.members.models import (
    ActivationMail,
    Cooperative,
    CooperativeModules,
    Legality,
    PartnerCode,
    Registration,
)

_FREE_CODE = text(
    """
    SELECT number FROM generate_series(1, 9999) AS number
    WHERE NOT EXISTS (
        SELECT FROM cooperatives WHERE code = to_char(number, 'FM0000')
    )
    ORDER BY number LIMIT 1
    """
)


class Brought(NamedTuple):
    """A registration with the name of its partner, None for a code nobody knows."""

    registration: Registration
    partner_name: str | None


class Licence(NamedTuple):
    """A licence that ends, of a cooperative that takes part."""

    cooperative_id: str
    code: str
    name: str
    licence_number: str
    licence_expires_on: date

    @property
    def position(self) -> str:
        """Where it stands in the list: by its last day."""
        return f"{self.licence_expires_on.isoformat()} {self.cooperative_id}"


# Registrations


def add_registration(session: Session, **columns: Any) -> Registration:
    """A registration that waits for its link to be followed."""
    registration = Registration(status=domain.AWAITING, **columns)
    session.add(registration)
    session.flush()
    return registration


def find_registration(session: Session, registration_id: str) -> Registration | None:
    """One registration, if this transaction may see it."""
    return session.get(Registration, registration_id)


def lock_registration(session: Session, registration_id: str) -> Registration | None:
    """One registration, not to be changed by others until this transaction ends."""
    return session.get(
        Registration, registration_id, with_for_update=True, populate_existing=True
    )


def lock_by_token(session: Session, token_hash: bytes) -> Registration | None:
    """The registration that this link belongs to, held until the transaction ends."""
    return session.scalar(
        select(Registration)
        .where(Registration.token_hash == token_hash)
        .with_for_update()
    )


def lock_latest_awaiting(session: Session, email_hash: bytes) -> Registration | None:
    """The newest registration of an address that nobody has activated."""
    return session.scalar(
        select(Registration)
        .where(
            Registration.email_hash == email_hash,
            Registration.status == domain.AWAITING,
        )
        .order_by(Registration.id.desc())
        .limit(1)
        .with_for_update()
    )


def find_of_cooperative(session: Session, cooperative_id: str) -> Registration | None:
    """The registration that a cooperative came from; None if the operator made it."""
    return session.scalar(
        select(Registration).where(Registration.cooperative_id == cooperative_id)
    )


def lock_of_cooperative(session: Session, cooperative_id: str) -> Registration | None:
    """The same, held until the transaction ends."""
    return session.scalar(
        select(Registration)
        .where(Registration.cooperative_id == cooperative_id)
        .with_for_update()
    )


def with_partner(session: Session, registration_id: str) -> Brought | None:
    """A registration with the name of its partner."""
    row = session.execute(
        _with_partners().where(Registration.id == registration_id)
    ).one_or_none()
    return None if row is None else Brought._make(row)


def list_registrations(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> list[Brought]:
    """Registrations past ``after`` with their partners' names, oldest first."""
    query = _with_partners().order_by(Registration.id).limit(limit)
    if status is not None:
        query = query.where(Registration.status == status)
    if after is not None:
        query = query.where(Registration.id > after)
    return [Brought._make(row) for row in session.execute(query)]


def _with_partners() -> Select[Registration, str]:
    return select(Registration, PartnerCode.name).outerjoin(
        PartnerCode, PartnerCode.code == Registration.partner_code
    )


def forget_unfinished(session: Session, *, before: datetime) -> int:
    """Drop registrations that nobody activated, and old marks of mails; how many."""
    session.execute(delete(ActivationMail).where(ActivationMail.sent_at < before))
    gone = session.execute(
        delete(Registration)
        .where(
            Registration.status == domain.AWAITING,
            Registration.terms_accepted_at < before - domain.UNFINISHED_LIFE,
        )
        .returning(Registration.id)
    )
    return len(gone.all())


def mails_since(
    session: Session, email_hash: bytes, since: datetime
) -> Sequence[datetime]:
    """When an address was sent links since a moment; nobody else adds one meanwhile."""
    _wait_for(session, email_hash)
    return session.scalars(
        select(ActivationMail.sent_at).where(
            ActivationMail.email_hash == email_hash, ActivationMail.sent_at > since
        )
    ).all()


def _wait_for(session: Session, digest: bytes) -> None:
    """Hold the lock that stands for ``digest`` until the transaction ends."""
    lock = int.from_bytes(digest[:8], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(lock)))


def add_mail(
    session: Session, *, mail_id: str, email_hash: bytes, sent_at: datetime
) -> None:
    """Count a link that an address is sent."""
    session.add(ActivationMail(id=mail_id, email_hash=email_hash, sent_at=sent_at))
    session.flush()


def free_code(session: Session) -> int | None:
    """The smallest number that no cooperative has as its code."""
    number: int | None = session.execute(_FREE_CODE).scalar_one_or_none()
    return number


# Legality


def hold_legality(session: Session, cooperative_id: str) -> None:
    """Let nobody change or submit the cooperative's legality data meanwhile."""
    digest = hashlib.sha512(f"legality {cooperative_id}".encode()).digest()
    _wait_for(session, digest)


def find_legality(session: Session, cooperative_id: str) -> Legality | None:
    """What the cooperative said last, if this transaction may see it."""
    return session.get(Legality, cooperative_id)


def put_legality(session: Session, cooperative_id: str, **columns: Any) -> Legality:
    """What the cooperative says from now on."""
    return session.scalars(
        insert(Legality)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
        .returning(Legality),
        execution_options={"populate_existing": True},
    ).one()


def list_licences(
    session: Session, *, before: date, after: tuple[date, str] | None, limit: int
) -> list[Licence]:
    """Licences of active cooperatives that end before a day, the first end first."""
    query = (
        select(
            Legality.cooperative_id,
            Cooperative.code,
            Cooperative.name,
            Legality.licence_number,
            Legality.licence_expires_on,
        )
        .join(Cooperative, Cooperative.id == Legality.cooperative_id)
        .where(
            Legality.licence_expires_on < before,
            Cooperative.status == cooperatives.ACTIVE,
        )
        .order_by(Legality.licence_expires_on, Legality.cooperative_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(
            tuple_(Legality.licence_expires_on, Legality.cooperative_id) > after
        )
    return [Licence._make(row) for row in session.execute(query)]


# Modules


def find_modules(session: Session, cooperative_id: str) -> CooperativeModules | None:
    """What the cooperative uses, if it ever said so."""
    return session.get(CooperativeModules, cooperative_id)


def put_modules(
    session: Session, cooperative_id: str, modules: list[str], at: datetime
) -> CooperativeModules:
    """What the cooperative uses from now on."""
    columns = {"modules": modules, "changed_at": at}
    return session.scalars(
        insert(CooperativeModules)
        .values(cooperative_id=cooperative_id, **columns)
        .on_conflict_do_update(index_elements=["cooperative_id"], set_=columns)
        .returning(CooperativeModules),
        execution_options={"populate_existing": True},
    ).one()


# Partner codes


def put_partner_code(session: Session, code: str, name: str) -> PartnerCode:
    """A code that is known from now on, by this name."""
    return session.scalars(
        insert(PartnerCode)
        .values(code=code, name=name)
        .on_conflict_do_update(index_elements=["code"], set_={"name": name})
        .returning(PartnerCode),
        execution_options={"populate_existing": True},
    ).one()


def list_partner_codes(
    session: Session, *, after: str | None, limit: int
) -> Sequence[PartnerCode]:
    """Codes past ``after`` in their order."""
    query = select(PartnerCode).order_by(PartnerCode.code).limit(limit)
    if after is not None:
        query = query.where(PartnerCode.code > after)
    return session.scalars(query).all()
