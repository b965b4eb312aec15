"""What a cooperative is told, and how long it is tried."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from services.members.domain import webhooks


def test_the_message_names_the_event_and_when_it_was() -> None:
    at = datetime(2026, 11, 22, 9, 15, 3, tzinfo=UTC)
    body = webhooks.body_of("evt_1", "payment_credited", {"amount": 100_000}, at)
    assert json.loads(body) == {
        "id": "evt_1",
        "event": "payment_credited",
        "occurred_at": "2026-11-22T09:15:03+00:00",
        "data": {"amount": 100_000},
    }


def test_pauses_grow_up_to_an_hour() -> None:
    assert [webhooks.pause_seconds(one) for one in (0, 1, 2, 3, 12)] == [
        2.0, 2.0, 4.0, 8.0, 3600.0,
    ]  # fmt: skip
    assert webhooks.pause_seconds(10_000) == 3600.0
