"""What a payer learns about the account of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from services.members import operations
from services.members.domain import account_numbers
from services.shared.contracts.transfers import CheckAgreement, NoAgreement
from services.shared.errors import NotFound
from tests.factories.members import Tenant, World


@dataclass
class Agreements:
    """The clearing, as far as agreements go."""

    in_force: bool
    asked: list[dict[str, Any]] = field(default_factory=list)

    def check_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Whether the two cooperatives may deal with each other."""
        self.asked.append(CheckAgreement().load(command))
        return {"in_force": self.in_force, "agreement_id": None}


def inquire(
    world: World, tenant: Tenant, number: str, agreements: Agreements
) -> dict[str, Any]:
    return operations.inquire_account(world.members, agreements, tenant.id, number)


def test_a_payer_with_an_agreement_sees_a_masked_name(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    agreements = Agreements(in_force=True)
    number = neighbour.account("Siti Nur Aminah")

    assert inquire(world, tenant, number, agreements) == {
        "number": number,
        "cooperative": {"code": neighbour.code, "name": "KSU Karya Mandiri"},
        "owner_name": "S*** N** A*****",
    }
    assert agreements.asked == [{"cooperatives": [tenant.id, neighbour.id]}]


def test_inside_a_cooperative_no_agreement_is_needed(
    world: World, tenant: Tenant
) -> None:
    agreements = Agreements(in_force=False)

    answer = inquire(world, tenant, tenant.account("Budi Santoso"), agreements)

    assert answer["owner_name"] == "B*** S******"
    assert agreements.asked == []


def test_without_an_agreement_nobody_learns_which_numbers_exist(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    existing = neighbour.account()
    missing = next_number(existing)

    for number in (existing, missing):
        with pytest.raises(NoAgreement):
            inquire(world, tenant, number, Agreements(in_force=False))


def test_numbers_that_are_nobodys_are_not_found(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    existing = neighbour.account()
    wrong_digit = existing[:-1] + str((int(existing[-1]) + 1) % 10)

    for number in ("1", "x" * 100, wrong_digit, next_number(existing)):
        with pytest.raises(NotFound):
            inquire(world, tenant, number, Agreements(in_force=True))


def next_number(number: str) -> str:
    """A well-formed number of the same cooperative that was not given yet."""
    return account_numbers.account_number(number[:4], "sukarela", 999)
