"""Which postings a transfer becomes, and how nets and settlements add up."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contracts import ledger
from services.transfers.domain import (
    agreements,
    callbacks,
    participants,
    proof,
    settlement,
    transfer,
    windows,
)
from services.transfers.domain.participants import Standing
from services.transfers.domain.settlement import Share
from services.transfers.domain.transfer import Transfer


def made(**changes: Any) -> Transfer:
    values: dict[str, Any] = {
        "id": "trf_1",
        "kind": "transfer",
        "state": "received",
        "cooperative_id": "coop_1",
        "payer_account": "0101",
        "payee_account": "0102",
        "payer_cooperative_id": "coop_1",
        "payee_cooperative_id": "coop_2",
        "payer_mode": "hosted",
        "payee_mode": "hosted",
        "amount": 100,
        "description": None,
        "business_date": date(2026, 11, 22),
        "created_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Transfer(**values | changes)


PAYER_BOOK = ["0101", "coop_1:2-1200", 100]
HUB_BOOK = ["hub:position:coop_1", "hub:position:coop_2", 100]
PAYEE_BOOK = ["coop_2:1-1300", "0102", 100]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [PAYER_BOOK, HUB_BOOK, PAYEE_BOOK]),
        ({"payee_mode": "connected"}, [PAYER_BOOK, HUB_BOOK]),
        ({"payer_mode": "connected"}, [HUB_BOOK, PAYEE_BOOK]),
        ({"payee_cooperative_id": "coop_1"}, [["0101", "0102", 100]]),
    ],
    ids=["hosted", "payee connected", "payer connected", "internal"],
)
def test_postings_follow_who_keeps_which_book(
    changes: dict[str, Any], expected: list[Any]
) -> None:
    assert transfer.postings(made(**changes)) == expected


def test_account_keys_are_the_ledgers() -> None:
    assert transfer.position("coop_1") == ledger.position_account("coop_1")
    assert transfer.liquidity("coop_1") == ledger.liquidity_account("coop_1")
    assert transfer.chart_account("coop_1", transfer.OWED_TO_HUB) == (
        ledger.chart_account("coop_1", ledger.OWED_TO_HUB)
    )
    assert transfer.OWED_BY_HUB == ledger.OWED_BY_HUB
    assert settlement.FUNDS_AT_HUB == ledger.LIQUIDITY_AT_HUB
    assert settlement.BANK == ledger.BANK
    assert ledger.hub_account(ledger.BANK) == settlement.HUB_BANK


def test_a_journal_fits_the_ledgers_schema() -> None:
    assert ledger.PostJournal().validate(transfer.journal(made())) == {}


@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 10**15)),
        max_size=50,
    )
)
def test_nets_sum_to_zero_and_come_in_one_order(paid: list[Any]) -> None:
    moved = windows.movements(
        made(
            payer_cooperative_id=f"coop_{payer}",
            payee_cooperative_id=f"coop_{payee}",
            amount=amount,
        )
        for payer, payee, amount in paid
    )
    assert sum(one.net for one in moved) == 0
    assert [one.cooperative_id for one in moved] == sorted(
        one.cooperative_id for one in moved
    )


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=6))
def test_settling_clears_what_stood_in_each_book(books: list[Any]) -> None:
    shares = [
        Share(
            cooperative_id=f"coop_{n}",
            net=paid - received,
            book_paid=paid,
            book_received=received,
        )
        for n, (paid, received) in enumerate(books)
    ]
    balances: dict[str, int] = {}
    for debit, credit, amount in settlement.postings(shares):
        assert amount > 0
        balances[debit] = balances.get(debit, 0) + amount
        balances[credit] = balances.get(credit, 0) - amount
    for share in shares:
        one = share.cooperative_id
        assert balances.get(f"{one}:2-1200", 0) == share.book_paid
        assert balances.get(f"{one}:1-1300", 0) == -share.book_received
        assert balances.get(f"hub:liquidity:{one}", 0) == share.net


@pytest.mark.parametrize(
    ("position", "pending", "is_alarming"),
    [(79, 0, False), (80, 0, True), (60, 20, True), (0, 0, False), (-5, 0, False)],
)
def test_the_alarm_starts_at_its_share(
    position: int, pending: int, *, is_alarming: bool
) -> None:
    standing = Standing(
        liquidity=100, net_debit_cap=500, position=position, pending=pending
    )
    assert participants.is_alarming(standing, 80) is is_alarming


def test_available_is_what_both_limits_leave() -> None:
    standing = Standing(liquidity=100, net_debit_cap=70, position=20, pending=10)
    assert standing.available == 40


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 1, 1), "scheduled"),
        (date(2025, 1, 2), "active"),
        (date(2025, 1, 3), "active"),
        (date(2025, 1, 4), "ended"),
    ],
)
def test_an_agreement_is_in_force_on_both_its_days(today: date, expected: str) -> None:
    days = (date(2025, 1, 2), date(2025, 1, 3))
    assert agreements.status(*days, today) == expected


def test_pauses_grow_to_an_hour() -> None:
    pauses = [callbacks.pause_seconds(attempts) for attempts in (1, 2, 3, 100)]
    assert pauses == [1, 2, 4, 3600]


def bundle() -> dict[str, Any]:
    """A proof of two windows, one of them empty."""
    entries = [[1, "trf_1", "a", "b", 5], [4, "trf_2", "b", "a", 2]]
    tally = proof.Tally()
    for entry in entries:
        tally.add(entry)
    listed = [
        {"id": "win_1", **tally.summary()},
        {"id": "win_2", **proof.Tally().summary()},
    ]
    body = {
        "format": proof.FORMAT,
        "windows": listed,
        "nets": proof.total(one["nets"] for one in listed),
    }
    return {"body": body, "entries": entries, **proof.sign(body, b"s" * 32)}


def test_a_proof_of_an_empty_window_holds() -> None:
    assert proof.verify(bundle()) == []


def test_a_signed_lie_about_nets_is_found() -> None:
    forged = bundle()
    forged["body"]["windows"][0]["nets"][0]["net"] += 1
    forged |= proof.sign(forged["body"], b"s" * 32)
    assert any("counted" in fault for fault in proof.verify(forged))


def test_another_hubs_signature_is_found() -> None:
    key = base64.b64encode(b"k" * 32).decode()
    assert any("another key" in fault for fault in proof.verify(bundle(), key))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nonsense_is_no_proof_and_no_crash(value: Any) -> None:
    assert proof.verify(value)
    assert proof.verify(bundle() | {"body": value})
    assert proof.verify(bundle() | {"entries": value})
