"""Offices of a cooperative, on a real database."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.members.operations import branches
from services.shared import clock
from services.shared.contracts.members import branches as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import Malformed, NotFound
from tests.factories.joining import actor, with_legality
from tests.factories.members import PAGE, Tenant, idempotency

OFFICE: dict[str, Any] = {
    "name": "Cabang Denpasar",
    "kind": "cabang",
    "address": "Jl. Gatot Subroto 12",
    "area": "Kota Denpasar",
    "time_zone": "WITA",
    "members_in_area": 120,
    "network_licence_number": None,
    "idempotency": None,
}


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of 2025 and 2024 are due."""
    monkeypatch.setattr(clock, "business_date", lambda *_: date(2026, 11, 22))


def plan(tenant: Tenant, **body: Any) -> dict[str, Any]:
    return branches.create_branch(tenant.world.members, actor(tenant.id), OFFICE | body)


def open_office(tenant: Tenant, branch_id: str) -> dict[str, Any]:
    return branches.open_branch(tenant.world.members, actor(tenant.id), branch_id)


def close_office(tenant: Tenant, branch_id: str) -> dict[str, Any]:
    return branches.close_branch(
        tenant.world.members, actor(tenant.id), branch_id, "Pindah lokasi"
    )


def report(tenant: Tenant, year: int, capital: int = 3_000_000_000) -> dict[str, Any]:
    return branches.put_annual_report(
        tenant.world.members,
        actor(tenant.id),
        {
            "year": str(year),
            "accepted_on": date(year + 1, 3, 14),
            "working_capital": capital,
            "document_sha512": None,
        },
    )


def with_members(tenant: Tenant, count: int) -> None:
    """Let the cooperative have active members, as an import would make them."""
    with tenant.world.members.tenant(tenant.id) as session:
        session.execute(
            text(
                "INSERT INTO members (id, cooperative_id, number, name, status, "
                " personal_data, registered_at, activated_at) "
                "SELECT :id || '_' || n, :id, 'X-' || n, 'Anggota', 'active', "
                " ''::bytea, now(), now() FROM generate_series(1, :count) AS n"
            ),
            {"id": tenant.id, "count": count},
        )


def unmet(tenant: Tenant, branch_id: str) -> set[str]:
    found = branches.get_preconditions(tenant.world.members, tenant.id, branch_id)
    return {one["code"] for one in found["items"] if not one["is_met"]}


def test_offices_are_numbered_per_cooperative(
    tenant: Tenant, neighbour: Tenant
) -> None:
    assert [plan(tenant)["code"] for _ in range(2)] == ["001", "002"]
    assert plan(neighbour)["code"] == "001"


def test_a_planned_office_tells_what_it_lacks(tenant: Tenant) -> None:
    branch_id = plan(tenant)["id"]

    assert unmet(tenant, branch_id) == {
        "business_licence",
        "two_years_of_business",
        "annual_reports",
        "working_capital",
        "members_in_area",
    }
    with pytest.raises(contract.BranchPreconditionsUnmet) as caught:
        open_office(tenant, branch_id)
    assert {one["field"] for one in caught.value.details["errors"]} == unmet(
        tenant, branch_id
    )


def test_an_office_that_meets_everything_is_opened_once(tenant: Tenant) -> None:
    branch_id = plan(tenant)["id"]
    with_legality(tenant)
    report(tenant, 2024)
    report(tenant, 2025, capital=2_500_000_000)
    with_members(tenant, 100)

    first = open_office(tenant, branch_id)
    again = open_office(tenant, branch_id)

    assert (first["status"], first["opened_on"]) == ("open", "2026-11-22")
    assert again == first
    assert len(tenant.world.events("branch_opened", branch_id=branch_id)) == 1


def test_what_is_declared_is_bounded_by_the_members_there_are(tenant: Tenant) -> None:
    branch_id = plan(tenant, members_in_area=5_000)["id"]
    with_legality(tenant)
    report(tenant, 2024)
    report(tenant, 2025)
    with_members(tenant, 99)

    assert unmet(tenant, branch_id) == {"members_in_area"}


def test_the_newest_report_tells_the_working_capital(tenant: Tenant) -> None:
    branch_id = plan(tenant)["id"]
    with_legality(tenant)
    with_members(tenant, 100)
    report(tenant, 2024, capital=9_000_000_000)
    report(tenant, 2025, capital=2_499_999_999)

    assert unmet(tenant, branch_id) == {"working_capital"}


def test_a_head_office_is_opened_without_more(tenant: Tenant) -> None:
    branch_id = plan(tenant, kind="pusat")["id"]

    assert open_office(tenant, branch_id)["status"] == "open"


def test_there_is_one_head_office(tenant: Tenant) -> None:
    first = plan(tenant, kind="pusat")
    with pytest.raises(contract.HeadOfficeExists):
        plan(tenant, kind="pusat")
    close_office(tenant, first["id"])

    assert plan(tenant, kind="pusat")["code"] == "002"


def test_two_who_plan_a_head_office_at_once_make_one(tenant: Tenant) -> None:
    outcomes: list[str] = []

    def one() -> None:
        try:
            outcomes.append(plan(tenant, kind="pusat")["kind"])
        except contract.HeadOfficeExists as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["head_office_exists", "head_office_exists", "pusat"]


def test_a_repeated_request_plans_one_office(tenant: Tenant) -> None:
    part = idempotency("POST /v1/branches", "Cabang Denpasar")

    first = plan(tenant, idempotency=part)
    again = plan(tenant, idempotency=part)

    assert again == first | {"replayed": True}
    listed = branches.list_branches(
        tenant.world.members, tenant.id, PAGE | {"status": None}
    )
    assert listed["items"] == [first]


def test_what_is_known_of_an_office_may_change(tenant: Tenant) -> None:
    branch = plan(tenant)
    command = {name: OFFICE[name] for name in contract.BranchChangeBody().fields} | {
        "branch_id": branch["id"],
        "time_zone": "WIT",
    }

    changed = branches.change_branch(tenant.world.members, actor(tenant.id), command)

    assert changed == branch | {"time_zone": "WIT"}


def test_a_closed_office_stays_closed(tenant: Tenant) -> None:
    branch_id = plan(tenant)["id"]
    first = close_office(tenant, branch_id)

    assert close_office(tenant, branch_id) == first
    with pytest.raises(contract.BranchClosed):
        open_office(tenant, branch_id)


def test_another_cooperatives_office_does_not_exist(
    tenant: Tenant, neighbour: Tenant
) -> None:
    branch_id = plan(neighbour)["id"]

    with pytest.raises(NotFound):
        branches.get_branch(tenant.world.members, tenant.id, branch_id)
    for act in (open_office, close_office):
        with pytest.raises(NotFound):
            act(tenant, branch_id)


def test_pages_of_offices_cover_the_list_once(tenant: Tenant) -> None:
    made = [plan(tenant)["code"] for _ in range(3)]
    query = PAGE | {"status": None, "limit": 2}

    first = branches.list_branches(tenant.world.members, tenant.id, query)
    second = branches.list_branches(
        tenant.world.members, tenant.id, query | {"cursor": first["next_cursor"]}
    )

    assert [one["code"] for one in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


def test_a_year_has_one_report_and_it_may_be_corrected(tenant: Tenant) -> None:
    for year in (2025, 2023, 2024):
        report(tenant, year)
    report(tenant, 2024, capital=7)

    first = branches.list_annual_reports(
        tenant.world.members, tenant.id, PAGE | {"limit": 2}
    )
    second = branches.list_annual_reports(
        tenant.world.members,
        tenant.id,
        PAGE | {"limit": 2, "cursor": first["next_cursor"]},
    )

    found = first["items"] + second["items"]
    assert [(one["year"], one["working_capital"]) for one in found] == [
        (2023, 3_000_000_000),
        (2024, 7),
        (2025, 3_000_000_000),
    ]


@pytest.mark.parametrize(
    "accepted_on",
    [
        pytest.param(date(2025, 12, 31), id="within its year"),
        pytest.param(date(2026, 11, 23), id="tomorrow"),
    ],
)
def test_a_report_is_accepted_after_its_year_and_not_in_the_future(
    tenant: Tenant, accepted_on: date
) -> None:
    with pytest.raises(Malformed) as caught:
        branches.put_annual_report(
            tenant.world.members,
            actor(tenant.id),
            {
                "year": "2025",
                "accepted_on": accepted_on,
                "working_capital": 1,
                "document_sha512": None,
            },
        )

    assert caught.value.details["errors"][0]["field"] == "accepted_on"


def test_a_cursor_of_another_list_is_refused(tenant: Tenant) -> None:
    with pytest.raises(InvalidCursor):
        branches.list_annual_reports(
            tenant.world.members, tenant.id, PAGE | {"cursor": "bukan-kursor"}
        )
