"""What happens when a request comes twice: the first answer, never a second deed.

For commands that do not move money; there the ledger's journal is the memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.shared import crypto
from services.shared.errors import (
    IdempotencyKeyReused,
    InvariantViolated,
    RequestInProgress,
)
from services.shared.identity import HUB, Actor
from services.shared.persistence import roles
from services.shared.persistence.database import Database

RENEWED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyScope:
    """Which request this is: whose, what, under which key, with which body."""

    cooperative_id: str
    operation: str
    key: str
    request_hash: str

    @classmethod
    def of(
        cls, cooperative_id: str, part: dict[str, str] | None
    ) -> IdempotencyScope | None:
        """The scope of a command's ``idempotency`` part; None when it has none."""
        if part is None:
            return None
        return cls(cooperative_id=cooperative_id, **part)

    @property
    def identity(self) -> str:
        """What two requests share exactly when they are the same request."""
        return f"{self.cooperative_id}\x1f{self.operation}\x1f{self.key}"

    @property
    def lock(self) -> int:
        """The identity as the signed 64-bit number of an advisory lock."""
        digest = hashlib.sha512(self.identity.encode()).digest()
        return int.from_bytes(digest[:8], signed=True)


def run_once(
    session: Session,
    *,
    scope: IdempotencyScope | None,
    operation: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """The answer of ``operation``, run unless this request was answered before.

    An answer given before comes back with ``"replayed": True``. A refusal is not
    stored: it rolls back with everything else and may be tried again. Raises
    RequestInProgress while the first one runs, IdempotencyKeyReused for another body.
    """
    if scope is None:
        return operation()
    cipher = _cipher(session)
    # Two statements, not one: a statement sees what was committed before it began,
    # so only a second one sees the row of whoever held the lock until just now.
    locked = session.execute(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": scope.lock}
    ).scalar_one()
    if not locked:
        raise RequestInProgress
    stored = _stored(session, scope, cipher)
    if stored is not None:
        return stored | {"replayed": True}
    answer = operation()
    _store(session, scope, cipher, answer)
    return answer


def once(
    database: Database,
    actor: Actor,
    command: dict[str, Any],
    operation: Callable[[Session], dict[str, Any]],
) -> dict[str, Any]:
    """`run_once` in one transaction of the actor's cooperative."""
    with database.tenant(actor.cooperative_id) as session:
        return run_once(
            session,
            scope=IdempotencyScope.of(actor.cooperative_id, command["idempotency"]),
            operation=lambda: operation(session),
        )


def answer_once(
    database: Database,
    cooperative_id: str,
    part: dict[str, str] | None,
    operation: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """The answer of ``operation``, which has transactions of its own, as in `run_once`.

    Only for what changes nothing when it is done again: its answer is stored after it,
    so whoever dies in between does it a second time when the request is repeated.
    """
    stored = answered(database, cooperative_id, part)
    if stored is not None:
        return stored
    answer = operation()
    scope = IdempotencyScope.of(cooperative_id, part)
    if scope is None:
        return answer
    with _opened(database, cooperative_id) as session:
        return run_once(session, scope=scope, operation=lambda: answer)


def answered(
    database: Database, cooperative_id: str, part: dict[str, str] | None
) -> dict[str, Any] | None:
    """The answer that this request was given before, None the first time.

    For who has to ask others before the transaction that decides: what they say by now
    is of no concern to a request that was answered. Raises IdempotencyKeyReused.
    """
    scope = IdempotencyScope.of(cooperative_id, part)
    if scope is None:
        return None
    with _opened(database, cooperative_id) as session:
        stored = _stored(session, scope, _cipher(session))
    return None if stored is None else stored | {"replayed": True}


def _opened(database: Database, cooperative_id: str) -> AbstractContextManager[Session]:
    if cooperative_id == HUB:
        return database.hub()
    return database.tenant(cooperative_id)


def _stored(
    session: Session, scope: IdempotencyScope, cipher: crypto.FieldCipher
) -> dict[str, Any] | None:
    row = session.execute(
        text(
            "SELECT request_hash, answer FROM idempotency_keys "
            "WHERE cooperative_id = :cooperative_id "
            "AND operation = :operation AND key = :key"
        ),
        _columns(scope),
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != scope.request_hash:
        raise IdempotencyKeyReused
    answer = cipher.decrypt(bytes(row.answer), scope.identity.encode())
    return dict(json.loads(answer))


def _store(
    session: Session,
    scope: IdempotencyScope,
    cipher: crypto.FieldCipher,
    answer: dict[str, Any],
) -> None:
    # Encrypted, because answers hold names, phone numbers and new client secrets.
    encrypted = cipher.encrypt(json.dumps(answer).encode(), scope.identity.encode())
    session.execute(
        text(
            "INSERT INTO idempotency_keys "
            "(cooperative_id, operation, key, request_hash, answer) "
            "VALUES (:cooperative_id, :operation, :key, :request_hash, :answer)"
        ),
        _columns(scope) | {"request_hash": scope.request_hash, "answer": encrypted},
    )


def _columns(scope: IdempotencyScope) -> dict[str, Any]:
    return {
        "cooperative_id": scope.cooperative_id,
        "operation": scope.operation,
        "key": scope.key,
    }


def _cipher(session: Session) -> crypto.FieldCipher:
    cipher: crypto.FieldCipher | None = session.info["answers"]
    if cipher is None:
        message = "This Database was made without an answer_key."
        raise InvariantViolated(message)
    return cipher


def forget(session: Session, *, older_than_days: int) -> int:
    """Drop old keys; how many. The API promises 30 days."""
    result = session.execute(
        text(
            "DELETE FROM idempotency_keys "
            "WHERE created_at < now() - make_interval(days => :days)"
        ),
        {"days": older_than_days},
    )
    return int(result.rowcount)  # type: ignore[attr-defined]


def renew(database: Database) -> int:
    """Encrypt with the newest key what an older one encrypted; how many answers.

    A little at a time, and safe to do again.
    """
    after, renewed = ("", "", ""), 0
    while True:
        with database.hub() as session:
            rows = session.execute(
                text(
                    "SELECT cooperative_id, operation, key, request_hash, answer, "
                    "created_at FROM idempotency_keys "
                    "WHERE (cooperative_id, operation, key) > (:after_a, :after_b, "
                    ":after_c) ORDER BY cooperative_id, operation, key LIMIT :limit"
                ),
                dict(zip(("after_a", "after_b", "after_c"), after, strict=True))
                | {"limit": RENEWED_AT_ONCE},
            ).all()
            renewed += sum(_renew_one(session, row._asdict()) for row in rows)
        if len(rows) < RENEWED_AT_ONCE:
            return renewed
        after = (rows[-1].cooperative_id, rows[-1].operation, rows[-1].key)


def _renew_one(session: Session, row: Mapping[str, Any]) -> bool:
    """Put an answer in its own place anew: nobody may change one, not even we."""
    scope = IdempotencyScope(
        cooperative_id=row["cooperative_id"],
        operation=row["operation"],
        key=row["key"],
        request_hash=row["request_hash"],
    )
    answer = _cipher(session).renewed(bytes(row["answer"]), scope.identity.encode())
    if answer is None:
        return False
    gone = session.execute(
        text(
            "DELETE FROM idempotency_keys WHERE cooperative_id = :cooperative_id "
            "AND operation = :operation AND key = :key RETURNING true"
        ),
        _columns(scope),
    ).scalar_one_or_none()
    if gone is None:
        # Forgotten meanwhile, for its age.
        return False
    session.execute(
        text(
            "INSERT INTO idempotency_keys (cooperative_id, operation, key, "
            "request_hash, answer, created_at) VALUES (:cooperative_id, :operation, "
            ":key, :request_hash, :answer, :created_at)"
        ),
        _columns(scope)
        | {
            "request_hash": scope.request_hash,
            "answer": answer,
            "created_at": row["created_at"],
        },
    )
    return True


def add_tables(op: roles.Operations) -> None:
    """Create the table, in a service's first migration."""
    op.execute(
        """
        CREATE TABLE idempotency_keys (
            cooperative_id text NOT NULL,
            operation text NOT NULL,
            key text NOT NULL,
            request_hash text NOT NULL,
            answer bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_idempotency_keys
                PRIMARY KEY (cooperative_id, operation, key)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at)"
    )
    roles.grant(
        op,
        "idempotency_keys",
        tenant="SELECT, INSERT",
        hub="SELECT, INSERT, DELETE",
    )
    roles.enable_row_level_security(op, "idempotency_keys")
