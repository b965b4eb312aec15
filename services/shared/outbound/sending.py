"""Sends what is due, a few at a time to each: whose system hangs delays only itself.

Messages are claimed in one transaction, sent outside of any and recorded in another; a
sender that dies leaves a lease that runs out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from services.shared.outbound.messages import Attempt, Outgoing

CONCURRENT_MAX: Final = 16
"""Messages that are on their way at a time."""

BUSY_SECONDS: Final = 5.0
"""How long new messages are begun before the timer has its turn again."""

LOOK_SECONDS: Final = 0.5

MessageT = TypeVar("MessageT", bound=Outgoing)

Claim = Callable[[int, Collection[str]], list[MessageT]]
"""At most so many messages that are due, and of none of these cooperatives."""


def send_due(
    claim: Claim[MessageT],
    send: Callable[[MessageT], Attempt],
    record: Callable[[list[tuple[MessageT, Attempt]]], None],
    *,
    busy_seconds: float = BUSY_SECONDS,
) -> int:
    """Send what is due or becomes due meanwhile, once; how many messages there were.

    ``send`` is called on threads and never raises.
    """
    until = time.monotonic() + busy_seconds
    sent = 0
    sending: dict[Future[Attempt], MessageT] = {}
    with ThreadPoolExecutor(max_workers=CONCURRENT_MAX) as pool:
        while True:
            if len(sending) < CONCURRENT_MAX and time.monotonic() < until:
                passing_by = {one.cooperative_id for one in sending.values()}
                for message in claim(CONCURRENT_MAX - len(sending), passing_by):
                    sending[pool.submit(send, message)] = message
            if not sending:
                return sent
            done, _ = wait(sending, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if done:
                record([(sending.pop(one), one.result()) for one in done])
                sent += len(done)
