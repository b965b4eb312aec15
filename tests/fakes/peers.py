"""Other services as clearing meets them, without a bus: the real ones, and unreliable.

`InProcessLedger` runs the ledger's own use cases on a ledger database, with what
crosses the wire made JSON both ways. `UnreliableLedger` wraps it and loses questions,
loses answers and asks twice, the way a network does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from services.ledger.domain.holds import Resolution
from services.ledger.operations import batches, books, holds, journals
from services.shared import identity
from services.shared.contracts import ledger as contract
from services.shared.errors import NotFound, OutcomeUnknown, ServiceError
from services.shared.persistence.database import Database
from services.transfers.domain.peers import NotAsked, Outcome


@dataclass(frozen=True, kw_only=True)
class BusCall:
    """One item of a batched call."""

    payload: dict[str, Any]
    request_id: str = "req_test"


class InProcessLedger:
    """The real ledger, called without a bus."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def post_journals(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post a batch of journals."""
        return self._batch(
            items,
            load=lambda call: batches.journal_of(
                contract.PostJournal().load(call.payload), call.request_id
            ),
            operate=lambda batch: journals.post_journals(self.database, batch),
            result=contract.PostedJournal(),
        )

    def place_holds(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Place a batch of holds."""
        return self._batch(
            items,
            load=lambda call: batches.journal_of(
                contract.PlaceHold().load(call.payload), call.request_id
            ),
            operate=lambda batch: holds.place_holds(self.database, batch),
            result=contract.PlacedHold(),
        )

    def resolve_holds(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Resolve a batch of holds."""
        return self._batch(
            items,
            load=lambda call: Resolution(**contract.ResolveHold().load(call.payload)),
            operate=lambda batch: holds.resolve_holds(self.database, batch),
            result=contract.ResolvedHold(),
        )

    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a cooperative's book."""
        return books.open_book(self.database, command["cooperative_id"])

    def set_limit(self, command: dict[str, Any]) -> dict[str, Any]:
        """Change an account's limit."""
        return books.set_limit(self.database, **contract.SetLimit().load(command))

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Balances of accounts."""
        keys = contract.GetBalances().load(command)["keys"]
        return books.get_balances(self.database, identity.of_service("transfers"), keys)

    def get_chain_head(self, _command: dict[str, Any]) -> dict[str, Any]:
        """A chain head; what it holds is the ledger's own business to test."""
        return {"position": 1, "last_serial": 1, "hash": "ab" * 64}

    @staticmethod
    def _batch(
        items: list[dict[str, Any]],
        *,
        load: Callable[[Any], Any],
        operate: Callable[[list[Any]], Sequence[Any]],
        result: Schema,
    ) -> Sequence[Outcome]:
        calls = [BusCall(payload=_through_json(item)) for item in items]
        outcomes = batches.answer_each(calls, load=load, operate=operate, result=result)
        return [
            one if isinstance(one, ServiceError) else _through_json(one)
            for one in outcomes
        ]


def _through_json(value: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(value))
    return read


class UnreliableLedger:
    """Passes batched calls on as `plan` says, one step per call; then reliably.

    Steps: ``ok``; ``unsent`` (the question is never sent); ``lost`` (it gets lost on
    the way); ``deaf`` (the answer gets lost); ``twice`` (it is delivered twice).
    """

    def __init__(self, ledger: InProcessLedger, plan: Sequence[str] = ()) -> None:
        self.ledger = ledger
        self.plan = list(plan)
        self.asked: list[list[dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        """Everything that is not batched is passed on."""
        return getattr(self.ledger, name)

    def post_journals(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Post a batch of journals, perhaps."""
        return self._pass_on(self.ledger.post_journals, items)

    def place_holds(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Place a batch of holds, perhaps."""
        return self._pass_on(self.ledger.place_holds, items)

    def resolve_holds(self, items: list[dict[str, Any]]) -> Sequence[Outcome]:
        """Resolve a batch of holds, perhaps."""
        return self._pass_on(self.ledger.resolve_holds, items)

    def _pass_on(
        self,
        ask: Callable[[list[dict[str, Any]]], Sequence[Outcome]],
        items: list[dict[str, Any]],
    ) -> Sequence[Outcome]:
        step = self.plan.pop(0) if self.plan else "ok"
        if step == "unsent":
            return [NotAsked() for _ in items]
        self.asked.append(items)
        if step == "lost":
            return [OutcomeUnknown() for _ in items]
        outcomes = ask(items)
        if step == "twice":
            outcomes = ask(items)
        if step == "deaf":
            return [OutcomeUnknown() for _ in items]
        return outcomes


class KnownCooperatives:
    """A register of cooperatives, as far as clearing asks it."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}

    def get_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """One cooperative, or NotFound."""
        cooperative_id = command["cooperative_id"]
        if cooperative_id not in self.codes:
            raise NotFound
        return {
            "id": cooperative_id,
            "code": self.codes[cooperative_id],
            "name": "KSP Maju Bersama",
            "kind": "ksp_primer",
            "status": "active",
        }
