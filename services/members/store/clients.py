"""How clients and what decides on their sign-in are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import clients
from services.members.models import (
    Client,
    Cooperative,
)
from services.shared.identity import HUB


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
