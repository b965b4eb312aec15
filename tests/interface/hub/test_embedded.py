"""The hub's own PostgreSQL starts, is found, survives being killed, and goes away."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from services.hub import embedded
from services.hub.embedded import EmbeddedPostgres


@pytest.fixture
def place() -> Generator[Path]:
    """A folder that any account may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="hub-embedded-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    embedded.remove(folder)
    shutil.rmtree(folder)


@pytest.fixture
def server(place: Path) -> EmbeddedPostgres:
    started = embedded.prepare(place)
    started.start()
    return started


def pid(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text().splitlines()[0])


def ask(server: EmbeddedPostgres, question: str) -> str:
    with psycopg.connect(server.admin_url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def test_it_has_room_for_every_service(server: EmbeddedPostgres) -> None:
    assert ask(server, "SHOW max_connections") == "200"
    assert ask(server, "SHOW shared_buffers") == "256MB"
    assert ask(server, "SHOW fsync") == "on"
    assert ask(server, "SHOW server_encoding") == "UTF8"


def test_it_listens_to_nobody_on_the_network(server: EmbeddedPostgres) -> None:
    assert ask(server, "SHOW listen_addresses") == ""
    assert server.sockets.stat().st_mode & 0o077 == 0


def test_a_second_start_finds_the_server_that_runs(
    server: EmbeddedPostgres, place: Path
) -> None:
    before = pid(server)
    embedded.prepare(place).start()
    assert pid(server) == before


def test_a_killed_server_keeps_what_it_had_promised(
    server: EmbeddedPostgres, place: Path
) -> None:
    with psycopg.connect(server.admin_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'janji' AS word")
    os.kill(pid(server), signal.SIGKILL)
    again = embedded.prepare(place)
    again.start()
    assert ask(again, "SELECT word FROM kept") == "janji"


def test_it_can_be_stopped_twice_and_started_again(server: EmbeddedPostgres) -> None:
    server.stop()
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        ask(server, "SELECT 1")
    server.start()
    assert ask(server, "SELECT 1") == "1"


def test_folders_left_by_a_start_that_was_cut_short_are_no_hindrance(
    place: Path,
) -> None:
    server = embedded.prepare(place)
    (server.data / "base").mkdir()
    server.start()
    assert ask(server, "SELECT 1") == "1"


def test_a_path_too_long_for_a_socket_gets_a_short_one(place: Path) -> None:
    deep = place / ("n" * 90)
    server = embedded.prepare(deep)
    server.start()
    assert ask(server, "SELECT 1") == "1"
    embedded.remove(deep)
    assert not server.sockets.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its server to others")
def test_a_folder_closed_to_others_stays_closed(place: Path) -> None:
    closed = place / "home"
    closed.mkdir(mode=0o700)
    server = embedded.prepare(closed / ".hub")
    server.start()
    assert ask(server, "SELECT 1") == "1"
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / ".hub" / "postgres").is_symlink()
    embedded.remove(closed / ".hub")
    assert not server.data.parent.exists()


def test_why_it_does_not_start_is_told(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(embedded.EmbeddedPostgresError, match="no_such_setting"):
        server.start()
