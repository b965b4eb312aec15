"""What a payment does, and what it does not, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from services.shared.contracts import transfers as contract
from services.shared.errors import IdempotencyKeyReused, RequestInProgress
from services.transfers.operations import recovery
from services.transfers.store import transfers as store
from services.transfers.store.transfers import Change
from tests.factories.transfers import Pair, World, bulk, payment
from tests.fakes.peers import UnreliableLedger


def test_a_payment_moves_money_in_three_books(world: World, pair: Pair) -> None:
    [answer] = world.submit(payment(pair, 250_000))
    assert answer["state"] == "committed"
    assert answer["window_id"].startswith("win_")
    assert world.balance(pair.payer_account) == 10**9 - 250_000
    assert world.balance(pair.payee_account) == 250_000
    assert world.position(pair.payer) == 250_000
    assert world.position(pair.payee) == -250_000
    assert world.balance(f"{pair.payer}:2-1200") == 250_000
    assert world.balance(f"{pair.payee}:1-1300") == 250_000


def test_inside_one_cooperative_nothing_is_cleared(world: World, pair: Pair) -> None:
    own = world.account(pair.payer)
    [answer] = world.submit(payment(pair, 5_000, payee_account=own))
    assert answer["state"] == "committed"
    assert answer["window_id"] is None
    assert world.position(pair.payer) == 0


def test_the_same_key_gives_the_first_answer_again(world: World, pair: Pair) -> None:
    [first] = world.submit(payment(pair, 1_000, key="gaji-1"))
    [second] = world.submit(payment(pair, 1_000, key="gaji-1"))
    assert second == first | {"replayed": True}
    assert world.balance(pair.payee_account) == 1_000


def test_another_body_under_the_same_key_is_refused(world: World, pair: Pair) -> None:
    world.submit(payment(pair, 1_000, key="gaji-1"))
    [second] = world.submit(payment(pair, 1, key="gaji-1", request_hash="1" * 128))
    assert isinstance(second, IdempotencyKeyReused)


def test_keys_of_two_cooperatives_do_not_meet(world: World, pair: Pair) -> None:
    other = world.pair()
    outcomes = world.submit(payment(pair, 1, key="a"), payment(other, 2, key="a"))
    assert [one["amount"] for one in outcomes] == [1, 2]


def test_a_refusal_is_remembered_like_any_answer(world: World, pair: Pair) -> None:
    poor = world.account(pair.payer, balance=10)
    first, second = (
        world.submit(payment(pair, 11, key="x", payer_account=poor))[0]
        for _ in range(2)
    )
    assert isinstance(first, contract.InsufficientFunds)
    assert isinstance(second, contract.InsufficientFunds)
    assert second.details == first.details | {"replayed": True}


def test_two_at_once_under_one_key_pay_once(world: World, pair: Pair) -> None:
    outcomes = world.submit(payment(pair, 7, key="a"), payment(pair, 7, key="a"))
    assert outcomes[0]["state"] == "committed"
    assert isinstance(outcomes[1], RequestInProgress)
    assert world.balance(pair.payee_account) == 7


def test_one_message_delivered_twice_pays_once(world: World, pair: Pair) -> None:
    request = [payment(pair, 7, key="a", request_id="req_1") for _ in range(2)]
    first, second = world.submit(*request)
    assert second == first | {"replayed": True}
    assert world.balance(pair.payee_account) == 7


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payee_account": "SELF"}, "same_account"),
        ({"payee_account": "9999100000000001"}, "account_not_found"),
        ({"payer_account": "PAYEE"}, "account_not_found"),
    ],
    ids=["to itself", "unknown cooperative", "from another's account"],
)
def test_what_the_hub_refuses_itself(
    world: World, pair: Pair, change: dict[str, str], code: str
) -> None:
    known = {"SELF": pair.payer_account, "PAYEE": pair.payee_account}
    changes = {name: known.get(value, value) for name, value in change.items()}
    own = world.account(pair.payee)
    if changes.get("payer_account") == pair.payee_account:
        changes["payee_account"] = own
    [outcome] = world.submit(payment(pair, 1, **changes))
    assert outcome.code == code
    assert outcome.details["transfer_id"].startswith("trf_")


def test_an_unknown_payee_account_is_the_ledgers_refusal(
    world: World, pair: Pair
) -> None:
    unknown = world.code(pair.payee) + "100000099999"
    [outcome] = world.submit(payment(pair, 1, payee_account=unknown))
    assert outcome.code == "account_not_found"


def test_without_an_agreement_nothing_moves(world: World, pair: Pair) -> None:
    stranger = world.cooperative()
    account = world.account(stranger)
    [outcome] = world.submit(payment(pair, 1, payee_account=account))
    assert isinstance(outcome, contract.NoAgreement)


def test_every_prefix_of_a_batch_respects_the_cap(world: World) -> None:
    payer, payee = world.cooperative(cap=100), world.cooperative()
    world.agree(payer, payee)
    pair = Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=10_000),
        payee_account=world.account(payee),
    )
    outcomes = world.submit(*[payment(pair, 60) for _ in range(10)])
    assert [getattr(one, "code", "paid") for one in outcomes] == [
        "paid",
        *["net_debit_cap_exceeded"] * 9,
    ]


def test_liquidity_is_checked_before_the_cap(world: World) -> None:
    payer, payee = world.cooperative(cap=100, liquidity=50), world.cooperative()
    world.agree(payer, payee)
    pair = Pair(
        payer=payer,
        payee=payee,
        payer_account=world.account(payer, balance=10_000),
        payee_account=world.account(payee),
    )
    [outcome] = world.submit(payment(pair, 101))
    assert isinstance(outcome, contract.InsufficientLiquidity)


def test_the_transfer_limit_of_an_agreement_holds(world: World) -> None:
    pair = world.pair(transfer_limit=100)
    outcomes = world.submit(payment(pair, 100), payment(pair, 101))
    assert outcomes[0]["state"] == "committed"
    assert isinstance(outcomes[1], contract.TransferLimitExceeded)


def test_every_prefix_respects_the_daily_limit(world: World) -> None:
    pair = world.pair(daily_limit=100)
    outcomes = world.submit(*[payment(pair, 40) for _ in range(3)], payment(pair, 20))
    assert [getattr(one, "code", "paid") for one in outcomes] == [
        "paid",
        "paid",
        "daily_limit_exceeded",
        "paid",
    ]


def test_what_the_ledger_refuses_gives_the_daily_limit_back(world: World) -> None:
    pair = world.pair(daily_limit=100, balance=50)
    assert world.submit(payment(pair, 100))[0].code == "insufficient_funds"
    assert world.submit(payment(pair, 50))[0]["state"] == "committed"


def test_a_suspended_cooperative_neither_pays_nor_is_paid(
    world: World, pair: Pair
) -> None:
    from services.transfers.operations import participants

    participants.suspend_participant(world.database, world.ledger, pair.payee)
    [outcome] = world.submit(payment(pair, 1))
    assert isinstance(outcome, contract.ParticipantSuspendedError)
    participants.reactivate_participant(world.database, world.ledger, pair.payee)
    assert world.submit(payment(pair, 1))[0]["state"] == "committed"


def test_a_lost_answer_leaves_a_transfer_that_recovery_completes(
    world: World, pair: Pair
) -> None:
    ledger = UnreliableLedger(world.ledger, ["deaf"])
    [outcome] = world.submit(payment(pair, 9, key="a"), ledger=ledger)
    assert isinstance(outcome, contract.TransferPending)
    recovery.recover(world.database, world.ledger, stuck_seconds=0)
    [again] = world.submit(payment(pair, 9, key="a"))
    assert again["state"] == "committed"
    assert world.balance(pair.payee_account) == 9


def test_one_that_cannot_be_recorded_keeps_no_other_from_recovery(
    world: World, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = UnreliableLedger(world.ledger, ["deaf"])
    outcomes = world.submit(*[payment(pair, 9) for _ in range(5)], ledger=ledger)
    poison = outcomes[2].details["transfer_id"]
    finish = store.finish

    def failing(session: Any, changes: Sequence[Change], window_id: Any) -> Any:
        if any(one.transfer_id == poison for one in changes):
            raise ZeroDivisionError
        return finish(session, changes, window_id)

    with monkeypatch.context() as patched:
        patched.setattr(store, "finish", failing)
        recovery.recover(world.database, world.ledger, stuck_seconds=0)
    left = world.rows(
        "SELECT id FROM transfers WHERE state = 'received' AND payer_account = :own",
        own=pair.payer_account,
    )
    assert [row.id for row in left] == [poison]
    recovery.recover(world.database, world.ledger, stuck_seconds=0)
    assert world.balance(pair.payee_account) == 5 * 9


def test_a_repetition_drives_on_what_was_left(world: World, pair: Pair) -> None:
    ledger = UnreliableLedger(world.ledger, ["lost"])
    request = [payment(pair, 9, key="a", request_id="req_1") for _ in range(2)]
    [outcome] = world.submit(request[0], ledger=ledger)
    assert isinstance(outcome, contract.TransferPending)
    [again] = world.submit(request[1], ledger=ledger)
    assert again["state"] == "committed"


def test_what_was_never_sent_is_withdrawn_and_the_key_is_free(
    world: World, pair: Pair
) -> None:
    ledger = UnreliableLedger(world.ledger, ["unsent"])
    [outcome] = world.submit(payment(pair, 9, key="a"), ledger=ledger)
    assert isinstance(outcome, contract.TransferNotStarted)
    recovery.recover(world.database, world.ledger, stuck_seconds=0)
    assert world.balance(pair.payee_account) == 0
    [again] = world.submit(payment(pair, 9, key="a"))
    assert again["state"] == "committed"
    assert "replayed" not in again


def test_a_repetition_that_meets_a_withdrawal_is_told_to_come_again(
    world: World, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.submit(payment(pair, 9, key="a"))
    # Our key was taken when we came, and free when we looked whose it is.
    with monkeypatch.context() as patched:
        patched.setattr(store, "find_requests", lambda *_: {})
        [outcome] = world.submit(payment(pair, 9, key="a"))
    assert isinstance(outcome, RequestInProgress)


def test_what_was_driven_before_is_not_withdrawn(world: World, pair: Pair) -> None:
    ledger = UnreliableLedger(world.ledger, ["deaf", "unsent"])
    request = [payment(pair, 9, key="a", request_id="req_1") for _ in range(3)]
    for one in request[:2]:
        [outcome] = world.submit(one, ledger=ledger)
        assert isinstance(outcome, contract.TransferPending)
    assert world.submit(request[2])[0]["state"] == "committed"
    assert world.balance(pair.payee_account) == 9


def test_a_question_delivered_twice_moves_money_once(world: World, pair: Pair) -> None:
    ledger = UnreliableLedger(world.ledger, ["twice"])
    assert world.submit(payment(pair, 9), ledger=ledger)[0]["state"] == "committed"
    assert world.balance(pair.payee_account) == 9


def test_each_line_of_a_bulk_has_its_own_outcome(world: World, pair: Pair) -> None:
    [answer] = world.submit_bulk(bulk(pair, [1, 10**15, 3]))
    assert [
        (item["reference"], item["state"], item["code"]) for item in answer["items"]
    ] == [
        ("GAJI-0", "committed", None),
        ("GAJI-1", "aborted", "insufficient_funds"),
        ("GAJI-2", "committed", None),
    ]
    assert world.balance(pair.payee_account) == 4


def test_a_bulk_is_carried_out_once(world: World, pair: Pair) -> None:
    [first] = world.submit_bulk(bulk(pair, [1, 2, 3], key="gaji"))
    [second] = world.submit_bulk(bulk(pair, [1, 2, 3], key="gaji"))
    assert second == first | {"replayed": True}
    assert world.balance(pair.payee_account) == 6


def test_a_bulk_left_behind_is_completed_by_repeating_it(
    world: World, pair: Pair
) -> None:
    ledger = UnreliableLedger(world.ledger, ["deaf"])
    request = bulk(pair, [1, 2, 3], key="gaji")
    [outcome] = world.submit_bulk(request, ledger=ledger)
    assert isinstance(outcome, contract.TransferPending)
    [again] = world.submit_bulk(request)
    assert [item["state"] for item in again["items"]] == ["committed"] * 3
    assert world.balance(pair.payee_account) == 6


def test_a_bulk_that_was_never_sent_is_withdrawn_as_a_whole(
    world: World, pair: Pair
) -> None:
    ledger = UnreliableLedger(world.ledger, ["unsent"])
    [outcome] = world.submit_bulk(bulk(pair, [1, 2], key="gaji"), ledger=ledger)
    assert isinstance(outcome, contract.TransferNotStarted)
    [again] = world.submit_bulk(bulk(pair, [1, 2], key="gaji"))
    assert [item["state"] for item in again["items"]] == ["committed"] * 2


def test_every_outcome_is_announced_with_its_transaction(
    world: World, pair: Pair
) -> None:
    [answer] = world.submit(payment(pair, 5))
    found = world.rows(
        "SELECT name FROM outbox "
        "WHERE payload -> 'transfers' @> jsonb_build_array("
        " jsonb_build_object('transfer_id', CAST(:id AS text)))",
        id=answer["id"],
    )
    assert [row.name for row in found] == ["transfers_committed"]
