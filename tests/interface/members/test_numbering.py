"""Numbers of documents: per month and branch, without gaps."""

from __future__ import annotations

from datetime import date

import pytest

from services.shared.persistence import numbering
from tests.factories.members import Tenant, World

NOVEMBER = date(2026, 11, 22)


def given(
    world: World, tenant: Tenant, day: date = NOVEMBER, branch_code: str = ""
) -> str:
    with world.members.tenant(tenant.id) as session:
        return numbering.next_document(
            session, tenant.id, "SLIP", day, branch_code=branch_code
        )


def test_documents_are_numbered_by_month(world: World, tenant: Tenant) -> None:
    assert given(world, tenant) == "SLIP/2026/11/1"
    assert given(world, tenant) == "SLIP/2026/11/2"
    assert given(world, tenant, date(2026, 12, 1)) == "SLIP/2026/12/1"


def test_branches_and_cooperatives_count_by_themselves(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    given(world, tenant)

    assert given(world, tenant, branch_code="002") == "SLIP-002/2026/11/1"
    assert given(world, neighbour) == "SLIP/2026/11/1"


def test_a_number_rolled_back_is_given_again(world: World, tenant: Tenant) -> None:
    with pytest.raises(RuntimeError), world.members.tenant(tenant.id) as session:
        numbering.next_document(session, tenant.id, "SLIP", NOVEMBER)
        raise RuntimeError

    assert given(world, tenant) == "SLIP/2026/11/1"
