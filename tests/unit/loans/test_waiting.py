"""Waiting by definition: vector 4, and a clockwork that cannot be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.loans.domain import queue, waiting
from services.loans.domain.waiting import Arrival, Served

MINUTE = 60
VECTOR = [
    Arrival(id="A", arrived=540 * MINUTE, service=10 * MINUTE, urgency=0),
    Arrival(id="B", arrived=541 * MINUTE, service=60 * MINUTE, urgency=1),
    Arrival(id="C", arrived=542 * MINUTE, service=5 * MINUTE, urgency=3),
]


@pytest.mark.parametrize(
    ("discipline", "waits"),
    [
        (queue.FCFS, {"A": 0, "B": 9, "C": 68}),
        (queue.URGENCY, {"A": 0, "C": 8, "B": 14}),
    ],
)
def test_the_three_of_the_seed_wait_by_definition(
    discipline: str, waits: dict[str, int]
) -> None:
    served = waiting.simulate(VECTOR, discipline)

    assert [(one.id, one.waited // MINUTE) for one in served] == list(waits.items())


def test_their_mean_is_25_minutes_and_two_thirds() -> None:
    found = waiting.statistics(waiting.simulate(VECTOR, queue.FCFS))

    assert found.mean_waiting == 1540
    assert (found.p95_waiting, found.longest_waiting) == (4080, 4080)
    assert found.mean_service == 1500
    assert found.mean_turnaround == 3040


def test_the_convoy_is_what_passes_during_the_longest_work() -> None:
    """Nine of ten are done at once; the ninth second of waiting is behind the tenth."""
    served = [Served(id="long", arrived=0, started=0, ended=100)] + [
        Served(id=str(n), arrived=50, started=100 + n, ended=101 + n) for n in range(9)
    ]
    behind, after = 9 * 50, sum(range(9))

    found = waiting.statistics(served)

    assert found.convoy_bps == round(10_000 * behind / (behind + after))
    assert waiting.statistics([]).convoy_bps == 0


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        id=st.uuids().map(str),
        arrived=st.integers(0, 30),
        service=st.integers(1, 8),
        score_bps=st.none() | st.integers(0, 3),
        urgency=st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(ARRIVALS, st.sampled_from(queue.DISCIPLINES), st.integers(1, 3))
def test_it_is_what_a_clock_that_ticks_every_second_shows(
    arrivals: list[Arrival], discipline: str, analysts: int
) -> None:
    served = waiting.simulate(arrivals, discipline, analysts)

    assert {one.id: one.started for one in served} == ticking(
        arrivals, discipline, analysts
    )
    assert all(one.started >= one.arrived for one in served)


def ticking(arrivals: list[Arrival], discipline: str, analysts: int) -> dict[str, int]:
    """Second after second: whoever is free takes the best of those who are there."""

    def rank(one: Arrival) -> int:
        score = -1 if one.score_bps is None else one.score_bps
        return -{"fcfs": 0, "score": score, "urgency": one.urgency}[discipline]

    busy_until = [0] * analysts
    started: dict[str, int] = {}
    for second in range(200):
        for analyst in range(analysts):
            there = [
                one
                for one in arrivals
                if one.arrived <= second and one.id not in started
            ]
            if busy_until[analyst] <= second and there:
                there.sort(key=lambda one: (rank(one), one.arrived))
                started[there[0].id] = second
                busy_until[analyst] = second + there[0].service
    return started
