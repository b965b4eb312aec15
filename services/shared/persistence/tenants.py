"""What a service knows of the cooperatives: what the members service told in events."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared import clock
from services.shared.persistence import inbox, jobs, keyring, roles
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

ACTIVE: Final = "active"
DEACTIVATED: Final = "deactivated"
CLOSED: Final = "closed"


class Tenant(NamedTuple):
    """A cooperative as this service knows it; ``active_since`` is a business date."""

    cooperative_id: str
    code: str
    name: str
    status: str
    active_since: date


@retrying
def take_in(
    database: Database,
    settings: Settings,
    service: str,
    event_id: str,
    payload: dict[str, Any],
) -> None:
    """A cooperative became active: know it, and give it a key of its own here."""
    cooperative_id = payload["cooperative_id"]
    with database.hub() as session:
        if not inbox.first_time(session, f"{service}.tenant_active", event_id):
            return
        session.execute(
            text(
                "INSERT INTO tenants (cooperative_id, code, name, status, active_since)"
                " VALUES (:cooperative_id, :code, :name, 'active', :today) "
                "ON CONFLICT (cooperative_id) DO UPDATE "
                "SET name = excluded.name, status = 'active' "
                "WHERE tenants.status <> 'closed'"
            ),
            {
                "cooperative_id": cooperative_id,
                "code": payload["code"],
                "name": payload["name"],
                "today": clock.business_date(),
            },
        )
        found = find(session, cooperative_id)
        if found is not None and found.status != CLOSED:
            keyring.make_key(session, settings, service, cooperative_id)


@retrying
def set_aside(
    database: Database, service: str, event_id: str, payload: dict[str, Any]
) -> None:
    """A cooperative was deactivated: nothing is done for it by itself any more."""
    with database.hub() as session:
        if inbox.first_time(session, f"{service}.tenant_deactivated", event_id):
            _set_status(session, payload["cooperative_id"], DEACTIVATED)


@retrying
def let_go(
    database: Database, service: str, event_id: str, payload: dict[str, Any]
) -> None:
    """A cooperative has left: its key is destroyed, what it encrypted is unreadable.

    What it still had to run would fail without its accounts, and be tried for ever.
    """
    with database.hub() as session:
        if inbox.first_time(session, f"{service}.tenant_closed", event_id):
            _set_status(session, payload["cooperative_id"], CLOSED)
            keyring.destroy_key(session, payload["cooperative_id"])
            jobs.drop_unfinished(session, payload["cooperative_id"])


def find(session: Session, cooperative_id: str) -> Tenant | None:
    """One cooperative, if it has ever been active."""
    row = session.execute(
        text(
            "SELECT cooperative_id, code, name, status, active_since FROM tenants "
            "WHERE cooperative_id = :cooperative_id"
        ),
        {"cooperative_id": cooperative_id},
    ).one_or_none()
    return None if row is None else Tenant._make(row)


def active(session: Session) -> list[Tenant]:
    """All cooperatives that are active now, in order; under the hub's role."""
    rows = session.execute(
        text(
            "SELECT cooperative_id, code, name, status, active_since FROM tenants "
            "WHERE status = 'active' ORDER BY cooperative_id"
        )
    )
    return [Tenant._make(row) for row in rows]


def _set_status(session: Session, cooperative_id: str, status: str) -> None:
    session.execute(
        text(
            "UPDATE tenants SET status = :status WHERE cooperative_id = :cooperative_id"
            " AND status <> 'closed'"
        ),
        {"cooperative_id": cooperative_id, "status": status},
    )


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE tenants (
            cooperative_id text NOT NULL,
            code text NOT NULL,
            name text NOT NULL,
            status text NOT NULL,
            active_since date NOT NULL,
            CONSTRAINT pk_tenants PRIMARY KEY (cooperative_id),
            CONSTRAINT ck_tenants_status
                CHECK (status IN ('active', 'deactivated', 'closed'))
        )
        """
    )
    roles.grant(
        op,
        "tenants",
        tenant="SELECT",
        hub="SELECT, INSERT, UPDATE (name, status)",
    )
    roles.enable_row_level_security(op, "tenants")
