"""Who may stop the embedded PostgreSQL? Whoever is the last to use it.

`hub verify` beside a running `hub up` finds the server and leaves it running; alone, it
starts the server and stops it again. Users are counted by a file lock, which the system
takes back from a process that was killed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from services.hub import embedded


@contextmanager
def running(data_dir: Path) -> Generator[str]:
    """The embedded server for as long as anybody uses it; its administrator's URL."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "postgres.users").open("w") as users:
        with _turn(data_dir):
            server = embedded.prepare(data_dir)
            server.start()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server.admin_url
        finally:
            with _turn(data_dir):
                if _is_last(users):
                    server.stop()


@contextmanager
def _turn(data_dir: Path) -> Generator[None]:
    """One at a time starts or stops the server."""
    with (data_dir / "postgres.turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_in_use(data_dir: Path) -> bool:
    """Whether any process uses the server of ``data_dir`` right now."""
    path = data_dir / "postgres.users"
    if not path.exists():
        return False
    with path.open("w") as users:
        return not _is_last(users)
