"""Lines that applications wait in: standing in them, their order, and the waiting.

`lines` is what other areas call inside their own transactions.
"""

from __future__ import annotations

from services.loans.operations.queue.lines import (
    begin,
    enter,
    give_back,
    leave,
    position,
    rescore,
)
from services.loans.operations.queue.reports import (
    get_report,
    replay,
    simulate,
)
from services.loans.operations.queue.serving import (
    get_settings,
    hand_back,
    list_queue,
    put_settings,
    take_next,
)

__all__ = [
    "begin",
    "enter",
    "get_report",
    "get_settings",
    "give_back",
    "hand_back",
    "leave",
    "list_queue",
    "position",
    "put_settings",
    "replay",
    "rescore",
    "simulate",
    "take_next",
]
