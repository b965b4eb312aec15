"""Who keeps one process per service running, and stops them in good order?

Children restart with growing pauses; on SIGTERM or SIGINT the callers stop before those
they call, each finishing what it has. Nothing here knows nameko or eventlet.
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, Final

POLL_SECONDS: Final = 0.2
PAUSE_SECONDS_FIRST: Final = 1.0
PAUSE_SECONDS_MAX: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A child that ran this long starts again with the first, short pause."""
DRAIN_SECONDS: Final = 35.0
"""Longer than a service's own drain: only what did not leave by itself is killed."""
LAST_WORDS_SECONDS: Final = 5.0
"""For the last lines of who has left; a child of its own may hold its output open."""

Emit = Callable[[str], None]


@dataclass(kw_only=True)
class Child:
    """One process to keep running; ``stop_rank`` 0 stops first."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    stop_rank: int = 1
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    relay: threading.Thread | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    due_at: float = field(default=0.0, init=False)
    pause_seconds: float = field(default=PAUSE_SECONDS_FIRST, init=False)

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to its process; one that is gone does not mind."""
        if self.process is not None:
            self.process.send_signal(number)

    def wait(self) -> None:
        """Wait until its process is gone."""
        if self.process is not None:
            self.process.wait()


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self, children: Sequence[Child], *, emit: Emit) -> None:
        self._children = children
        self._emit = emit
        self._width = max((len(child.name) for child in children), default=0)
        self._stopping = threading.Event()
        self._hurry = threading.Event()

    def run(self) -> int:
        """Keep every child running until a signal; the exit status.

        0 when all of them left by themselves after the signal, 1 when one was killed.
        """
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            while not self._stopping.wait(POLL_SECONDS):
                self._tend()
            return self._stop()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Ask `run` to stop everything; asked twice, without waiting."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop()

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.is_running:
                continue
            if child.process is not None:
                self._note_death(child, child.process.returncode, now)
            if now >= child.due_at:
                self._start(child)

    def _note_death(self, child: Child, status: int, now: float) -> None:
        if now - child.started_at >= STEADY_SECONDS:
            child.pause_seconds = PAUSE_SECONDS_FIRST
        self._tell(
            child,
            f"{how_it_ended(status)}; starting again in {child.pause_seconds:g} s",
        )
        child.process = None
        child.due_at = now + child.pause_seconds
        child.pause_seconds = min(child.pause_seconds * 2, PAUSE_SECONDS_MAX)

    def _start(self, child: Child) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone,
        # which then stops the children in order.
        child.process = subprocess.Popen(
            child.command,
            env=dict(child.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        child.started_at = time.monotonic()
        child.relay = threading.Thread(
            target=self._relay_output,
            args=(child, child.process.stdout),
            name=f"output of {child.name}",
            daemon=True,
        )
        child.relay.start()

    def _relay_output(self, child: Child, output: IO[bytes]) -> None:
        with output as lines:
            for line in lines:
                self._tell(child, line.decode(errors="replace").rstrip("\n"))

    def _tell(self, child: Child, line: str) -> None:
        self._emit(f"{child.name:<{self._width}} | {line}")

    def _stop(self) -> int:
        killed = 0
        for rank in sorted({child.stop_rank for child in self._children}):
            together = [
                child
                for child in self._children
                if child.stop_rank == rank and child.is_running
            ]
            for child in together:
                child.send(signal.SIGTERM)
            killed += self._await_end(together)
        return 1 if killed else 0

    def _await_end(self, children: Sequence[Child]) -> int:
        """Wait for all to leave; how many had to be killed."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while any(child.is_running for child in children):
            if self._hurry.wait(POLL_SECONDS) or time.monotonic() > deadline:
                break
        left_over = [child for child in children if child.is_running]
        for child in left_over:
            self._tell(child, "did not stop by itself and is killed")
            child.send(signal.SIGKILL)
            child.wait()
        for child in children:
            if child.relay is not None:
                child.relay.join(LAST_WORDS_SECONDS)
        return len(left_over)


def how_it_ended(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
