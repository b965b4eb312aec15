"""How eventlet patches a test process without cutting pytest-xdist off.

An xdist worker talks with its controller through a thread of its own. Locks that
eventlet has patched cannot be passed between real threads, so what xdist uses, made
before the patch or after it, keeps the real ones.
"""

from __future__ import annotations

import gc
import os
import threading
from typing import Any

import eventlet
from eventlet import patcher


def patch() -> None:
    """Patch the standard library: the first thing a test process does."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        _spare_xdist()
    eventlet.monkey_patch()


def _spare_xdist() -> None:
    from execnet import gateway_base

    real: Any = patcher.original("threading")
    real_queue = patcher.original("queue")
    for made in gc.get_objects():
        if type(made) is threading.Condition:
            made.__class__ = real.Condition
        elif type(made) is threading.Event:
            made.__class__ = real.Event
    model: Any = gateway_base.ThreadExecModel
    model.queue = property(lambda _: real_queue)
    model.Lock = model.RLock = lambda _: real.RLock()
    model.Event = lambda _: real.Event()
    # Would turn the existing locks green, xdist's among them.
    patcher._green_existing_locks = lambda *_: None
