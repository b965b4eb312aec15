"""What a gateway remembers of sessions that ended."""

from __future__ import annotations

import time

import pytest

from services.gateway.revocations import Revocations


def test_what_was_told_is_known_and_asked_from_there_on() -> None:
    revocations = Revocations(900)
    assert revocations.question() == {"since": None}

    revocations.learn({"items": ["ses_1"], "as_of": "2026-11-22T09:00:00+00:00"})

    assert "ses_1" in revocations
    assert "ses_2" not in revocations
    assert revocations.question() == {"since": "2026-11-22T09:00:00+00:00"}


def test_a_machine_has_no_session_that_could_end() -> None:
    assert "" not in Revocations(900)


def test_a_session_is_forgotten_once_its_last_token_has_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    revocations = Revocations(900)
    revocations.add("ses_1")
    later = time.monotonic() + 1801
    monkeypatch.setattr(time, "monotonic", lambda: later)

    revocations.learn({"items": ["ses_2"], "as_of": "2026-11-22T09:31:00+00:00"})

    assert "ses_1" not in revocations
    assert "ses_2" in revocations
