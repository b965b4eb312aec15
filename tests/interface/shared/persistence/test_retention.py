"""What is older than any promise is forgotten, everything else is kept."""

from __future__ import annotations

import psycopg

from services.shared.persistence import inbox, retention
from services.shared.persistence.database import Database


def test_inbox_rows_older_than_the_promise_are_forgotten(
    sample_database: Database, administrator: psycopg.Connection
) -> None:
    with sample_database.hub() as session:
        inbox.first_time(session, "retention", "old")
        inbox.first_time(session, "retention", "young")
    administrator.execute(
        "UPDATE inbox SET received_at = now() - make_interval(days => %s) "
        "WHERE consumer = 'retention' AND event_id = 'old'",
        (retention.KEPT_DAYS + 1,),
    )

    retention.forget_old(sample_database)

    kept = administrator.execute(
        "SELECT event_id FROM inbox WHERE consumer = 'retention'"
    ).fetchall()
    assert kept == [("young",)]
