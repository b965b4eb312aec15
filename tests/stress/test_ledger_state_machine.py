"""Whatever is done to the ledger, in whatever order, it equals a few lines of Python.

The model knows nothing of locks, batches or SQL: it is a dictionary of counters and the
rules as one would explain them. After every step the whole of the real ledger is
compared with it and recomputed from its own postings.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.ledger.domain.holds import Resolution
from services.ledger.domain.journals import Journal, Posting
from services.ledger.operations import books, holds, journals
from services.ledger.store import accounts as account_store
from services.ledger.store import verification
from services.shared import clock
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from services.shared.persistence.database import Database
from tests.factories.ledger import BANK_OF_HUB, Ledger, a_journal, a_transfer

pytestmark = pytest.mark.stress

EXAMPLES: Final = 25
STEPS: Final = 25
AMOUNTS: Final = st.integers(min_value=1, max_value=150)
MEMBERS: Final = st.integers(min_value=0, max_value=3)


@dataclass
class Counters:
    """An account of the model."""

    is_debit_normal: bool
    minimum: int | None
    cover: str | None = None
    is_frozen: bool = False
    posted: list[int] = field(default_factory=lambda: [0, 0])
    pending: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def balance(self) -> int:
        difference = self.posted[0] - self.posted[1]
        return difference if self.is_debit_normal else -difference

    @property
    def left(self) -> int:
        """The balance if every hold that takes from it were posted."""
        return self.balance - self.pending[1 if self.is_debit_normal else 0]


class Model:
    """The books in plain Python."""

    def __init__(self) -> None:
        self.accounts: dict[str, Counters] = {}
        self.journals: dict[str, str] = {}
        self.holds: dict[str, Journal] = {}

    def judge(self, journal: Journal, kind: str) -> str:
        """Apply a journal (``posted``) or hold it (``pending``); what is answered."""
        if journal.id in self.journals:
            return self.journals[journal.id]
        before = deepcopy(self.accounts)
        code = self._refusal(journal.postings, kind)
        if code is not None:
            self.accounts = before
        self.journals[journal.id] = code or "done"
        return code or "done"

    def _refusal(self, postings: tuple[Posting, ...], kind: str) -> str | None:
        for posting in postings:
            if any(self.accounts[key].is_frozen for key in posting[:2]):
                return "account_not_active"
        for debit, credit, amount in postings:
            getattr(self.accounts[debit], kind)[0] += amount
            getattr(self.accounts[credit], kind)[1] += amount
        for posting in postings:
            for key in posting[:2]:
                code = self._passed(key)
                if code is not None:
                    return code
        return None

    def _passed(self, key: str) -> str | None:
        account = self.accounts[key]
        pairs = [(key, account.cover)] if account.cover else []
        pairs += [(k, key) for k, one in self.accounts.items() if one.cover == key]
        for owing, cover in pairs:
            if self.accounts[owing].left + self.accounts[cover].left < 0:
                return "insufficient_liquidity"
        if account.minimum is None or account.left >= account.minimum:
            return None
        if any(one.cover == key for one in self.accounts.values()):
            return "insufficient_liquidity"
        return "net_debit_cap_exceeded" if account.cover else "insufficient_funds"

    def release(self, journal: Journal) -> None:
        for debit, credit, amount in journal.postings:
            self.accounts[debit].pending[0] -= amount
            self.accounts[credit].pending[1] -= amount

    def settle(self, journal: Journal, part: int) -> None:
        self.release(journal)
        for debit, credit, _ in journal.postings:
            self.accounts[debit].posted[0] += part
            self.accounts[credit].posted[1] += part


class LedgerMachine(RuleBasedStateMachine):
    """Random lives of two cooperatives with two members each."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.ledger = Ledger(database)
        self.model = Model()
        self.posted: list[Journal] = []
        self.reversed: set[str] = set()

    @initialize(liquidity=AMOUNTS, cap=AMOUNTS, balance=AMOUNTS)
    def open(self, liquidity: int, cap: int, balance: int) -> None:
        self.cooperatives = [
            self.ledger.cooperative(liquidity=liquidity, cap=cap) for _ in range(2)
        ]
        self.members: list[tuple[str, str]] = []
        for one in self.cooperatives:
            for key in (self.ledger.savings(one), self.ledger.savings(one)):
                self.members.append((key, one))
                self.model.accounts[key] = Counters(is_debit_normal=False, minimum=0)
            self._open_in_model(one, liquidity, cap)
        for key, one in self.members:
            self._post([a_journal((self.ledger.cash(one), key, balance))])

    def _open_in_model(self, one: str, liquidity: int, cap: int) -> None:
        accounts = self.model.accounts
        funds = contract.liquidity_account(one)
        accounts[funds] = Counters(is_debit_normal=False, minimum=0)
        accounts[funds].posted[1] = liquidity
        accounts[contract.position_account(one)] = Counters(
            is_debit_normal=False, minimum=-cap, cover=funds
        )
        for code, is_debit in (("1-1000", True), ("1-1300", True), ("2-1200", False)):
            accounts[f"{one}:{code}"] = Counters(is_debit_normal=is_debit, minimum=None)

    # What can happen

    @rule(pairs=st.lists(st.tuples(MEMBERS, MEMBERS, AMOUNTS), min_size=1, max_size=8))
    def pay(self, pairs: list[tuple[int, int, int]]) -> None:
        self._post([self._payment(*pair) for pair in pairs if pair[0] != pair[1]])

    @rule(member=MEMBERS, amounts=st.lists(AMOUNTS, min_size=1, max_size=5))
    def withdraw(self, member: int, amounts: list[int]) -> None:
        key, one = self.members[member]
        cash = self.ledger.cash(one)
        self._post([a_journal((key, cash, amount)) for amount in amounts])

    @rule(member=MEMBERS, amount=AMOUNTS)
    def deposit(self, member: int, amount: int) -> None:
        key, one = self.members[member]
        self._post([a_journal((self.ledger.cash(one), key, amount))])

    @rule(which=st.integers(0, 1), amount=AMOUNTS, is_in=st.booleans())
    def move_funds(self, which: int, amount: int, *, is_in: bool) -> None:
        funds = contract.liquidity_account(self.cooperatives[which])
        pair = (BANK_OF_HUB, funds) if is_in else (funds, BANK_OF_HUB)
        self._post([a_journal((*pair, amount))])

    @precondition(lambda self: self.posted)
    @rule(data=st.data(), times=st.integers(1, 3))
    def repeat(self, data: st.DataObject, times: int) -> None:
        journal = data.draw(st.sampled_from(self.posted))
        self._post([journal] * times)

    @rule(pairs=st.lists(st.tuples(MEMBERS, MEMBERS, AMOUNTS), min_size=1, max_size=4))
    def reserve(self, pairs: list[tuple[int, int, int]]) -> None:
        given = [self._payment(*pair) for pair in pairs if pair[0] != pair[1]]
        given += given[:1]
        expected = [self.model.judge(journal, "pending") for journal in given]

        outcomes = holds.place_holds(self.database, given)

        assert [_answer(outcome) for outcome in outcomes] == expected
        self.model.holds |= {
            journal.id: journal
            for journal, code in zip(given, expected, strict=True)
            if code == "done"
        }

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), action=st.sampled_from(["post", "void"]), part=AMOUNTS)
    def resolve(self, data: st.DataObject, action: str, part: int) -> None:
        hold = self.model.holds.pop(
            data.draw(st.sampled_from(sorted(self.model.holds)))
        )
        whole = hold.postings[0][2]
        amount = None if action == "void" or part >= whole else part
        asked = Resolution(hold_id=hold.id, action=action, amount=amount)

        outcomes = holds.resolve_holds(self.database, [asked, asked])

        assert [_answer(outcome) for outcome in outcomes] == ["done", "done"]
        if action == "post":
            self.model.settle(hold, amount or whole)
        else:
            self.model.release(hold)

    @rule(member=MEMBERS, other=MEMBERS, amount=AMOUNTS)
    def reserve_for_no_time(self, member: int, other: int, amount: int) -> None:
        if member == other:
            return
        payment = self._payment(member, other, amount)
        due = Journal(
            id=payment.id,
            kind=payment.kind,
            description=payment.description,
            business_date=payment.business_date,
            postings=payment.postings,
            expires_at=clock.now() - timedelta(seconds=1),
        )
        expected = self.model.judge(due, "pending")

        [outcome] = holds.place_holds(self.database, [due])

        assert _answer(outcome) == expected
        assert holds.expire_holds(self.database) == (1 if expected == "done" else 0)
        if expected == "done":
            self.model.release(due)

    @precondition(lambda self: self.posted)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        original = data.draw(st.sampled_from(self.posted))
        book = next(
            (one for key, one in self.members if key in original.keys),
            self.cooperatives[0],
        )
        expected = self._judge_reversal(original, book)
        part = {"operation": "POST /x", "key": a_journal().id, "request_hash": ""}

        try:
            journals.reverse_journal(
                self.database,
                book,
                journal_id=original.id,
                reason="Uji",
                idempotency=part,
            )
            answer = "done"
        except ServiceError as refusal:
            answer = refusal.code

        assert answer == expected

    @rule(member=MEMBERS)
    def freeze_or_thaw(self, member: int) -> None:
        key, one = self.members[member]
        account = self.model.accounts[key]
        account.is_frozen = not account.is_frozen
        status = "frozen" if account.is_frozen else "active"
        books.set_status(self.database, one, key, status)

    @rule(which=st.integers(0, 1), cap=AMOUNTS)
    def set_cap(self, which: int, cap: int) -> None:
        key = contract.position_account(self.cooperatives[which])
        account = self.model.accounts[key]
        if account.left < -cap:
            with pytest.raises(contract.NetDebitCapExceeded):
                books.set_limit(self.database, key, -cap)
        else:
            books.set_limit(self.database, key, -cap)
            account.minimum = -cap

    # What must always be true

    @invariant()
    def the_ledger_equals_the_model(self) -> None:
        keys = list(self.model.accounts)
        with self.database.hub() as session:
            found = {one.key: one for one in account_store.read(session, keys)}
        for key, expected in self.model.accounts.items():
            account = found[key]
            posted = [account.debits_posted, account.credits_posted]
            pending = [account.debits_pending, account.credits_pending]
            assert (key, posted, pending) == (key, expected.posted, expected.pending)

    @invariant()
    def the_ledger_can_be_recomputed_from_its_postings(self) -> None:
        with self.database.hub() as session:
            for question in verification.QUESTIONS:
                assert verification.first_exception(session, question) is None

    # How

    def _payment(self, payer: int, payee: int, amount: int) -> Journal:
        (debit, one), (credit, two) = self.members[payer], self.members[payee]
        if one == two:
            return a_journal((debit, credit, amount))
        return a_transfer(debit, one, credit, two, amount)

    def _post(self, given: list[Journal]) -> None:
        self.model.accounts.setdefault(
            BANK_OF_HUB, Counters(is_debit_normal=True, minimum=None)
        )
        expected = [self.model.judge(journal, "posted") for journal in given]
        self._forget_the_hubs_bank()

        outcomes = journals.post_journals(self.database, given)

        assert [_answer(outcome) for outcome in outcomes] == expected
        self.posted += [one for one in given if one not in self.posted]

    def _forget_the_hubs_bank(self) -> None:
        """Other examples use it too; its own limit is none."""
        del self.model.accounts[BANK_OF_HUB]

    def _judge_reversal(self, original: Journal, book: str) -> str:
        if self.model.journals[original.id] != "done":
            # A refused payment is filed in the payer's book; others do not see it.
            payer = original.postings[0][0]
            is_own = payer.startswith(book) or (payer, book) in self.members
            return "journal_not_posted" if is_own else "journal_not_found"
        if any(key.startswith("hub:") for key in original.keys):
            is_seen = any(key.startswith(book) for key in original.keys)
            return "journal_spans_books" if is_seen else "journal_not_found"
        if original.id in self.reversed:
            return "already_reversed"
        mirror = a_journal(*((c, d, n) for d, c, n in original.postings))
        expected = self.model.judge(mirror, "posted")
        if expected == "done":
            self.reversed.add(original.id)
        return expected


def _answer(outcome: Any) -> str:
    return outcome.code if isinstance(outcome, ServiceError) else "done"


def test_the_ledger_behaves_like_its_model(ledger_database: Database) -> None:
    run_state_machine_as_test(
        # It takes any maker of machines, although its annotation wants the class.
        cast("Any", lambda: LedgerMachine(ledger_database)),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
