"""What PostgreSQL itself refuses and hides, and how its queries run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.transfers.operations import queries, windows
from services.transfers.store import transfers as store
from services.transfers.store.transfers import Filter
from tests.factories.transfers import Pair, World, payment
from tests.fakes.peers import UnreliableLedger


@pytest.fixture
def committed(world: World, pair: Pair) -> str:
    """A committed transfer."""
    [answer] = world.submit(payment(pair, 1_000, key="rahasia"))
    return str(answer["id"])


def refuse(world: World, statement: str, **values: Any) -> None:
    """Run a statement as the hub's role, in its own transaction; it must not pass."""
    with pytest.raises(DBAPIError), world.database.hub() as session:
        session.execute(text(statement), values)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'aborted', code = 'expired', window_id = NULL",
        "state = 'received', finished_at = NULL, window_id = NULL",
        "window_id = 'win_other'",
        "finished_at = now() + interval '1 day'",
        "returned_amount = 1001",
        "returned_amount = -1",
        "amount = 1",
        "payee_account = '1'",
    ],
)
def test_a_committed_transfer_is_final(
    world: World, committed: str, change: str
) -> None:
    refuse(world, f"UPDATE transfers SET {change} WHERE id = :id", id=committed)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM transfers",
        "TRUNCATE transfers",
        "DELETE FROM window_entries",
        "UPDATE window_entries SET amount = 1",
        "DELETE FROM window_nets",
        "DELETE FROM settlement_windows",
    ],
)
def test_nothing_of_clearing_is_ever_deleted(world: World, statement: str) -> None:
    refuse(world, statement)


def test_there_is_never_a_second_open_window(world: World) -> None:
    refuse(
        world,
        "INSERT INTO settlement_windows (id, state, opened_at) "
        "VALUES ('win_x', 'open', now())",
    )


def test_the_nets_of_a_closed_window_do_not_change(
    world: World, committed: str
) -> None:
    closed = windows.close_window(world.database, {})["closed"]["id"]
    assert committed
    refuse(
        world, "UPDATE window_nets SET net = net + 1 WHERE window_id = :id", id=closed
    )


def test_a_transfer_enters_no_window_with_another_amount(
    world: World, pair: Pair, committed: str
) -> None:
    [row] = world.rows("SELECT window_id FROM transfers WHERE id = :id", id=committed)
    refuse(
        world,
        "INSERT INTO window_entries (window_id, transfer_id, payer_cooperative_id, "
        "payee_cooperative_id, amount) VALUES (:window, 'trf_none', 'a', 'b', 1)",
        window=row.window_id,
    )


def test_a_third_cooperative_sees_nothing(
    world: World, pair: Pair, committed: str
) -> None:
    stranger = world.cooperative()
    for table in ("transfers", "agreements", "window_nets"):
        with world.database.tenant(stranger) as session:
            found = session.execute(text(f"SELECT * FROM {table}")).all()
        assert found == []


def test_both_cooperatives_see_a_transfer_but_no_key(
    world: World, pair: Pair, committed: str
) -> None:
    for side in (pair.payer, pair.payee):
        found = queries.get_transfer(world.database, committed, cooperative_id=side)
        assert found["amount"] == 1_000
        assert "rahasia" not in str(found)
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            world.database.tenant(side) as session,
        ):
            session.execute(text("SELECT * FROM transfer_requests"))


def test_a_refusal_is_the_payers_business_only(world: World, pair: Pair) -> None:
    poor = world.account(pair.payer, balance=1)
    [outcome] = world.submit(payment(pair, 2, payer_account=poor))
    seen = {side: world_list(world, side) for side in (pair.payer, pair.payee)}
    refused = outcome.details["transfer_id"]
    assert refused in [one["id"] for one in seen[pair.payer]]
    assert refused not in [one["id"] for one in seen[pair.payee]]


def world_list(world: World, cooperative_id: str, **changes: Any) -> list[Any]:
    """The items of a list."""
    command = {"account": None, "from": None, "to": None, "limit": 50, "cursor": None}
    listed = queries.list_transfers(
        world.database, command | changes, cooperative_id=cooperative_id
    )
    return list(listed["items"])


def test_pages_show_every_transfer_once_newest_first(world: World, pair: Pair) -> None:
    for batch in (3, 1, 4):
        world.submit(*[payment(pair, 1) for _ in range(batch)])
    back = Pair(
        payer=pair.payee,
        payee=pair.payer,
        payer_account=pair.payee_account,
        payee_account=pair.payer_account,
    )
    world.submit(payment(back, 1))
    own = world.account(pair.payer)
    world.submit(payment(pair, 1, payee_account=own))
    seen: list[tuple[str, str]] = []
    cursor = None
    while True:
        page = queries.list_transfers(
            world.database,
            {"account": None, "from": None, "to": None, "limit": 3, "cursor": cursor},
            cooperative_id=pair.payer,
        )
        seen += [(one["created_at"], one["id"]) for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(set(seen)) == len(seen) == 10
    assert seen == sorted(seen, reverse=True)


def test_a_list_can_be_of_one_account_and_some_days(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 1))
    assert len(world_list(world, pair.payer, account=pair.payer_account)) == 1
    assert world_list(world, pair.payer, account="0") == []
    assert world_list(world, pair.payer, to="2020-01-01") == []
    assert len(world_list(world, pair.payer, **{"from": "2020-01-01"})) == 1


@pytest.mark.parametrize(
    "account", [None, "0101100000000016"], ids=["all", "one account"]
)
def test_a_list_is_read_from_an_index_in_order(
    world: World, account: str | None
) -> None:
    plan = explain(world, Filter(account=account))
    assert "Seq Scan" not in plan
    sorts = re.findall(r"Sort Method|Sort Key: .*", plan)
    # The two sides are merged, each read in order from its own index.
    assert plan.count("Index Scan") == 2
    assert len(sorts) <= 1


def explain(world: World, wanted: Filter) -> str:
    """The plan of a list's query, on a table with rows and statistics."""
    lines: list[str] = []
    with world.database.tenant("coop_none") as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        original = session.execute

        def explained(statement: Any, values: Any = None) -> Any:
            rows = original(text(f"EXPLAIN {statement}"), values)
            lines.extend(row[0] for row in rows)
            return original(text("SELECT 1 WHERE false"))

        session.execute = explained  # type: ignore[method-assign, assignment]
        store.list_page(session, wanted, 51)
    return "\n".join(lines)


def test_a_withdrawn_request_is_found_by_its_key(
    world: World, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []

    def explained(session: Any, identities: Any) -> None:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        original, session.execute = session.execute, None

        def explain(statement: Any, values: Any) -> Any:
            rows = original(text(f"EXPLAIN {statement}"), values)
            plans.append("\n".join(row[0] for row in rows))
            return original(statement, values)

        session.execute = explain
        forget(session, identities)
        session.execute = original

    forget = store.forget_requests
    monkeypatch.setattr(store, "forget_requests", explained)
    world.submit(payment(pair, 9), ledger=UnreliableLedger(world.ledger, ["unsent"]))
    [plan] = plans
    assert "pk_transfer_requests" in plan
    assert "Seq Scan" not in plan


def test_a_batch_of_bad_and_good_answers_each(world: World, pair: Pair) -> None:
    outcomes = world.submit(
        payment(pair, 10**15), payment(pair, 1), payment(pair, 10**15)
    )
    assert [getattr(one, "code", "paid") for one in outcomes] == [
        "insufficient_funds",
        "paid",
        "insufficient_funds",
    ]
