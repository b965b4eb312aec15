"""How long people wait: measured, and as it would be in another order (R133, C5).

Waiting is the start of service less the arrival; nobody is interrupted. All times are
whole seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from services.loans.domain import queue

BASIS_POINTS: Final = 10_000
_P90: Final = 90
_P95: Final = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who came at ``arrived`` and needs ``service`` seconds of work."""

    id: str
    arrived: int
    service: int
    score_bps: int | None = None
    urgency: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """When somebody came, when work on it began, and when it was done."""

    id: str
    arrived: int
    started: int
    ended: int

    @property
    def waited(self) -> int:
        """WT of R127."""
        return self.started - self.arrived

    @property
    def service(self) -> int:
        """BT of R127."""
        return self.ended - self.started


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How long a number of people waited, in whole seconds.

    ``convoy_bps`` is the convoy effect: which part of all waiting passed while work was
    under way that took longer than nine in ten do.
    """

    count: int
    mean_waiting: int
    p95_waiting: int
    longest_waiting: int
    mean_service: int
    mean_turnaround: int
    convoy_bps: int


def simulate(
    arrivals: Iterable[Arrival], discipline: str, analysts: int = 1
) -> list[Served]:
    """Who would be served when, by ``analysts`` people who are never idle in vain.

    The answer is in the order in which work begins. Equals in everything are taken in
    the order given.
    """
    coming = sorted(
        enumerate(arrivals), key=lambda pair: (pair[1].arrived, pair[0]), reverse=True
    )
    free = [0] * analysts
    line: list[tuple[tuple[int, int, int], Arrival]] = []
    served: list[Served] = []
    now = 0
    while coming or line:
        now = max(heapq.heappop(free), now)
        if not line:
            now = max(now, coming[-1][1].arrived)
        while coming and coming[-1][1].arrived <= now:
            number, one = coming.pop()
            heapq.heappush(line, (_order(discipline, one, number), one))
        _, one = heapq.heappop(line)
        end = now + one.service
        served.append(Served(id=one.id, arrived=one.arrived, started=now, ended=end))
        heapq.heappush(free, end)
    return served


def statistics(served: Sequence[Served]) -> Statistics:
    """What is told of them together; all zero for nobody."""
    waits = sorted(one.waited for one in served)
    services = [one.service for one in served]
    return Statistics(
        count=len(waits),
        mean_waiting=_mean(waits),
        p95_waiting=_percentile(waits, _P95),
        longest_waiting=waits[-1] if waits else 0,
        mean_service=_mean(services),
        mean_turnaround=_mean([one.ended - one.arrived for one in served]),
        convoy_bps=_convoy_bps(served),
    )


def _order(discipline: str, one: Arrival, number: int) -> tuple[int, int, int]:
    if discipline == queue.SCORE:
        rank = -(queue.UNSCORED if one.score_bps is None else one.score_bps)
    elif discipline == queue.URGENCY:
        rank = -one.urgency
    else:
        rank = 0
    return rank, one.arrived, number


def _mean(values: Sequence[int]) -> int:
    """To the nearest second, half a one up."""
    if not values:
        return 0
    return (2 * sum(values) + len(values)) // (2 * len(values))


def _percentile(ordered: Sequence[int], percent: int) -> int:
    """The nearest rank: the least value that so many per cent do not exceed."""
    if not ordered:
        return 0
    return ordered[-(-len(ordered) * percent // 100) - 1]


def _convoy_bps(served: Sequence[Served]) -> int:
    total = sum(one.waited for one in served)
    if total == 0:
        return 0
    usual = _percentile(sorted(one.service for one in served), _P90)
    changes: dict[int, list[int]] = {}
    for one in served:
        changes.setdefault(one.arrived, [0, 0])[0] += 1
        changes.setdefault(one.started, [0, 0])[0] -= 1
        if one.service > usual:
            changes.setdefault(one.started, [0, 0])[1] += 1
            changes.setdefault(one.ended, [0, 0])[1] -= 1
    waiting = long = behind = 0
    for moment, following in pairwise(sorted(changes)):
        waiting += changes[moment][0]
        long += changes[moment][1]
        if long:
            behind += waiting * (following - moment)
    return (2 * BASIS_POINTS * behind + total) // (2 * total)
