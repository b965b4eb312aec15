"""Clearing under everything that can happen to it, on the real ledger and PostgreSQL.

Random payments, returns, answers, closings, settlements, restarts and lost, doubled or
unsent messages. After every step no limit is passed; whenever nothing is in flight the
books show each payment exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.shared.errors import ServiceError
from services.shared.persistence.database import Database
from services.transfers.operations import (
    recovery,
    reservations,
    returns,
    settlements,
    windows,
)
from tests.factories import transfers as factory
from tests.factories.transfers import Pair, World, bulk, idempotency, payment
from tests.fakes.peers import InProcessLedger, UnreliableLedger

CAP = 5_000
LIQUIDITY = 6_000
OPENING = 4_000

STEPS = st.lists(
    st.sampled_from(["ok", "ok", "lost", "deaf", "twice", "unsent"]), max_size=3
)
AMOUNTS = st.one_of(st.integers(1, 800), st.integers(1_000, 7_000))
# Which of the things that exist by then. What exists depends on the clock of the
# database (reservations expire), so nothing may be drawn out of it: an example must
# draw the same values whenever it is run again.
PICKS = st.integers(0, 10_000)


class Clearing(RuleBasedStateMachine):
    """Three cooperatives, one of them connected, and what we know must be true."""

    databases: tuple[Database, Database]

    def __init__(self) -> None:
        super().__init__()
        self.keys = 0
        self.requests: list[Any] = []
        # In the order in which they were seen, which ids of the database do not keep.
        self.committed: dict[str, None] = {}
        self.reserved: list[tuple[str, str]] = []
        self.closed: list[str] = []
        self.settlements: list[str] = []

    @initialize()
    def begin(self) -> None:
        """A world of their own for every example."""
        transfers_database, ledger_database = self.databases
        self.reliable = InProcessLedger(ledger_database)
        self.world: World = factory.world(transfers_database, ledger_database)
        terms = {"cap": CAP, "liquidity": LIQUIDITY}
        one, two = (self.world.cooperative(**terms) for _ in range(2))
        three = self.world.connected(**terms)
        self.cooperatives = [one, two, three]
        self.world.agree(one, two, daily_limit=20_000)
        self.world.agree(one, three)
        self.world.agree(two, three, transfer_limit=600)
        self.accounts = {
            one: self.world.account(one, balance=OPENING),
            two: self.world.account(two, balance=OPENING),
            three: f"{self.world.code(three)}77",
        }
        windows.close_window(transfers_database, {})

    def _ledger(self, plan: list[str]) -> UnreliableLedger:
        return UnreliableLedger(self.reliable, plan)

    def _pair(self, payer: int, payee: int) -> Pair:
        one, other = self.cooperatives[payer], self.cooperatives[payee]
        return Pair(
            payer=one,
            payee=other,
            payer_account=self.accounts[one],
            payee_account=self.accounts[other],
        )

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    def _note(self, answer: Any, pair: Pair) -> None:
        if isinstance(answer, ServiceError):
            return
        for one in answer.get("items", [answer]):
            if one["state"] == "committed":
                self.committed[one["id"]] = None
            elif one["state"] == "reserved":
                self.reserved.append((one["id"], pair.payee))

    @rule(
        payer=st.integers(0, 2),
        payee=st.integers(0, 2),
        amounts=st.lists(AMOUNTS, min_size=1, max_size=4),
        plan=STEPS,
    )
    def pay(self, payer: int, payee: int, amounts: list[int], plan: list[str]) -> None:
        """A batch of single payments."""
        pair = self._pair(payer, payee)
        made = [payment(pair, amount, key=self._key()) for amount in amounts]
        self.requests += [(pair, one) for one in made]
        for answer in self.world.submit(*made, ledger=self._ledger(plan)):
            self._note(answer, pair)

    @rule(
        payer=st.integers(0, 1),
        payee=st.integers(0, 1),
        amounts=st.lists(AMOUNTS, min_size=1, max_size=5),
        plan=STEPS,
    )
    def pay_in_bulk(
        self, payer: int, payee: int, amounts: list[int], plan: list[str]
    ) -> None:
        """A bulk request."""
        pair = self._pair(payer, payee)
        made = bulk(pair, amounts, key=self._key())
        self.requests.append((pair, made))
        [answer] = self.world.submit_bulk(made, ledger=self._ledger(plan))
        self._note(answer, pair)

    @rule(pick=PICKS, plan=STEPS)
    def repeat(self, pick: int, plan: list[str]) -> None:
        """The same request again, as its redelivery: the first answer, or its end."""
        if not self.requests:
            return
        pair, made = self.requests[pick % len(self.requests)]
        submit = self.world.submit_bulk if made.is_bulk else self.world.submit
        [answer] = submit(made, ledger=self._ledger(plan))
        self._note(answer, pair)

    @rule(pick=PICKS, amount=st.one_of(st.none(), st.integers(1, 500)), plan=STEPS)
    def give_back(self, pick: int, amount: int | None, plan: list[str]) -> None:
        """A return of a committed payment by whoever was paid."""
        if not self.committed:
            return
        original = list(self.committed)[pick % len(self.committed)]
        [row] = self.world.rows(
            "SELECT payee_cooperative_id AS payee FROM transfers WHERE id = :id",
            id=original,
        )
        self._quietly(
            lambda: returns.return_transfer(
                self.world.database,
                self._ledger(plan),
                {
                    "transfer_id": original,
                    "amount": amount,
                    "reason": "Salah kirim",
                    "idempotency": idempotency("POST return", self._key()),
                },
                cooperative_id=row.payee,
                request_id="req_1",
            )
        )

    @rule(pick=PICKS, accepts=st.booleans(), plan=STEPS)
    def answer(self, pick: int, accepts: bool, plan: list[str]) -> None:  # noqa: FBT001
        """The connected cooperative's answer, perhaps not its first."""
        if not self.reserved:
            return
        transfer_id, payee = self.reserved[pick % len(self.reserved)]
        ledger = self._ledger(plan)
        if accepts:
            self._quietly(
                lambda: reservations.accept_transfer(
                    self.world.database, ledger, transfer_id, cooperative_id=payee
                )
            )
        else:
            self._quietly(
                lambda: reservations.reject_transfer(
                    self.world.database,
                    ledger,
                    transfer_id,
                    cooperative_id=payee,
                    reason="Tidak dikenal",
                )
            )

    @rule()
    def close(self) -> None:
        """A window closes, whatever is in flight."""
        closed = windows.close_window(self.world.database, {})["closed"]
        assert sum(net["net"] for net in closed["nets"]) == 0
        self.closed.append(closed["id"])

    @rule(plan=STEPS)
    def settle(self, plan: list[str]) -> None:
        """All closed windows are settled together."""
        if not self.closed:
            return
        created = settlements.create_settlement(
            self.world.database, {"window_ids": self.closed}
        )
        self.closed = []
        self.settlements.append(created["id"])
        self._quietly(
            lambda: settlements.settle(
                self.world.database, self._ledger(plan), created["id"]
            )
        )

    @rule(plan=STEPS)
    def recover(self, plan: list[str]) -> None:
        """The sweeper comes by, perhaps to be interrupted itself."""
        self._sweep(self._ledger(plan))

    @staticmethod
    def _quietly(act: Callable[[], Any]) -> None:
        with suppress(ServiceError):
            act()

    def _sweep(self, ledger: Any) -> None:
        self._quietly(
            lambda: recovery.recover(self.world.database, ledger, stuck_seconds=0)
        )
        settlements.recover(self.world.database, ledger, stuck_seconds=0)

    @invariant()
    def no_limit_is_passed(self) -> None:
        """Positions stay within cap and cover, accounts above zero."""
        if not hasattr(self, "cooperatives"):
            return
        keys = [
            f"hub:{kind}:{one}"
            for one in self.cooperatives
            for kind in ("position", "liquidity")
        ]
        balances = self.reliable.get_balances(
            {"keys": [*keys, *list(self.accounts.values())[:2]]}
        )
        for one in self.cooperatives:
            position = balances[f"hub:position:{one}"]
            owed = -position["balance"] + position["pending"]
            liquidity = balances[f"hub:liquidity:{one}"]["balance"]
            assert owed <= min(CAP, liquidity)
        for account in list(self.accounts.values())[:2]:
            assert balances[account]["available"] >= 0

    def teardown(self) -> None:
        """Let everything finish, then count it all again."""
        if not hasattr(self, "cooperatives"):
            return
        # What is still received may only now be reserved, and then wait.
        self._sweep(self.reliable)
        for row in self.world.rows(
            "SELECT id, payee_cooperative_id AS payee FROM transfers "
            "WHERE state = 'reserved' AND payer_cooperative_id = ANY(:ids)",
            ids=self.cooperatives,
        ):
            self._quietly(partial(self._accept, row.id, row.payee))
        self._sweep(self.reliable)
        self._check_end()

    def _accept(self, transfer_id: str, payee: str) -> None:
        reservations.accept_transfer(
            self.world.database, self.reliable, transfer_id, cooperative_id=payee
        )

    def _check_end(self) -> None:
        rows = self.world.rows(
            "SELECT transfers.*, count(entries.sequence) AS entries FROM transfers "
            "LEFT JOIN window_entries AS entries ON entries.transfer_id = transfers.id "
            "WHERE transfers.payer_cooperative_id = ANY(:ids) GROUP BY transfers.id",
            ids=self.cooperatives,
        )
        assert {row.state for row in rows} <= {"committed", "aborted"}
        moved = dict.fromkeys(self.cooperatives, 0)
        for row in rows:
            is_cleared = row.payer_cooperative_id != row.payee_cooperative_id
            committed = row.state == "committed"
            assert row.entries == (1 if committed and is_cleared else 0)
            if committed:
                moved[row.payer_cooperative_id] -= row.amount
                moved[row.payee_cooperative_id] += row.amount
        known = {row.id for row in rows if row.state == "committed"}
        assert known >= set(self.committed)
        self._check_counters(rows)
        for one in self.cooperatives[:2]:
            account = self.accounts[one]
            assert self.world.balance(account) == OPENING + moved[one]
        self._check_positions(moved)

    def _check_counters(self, rows: list[Any]) -> None:
        """Originals count their returns, agreements what they let through."""
        returned = dict.fromkeys((row.id for row in rows), 0)
        used: dict[str, int] = {}
        for row in rows:
            if row.state == "committed" and row.original_id is not None:
                returned[row.original_id] += row.amount
            if row.state == "committed" and row.agreement_id is not None:
                used[row.agreement_id] = used.get(row.agreement_id, 0) + row.amount
        assert {row.id: row.returned_amount for row in rows} == returned
        for row in self.world.rows(
            "SELECT agreement_id, used FROM agreement_usage "
            "WHERE agreement_id = ANY(:ids)",
            ids=list(used),
        ):
            assert row.used == used[row.agreement_id]

    def _check_positions(self, moved: dict[str, int]) -> None:
        unsettled = self.world.rows(
            "SELECT cooperative_id, sum(net) AS net FROM window_nets "
            "JOIN settlement_windows AS w ON w.id = window_id "
            "WHERE w.state <> 'settled' AND cooperative_id = ANY(:ids) "
            "GROUP BY cooperative_id",
            ids=self.cooperatives,
        )
        nets = {row.cooperative_id: int(row.net) for row in unsettled}
        positions = {one: self.world.position(one) for one in self.cooperatives}
        assert positions == {one: nets.get(one, 0) for one in self.cooperatives}
        assert sum(positions.values()) == 0
        assert sum(moved.values()) == 0
        for one in self.cooperatives:
            funds = self.world.balance(f"hub:liquidity:{one}")
            assert funds - positions[one] == LIQUIDITY + moved[one]
            if one != self.cooperatives[2]:
                owed = self.world.balance(f"{one}:2-1200")
                due = self.world.balance(f"{one}:1-1300")
                # Each book tells the same story as the hub's.
                assert owed - due == positions[one]


def test_clearing_is_exactly_once_whatever_gets_lost(
    database_factory: Callable[[str], Database],
) -> None:
    Clearing.databases = (database_factory("transfers"), database_factory("ledger"))
    run_state_machine_as_test(
        Clearing,
        settings=settings(
            max_examples=30,
            stateful_step_count=20,
            # Shrinking a failure of so many steps takes longer than reading it.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
