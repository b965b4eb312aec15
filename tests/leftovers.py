"""How a hub that a test started is forgotten: its databases, roles and queues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from kombu import Connection
from psycopg import sql

from services.hub import provision

WIRE_NAMES: Final = Path(__file__).parent / "contract/snapshots/wire_names.json"


def forget_databases(admin_url: str, prefix: str) -> None:
    """Drop every database and role whose name starts with ``prefix``."""
    with provision.connected(admin_url) as admin:
        databases = admin.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,)
        ).fetchall()
        for (name,) in databases:
            admin.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
        roles = admin.execute(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", (prefix,)
        ).fetchall()
        for (name,) in roles:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def forget_queues(uri: str, namespace: str) -> None:
    """Delete the durable queues and exchanges of the hub with this namespace."""
    services = json.loads(WIRE_NAMES.read_text())
    with Connection(uri, connect_timeout=5) as connection:
        channel = connection.channel()
        for service, names in services.items():
            for queue in names["queues"]:
                channel.queue_delete(f"{namespace}{queue}")
            channel.exchange_delete(f"{namespace}{service}.events")
        channel.exchange_delete(f"{namespace}gateway.events")
        channel.exchange_delete(f"{namespace}nameko-rpc")
