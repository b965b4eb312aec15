"""Where the cash of a drawer is kept, and what a wrong count costs whom."""

from __future__ import annotations

from services.members.domain import cash, movements, slips


def test_a_drawer_is_kept_under_the_code_of_cash() -> None:
    assert cash.vault_key("coop_1") == "coop_1:1-1000"
    assert cash.drawer_key("coop_1", "drw_1") == "coop_1:1-1000:drw_1"


def test_notes_and_coins_are_added_up() -> None:
    assert cash.counted_total({100_000: 9, 50_000: 2, 500: 3}) == 1_001_500
    assert cash.counted_total({}) == 0


def test_a_surplus_is_income() -> None:
    assert cash.variance_posting("coop_1", "drw_1", 25_000) == (
        "coop_1:1-1000:drw_1",
        "coop_1:4-9100",
        25_000,
    )


def test_a_shortage_is_an_expense() -> None:
    assert cash.variance_posting("coop_1", "drw_1", -25_000) == (
        "coop_1:5-9000",
        "coop_1:1-1000:drw_1",
        25_000,
    )


def test_the_giver_signs_before_the_taker() -> None:
    assert slips.signers(movements.DEPOSIT)[0] == "Penyetor"
    assert slips.signers(movements.WITHDRAWAL)[0] == "Penerima"
    assert slips.signers(slips.DRAWER_OUT) == ("Petugas Brankas", "Teller")


def test_every_kind_of_slip_has_a_title() -> None:
    kinds = {
        movements.DEPOSIT,
        movements.WITHDRAWAL,
        slips.PLACEMENT,
        *slips.DESCRIPTIONS,
    }

    assert kinds <= slips.TITLES.keys()
