"""Clearing and ledger are compared payment by payment, and every lie is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from services.hub import clearing_check
from services.hub.clearing_check import Comparison
from services.hub.comparing import Difference


@dataclass
class Payment:
    id: str
    state: str = "committed"
    amount: int = 100
    payer_account: str = "0101010000000015"
    payee_account: str = "0202010000000012"
    payer_cooperative_id: str = "coop_a"
    payee_cooperative_id: str = "coop_b"
    payer_mode: str = "hosted"
    payee_mode: str = "hosted"


@dataclass
class Journal:
    id: str
    debit: str = "hub:position:coop_a"
    credit: str = "hub:position:coop_b"
    amount: int = 100


def compare(payments: Iterable[Any], journals: Iterable[Any]) -> Comparison:
    return clearing_check.compare(iter(payments), iter(journals))


def test_what_agrees_is_counted_and_adds_up_to_positions() -> None:
    seen = compare(
        [Payment("trf_1"), Payment("trf_2", amount=30)],
        [Journal("trf_1"), Journal("trf_2", amount=30)],
    )
    assert seen.compared == 2
    assert seen.unknown == {}
    assert seen.positions == {"coop_a": 130, "coop_b": -130}


def test_a_payment_inside_one_cooperative_moves_no_position() -> None:
    inside = Payment("trf_1", payee_cooperative_id="coop_a")
    seen = compare(
        [inside],
        [Journal("trf_1", inside.payer_account, inside.payee_account)],
    )
    assert seen.compared == 1
    assert not seen.positions


def test_refused_and_unfinished_payments_need_no_journal() -> None:
    seen = compare(
        [Payment("trf_1", state="aborted"), Payment("trf_2", state="received")], []
    )
    assert seen.compared == 0
    assert seen.unknown == {}


@pytest.mark.parametrize(
    "payments",
    [[], [Payment("trf_1", state="received")], [Payment("trf_1", state="reserved")]],
    ids=["newer than the look at the clearing", "received", "reserved"],
)
def test_what_the_ledger_knows_first_is_asked_about_later(payments: list[Any]) -> None:
    seen = compare(payments, [Journal("trf_1")])
    assert set(seen.unknown) == {"trf_1"}
    assert seen.positions == {"coop_a": 100, "coop_b": -100}


@pytest.mark.parametrize(
    ("payment", "journals", "told"),
    [
        pytest.param(Payment("trf_1"), [], "has no journal", id="money never moved"),
        pytest.param(
            Payment("trf_1"), [Journal("trf_2")], "has no journal", id="another's"
        ),
        pytest.param(
            Payment("trf_1", state="aborted"),
            [Journal("trf_1")],
            "was refused, but the ledger moved Rp 100",
            id="refused but moved",
        ),
        pytest.param(
            Payment("trf_1"),
            [Journal("trf_1", amount=101)],
            "Rp 101 from hub:position:coop_a",
            id="another amount",
        ),
        pytest.param(
            Payment("trf_1"),
            [Journal("trf_1", "hub:position:coop_b", "hub:position:coop_a")],
            "Rp 100 from hub:position:coop_b",
            id="the wrong way",
        ),
        pytest.param(
            Payment("trf_1"),
            [Journal("trf_1", credit="hub:position:coop_c")],
            "to hub:position:coop_c",
            id="to somebody else",
        ),
    ],
)
def test_a_difference_is_named(
    payment: Payment, journals: list[Journal], told: str
) -> None:
    with pytest.raises(Difference, match=told) as caught:
        compare([payment], journals)
    assert "trf_1" in str(caught.value)


def test_connected_cooperatives_are_noted() -> None:
    seen = compare([Payment("trf_1", payee_mode="connected")], [Journal("trf_1")])
    assert seen.connected == {"coop_b"}
