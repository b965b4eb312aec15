"""Two ledger processes at the same accounts, ids, holds and references."""

import random
import threading
from collections.abc import Callable
from typing import Any

from services.ledger.domain.holds import Resolution, Resolved
from services.ledger.domain.journals import Posted
from services.ledger.operations import holds, integrity, journals, wallets
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from tests.factories.ledger import Ledger, a_journal, a_transfer


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """The results of tasks that start together; a raised refusal is a result too."""
    results: list[Any] = [None] * len(tasks)
    together = threading.Barrier(len(tasks))

    def run(place: int, task: Callable[[], Any]) -> None:
        together.wait()
        try:
            results[place] = task()
        except ServiceError as error:
            results[place] = error

    threads = [
        threading.Thread(target=run, args=(place, task))
        for place, task in enumerate(tasks)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_batch_from_two_processes_takes_effect_once(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 1_000)
    batch = [a_journal((budi, ledger.cash(one), 10)) for _ in range(20)]

    outcomes = at_once(*[lambda: ledger.post(*batch) for _ in range(4)])

    replayed = [{one.replayed for one in batch} for batch in outcomes]
    assert (replayed.count({False}), replayed.count({True})) == (1, 3)
    assert ledger.balance(budi) == 800


def test_the_same_id_with_other_accounts_is_decided_once(ledger: Ledger) -> None:
    """No account in common, so no lock in common: the unique id decides."""
    one = ledger.cooperative()
    budi, siti = ledger.savings(one), ledger.savings(one)
    for _ in range(10):
        by_cash = a_journal((ledger.cash(one), budi, 1))
        by_bank = a_journal((f"{one}:1-1010", siti, 1), journal_id=by_cash.id)
        twins = [by_cash, by_bank]

        outcomes = at_once(
            *[lambda journal=twin: ledger.post(journal)[0] for twin in twins]
        )

        codes = sorted(getattr(outcome, "code", "posted") for outcome in outcomes)
        assert codes == ["journal_id_reused", "posted"]


def test_crossing_batches_neither_deadlock_nor_overdraw(ledger: Ledger) -> None:
    cooperatives = [ledger.cooperative(liquidity=3_000, cap=2_000) for _ in range(3)]
    members = [
        (ledger.savings(one, 500), one) for one in cooperatives for _ in range(2)
    ]

    def batch(seed: int) -> list[Any]:
        chance = random.Random(seed)
        outcomes: list[Any] = []
        for _ in range(6):
            given = []
            for _ in range(25):
                (payer, one), (payee, two) = chance.sample(members, 2)
                amount = chance.randint(1, 300)
                given.append(
                    a_journal((payer, ledger.cash(one), amount))
                    if one == two
                    else a_transfer(payer, one, payee, two, amount)
                )
            outcomes += ledger.post(*given)
        return outcomes

    results = at_once(*[lambda seed=seed: batch(seed) for seed in range(4)])

    assert all(isinstance(result, list) for result in results), results
    flat = [outcome for result in results for outcome in result]
    assert {type(outcome) for outcome in flat} <= {
        Posted,
        contract.InsufficientFunds,
        contract.InsufficientLiquidity,
        contract.NetDebitCapExceeded,
    }
    assert any(isinstance(outcome, Posted) for outcome in flat)
    assert all(ledger.balance(member) >= 0 for member, _ in members)
    assert integrity.verify(ledger.database).first_difference is None


def test_a_hold_is_resolved_once_however_many_try(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((budi, ledger.cash(one), 60))
    holds.place_holds(ledger.database, [journal])

    def resolve(action: str) -> Any:
        resolution = Resolution(hold_id=journal.id, action=action)
        return holds.resolve_holds(ledger.database, [resolution])[0]

    outcomes = at_once(
        *[lambda action=action: resolve(action) for action in ["post", "void"] * 3]
    )

    first = [one for one in outcomes if isinstance(one, Resolved) and not one.replayed]
    assert len(first) == 1
    assert ledger.balance(budi) == (40 if first[0].state == "posted" else 100)
    assert ledger.standing(budi)["pending"] == 0


def test_a_journal_is_reversed_once_however_many_try(ledger: Ledger) -> None:
    one = ledger.cooperative()
    budi = ledger.savings(one, 100)
    journal = a_journal((ledger.cash(one), budi, 60))
    ledger.post_one(journal)

    def reverse(key: str) -> Any:
        return journals.reverse_journal(
            ledger.database,
            one,
            journal_id=journal.id,
            reason="Salah",
            idempotency={"operation": "POST /x", "key": key, "request_hash": ""},
        )

    outcomes = at_once(*[lambda key=str(key): reverse(key) for key in range(5)])

    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, ServiceError)]
    assert {refusal.code for refusal in refused} == {"already_reversed"}
    assert ledger.balance(budi) == 100


def test_a_fee_is_charged_once_however_many_try(ledger: Ledger) -> None:
    one = ledger.cooperative()
    wallets.top_up_wallet(
        ledger.database,
        cooperative_id=one,
        amount=1_000_000,
        reference="VA-1",
        idempotency={"operation": "POST /x", "key": one, "request_hash": ""},
    )
    asked = wallets.Asked(
        cooperative_id=one,
        kind="ekyc_check",
        base_amount=None,
        months=None,
        reference="kyc_1",
    )

    outcomes = at_once(
        *[lambda: wallets.charge_fee(ledger.database, asked) for _ in range(5)]
    )

    assert len({outcome["id"] for outcome in outcomes}) == 1
    assert sum(not outcome.get("replayed") for outcome in outcomes) == 1
    assert wallets.get_wallet(ledger.database, one) == {"balance": 995_000}


def test_a_book_opened_twice_at_once_is_opened_once(ledger: Ledger) -> None:
    from services.ledger.operations import books

    outcomes = at_once(
        *[lambda: books.open_book(ledger.database, "coop_twice") for _ in range(4)]
    )

    assert all(isinstance(outcome, dict) for outcome in outcomes), outcomes
    assert ledger.balance("coop_twice:1-1000") == 0
