"""Five failures lock a login for fifteen minutes (R7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.members.domain.lockout import LOCKED_FOR, Attempts

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def failed(times: int, at: datetime = NOW) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = attempts.counted(at)
    return attempts


def test_four_failures_lock_nothing() -> None:
    assert not failed(4).is_locked(NOW)


def test_the_fifth_failure_locks_for_fifteen_minutes() -> None:
    attempts = failed(5)

    assert attempts.is_locked(NOW)
    assert attempts.is_locked(NOW + LOCKED_FOR - SECOND)
    assert not attempts.is_locked(NOW + LOCKED_FOR)
    assert attempts.seconds_left(NOW) in {900, 901}


def test_after_the_lock_counting_begins_anew() -> None:
    attempts = failed(5).counted(NOW + LOCKED_FOR)

    assert attempts.failures == 1
    assert not attempts.is_locked(NOW + LOCKED_FOR)


def test_failures_of_long_ago_do_not_count() -> None:
    assert failed(4).counted(NOW + LOCKED_FOR).failures == 1


def test_an_attempt_given_back_unlocks_what_it_locked() -> None:
    attempts = failed(5).given_back()

    assert not attempts.is_locked(NOW)
    assert attempts.counted(NOW).is_locked(NOW)
