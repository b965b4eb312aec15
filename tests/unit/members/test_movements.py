"""Which accounts a deposit or a withdrawal debits and credits."""

from __future__ import annotations

import pytest

from services.members.domain.movements import DEPOSIT, WITHDRAWAL, Movement

NUMBER = "0101100000000010"


@pytest.mark.parametrize(
    ("kind", "channel", "posting", "description"),
    [
        (DEPOSIT, "cash", ("coop_a:1-1000", NUMBER, 500), "Setoran tunai"),
        (DEPOSIT, "bank", ("coop_a:1-1010", NUMBER, 500), "Setoran melalui bank"),
        (WITHDRAWAL, "cash", (NUMBER, "coop_a:1-1000", 500), "Penarikan tunai"),
        (WITHDRAWAL, "bank", (NUMBER, "coop_a:1-1010", 500), "Penarikan melalui bank"),
    ],
)
def test_savings_are_credited_by_deposits_and_debited_by_withdrawals(
    kind: str, channel: str, posting: tuple[str, str, int], description: str
) -> None:
    movement = Movement(
        kind=kind, cooperative_id="coop_a", number=NUMBER, amount=500, channel=channel
    )

    assert movement.posting == posting
    assert movement.description == description
