"""How services talk: plain calls, batched calls and events, and no fourth way.

The only shared folder that knows nameko, kombu and eventlet. Importing it makes the
process green, because psycopg binds its selector when it is first imported: imported
before the patch, one query would block the whole process (`database.py` refuses that).
"""

import eventlet

eventlet.monkey_patch()

# ruff: noqa: E402
from services.shared.contracts.envelope import Event
from services.shared.messaging.batching import BatchedRpc, Call, Outcome, batched_rpc
from services.shared.messaging.context import Caller, CurrentCaller
from services.shared.messaging.dependencies import DatabaseProvider, SettingsProvider
from services.shared.messaging.entrypoints import on_event, rpc, timer
from services.shared.messaging.proxies import ServiceProxy, ServiceRpc
from services.shared.messaging.service import Entrypoints, loaded
from services.shared.messaging.tenants import TenantEntrypoints

__all__ = [
    "BatchedRpc",
    "Call",
    "Caller",
    "CurrentCaller",
    "DatabaseProvider",
    "Entrypoints",
    "Event",
    "Outcome",
    "ServiceProxy",
    "ServiceRpc",
    "SettingsProvider",
    "TenantEntrypoints",
    "batched_rpc",
    "loaded",
    "on_event",
    "rpc",
    "timer",
]
