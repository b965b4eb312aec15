"""Making the proof of a settlement: its body once, its entries page by page.

However many entries a window has, only a page of them is in memory at a time. The body
is signed and frozen when it is first asked for; windows that are settled never change,
so their entries can be read again at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from services.shared.contracts import transfers as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.transfers import models
from services.transfers.domain import proof, settlement
from services.transfers.domain.peers import Ledger
from services.transfers.operations import answers
from services.transfers.store import settlements as store
from services.transfers.store import windows as window_store
from services.transfers.store.windows import Entry

ENTRIES_MAX: Final = 20_000
"""Entries of one page: about 2 MB of JSON."""


def get_settlement_proof(
    database: Database,
    ledger: Ledger,
    command: dict[str, Any],
    *,
    reader: Identity,
    seed: bytes,
    entries_max: int = ENTRIES_MAX,
) -> dict[str, Any]:
    """A page of the proof, to the operator or to a cooperative that was settled.

    Raises NotFound for anybody else, SettlementNotSettled while there is none.
    """
    settlement_id: str = command["settlement_id"]
    row, window_ids = _settled(database, settlement_id, reader)
    kept = _kept(database, settlement_id)
    if kept is None:
        body = _body(database, ledger, row, window_ids)
        _keep(database, settlement_id, body, seed)
        kept = _kept(database, settlement_id)
        assert kept is not None  # noqa: S101
    after = _position(command.get("cursor"))
    entries = _page(database, window_ids, after=after, limit=entries_max + 1)
    has_more = len(entries) > entries_max
    return {
        "body": json.loads(kept.body),
        "entries": [_as_list(entry) for entry in entries[:entries_max]],
        "public_key": kept.public_key,
        "signature": kept.signature,
        "next_cursor": answers.encode_cursor(str(entries[entries_max - 1].sequence))
        if has_more
        else None,
    }


def _settled(
    database: Database, settlement_id: str, reader: Identity
) -> tuple[models.Settlement, list[str]]:
    with database.hub() as session:
        row = store.find(session, settlement_id)
        shares = store.load_shares(session, [settlement_id])[settlement_id]
        window_ids = store.window_ids(session, [settlement_id])[settlement_id]
    concerned = {share.cooperative_id for share in shares}
    if row is None or not (reader.is_operator or reader.cooperative_id in concerned):
        raise NotFound
    if row.state != settlement.SETTLED:
        raise contract.SettlementNotSettled
    return row, window_ids


def _kept(database: Database, settlement_id: str) -> models.SettlementProof | None:
    with database.hub() as session:
        return store.find_proof(session, settlement_id)


def _keep(
    database: Database, settlement_id: str, body: dict[str, Any], seed: bytes
) -> None:
    with database.hub() as session:
        store.keep_proof(
            session,
            settlement_id,
            body=proof.canonical(body).decode(),
            **proof.sign(body, seed),
        )


def _body(
    database: Database,
    ledger: Ledger,
    row: models.Settlement,
    window_ids: Sequence[str],
) -> dict[str, Any]:
    windows = [_window(database, window_id) for window_id in window_ids]
    return {
        "format": proof.FORMAT,
        "settlement_id": row.id,
        "created_at": answers.moment(row.created_at),
        "settled_at": answers.moment(row.settled_at),
        "journal_id": row.journal_id,
        "windows": windows,
        "nets": proof.total(window["nets"] for window in windows),
        "ledger_chain_head": ledger.get_chain_head({}),
    }


def _window(database: Database, window_id: str) -> dict[str, Any]:
    tally = proof.Tally()
    for entry in _entries(database, window_id):
        tally.add(_as_list(entry))
    with database.hub() as session:
        row = window_store.find(session, window_id)
    assert row is not None  # noqa: S101
    return {
        "id": window_id,
        "opened_at": answers.moment(row.opened_at),
        "closed_at": answers.moment(row.closed_at),
        **tally.summary(),
    }


def _entries(database: Database, window_id: str) -> Iterator[Entry]:
    after = 0
    while True:
        with database.hub() as session:
            entries = window_store.load_entries(
                session, [window_id], after=after, limit=ENTRIES_MAX
            )
        yield from entries
        if len(entries) < ENTRIES_MAX:
            return
        after = entries[-1].sequence


def _page(
    database: Database, window_ids: Sequence[str], *, after: int, limit: int
) -> list[Entry]:
    with database.hub() as session:
        return window_store.load_entries(session, window_ids, after=after, limit=limit)


def _position(cursor: str | None) -> int:
    parts = answers.decode_cursor(cursor, 1)
    if parts is None:
        return 0
    if not parts[0].isdecimal() or len(parts[0]) > len(str(2**62)):
        raise InvalidCursor
    return int(parts[0])


def _as_list(entry: Entry) -> list[Any]:
    return [
        entry.sequence,
        entry.transfer_id,
        entry.payer_cooperative_id,
        entry.payee_cooperative_id,
        entry.amount,
    ]
