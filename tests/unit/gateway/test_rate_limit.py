"""A client over its rate waits; others do not notice."""

from services.gateway import rate_limit
from services.gateway.rate_limit import ProcessCounters, RateLimit


def test_a_client_over_its_rate_is_told_to_wait() -> None:
    limit = RateLimit(3)
    waits = [limit.seconds_to_wait("cli_budi") for _ in range(4)]
    # The window may turn while this runs; then the fourth is the first of the next.
    assert waits[:3] == [0, 0, 0]
    assert waits[3] in {0, 1}


def test_one_client_does_not_use_up_the_rate_of_another() -> None:
    limit = RateLimit(1)
    assert limit.seconds_to_wait("cli_budi") == 0
    assert limit.seconds_to_wait("cli_siti") == 0


def test_a_rate_of_zero_is_no_limit() -> None:
    limit = RateLimit(0)
    assert {limit.seconds_to_wait("cli_budi") for _ in range(10_000)} == {0}


def test_counters_of_past_windows_do_not_pile_up() -> None:
    counters = ProcessCounters()
    for number in range(rate_limit.COUNTERS_MAX + 10):
        counters.incr(f"cli_{number}", expiry=-1)
    assert (counters.reset() or 0) <= rate_limit.COUNTERS_MAX
