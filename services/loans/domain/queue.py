"""Who is next in a line, and whether a log of it tells the truth (R127-R132).

A line is never preempted: who was taken is served to the end, or handed back to its
old place. The order is a function of arrival, score and urgency, so it can be
computed again from the log of what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

VERIFICATION: Final = "verification"
"""Model A of R128: applications wait for an analyst."""

DISBURSEMENT: Final = "disbursement"
"""Model B of R128: signed loans wait for cash."""

LINES: Final = (VERIFICATION, DISBURSEMENT)

FCFS: Final = "fcfs"
"""Who pressed "Ajukan Pinjaman" first (R127)."""

SCORE: Final = "score"
"""Who has the highest score (R130); whoever has none comes after all who do."""

URGENCY: Final = "urgency"
"""Emergencies before everything else (R132)."""

DISCIPLINES: Final = (FCFS, SCORE, URGENCY)

WAITING: Final = "waiting"
SERVING: Final = "serving"
DONE: Final = "done"

ARRIVED: Final = "arrived"
SCORED: Final = "scored"
TAKEN: Final = "taken"
RETURNED: Final = "returned"
LEFT: Final = "left"

UNSCORED: Final = -1
"""Where one without a score stands among the scores: behind the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody in a line; ``number`` decides between equals."""

    id: str
    number: int
    arrived_at: datetime
    score_bps: int | None = None
    urgency: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of the log of a line; see `models/queue.py`: QueueEvent."""

    position: int
    kind: str
    entry_id: str
    discipline: str
    arrived_at: datetime | None
    score_bps: int | None
    urgency: int
    passed_over: Sequence[str]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a log tells of somebody taken whose turn it was not."""

    position: int
    taken: str
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What replaying a log has shown."""

    events: int
    taken: int
    out_of_turn: int
    """How many were taken out of turn with a reason that stands in the log."""

    difference: Difference | None


def order(discipline: str, one: Waiting) -> tuple[int, datetime, int]:
    """What a line is sorted by, the smallest first."""
    if discipline == SCORE:
        rank = -(UNSCORED if one.score_bps is None else one.score_bps)
    elif discipline == URGENCY:
        rank = -one.urgency
    else:
        rank = 0
    return rank, one.arrived_at, one.number


def replay(events: Iterable[Event]) -> Replay:
    """Go through a log from its beginning and check whose turn it was each time.

    Those passed over were just being changed by somebody else, a withdrawal for
    instance, and could not be taken at that moment; the log says who they were.
    """
    waiting: dict[str, Waiting] = {}
    serving: dict[str, Waiting] = {}
    count = taken = out_of_turn = 0
    for event in events:
        count += 1
        match event.kind:
            case "arrived" if event.arrived_at is not None:
                waiting[event.entry_id] = Waiting(
                    id=event.entry_id,
                    number=event.position,
                    arrived_at=event.arrived_at,
                    score_bps=event.score_bps,
                    urgency=event.urgency,
                )
            case "scored":
                for line in (waiting, serving):
                    if event.entry_id in line:
                        known = line[event.entry_id]
                        line[event.entry_id] = replace(known, score_bps=event.score_bps)
            case "taken":
                taken += 1
                expected = _expected(event, waiting)
                if event.entry_id not in waiting or (
                    event.reason is None and expected != event.entry_id
                ):
                    found = Difference(
                        position=event.position,
                        taken=event.entry_id,
                        expected=expected,
                    )
                    return Replay(
                        events=count,
                        taken=taken,
                        out_of_turn=out_of_turn,
                        difference=found,
                    )
                out_of_turn += expected != event.entry_id
                serving[event.entry_id] = waiting.pop(event.entry_id)
            case "returned":
                waiting[event.entry_id] = serving.pop(event.entry_id)
            case _:
                waiting.pop(event.entry_id, None)
                serving.pop(event.entry_id, None)
    return Replay(events=count, taken=taken, out_of_turn=out_of_turn, difference=None)


def _expected(event: Event, waiting: dict[str, Waiting]) -> str | None:
    there = [one for id_, one in waiting.items() if id_ not in event.passed_over]
    first = min(there, key=lambda one: order(event.discipline, one), default=None)
    return None if first is None else first.id
