"""Which database faults a caller hears of, and as what.

A fault that is nobody's doing (connection lost, disk full, deadlock) becomes one of
the hub's own errors. Everything else, such as a violated constraint, is left alone:
`store.py` knows it by its name, or it is a bug.
"""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.shared.errors import DatabaseUnavailable, ServiceBusy, ServiceError

CONTENTION: Final = frozenset(
    {
        "40001",  # serialization failure
        "40P01",  # deadlock
        "55P03",  # lock timeout
    }
)
_TOO_SLOW: Final = frozenset({"57014"})  # statement timeout
_UNAVAILABLE_CLASSES: Final = frozenset(
    {
        "08",  # connection
        "28",  # login refused
        "53",  # disk full, out of memory, too many connections
        "58",  # input/output error
        "XX",  # server bug or corruption
    }
)
_UNAVAILABLE: Final = frozenset(
    {
        "25006",  # read-only: a replica, or a primary being replaced
        "25P03",  # idle in transaction for too long
        "25P04",  # transaction too long
        "3D000",  # no such database
        "57P01",  # administrator ended the connection
        "57P02",  # another process crashed
        "57P03",  # starting up or shutting down
        "57P04",  # database dropped
        "57P05",  # idle for too long
    }
)


def driver_error(fault: BaseException) -> psycopg.Error | None:
    """The driver's own error inside ``fault``, if it is a database fault at all."""
    original = fault.orig if isinstance(fault, DBAPIError) else fault
    return original if isinstance(original, psycopg.Error) else None


def is_contention(fault: BaseException | None) -> bool:
    """Whether the same transaction, run once more, may well succeed."""
    error = None if fault is None else driver_error(fault)
    return error is not None and error.sqlstate in CONTENTION


def translate(fault: BaseException, *, is_lost: bool) -> ServiceError | None:
    """The hub's error for a fault before COMMIT; None for those left alone.

    ``is_lost`` says that the connection is gone, which drivers report in many ways.
    """
    if isinstance(fault, PoolTimeout):
        return ServiceBusy()
    error = driver_error(fault)
    if error is None:
        return None
    state = error.sqlstate or ""
    if state in CONTENTION or state in _TOO_SLOW:
        return ServiceBusy("The database is too busy with the same rows; try again.")
    if is_lost or state in _UNAVAILABLE or state[:2] in _UNAVAILABLE_CLASSES:
        return DatabaseUnavailable()
    if not state and isinstance(error, psycopg.OperationalError):
        # No answer from a server at all: refused, unreachable, no such host.
        return DatabaseUnavailable()
    return None
