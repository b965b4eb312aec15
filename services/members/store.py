"""How the members service reads and writes its tables: functions of a session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import clients, cooperatives, membership, savings
from services.members.models import (
    Account,
    Client,
    Cooperative,
    Counter,
    DataKey,
    Member,
)
from services.shared.identity import HUB

# Cooperatives


def add_cooperative(session: Session, **columns: Any) -> Cooperative | None:
    """The new cooperative; None when its code is taken."""
    return session.scalar(
        insert(Cooperative)
        .values(status=cooperatives.REGISTERED, **columns)
        .on_conflict_do_nothing(index_elements=["code"])
        .returning(Cooperative)
    )


def find_cooperative(session: Session, cooperative_id: str) -> Cooperative | None:
    """One cooperative, if this transaction may see it."""
    return session.get(Cooperative, cooperative_id)


def lock_cooperative(session: Session, cooperative_id: str) -> Cooperative | None:
    """One cooperative, not to be changed by others until this transaction ends."""
    return session.get(Cooperative, cooperative_id, with_for_update=True)


def find_cooperative_by_code(session: Session, code: str) -> Cooperative | None:
    """The cooperative with this code, if this transaction may see it."""
    return session.scalar(select(Cooperative).where(Cooperative.code == code))


def list_cooperatives(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[Cooperative]:
    """Cooperatives whose code is past ``after``, in the order of their codes."""
    query = select(Cooperative).order_by(Cooperative.code).limit(limit)
    if status is not None:
        query = query.where(Cooperative.status == status)
    if after is not None:
        query = query.where(Cooperative.code > after)
    return session.scalars(query).all()


# Keys and counters


def add_data_key(
    session: Session, cooperative_id: str, wrapped_key: bytes, created_at: datetime
) -> None:
    """Keep the wrapped key of a new cooperative."""
    session.add(
        DataKey(
            cooperative_id=cooperative_id,
            wrapped_key=wrapped_key,
            created_at=created_at,
        )
    )
    session.flush()


def find_data_key(session: Session, cooperative_id: str) -> bytes | None:
    """The wrapped key of a cooperative."""
    return session.scalar(
        select(DataKey.wrapped_key).where(DataKey.cooperative_id == cooperative_id)
    )


def next_number(session: Session, cooperative_id: str, counter: str) -> int:
    """The next number of a gap-free sequence, from 1.

    The row stays locked until the transaction ends: a number that is rolled back is
    given again, never skipped.
    """
    value: int = session.execute(
        insert(Counter)
        .values(cooperative_id=cooperative_id, name=counter, value=1)
        .on_conflict_do_update(
            index_elements=["cooperative_id", "name"],
            set_={"value": Counter.value + 1},
        )
        .returning(Counter.value)
    ).scalar_one()
    return value


# Clients


class SignIn(NamedTuple):
    """What decides whether a client gets a token."""

    cooperative_id: str
    scopes: list[str]
    secret_hash: bytes
    client_status: str
    cooperative_status: str | None


def find_sign_in(session: Session, client_id: str) -> SignIn | None:
    """A client with the state of its cooperative; the operator's has none."""
    row = session.execute(
        select(
            Client.cooperative_id,
            Client.scopes,
            Client.secret_hash,
            Client.status,
            Cooperative.status,
        )
        .outerjoin(Cooperative, Cooperative.id == Client.cooperative_id)
        .where(Client.client_id == client_id)
    ).one_or_none()
    return SignIn._make(row) if row is not None else None


def add_client(session: Session, **columns: Any) -> Client:
    """A new client that may sign in."""
    client = Client(status=clients.ACTIVE, **columns)
    session.add(client)
    session.flush()
    return client


def list_clients(
    session: Session, cooperative_id: str, *, after: str | None, limit: int
) -> Sequence[Client]:
    """Clients of a cooperative past ``after``, oldest first."""
    query = (
        select(Client)
        .where(Client.cooperative_id == cooperative_id)
        .order_by(Client.client_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Client.client_id > after)
    return session.scalars(query).all()


def revoke_client(
    session: Session, cooperative_id: str, client_id: str, revoked_at: datetime
) -> Client | None:
    """The client, revoked now or before; None when there is no such client."""
    return session.scalar(
        update(Client)
        .where(Client.client_id == client_id, Client.cooperative_id == cooperative_id)
        .values(
            status=clients.REVOKED,
            revoked_at=func.coalesce(Client.revoked_at, revoked_at),
        )
        .returning(Client)
    )


def add_operator_client(session: Session, **columns: Any) -> bool:
    """Make the operator's client; whether there was none with this id."""
    added = session.scalar(
        insert(Client)
        .values(cooperative_id=HUB, status=clients.ACTIVE, **columns)
        .on_conflict_do_nothing(index_elements=["client_id"])
        .returning(Client.client_id)
    )
    return added is not None


def renew_operator_client(
    session: Session, client_id: str, secret_hash: bytes
) -> str | None:
    """Give the operator's client this secret; None when the id is a tenant's."""
    return session.scalar(
        update(Client)
        .where(Client.client_id == client_id, Client.cooperative_id == HUB)
        .values(secret_hash=secret_hash, status=clients.ACTIVE, revoked_at=None)
        .returning(Client.client_id)
    )


def revoke_other_operator_clients(
    session: Session, client_id: str, revoked_at: datetime
) -> None:
    """Leave the operator one client: a replaced one must not stay a back door."""
    session.execute(
        update(Client)
        .where(
            Client.cooperative_id == HUB,
            Client.client_id != client_id,
            Client.status == clients.ACTIVE,
        )
        .values(status=clients.REVOKED, revoked_at=revoked_at)
    )


# Members


def add_member(session: Session, **columns: Any) -> Member | None:
    """The new candidate; None when the cooperative has a member with this NIK."""
    return session.scalar(
        insert(Member)
        .values(status=membership.CANDIDATE, **columns)
        .on_conflict_do_nothing(index_elements=["cooperative_id", "nik_hash"])
        .returning(Member)
    )


def find_member(session: Session, member_id: str) -> Member | None:
    """One member, if this transaction may see it."""
    return session.get(Member, member_id)


def activate_member(session: Session, member_id: str, at: datetime) -> Member | None:
    """The member, active from now on; None when it is no candidate."""
    return session.scalar(
        update(Member)
        .where(Member.id == member_id, Member.status == membership.CANDIDATE)
        .values(status=membership.ACTIVE, activated_at=at)
        .returning(Member)
    )


def list_members(
    session: Session, *, status: str | None, after: str | None, limit: int
) -> Sequence[Member]:
    """Members of the tenant past ``after``, in the order they registered."""
    query = select(Member).order_by(Member.id).limit(limit)
    if status is not None:
        query = query.where(Member.status == status)
    if after is not None:
        query = query.where(Member.id > after)
    return session.scalars(query).all()


# Savings accounts


def add_account(session: Session, **columns: Any) -> Account:
    """A savings account that the ledger does not know yet."""
    account = Account(status=savings.OPENING, **columns)
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, number: str) -> Account | None:
    """One savings account, if this transaction may see it."""
    return session.get(Account, number)


def activate_accounts(session: Session, numbers: list[str]) -> Sequence[Account]:
    """Those of the accounts that became active just now."""
    return session.scalars(
        update(Account)
        .where(Account.number.in_(numbers), Account.status == savings.OPENING)
        .values(status=savings.ACTIVE)
        .returning(Account)
    ).all()


def close_account(session: Session, number: str) -> Account | None:
    """The account, closed just now; None when it was not active."""
    return session.scalar(
        update(Account)
        .where(Account.number == number, Account.status == savings.ACTIVE)
        .values(status=savings.CLOSED)
        .returning(Account)
    )


def list_accounts(
    session: Session, *, member_id: str | None, after: str | None, limit: int
) -> Sequence[Account]:
    """Savings accounts of the tenant past ``after``, in the order of their numbers."""
    query = select(Account).order_by(Account.number).limit(limit)
    if member_id is not None:
        query = query.where(Account.member_id == member_id)
    if after is not None:
        query = query.where(Account.number > after)
    return session.scalars(query).all()


def find_owner(session: Session, number: str) -> str | None:
    """The name of the owner of an active account, of whatever cooperative."""
    return session.scalar(
        select(Member.name)
        .join(Account, Account.member_id == Member.id)
        .where(Account.number == number, Account.status == savings.ACTIVE)
    )


def count_openings(session: Session) -> int:
    """How many accounts wait for the ledger."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.status == savings.OPENING)
        )
        or 0
    )
