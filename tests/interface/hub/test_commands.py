"""The commands of the hub against a real server, as a shell would run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.hub import configuration, provision
from services.shared import settings as settings_module
from services.shared.contracts.envelope import Event
from services.shared.persistence import deadletters
from services.shared.persistence.database import Database
from tests import leftovers

ROOT = Path(__file__).parents[3]
SECONDS = 120

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environ(
    postgres_admin_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[dict[str, str]]:
    """The environment of a hub with databases and roles of its own."""
    prefix = f"t_hub_{uuid.uuid4().hex[:8]}_"
    made = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HUB_")
        and not name.endswith("DATABASE_URL")
        and name != "AMQP_URI"
    } | {
        "DATABASE_URL": postgres_admin_url,
        "HUB_SECRET_KEY": uuid.uuid4().hex * 2,
        "HUB_DATABASE_PREFIX": prefix,
        "HUB_DATA_DIR": str(tmp_path_factory.mktemp("hub")),
        "COLUMNS": "200",
    }
    yield made
    leftovers.forget_databases(postgres_admin_url, prefix)


@pytest.fixture(scope="module")
def hub(environ: dict[str, str]) -> Run:
    """Runs one command line."""

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "services.hub", *arguments],
            cwd=ROOT,
            env=environ | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def bootstrapped(hub: Run) -> dict[str, str]:
    """What the first `hub bootstrap` printed."""
    done = hub("bootstrap")
    assert done.returncode == 0, done.stderr
    told: dict[str, str] = json.loads(done.stdout)
    return told


@pytest.fixture
def database(
    environ: dict[str, str], bootstrapped: dict[str, str]
) -> Generator[Database]:
    """The members' database of this hub."""
    del bootstrapped
    with configuration.open_databases(settings_module.load(environ)) as opened:
        yield opened["members"]


def park(database: Database) -> int:
    """An event that failed until it was dead; its number."""
    event = Event(
        event_id=uuid.uuid4().hex,
        source="members",
        name="cooperative_activated",
        version=1,
        occurred_at="2026-11-22T09:00:00+00:00",
        request_id="req_1",
        payload={"cooperative_id": "coop_x", "nik": "3201010101010001"},
    )
    error = "Traceback\nKeyError: 'cooperative_id'"
    with database.hub() as session:
        deadletters.park(
            session,
            consumer="members.on_something",
            body=json.dumps(event.to_dict()),
            error=error,
        )
        number = session.execute(text("SELECT max(id) FROM parked_events")).scalar_one()
        while not deadletters.fail_again(session, number, error):
            pass
    return int(number)


# --- bootstrap ------------------------------------------------------------------------


def test_bootstrap_tells_the_operators_secret_once(
    hub: Run, bootstrapped: dict[str, str]
) -> None:
    assert bootstrapped["client_id"] == "operator"
    assert len(bootstrapped["client_secret"]) >= 32
    again = json.loads(hub("bootstrap").stdout)
    assert again["client_id"] == "operator"
    assert again["client_secret"] is None


def test_a_given_secret_is_used_and_not_repeated(hub: Run) -> None:
    done = hub(
        "bootstrap",
        HUB_OPERATOR_CLIENT_ID="pusat",
        HUB_OPERATOR_CLIENT_SECRET="g" * 40,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["client_secret"] is None
    assert "g" * 40 not in done.stdout + done.stderr


def test_databases_without_their_master_secret_are_refused_in_one_sentence(
    hub: Run, bootstrapped: dict[str, str]
) -> None:
    del bootstrapped
    done = hub("bootstrap", HUB_SECRET_KEY="")
    assert done.returncode == 1
    assert "HUB_SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_new_hub_makes_its_own_master_secret_and_keeps_it(
    hub: Run, postgres_admin_url: str, tmp_path: Path
) -> None:
    prefix = f"t_hub_{uuid.uuid4().hex[:8]}_"
    own = {
        "HUB_SECRET_KEY": "",
        "HUB_DATA_DIR": str(tmp_path),
        "HUB_DATABASE_PREFIX": prefix,
    }
    try:
        first = hub("bootstrap", **own)
        assert first.returncode == 0, first.stderr
        assert str(tmp_path / "secret") in first.stderr
        assert json.loads(first.stdout)["client_secret"]
        again = hub("verify", **own)
        assert again.returncode == 0, again.stderr
        elsewhere = hub("verify", **own | {"HUB_DATA_DIR": str(tmp_path / "other")})
        assert elsewhere.returncode == 1
        assert f"{prefix}ledger" in elsewhere.stderr
    finally:
        leftovers.forget_databases(postgres_admin_url, prefix)


def test_a_short_operators_secret_is_taken_with_a_warning(hub: Run) -> None:
    done = hub("bootstrap", HUB_OPERATOR_CLIENT_SECRET="s3cret")
    assert done.returncode == 0, done.stderr
    assert "fewer than 32" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


def test_a_server_that_does_not_answer_is_told_in_one_sentence(hub: Run) -> None:
    done = hub("migrate", DATABASE_URL="postgresql://postgres@127.0.0.1:1/postgres")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1" in done.stderr


# --- operators ------------------------------------------------------------------------


@pytest.mark.usefixtures("bootstrapped")
def test_an_operator_is_invited_listed_and_disabled(hub: Run) -> None:
    person = ("Made Wirawan", "made@contoh.id")
    added = hub("operators", "add", *person)
    assert added.returncode == 0, added.stderr
    assert "/undangan?token=" in json.loads(added.stdout)["invitation_url"]

    again = hub("operators", "add", *person)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    (listed,) = json.loads(hub("operators", "list").stdout)
    assert (listed["name"], listed["status"]) == ("Made Wirawan", "invited")

    assert hub("operators", "disable", "siapa@contoh.id").returncode == 1
    disabled = json.loads(hub("operators", "disable", "MADE@contoh.id").stdout)
    assert disabled["status"] == "disabled"


@pytest.mark.usefixtures("bootstrapped")
def test_an_operator_needs_an_address(hub: Run) -> None:
    done = hub("operators", "add", "Made Wirawan", "made")
    assert done.returncode == 1
    assert "address" in done.stderr


# --- run ------------------------------------------------------------------------------


def test_a_single_service_without_a_broker_is_refused(hub: Run) -> None:
    done = hub("run", "members")
    assert done.returncode == 1
    assert "AMQP_URI" in done.stderr


def test_an_unknown_service_is_refused_with_the_known_ones(hub: Run) -> None:
    done = hub("run", "lager")
    assert done.returncode == 2
    assert "gateway" in done.stderr


# --- doctor ---------------------------------------------------------------------------


@pytest.mark.usefixtures("bootstrapped")
def test_the_doctor_finds_nothing_wrong_with_a_fresh_hub(hub: Run) -> None:
    done = hub("doctor")
    assert done.returncode == 0, done.stdout
    assert "Nothing wrong was found." in done.stdout
    for service in provision.with_database():
        assert f"database of {service}" in done.stdout


def test_the_doctor_hides_secrets(hub: Run, environ: dict[str, str]) -> None:
    assert environ["HUB_SECRET_KEY"] not in hub("doctor").stdout


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(
            {"AMQP_URI": "amqp://guest:guest@127.0.0.1:1//"},
            "does not answer",
            id="broker",
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql://postgres@127.0.0.1:1/postgres"},
            "port 1 failed",
            id="database",
        ),
        pytest.param({"HUB_DATABASE_PREFIX": "t_none_"}, "hub migrate", id="roles"),
        pytest.param({"HUB_RATE_LIMITT": "5"}, "HUB_RATE_LIMITT", id="misspelt"),
        pytest.param({"HUB_RATE_LIMIT": "few"}, "HUB_RATE_LIMIT", id="wrong value"),
        pytest.param(
            {"HUB_SMTP_URL": "smtp://127.0.0.1:1"},
            "127.0.0.1:1 does not answer",
            id="mail server",
        ),
        pytest.param(
            {"HUB_IPAYMU_URL": "https://sandbox.ipaymu.com/api/v2"},
            "HUB_IPAYMU_KEY must be",
            id="payments",
        ),
        pytest.param(
            {"HUB_PUBLIC_URL": "http://hub.example"}, "must be https", id="public URL"
        ),
        pytest.param(
            {"PSYCOPG_WAIT_FUNC": "wait_c"}, "stop the whole process", id="psycopg"
        ),
    ],
)
def test_the_doctor_names_the_problem_and_fails(
    hub: Run, given: dict[str, str], told: str
) -> None:
    done = hub("doctor", **given)
    assert done.returncode == 1
    assert told in " ".join(done.stdout.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_the_doctor_sees_a_dead_letter(hub: Run, database: Database) -> None:
    number = park(database)
    done = hub("doctor")
    assert done.returncode == 1
    assert "1 dead letters" in done.stdout
    hub("dead-letters", "requeue", "members", str(number))


# --- dead letters ---------------------------------------------------------------------


def test_dead_letters_are_listed_shown_and_sent_back(
    hub: Run, database: Database
) -> None:
    number = park(database)
    listed = hub("dead-letters", "list")
    assert listed.returncode == 0, listed.stderr
    assert "cooperative_activated" in listed.stdout
    assert "KeyError" in listed.stdout

    shown = hub("dead-letters", "show", "members", str(number))
    assert shown.returncode == 0, shown.stderr
    assert "coop_x" in shown.stdout
    assert "3201010101010001" not in shown.stdout

    sent = hub("dead-letters", "requeue", "members", str(number))
    assert sent.returncode == 0, sent.stderr
    with database.hub() as session:
        event = deadletters.show(session, number)
        assert event is not None
        assert event.state == "retry"
        deadletters.succeed(session, number)
    assert hub("dead-letters", "list").stdout == "No dead letters.\n"


def test_all_dead_letters_of_a_service_can_be_sent_back_at_once(
    hub: Run, database: Database
) -> None:
    numbers = [park(database) for _ in range(3)]
    sent = hub("dead-letters", "requeue", "members", "--all")
    assert sent.stdout == "3 sent back.\n"
    with database.hub() as session:
        assert deadletters.count_dead(session) == 0
        for number in numbers:
            deadletters.succeed(session, number)


@pytest.mark.usefixtures("bootstrapped")
def test_what_is_not_there_is_a_failure(hub: Run) -> None:
    assert hub("dead-letters", "show", "members", "999").returncode == 1
    assert hub("dead-letters", "requeue", "members", "999").returncode == 1
    assert hub("dead-letters", "show", "lager", "1").returncode == 2
    assert hub("dead-letters", "requeue", "members").returncode == 2
