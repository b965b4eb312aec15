"""How long people wait, how long they would in another order, and the log's proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import queue as domain
from services.loans.domain import waiting
from services.loans.domain.queue import Event
from services.loans.domain.waiting import Arrival, Served
from services.loans.models import QueueEvent
from services.loans.store import queue as store
from services.loans.store.queue import Times
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import queue as contract
from services.shared.persistence.database import Database

SERVED_MAX: Final = 20_000
"""So many are looked at together: more than most cooperatives have in a year."""


def get_report(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """Waiting as it was, of those who arrived in a period, in all and by month.

    Raises PeriodTooBusy.
    """
    line = command["line"]
    since, until = _period(command["from_"], command["to"])
    with database.tenant(cooperative_id) as session:
        rows = _served_between(session, line, since, until)
        count, earliest = store.waiting_since(session, line)
    months: defaultdict[str, list[Served]] = defaultdict(list)
    for row in rows:
        months[f"{clock.business_date(row.arrived_at):%Y-%m}"].append(_served(row))
    longest = 0 if earliest is None else _seconds(clock.now()) - _seconds(earliest)
    return answers.one(
        contract.QueueReport(),
        {
            "line": line,
            "waiting_now": count,
            "longest_waiting_now": max(longest, 0),
            "total": waiting.statistics([_served(row) for row in rows]),
            "months": [
                {"month": month} | asdict(waiting.statistics(months[month]))
                for month in sorted(months)
            ],
        },
    )


def replay(database: Database, cooperative_id: str, line: str) -> dict[str, Any]:
    """The order of a line computed again from its log, from the beginning."""
    with database.tenant(cooperative_id) as session:
        events = store.events_of(session, cooperative_id, line)
        found = domain.replay(_event(one) for one in events)
    return answers.one(
        contract.QueueReplay(),
        asdict(found) | {"line": line, "is_reproduced": found.difference is None},
    )


def simulate(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What each discipline makes of a list of arrivals, or of a period of history.

    Raises PeriodTooBusy.
    """
    jobs, analysts = command["jobs"], command["analysts"]
    recorded: list[Served] | None = None
    if jobs is not None:
        # The jobs of a list are known by their places: their names need not differ.
        arrivals = [
            Arrival(
                id=str(number),
                arrived=_seconds(job["arrived_at"]),
                service=job["service_seconds"],
                score_bps=job["score_bps"],
                urgency=job["urgency"],
            )
            for number, job in enumerate(jobs)
        ]
    else:
        since, until = _period(command["from_"], command["to"])
        with database.tenant(cooperative_id) as session:
            rows = _served_between(session, command["line"], since, until)
        arrivals, recorded = [_arrival(row) for row in rows], [*map(_served, rows)]
    return answers.one(
        contract.QueueSimulation(),
        {
            "analysts": analysts,
            "disciplines": [
                _simulated(one, arrivals, analysts, jobs) for one in domain.DISCIPLINES
            ],
            "recorded": None if recorded is None else waiting.statistics(recorded),
        },
    )


def _simulated(
    discipline: str,
    arrivals: Sequence[Arrival],
    analysts: int,
    jobs: Sequence[dict[str, Any]] | None,
) -> dict[str, Any]:
    served = waiting.simulate(arrivals, discipline, analysts)
    shown = served if jobs else []
    return asdict(waiting.statistics(served)) | {
        "discipline": discipline,
        "served": [
            {
                "id": jobs[int(one.id)]["id"] if jobs else one.id,
                "started_at": datetime.fromtimestamp(one.started, UTC),
                "waiting_seconds": one.waited,
            }
            for one in shown
        ],
    }


def _served_between(
    session: Session, line: str, since: datetime, until: datetime
) -> list[Times]:
    rows = store.served_between(session, line, since, until, SERVED_MAX + 1)
    if len(rows) > SERVED_MAX:
        raise contract.PeriodTooBusy
    return rows


def _period(first: date, last: date) -> tuple[datetime, datetime]:
    """Whole days in Jakarta, the end not included."""
    return (
        datetime.combine(first, time(), clock.JAKARTA),
        datetime.combine(last + timedelta(days=1), time(), clock.JAKARTA),
    )


def _seconds(moment: datetime) -> int:
    """R127: moments are compared to the second."""
    return int(moment.timestamp())


def _served(row: Times) -> Served:
    return Served(
        id=row.id,
        arrived=_seconds(row.arrived_at),
        started=_seconds(row.started_at),
        ended=_seconds(row.ended_at),
    )


def _arrival(row: Times) -> Arrival:
    served = _served(row)
    return Arrival(
        id=row.id,
        arrived=served.arrived,
        service=served.service,
        score_bps=row.score_bps,
        urgency=row.urgency,
    )


def _event(row: QueueEvent) -> Event:
    return Event(
        position=row.position,
        kind=row.kind,
        entry_id=row.entry_id,
        discipline=row.discipline,
        arrived_at=row.arrived_at,
        score_bps=row.score_bps,
        urgency=row.urgency,
        passed_over=row.passed_over,
        reason=row.reason,
    )
