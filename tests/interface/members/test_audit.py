"""Who did what stands in the trail, and nobody can change it unnoticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.hub import verification
from services.members import operations
from services.members.operations import audit
from services.shared import clock
from services.shared.contracts.members.audit import ListAuditEntries
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database
from tests.databases import RunDatabases
from tests.factories.members import OPERATOR, Tenant, World

BUDI = "usr_budi"


def done(world: World, tenant: Tenant, *actions: str, subject: str = "mem_1") -> None:
    """Let Budi do something."""
    for action in actions:
        with world.members.tenant(tenant.id) as session:
            actor = Actor(cooperative_id=tenant.id, subject=BUDI, request_id="req_1")
            audit.record(session, actor, action, subject, after={"status": "active"})


def listed(world: World, tenant: Tenant, **wanted: Any) -> list[dict[str, Any]]:
    command = ListAuditEntries().load(wanted)
    found = audit.list_audit_entries(world.members, tenant.identity, command)
    items: list[dict[str, Any]] = found["items"]
    return items


def test_what_was_done_is_listed_newest_first(world: World, tenant: Tenant) -> None:
    done(world, tenant, "member.activated", "member.changed")

    newest, before = listed(world, tenant, actor=BUDI)

    assert (newest["action"], before["action"]) == (
        "member.changed",
        "member.activated",
    )
    assert newest["position"] == before["position"] + 1
    assert newest["actor"] == BUDI
    assert newest["after"] == {"status": "active"}
    assert newest["before"] is None
    assert newest["request_id"] == "req_1"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"action": "member.activated"}, 1),
        ({"action": "member."}, 2),
        ({"action": "member"}, 0),
        ({"action": "m%."}, 0),
        ({"subject": "mem_1"}, 3),
        ({"subject": "mem_2"}, 0),
        ({"actor": BUDI, "action": "client.revoked"}, 1),
        ({"actor": "usr_nobody"}, 0),
    ],
)
def test_the_trail_is_searched(
    world: World, tenant: Tenant, wanted: dict[str, str], expected: int
) -> None:
    done(world, tenant, "member.activated", "member.changed", "client.revoked")
    assert len(listed(world, tenant, **{"actor": BUDI} | wanted)) == expected


def test_days_are_those_of_jakarta(world: World, tenant: Tenant) -> None:
    done(world, tenant, "member.activated")
    today = clock.business_date()
    tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)

    def between(begin: date, end: date) -> int:
        wanted = {"from": begin.isoformat(), "to": end.isoformat()}
        return len(listed(world, tenant, actor=BUDI, **wanted))

    assert between(today, today) == 1
    assert between(yesterday, yesterday) == 0
    assert between(tomorrow, tomorrow) == 0
    assert between(date.min, date.max) == 1
    assert between(date.max, date.max) == 0


def test_pages_of_the_trail_cover_it_once(world: World, tenant: Tenant) -> None:
    done(world, tenant, *[f"member.step_{number}" for number in range(5)])
    command: dict[str, Any] = ListAuditEntries().load({"limit": 2, "actor": BUDI})
    actions = []
    while True:
        page = audit.list_audit_entries(world.members, tenant.identity, command)
        actions += [entry["action"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        command["cursor"] = page["next_cursor"]

    assert actions == [f"member.step_{number}" for number in reversed(range(5))]


def test_a_cooperative_sees_its_own_trail_only(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    done(world, neighbour, "member.activated")

    assert listed(world, tenant, actor=BUDI) == []
    with pytest.raises(NotFound):
        listed(world, tenant, cooperative_id=neighbour.id)


def test_the_operator_sees_the_trail_it_names(world: World, tenant: Tenant) -> None:
    done(world, tenant, "member.activated")
    command = ListAuditEntries().load({"cooperative_id": tenant.id, "actor": BUDI})

    found = audit.list_audit_entries(world.members, OPERATOR, command)

    assert [entry["action"] for entry in found["items"]] == ["member.activated"]


def test_a_cursor_of_another_trail_is_refused(
    world: World, tenant: Tenant, neighbour: Tenant
) -> None:
    done(world, neighbour, "a.b", "a.c")
    command = ListAuditEntries().load({"limit": 1})
    page = audit.list_audit_entries(world.members, neighbour.identity, command)

    with pytest.raises(InvalidCursor):
        listed(world, tenant, cursor=page["next_cursor"])


def test_what_the_operator_does_to_a_cooperative_stands_in_its_trail(
    world: World, tenant: Tenant
) -> None:
    actor = Actor(cooperative_id="hub", subject="operator")
    client = operations.create_client(
        world.members,
        world.settings,
        {
            "cooperative_id": tenant.id,
            "name": "Sistem Inti",
            "scopes": ["*"],
            "idempotency": None,
        },
        actor,
    )
    revoked = {"cooperative_id": tenant.id, "client_id": client["client_id"]}
    for _ in range(2):
        operations.revoke_client(world.members, revoked, actor)
    deactivated = {"cooperative_id": tenant.id}
    operations.deactivate_cooperative(world.members, deactivated, actor)

    found = [
        (entry["action"], entry["actor"])
        for entry in listed(world, tenant, actor="operator")
    ]
    assert found == [
        ("cooperative.deactivated", "operator"),
        ("client.revoked", "operator"),
        ("client.created", "operator"),
    ]
    registered = [entry["action"] for entry in listed(world, tenant)][-2:]
    assert registered == ["cooperative.activated", "cooperative.registered"]


@pytest.fixture
def alone(database_factory: Any, world: World) -> World:
    """A database of its own, to be tampered with."""
    return replace(world, members=database_factory("members"))


def tampered(world: World, runs: RunDatabases, statement: str) -> str | None:
    """What is found out after an administrator ran ``statement``."""
    with runs.as_administrator(world.members) as admin:
        admin.execute("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
        admin.execute(statement.encode())
    return audit.verify_trails(world.members).difference


def test_an_untouched_trail_is_whole(alone: World) -> None:
    tenant = alone.tenant()
    done(alone, tenant, "a.b", "a.c", "a.d")
    report = audit.verify_trails(alone.members)

    assert report.difference is None
    assert report.entries >= 3


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE audit_entries SET actor = 'usr_siti' WHERE action = 'a.c'",
         "is not what was written"),
        ("UPDATE audit_entries SET after = NULL WHERE action = 'a.b'",
         "is not what was written"),
        ("UPDATE audit_entries SET at = now() WHERE action = 'a.d'",
         "is not what was written"),
        ("DELETE FROM audit_entries WHERE action = 'a.c'", "does not follow entry"),
        ("DELETE FROM audit_entries WHERE action = 'a.d'", "ends elsewhere"),
        ("DELETE FROM audit_entries", "ends elsewhere"),
        ("DELETE FROM audit_heads", "ends elsewhere"),
    ],
)  # fmt: skip
def test_whoever_changes_the_trail_is_found_out(
    alone: World, run_databases: RunDatabases, statement: str, expected: str
) -> None:
    done(alone, alone.tenant(), "a.b", "a.c", "a.d")

    difference = tampered(alone, run_databases, statement)

    assert difference is not None
    assert expected in difference


def test_hub_verify_names_the_difference(
    alone: World, run_databases: RunDatabases
) -> None:
    done(alone, alone.tenant(), "a.b")
    tampered(alone, run_databases, "UPDATE audit_entries SET actor = 'x'")

    with pytest.raises(verification.Difference, match="audit trail of coop_"):
        verification.verify_trails(alone.members)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
def test_the_service_itself_cannot_change_an_entry(
    world: World, tenant: Tenant, statement: str
) -> None:
    for view in (world.members.tenant(tenant.id), world.members.hub()):
        with pytest.raises(DBAPIError) as caught, view as session:
            session.execute(text(statement))
        assert isinstance(caught.value.orig, psycopg.errors.InsufficientPrivilege)


def noted(
    world: World, loans_database: Database, tenant: Tenant, action: str
) -> tuple[str, dict[str, Any]]:
    """Let the loans service tell of something, as its relay would."""
    actor = Actor(cooperative_id=tenant.id, subject=BUDI, request_id="req_9")
    with loans_database.tenant(tenant.id) as session:
        trail.note(session, actor, action, "loa_1", after={"state": "approved"})
    with loans_database.hub() as session:
        row = session.execute(
            text(
                "SELECT event_id, payload FROM outbox WHERE name = 'audited' "
                "ORDER BY id DESC LIMIT 1"
            )
        ).one()
    return row.event_id, row.payload


def test_what_other_services_did_stands_in_the_trail_once_as_it_happened(
    world: World, tenant: Tenant, loans_database: Database
) -> None:
    event_id, payload = noted(world, loans_database, tenant, "loan.approved")
    done(world, tenant, "member.changed")

    audit.take_in(world.members, "loans", event_id, payload)
    audit.take_in(world.members, "loans", event_id, payload)

    newest, before = listed(world, tenant, actor=BUDI)
    assert before["action"] == "member.changed"
    assert newest["action"] == "loan.approved"
    assert newest["position"] == before["position"] + 1
    assert (newest["subject"], newest["request_id"]) == ("loa_1", "req_9")
    assert (newest["before"], newest["after"]) == (None, {"state": "approved"})
    assert newest["at"] == payload["at"]
    assert newest["at"] < before["at"]
    assert audit.verify_trails(world.members).difference is None


def test_two_services_may_tell_of_events_with_the_same_id(
    world: World, tenant: Tenant, loans_database: Database
) -> None:
    event_id, payload = noted(world, loans_database, tenant, "loan.approved")

    audit.take_in(world.members, "loans", event_id, payload)
    audit.take_in(world.members, "kyc", event_id, payload)

    assert len(listed(world, tenant, subject="loa_1")) == 2
