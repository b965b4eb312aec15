"""Windows closed while clearing runs at full speed, from many threads at once."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from services.shared.persistence.database import Database
from services.transfers.operations import settlements, windows
from tests.factories import transfers as factory
from tests.factories.transfers import Pair, World, payment

PAYERS = 3
BATCHES = 12
BATCH = 40
CLOSINGS_MIN = 5


def test_every_transfer_is_in_one_window_however_often_windows_close(
    database_factory: Callable[[str], Database],
) -> None:
    world = factory.world(database_factory("transfers"), database_factory("ledger"))
    cooperatives = [world.cooperative() for _ in range(PAYERS)]
    pairs = _all_pairs(world, cooperatives)
    paying = threading.Event()
    paying.set()
    with ThreadPoolExecutor(PAYERS + 1) as pool:
        closing = pool.submit(_close_until, world, paying)
        paid = [pool.submit(_pay, world, pairs, seed) for seed in range(PAYERS)]
        for one in paid:
            one.result()
        paying.clear()
        closed, slowest = closing.result()
    assert len(closed) >= CLOSINGS_MIN
    # Closing waits for batches that are committing, and for nothing that grows.
    assert slowest < 2
    closed.append(windows.close_window(world.database, {})["closed"])
    _check(world, closed)


def _all_pairs(world: World, cooperatives: list[str]) -> list[Pair]:
    accounts = {one: world.account(one, balance=10**9) for one in cooperatives}
    for position, one in enumerate(cooperatives):
        for other in cooperatives[position + 1 :]:
            world.agree(one, other, daily_limit=10**12)
    return [
        Pair(
            payer=one,
            payee=other,
            payer_account=accounts[one],
            payee_account=accounts[other],
        )
        for one in cooperatives
        for other in cooperatives
        if one != other
    ]


def _pay(world: World, pairs: list[Pair], seed: int) -> None:
    chosen = random.Random(seed)
    for _ in range(BATCHES):
        made = [
            payment(chosen.choice(pairs), chosen.randint(1, 1_000))
            for _ in range(BATCH)
        ]
        for answer in world.submit(*made):
            assert answer["state"] == "committed", answer


def _close_until(
    world: World, paying: threading.Event
) -> tuple[list[dict[str, object]], float]:
    closed, slowest = [], 0.0
    while paying.is_set():
        started = time.monotonic()
        closed.append(windows.close_window(world.database, {})["closed"])
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.02)
    return closed, slowest


def _check(world: World, closed: list[dict[str, object]]) -> None:
    total = PAYERS * BATCHES * BATCH
    [row] = world.rows(
        "SELECT count(*) AS all_of_them, count(DISTINCT transfer_id) AS different "
        "FROM window_entries"
    )
    assert (row.all_of_them, row.different) == (total, total)
    assert sum(int(str(window["transfer_count"])) for window in closed) == total
    strays = world.rows(
        "SELECT transfers.id FROM transfers JOIN settlement_windows AS w "
        "ON w.id = window_id WHERE finished_at NOT BETWEEN opened_at AND closed_at"
    )
    assert strays == []
    boundaries = world.rows(
        "SELECT min(sequence) AS first, max(sequence) AS last FROM window_entries "
        "GROUP BY window_id ORDER BY min(sequence)"
    )
    for earlier, later in itertools.pairwise(boundaries):
        assert earlier.last < later.first
    # Counts every net again from the entries, and refuses when one differs.
    settlement = settlements.create_settlement(
        world.database, {"window_ids": [str(window["id"]) for window in closed][-100:]}
    )
    assert sum(one["net"] for one in settlement["nets"]) == 0
    settlements.settle(world.database, world.ledger, settlement["id"])
