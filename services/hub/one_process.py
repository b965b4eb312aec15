"""How do services run inside this process? Imported only by the commands that do so.

Importing `messaging` makes the process green (`cli.py` does so before anything else).
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Final

import eventlet

from services.shared import telemetry
from services.shared.messaging import runner
from services.shared.settings import Settings

SUPERVISOR: Final = "HUB_SUPERVISOR_PID"
REUSE_PORT: Final = "http_reuse_port"
"""The key under which the gateway looks; see services/gateway/README.md."""
PR_SET_PDEATHSIG: Final = 1


def run(
    settings: Settings, names: list[str], *, meanwhile: Callable[[], None] | None = None
) -> None:
    """Run the services until SIGTERM or SIGINT; ``meanwhile`` runs beside them."""
    telemetry.configure(",".join(names), settings.log_level)
    if meanwhile is not None:
        eventlet.spawn(meanwhile)
    # The supervisor has seen that the port is free; its gateways share it.
    more = {REUSE_PORT: True} if SUPERVISOR in os.environ else {}
    runner.run(settings, names, more)


def end_with_supervisor() -> None:
    """Ask Linux for a SIGTERM when the supervisor dies, even by ``kill -9``.

    Services without their supervisor would hold the port and the queues unseen.
    """
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None:
        return
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):
        # Not Linux: the services go on, as they would without a supervisor.
        return
    if os.getppid() != int(supervisor):
        # It died before the request above was heard.
        os.kill(os.getpid(), signal.SIGTERM)
