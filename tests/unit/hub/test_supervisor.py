"""The supervisor keeps children running and stops them in order."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest

from services.hub import supervisor as supervisor_module
from services.hub.supervisor import Child, Supervisor, how_it_ended

LOOP = "import time; print('ready', flush=True); time.sleep(60)"
POLITE = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)))\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)
STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


def child(name: str, script: str, *, stop_rank: int = 1) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-c", script],
        environ=os.environ,
        stop_rank=stop_rank,
    )


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Running:
    """A supervisor at work, its lines and how to end it."""

    def __init__(self, *children: Child) -> None:
        self.lines: list[str] = []
        self.supervisor = Supervisor(children, emit=self.lines.append)
        self.status: list[int] = []
        self._begun = threading.Event()

    def act(self, during: Callable[[], None]) -> None:
        """Run in this thread, where signals arrive, with ``during`` beside it."""
        faults: list[BaseException] = []

        def beside() -> None:
            try:
                during()
            except BaseException as fault:  # noqa: BLE001  told below
                faults.append(fault)
                self.supervisor.stop()

        thread = threading.Thread(target=beside)
        thread.start()
        self.status.append(self.supervisor.run())
        thread.join()
        if faults:
            raise faults[0]

    def said(self, line: str) -> bool:
        return any(line in spoken for spoken in self.lines)


def test_every_line_of_a_child_carries_its_name() -> None:
    running = Running(child("ledger.1", POLITE), child("gateway", POLITE))

    def during() -> None:
        until(lambda: running.said("gateway  | ready"))
        until(lambda: running.said("ledger.1 | ready"))
        running.supervisor.stop()

    running.act(during)
    assert running.status == [0]


def test_a_child_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "PAUSE_SECONDS_FIRST", 0.05)
    one = child("ledger", LOOP)
    one.pause_seconds = 0.05
    running = Running(one)

    def during() -> None:
        until(lambda: running.said("ready"))
        assert one.process is not None
        first = one.process.pid
        os.kill(first, signal.SIGKILL)
        until(lambda: running.said("was ended by SIGKILL; starting again"))
        until(
            lambda: (
                one.process is not None and one.process.pid != first and one.is_running
            )
        )
        running.supervisor.stop()

    running.act(during)


def test_the_pause_before_a_restart_grows_up_to_a_limit() -> None:
    one = child("ledger", "raise SystemExit(3)")
    one.pause_seconds = 0.01
    running = Running(one)

    def during() -> None:
        until(lambda: running.said("starting again in 0.04 s"))
        running.supervisor.stop()

    running.act(during)
    assert running.said("ended with status 3; starting again in 0.01 s")
    assert running.said("starting again in 0.02 s")


def test_callers_leave_before_those_they_call() -> None:
    ledger = child("ledger", POLITE, stop_rank=2)
    gateway = child("gateway", POLITE, stop_rank=0)
    running = Running(ledger, gateway)

    def during() -> None:
        until(lambda: sum("ready" in line for line in running.lines) == 2)
        os.kill(os.getpid(), signal.SIGTERM)

    running.act(during)
    spoken = [line for line in running.lines if "bye" in line]
    assert [line.split()[0] for line in spoken] == ["gateway", "ledger"]
    assert running.status == [0]


def test_a_child_that_does_not_leave_is_killed_and_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervisor_module, "DRAIN_SECONDS", 0.3)
    running = Running(child("ledger", STUBBORN))

    def during() -> None:
        until(lambda: running.said("ready"))
        running.supervisor.stop()

    running.act(during)
    assert running.status == [1]
    assert running.said("did not stop by itself and is killed")


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "ended with status 0"), (3, "ended with status 3"), (-9, "ended by SIGKILL")],
)
def test_an_exit_status_is_told_in_words(status: int, words: str) -> None:
    assert words in how_it_ended(status)
