"""How a service opens a transaction: under which role, and what happens when it fails.

The only place that commits. A transaction begins with one round trip that starts it,
takes the role and names the cooperative; it ends at the exit of the ``with`` block.
"""

from __future__ import annotations

import functools
import logging
import random
import re
import selectors
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final, ParamSpec, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.shared import crypto, settings
from services.shared.errors import InvariantViolated, OutcomeUnknown, ServiceBusy
from services.shared.persistence import faults
from services.shared.persistence.roles import Roles

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS: Final = 3
POOL_WAIT_SECONDS: Final = 5.0
_COOPERATIVE_ID: Final = re.compile(r"^[A-Za-z0-9_-]{1,100}\Z")
_CONNECT: Final = {
    "connect_timeout": 5,
    # A machine that vanishes without a word is noticed in seconds, not in hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

_log = logging.getLogger(__name__)


class Database:
    """One service's database, through a small pool of connections.

    ``answer_key`` encrypts the stored answers of `idempotency.run_once`; a service
    that uses it must pass one (`of_service` does). Answers encrypted with one of
    ``older_answer_keys`` are still read.
    """

    def __init__(
        self,
        url: str,
        *,
        service: str,
        pool_size: int = 8,
        roles: Roles | None = None,
        answer_key: bytes | None = None,
        older_answer_keys: tuple[bytes, ...] = (),
    ) -> None:
        _require_green_waiting()
        parsed = make_url(url).set(drivername="postgresql+psycopg")
        self.service = service
        self.name = parsed.database or ""
        self.roles = roles or Roles(parsed.username or "")
        # COMMIT is ours: in autocommit the driver adds no BEGIN of its own, which
        # saves a round trip per transaction.
        self._engine = create_engine(
            parsed,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_use_lifo=True,
            use_native_hstore=False,
            # Errors go to the logs, and parameters hold names and what people wrote.
            hide_parameters=True,
            connect_args=_CONNECT | {"application_name": f"koperasi {service}"},
        )
        self._answers = (
            crypto.FieldCipher(answer_key, *older_answer_keys) if answer_key else None
        )
        self._begin_hub = f'BEGIN; SET LOCAL ROLE "{self.roles.hub}"'
        self._begin_tenant = f'BEGIN; SET LOCAL ROLE "{self.roles.tenant}"'

    def tenant(self, cooperative_id: str) -> AbstractContextManager[Session]:
        """A transaction that sees the rows of one cooperative only."""
        # Checked rather than quoted: no id of ours holds a quote or a backslash.
        if not _COOPERATIVE_ID.match(cooperative_id):
            message = f"{cooperative_id!r} is not a cooperative's id."
            raise InvariantViolated(message)
        begin = f"{self._begin_tenant}; SET LOCAL app.cooperative_id = "
        return self._transaction(f"{begin}'{cooperative_id}'")

    def hub(self) -> AbstractContextManager[Session]:
        """A transaction that sees all cooperatives; for the operations that must."""
        return self._transaction(self._begin_hub)

    def ping(self) -> None:
        """Ask the server for a sign of life. Raises DatabaseUnavailable."""
        with self._transaction("BEGIN READ ONLY"):
            pass

    def dispose(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, begin: str) -> Generator[Session]:
        session, connection = self._begin(begin)
        try:
            yield session
            session.flush()
            _refuse_swallowed_fault(connection)
        except BaseException as fault:
            is_lost = _abandon(session, connection)
            translated = faults.translate(fault, is_lost=is_lost)
            if translated is None:
                raise
            raise translated from fault
        _commit(session, connection)

    def _begin(self, begin: str) -> tuple[Session, psycopg.Connection]:
        """Start a transaction, on a fresh connection if the pooled one has died.

        Nothing has happened yet, so trying again is always safe: a restart of
        PostgreSQL costs its clients nothing but their next connection.
        """
        pool = self._engine.pool
        try:
            return self._begin_once(begin)
        except psycopg.Error as fault:
            translated = faults.translate(fault, is_lost=True)
            if isinstance(translated, ServiceBusy) or translated is None:
                raise
            _log.warning("a pooled connection was dead; connecting again")
        if self._engine.pool is pool:
            self._engine.dispose()
        try:
            return self._begin_once(begin)
        except psycopg.Error as fault:
            translated = faults.translate(fault, is_lost=True)
            raise (translated or fault) from fault

    def _begin_once(self, begin: str) -> tuple[Session, psycopg.Connection]:
        session = Session(self._engine, expire_on_commit=False)
        session.info["answers"] = self._answers
        try:
            pooled = session.connection().connection
        except Exception as fault:
            session.close()
            translated = faults.translate(fault, is_lost=True)
            if translated is None:
                raise
            raise translated from fault
        connection = cast("psycopg.Connection", pooled.driver_connection)
        try:
            # Without parameters this is one message, however many statements;
            # a prepared statement could hold only one.
            connection.execute(begin, prepare=False)
        except BaseException:
            _abandon(session, connection)
            raise
        return session, connection


def of_service(given: settings.Settings, service: str, pool_size: int = 8) -> Database:
    """The database of ``service`` as the settings have it."""
    return Database(
        given.service_database_url(service),
        service=service,
        pool_size=pool_size,
        answer_key=given.derive(f"stored answers of {service}"),
        older_answer_keys=given.derive_older(f"stored answers of {service}"),
    )


def retrying(function: Callable[P, T]) -> Callable[P, T]:
    """Run again, at most three times in all, what lost a fight for the same rows.

    The function must open its transactions itself: it is run from its beginning.
    """

    @functools.wraps(function)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
        for attempts_left in range(ATTEMPTS - 1, 0, -1):
            try:
                return function(*args, **kwargs)
            except ServiceBusy as fault:
                if not faults.is_contention(fault.__cause__):
                    raise
                _log.info("lost a fight for rows; %d attempts left", attempts_left)
                # Two that met once should not meet again at the same moment.
                time.sleep(random.uniform(0.005, 0.05))  # noqa: S311  not a secret
        return function(*args, **kwargs)

    return attempt


def _commit(session: Session, connection: psycopg.Connection) -> None:
    try:
        session.commit()
    except BaseException as fault:
        is_lost = _abandon(session, connection)
        if is_lost and faults.driver_error(fault) is not None:
            raise OutcomeUnknown(
                "The database connection broke during COMMIT; repeat with the same key."
            ) from fault
        translated = faults.translate(fault, is_lost=is_lost)
        if translated is None:
            raise
        raise translated from fault
    session.close()


def _abandon(session: Session, connection: psycopg.Connection) -> bool:
    """Roll back and give the connection up if it is unusable; whether it was lost."""
    is_lost = connection.closed or _is_dead(connection)
    # A greenthread that was killed in the middle of a query leaves it running: such
    # a connection answers the next caller with this one's rows.
    if is_lost or connection.info.transaction_status == TransactionStatus.ACTIVE:
        session.invalidate()
        return is_lost
    with suppress(DBAPIError, psycopg.Error):
        session.rollback()
    session.close()
    return connection.closed


def _is_dead(connection: psycopg.Connection) -> bool:
    return connection.info.transaction_status == TransactionStatus.UNKNOWN


def _refuse_swallowed_fault(connection: psycopg.Connection) -> None:
    """PostgreSQL answers COMMIT of a failed transaction with a silent ROLLBACK."""
    if connection.info.transaction_status == TransactionStatus.INERROR:
        message = (
            "A statement failed and its error was swallowed; nothing is committed."
        )
        raise InvariantViolated(message)


def _require_green_waiting() -> None:
    """Refuse to start with a driver that stops all other greenthreads."""
    if psycopg.waiting.wait is not psycopg.waiting.wait_selector:
        message = (
            "psycopg was imported before the package services could set "
            "PSYCOPG_WAIT_FUNC=wait_selector; one query would block the process."
        )
        raise InvariantViolated(message)
    # eventlet puts its own selector in place of this one; both are the system's in a
    # process that was never patched, such as a command line's.
    bound = psycopg.waiting.DefaultSelector  # type: ignore[attr-defined]
    if bound is not selectors.DefaultSelector:
        message = (
            "psycopg was imported before eventlet patched the standard library; one "
            "query would block the process. Import services.shared.messaging first."
        )
        raise InvariantViolated(message)
