"""Runs one service that kills itself, as `kill -9` would, at one point of its code.

``python -m tests.stress.crashing SERVICE MODULE:NAME before|after|unacknowledged`` runs
the service as a container would, except that the first time the named function is
about to run, or has just returned, the process is gone. ``unacknowledged`` is for a
method that replies and then acknowledges: the process is gone between the two. Nothing
in the service knows of it.
"""

# The runner patches the standard library before anything else imports it.
from services.shared.messaging import runner  # isort: skip

import functools
import importlib
import os
import signal
import sys
from typing import Any, NoReturn


def die() -> NoReturn:
    """Vanish without a word, as a machine that lost power."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit  # never reached; for the reader and mypy


def arm(point: str, moment: str) -> None:
    """Put the mine under ``module:name``."""
    module_name, _, path = point.partition(":")
    owner: Any = importlib.import_module(module_name)
    *holders, name = path.split(".")
    for holder in holders:
        owner = getattr(owner, holder)
    original = getattr(owner, name)

    @functools.wraps(original)
    def mined(*args: Any, **kwargs: Any) -> Any:
        if moment == "before":
            die()
        if moment == "unacknowledged":
            args[0].bus.ack = lambda _message: die()
        original(*args, **kwargs)
        die()

    setattr(owner, name, mined)


def main() -> int:
    """Arm and run."""
    service, point, moment = sys.argv[1:]
    arm(point, moment)
    sys.argv[1:] = [service]
    return runner.main()


if __name__ == "__main__":
    sys.exit(main())
