"""Rows of transfers and of the requests that made them: set-wise, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Result, text
from sqlalchemy.orm import Session

from services.transfers.domain.transfer import Transfer

_COLUMNS: Final = (
    "id, kind, state, cooperative_id, payer_account, payee_account, "
    "payer_cooperative_id, payee_cooperative_id, payer_mode, payee_mode, amount, "
    "description, business_date, created_at, request_id, agreement_id, original_id, "
    "bulk_id, reference, code, reason, attempts, reserved_at, expires_at, decision, "
    "finished_at, window_id, returned_amount"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as its idempotency key is remembered."""

    cooperative_id: str
    operation: str
    key: str
    request_hash: str
    subject_id: str
    request_id: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two requests share exactly when they are the same request."""
        return (self.cooperative_id, self.operation, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest(Request):
    """A request that came before, and for how many seconds it has been known."""

    age_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The outcome that a transfer is given: its new state and why."""

    transfer_id: str
    state: str
    code: str | None = None


def add_requests(session: Session, requests: Iterable[Request]) -> set[str]:
    """Remember requests; the subject ids of those whose key was new.

    Sorted, because each waits for a twin that is being stored at this moment.
    """
    ordered = sorted(requests, key=lambda request: request.identity)
    rows = session.execute(
        text(
            "INSERT INTO transfer_requests (cooperative_id, operation, key, "
            " request_hash, subject_id, request_id) "
            "SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS fresh ("
            " cooperative_id text, operation text, key text, request_hash text, "
            " subject_id text, request_id text) "
            "ON CONFLICT DO NOTHING RETURNING subject_id"
        ),
        {"rows": json.dumps([asdict(request) for request in ordered])},
    )
    return set(rows.scalars())


def find_requests(
    session: Session, identities: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], StoredRequest]:
    """What is remembered of these (cooperative, operation, key)."""
    rows = session.execute(
        text(
            "SELECT cooperative_id, operation, key, request_hash, subject_id, "
            " request_id, extract(epoch FROM clock_timestamp() - created_at)"
            " AS age_seconds "
            "FROM transfer_requests WHERE (cooperative_id, operation, key) IN ("
            " SELECT * FROM unnest(CAST(:cooperatives AS text[]), "
            " CAST(:operations AS text[]), CAST(:keys AS text[])))"
        ),
        {
            "cooperatives": [identity[0] for identity in identities],
            "operations": [identity[1] for identity in identities],
            "keys": [identity[2] for identity in identities],
        },
    ).mappings()
    found = [
        StoredRequest(**{**row, "age_seconds": float(row["age_seconds"])})
        for row in rows
    ]
    return {request.identity: request for request in found}


def forget_requests(
    session: Session, identities: Mapping[str, tuple[str, str, str]]
) -> None:
    """Let the keys of withdrawn requests be used again as if for the first time.

    By subject id, and found by their keys: of all that a request is remembered by
    nothing else has an index.
    """
    session.execute(
        text(
            "DELETE FROM transfer_requests AS request USING unnest("
            " CAST(:cooperatives AS text[]), CAST(:operations AS text[]), "
            " CAST(:keys AS text[]), CAST(:subjects AS text[])) "
            " AS gone (cooperative_id, operation, key, subject_id) "
            "WHERE request.cooperative_id = gone.cooperative_id "
            "AND request.operation = gone.operation AND request.key = gone.key "
            "AND request.subject_id = gone.subject_id"
        ),
        {
            "cooperatives": [identity[0] for identity in identities.values()],
            "operations": [identity[1] for identity in identities.values()],
            "keys": [identity[2] for identity in identities.values()],
            "subjects": list(identities),
        },
    )


_INSERT: Final = text(
    "INSERT INTO transfers (id, kind, state, cooperative_id, payer_account, "
    " payee_account, payer_cooperative_id, payee_cooperative_id, payer_mode, "
    " payee_mode, amount, description, business_date, request_id, agreement_id, "
    " original_id, bulk_id, bulk_position, reference, code, reason, finished_at) "
    "SELECT fresh.*, CASE WHEN state = 'aborted' THEN now() END "
    "FROM json_to_recordset(CAST(:rows AS json)) AS fresh (id text, kind text, "
    " state text, cooperative_id text, payer_account text, payee_account text, "
    " payer_cooperative_id text, payee_cooperative_id text, payer_mode text, "
    " payee_mode text, amount bigint, description text, business_date date, "
    " request_id text, agreement_id text, original_id text, bulk_id text, "
    " bulk_position integer, reference text, code text, reason text)"
)


def add(session: Session, transfers: Sequence[Transfer]) -> None:
    """Store new transfers; positions of a bulk are those of the sequence.

    One JSON text instead of twenty arrays: the driver escapes every element of an
    array by itself, which costs more than PostgreSQL's parsing of the whole.
    """
    rows = [_as_row(transfer, position) for position, transfer in enumerate(transfers)]
    session.execute(_INSERT, {"rows": json.dumps(rows)})


def _as_row(transfer: Transfer, position: int) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "kind": transfer.kind,
        "state": transfer.state,
        "cooperative_id": transfer.cooperative_id,
        "payer_account": transfer.payer_account,
        "payee_account": transfer.payee_account,
        "payer_cooperative_id": transfer.payer_cooperative_id,
        "payee_cooperative_id": transfer.payee_cooperative_id,
        "payer_mode": transfer.payer_mode,
        "payee_mode": transfer.payee_mode,
        "amount": transfer.amount,
        "description": transfer.description,
        "business_date": transfer.business_date.isoformat(),
        "request_id": transfer.request_id,
        "agreement_id": transfer.agreement_id,
        "original_id": transfer.original_id,
        "bulk_id": transfer.bulk_id,
        "bulk_position": position if transfer.bulk_id else None,
        "reference": transfer.reference,
        "code": transfer.code,
        "reason": transfer.reason,
    }


def database_now(session: Session) -> datetime:
    """The moment at which this transaction began: what `created_at` will say."""
    moment: datetime = session.execute(text("SELECT now()")).scalar_one()
    return moment


def finish(
    session: Session, changes: Sequence[Change], window_id: str | None
) -> dict[str, datetime]:
    """Commit or abort transfers that are not yet; when, for those this call finished.

    Guarded by the state: of two that finish the same transfer one finds nothing to do.
    The moment is one at which the window is held open, and so lies in it.
    """
    rows = session.execute(
        text(
            "UPDATE transfers SET state = change.state, code = change.code, "
            " finished_at = clock_timestamp(), "
            " window_id = CASE WHEN change.state = 'committed' "
            " AND payer_cooperative_id <> payee_cooperative_id "
            " THEN CAST(:window_id AS text) END "
            "FROM json_to_recordset(CAST(:rows AS json)) "
            " AS change (transfer_id text, state text, code text) "
            "WHERE id = transfer_id AND transfers.state IN ('received', 'reserved') "
            "RETURNING id, finished_at"
        ),
        {
            "window_id": window_id,
            "rows": json.dumps([asdict(change) for change in changes]),
        },
    )
    return {row.id: row.finished_at for row in rows}


def reserve(session: Session, ids: Sequence[str], seconds: float) -> list[Transfer]:
    """Let received transfers wait for an answer, so long by the database's clock."""
    rows = session.execute(
        text(
            "UPDATE transfers SET state = 'reserved', reserved_at = clock_timestamp(), "  # noqa: S608
            " expires_at = clock_timestamp() + make_interval(secs => :seconds) "
            "WHERE id = ANY(:ids) AND state = 'received' "
            f"RETURNING {_qualified()}"
        ),
        {"ids": list(ids), "seconds": seconds},
    )
    return _transfers(rows)


def load(session: Session, ids: Sequence[str]) -> dict[str, Transfer]:
    """Transfers by id."""
    rows = session.execute(
        text(f"SELECT {_COLUMNS} FROM transfers WHERE id = ANY(:ids)"),  # noqa: S608
        {"ids": list(ids)},
    )
    return {transfer.id: transfer for transfer in _transfers(rows)}


def load_bulks(session: Session, bulk_ids: Sequence[str]) -> dict[str, list[Transfer]]:
    """The transfers of each bulk request, in its order."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM transfers WHERE bulk_id = ANY(:ids) "  # noqa: S608
            "ORDER BY bulk_id, bulk_position"
        ),
        {"ids": list(bulk_ids)},
    )
    found: dict[str, list[Transfer]] = {}
    for transfer in _transfers(rows):
        found.setdefault(str(transfer.bulk_id), []).append(transfer)
    return found


def load_locked(session: Session, transfer_id: str) -> Transfer | None:
    """One transfer, held until the transaction ends."""
    rows = session.execute(
        text(f"SELECT {_COLUMNS} FROM transfers WHERE id = :id FOR UPDATE"),  # noqa: S608
        {"id": transfer_id},
    )
    return next(iter(_transfers(rows)), None)


def claim(session: Session, ids: Sequence[str]) -> None:
    """Note that somebody drives these transfers on from now.

    Counting the attempts is what tells a first attempt, which can be withdrawn when
    nothing came of it, from one that may have been overtaken.
    """
    session.execute(
        text(
            "UPDATE transfers SET attempts = attempts + 1, "
            " driven_at = clock_timestamp() WHERE id IN ("
            "  SELECT id FROM transfers WHERE id = ANY(:ids) "
            "  AND state IN ('received', 'reserved') ORDER BY id FOR UPDATE)"
        ),
        {"ids": list(ids)},
    )


def claim_stuck(session: Session, *, age_seconds: float, limit: int) -> list[Transfer]:
    """Transfers that somebody should have driven on and did not, claimed.

    The pause grows with every attempt. A reserved transfer waits for its answer, and
    only once that is decided, or overdue, is it stuck.
    """
    rows = session.execute(
        text(
            "UPDATE transfers SET attempts = attempts + 1, "  # noqa: S608
            " driven_at = clock_timestamp(), "
            " decision = CASE WHEN state = 'reserved' "
            "  THEN coalesce(decision, 'expire') END "
            "WHERE id IN (SELECT id FROM transfers "
            " WHERE state IN ('received', 'reserved') AND ("
            "  (state = 'reserved' AND decision IS NULL "
            "   AND expires_at <= clock_timestamp()) "
            "  OR ((state = 'received' OR decision IS NOT NULL) "
            "   AND driven_at <= clock_timestamp() - make_interval("
            "    secs => :age_seconds * least(attempts, 12)))) "
            " ORDER BY driven_at LIMIT :limit FOR UPDATE SKIP LOCKED) "
            f"RETURNING {_qualified()}"
        ),
        {"age_seconds": age_seconds, "limit": limit},
    )
    return _transfers(rows)


def decide(
    session: Session,
    transfer_id: str,
    *,
    cooperative_id: str,
    decision: str,
    reason: str | None,
) -> Transfer | None:
    """Record the payee's answer, if it is the first and in time; None otherwise.

    Compared with the database's clock in the statement that records it, so that answer
    and expiry can never both win.
    """
    rows = session.execute(
        text(
            "UPDATE transfers SET decision = :decision, reason = :reason, "  # noqa: S608
            " driven_at = clock_timestamp(), attempts = attempts + 1 "
            "WHERE id = :id AND payee_cooperative_id = :cooperative_id "
            "AND state = 'reserved' AND decision IS NULL "
            "AND clock_timestamp() < expires_at "
            f"RETURNING {_qualified()}"
        ),
        {
            "id": transfer_id,
            "cooperative_id": cooperative_id,
            "decision": decision,
            "reason": reason,
        },
    )
    return next(iter(_transfers(rows)), None)


def lock_with_bulks(session: Session, ids: Sequence[str]) -> dict[str, Transfer]:
    """These transfers and all of the bulks they belong to, held until the end."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM transfers WHERE id IN ("  # noqa: S608
            " SELECT id FROM transfers WHERE id = ANY(:ids) "
            " UNION SELECT id FROM transfers WHERE bulk_id IN ("
            "  SELECT bulk_id FROM transfers WHERE id = ANY(:ids))) "
            "ORDER BY id FOR UPDATE"
        ),
        {"ids": list(ids)},
    )
    return {transfer.id: transfer for transfer in _transfers(rows)}


def withdraw(session: Session, ids: Sequence[str], code: str) -> list[Transfer]:
    """Abort transfers that nobody but their first driver has ever touched."""
    rows = session.execute(
        text(
            "UPDATE transfers SET state = 'aborted', code = :code, finished_at = now() "  # noqa: S608
            "WHERE id = ANY(:ids) AND state = 'received' AND attempts = 1 "
            f"RETURNING {_qualified()}"
        ),
        {"ids": list(ids), "code": code},
    )
    return _transfers(rows)


def change_returned(session: Session, original_id: str, amount: int) -> None:
    """Count a return of ``amount`` to its original, or (negative) take it back."""
    session.execute(
        text(
            "UPDATE transfers SET returned_amount = returned_amount + :amount "
            "WHERE id = :id"
        ),
        {"id": original_id, "amount": amount},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which transfers a list shows; `before` is the last one of the page before."""

    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None


def list_page(session: Session, wanted: Filter, limit: int) -> list[Transfer]:
    """Transfers that the tenant may see, newest first.

    The two sides are two index scans, each already in order and limited, merged. An OR
    over both columns would sort everything the cooperative ever did.
    """
    conditions, values = _conditions(wanted)
    if wanted.account is not None:
        sides = ("payer_account = :account", "payee_account = :account")
        values["account"] = wanted.account
    else:
        me = "current_setting('app.cooperative_id')"
        sides = (f"payer_cooperative_id = {me}", f"payee_cooperative_id = {me}")
    # A transfer inside one cooperative stands on both sides.
    second = f"{sides[1]} AND NOT {sides[0]}"
    branches = " UNION ALL ".join(
        f"(SELECT {_COLUMNS} FROM transfers WHERE {side}{conditions} "  # noqa: S608
        "ORDER BY created_at DESC, id DESC LIMIT :limit)"
        for side in (sides[0], second)
    )
    rows = session.execute(
        text(f"{branches} ORDER BY created_at DESC, id DESC LIMIT :limit"),
        {**values, "limit": limit},
    )
    return _transfers(rows)


def _conditions(wanted: Filter) -> tuple[str, dict[str, Any]]:
    conditions = ""
    values: dict[str, Any] = {}
    if wanted.since is not None:
        conditions += " AND created_at >= :since"
        values["since"] = wanted.since
    if wanted.until is not None:
        conditions += " AND created_at < :until"
        values["until"] = wanted.until
    if wanted.before is not None:
        conditions += " AND (created_at, id) < (:before_at, :before_id)"
        values["before_at"], values["before_id"] = wanted.before
    return conditions, values


def unfinished(session: Session) -> tuple[int, float]:
    """How many transfers are not finished, and the age in seconds of the oldest."""
    count, seconds = session.execute(
        text(
            "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() "
            " - min(created_at)), 0) FROM transfers "
            "WHERE state IN ('received', 'reserved')"
        )
    ).one()
    return int(count), float(seconds)


def overdue(session: Session, age_seconds: float, limit: int) -> list[tuple[str, str]]:
    """Id and state of transfers that are unfinished for too long."""
    rows = session.execute(
        text(
            "SELECT id, state FROM transfers WHERE state IN ('received', 'reserved') "
            "AND coalesce(expires_at, created_at) "
            " <= clock_timestamp() - make_interval(secs => :age_seconds) "
            "ORDER BY driven_at LIMIT :limit"
        ),
        {"age_seconds": age_seconds, "limit": limit},
    )
    return [(row.id, row.state) for row in rows]


def _qualified() -> str:
    return ", ".join(f"transfers.{name}" for name in _COLUMNS.split(", "))


def _transfers(rows: Result[Any]) -> list[Transfer]:
    return [Transfer(**row) for row in rows.mappings()]
