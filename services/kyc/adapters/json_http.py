"""How vendors are spoken to: JSON over HTTP, with a deadline, patience and a fuse.

Whoever waits for a check waits for the vendor. So every question has a deadline for
everything together, is asked a second time only while there is time for it, and not at
all while the vendor has failed again and again: the circuit is open then, for
half a minute, for this process. Other processes find out for themselves.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import pybreaker
import requests
import tenacity

from services.kyc.domain.vendors import (
    AWAY,
    REFUSED,
    TIMED_OUT,
    UNREADABLE,
    VendorAway,
    VendorFailed,
)
from services.shared import clock

ATTEMPTS: Final = 2
ATTEMPT_SECONDS: Final = 3.0
SECONDS_WORTH_TRYING: Final = 0.5
PAUSE_SECONDS: Final = 0.1
ANSWER_BYTES_MAX: Final = 1 << 20
CHUNK_BYTES: Final = 16_384
FAILURES_MAX: Final = 5
OPEN_SECONDS: Final = 30.0

_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429
_REDIRECT: Final = 300
_CLIENT_ERROR: Final = 400

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a vendor answered: a status below 500, and the JSON with it."""

    status: int
    body: Any

    @property
    def is_success(self) -> bool:
        """Whether the vendor did what it was asked for."""
        return self.status < _REDIRECT


class Circuit:
    """Whether a vendor is worth asking, by how the last questions went.

    The library guards a call by holding a lock while it lasts, which would have all
    checks of a process wait for the slowest; so it is told afterwards how a call went.
    """

    def __init__(self, *, open_seconds: float = OPEN_SECONDS) -> None:
        self._open_seconds = open_seconds
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES_MAX,
            reset_timeout=open_seconds,
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )

    @property
    def is_open(self) -> bool:
        """Whether nobody asks at present; after the pause, the next question tells."""
        opened_at = self._storage.opened_at
        if self._storage.state != pybreaker.STATE_OPEN or opened_at is None:
            return False
        return clock.now() < opened_at + timedelta(seconds=self._open_seconds)

    def watch(self, call: Callable[[], T]) -> T:
        """The outcome of ``call``, remembered. Raises VendorAway while it is open."""
        if self.is_open:
            raise VendorAway(AWAY, "The vendor failed too often to be asked now.")
        try:
            result = call()
        except VendorFailed as fault:
            # A refusal shows that the vendor is well; the question was not.
            self._tell(None if fault.code == REFUSED else fault)
            raise
        self._tell(None)
        return result

    def _tell(self, fault: VendorFailed | None) -> None:
        def outcome() -> None:
            if fault is not None:
                raise fault

        try:
            self._breaker.call(outcome)
        except (VendorFailed, pybreaker.CircuitBreakerError):
            # Whoever asked hears of it from `watch`.
            return


_circuits: dict[str, Circuit] = {}


def circuit_of(url: str) -> Circuit:
    """The circuit of a vendor's address, one for this process."""
    return _circuits.setdefault(url, Circuit())


class _TimeIsUp(tenacity.stop.stop_base):
    """No further try when so little time is left that it could only fail."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at

    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        del retry_state
        return self._ends_at - time.monotonic() < SECONDS_WORTH_TRYING


class JsonClient:
    """Posts JSON to one vendor."""

    def __init__(
        self,
        url: str,
        *,
        circuit: Circuit | None = None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._url = url
        self._circuit = circuit or circuit_of(url)
        self._attempt_seconds = attempt_seconds

    @property
    def is_away(self) -> bool:
        """Whether the vendor is not asked for a while."""
        return self._circuit.is_open

    def post(
        self,
        path: str,
        content: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        ends_at: float,
    ) -> Reply:
        """The vendor's reply, until ``ends_at`` (`time.monotonic`).

        Raises VendorAway when it did not answer, VendorFailed when it answered what is
        no JSON.
        """
        body = json.dumps(content, ensure_ascii=False).encode()
        asking = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(ATTEMPTS),
                _TimeIsUp(ends_at),
            ),
            wait=tenacity.wait_random(PAUSE_SECONDS, 2 * PAUSE_SECONDS),
            retry=tenacity.retry_if_exception_type(VendorAway),
            reraise=True,
        )
        return self._circuit.watch(
            lambda: asking(self._exchange, path, body, headers, ends_at)
        )

    def _exchange(
        self, path: str, body: bytes, headers: Mapping[str, str], ends_at: float
    ) -> Reply:
        seconds = min(self._attempt_seconds, ends_at - time.monotonic())
        if seconds <= 0:
            raise VendorAway(TIMED_OUT, "No time is left to ask the vendor.")
        try:
            status, content = self._send(path, body, headers, seconds)
        except (requests.Timeout, TimeoutError) as fault:
            raise VendorAway(TIMED_OUT, "The vendor did not answer in time.") from fault
        except (requests.RequestException, OSError) as fault:
            # The name of the fault, not its text: that repeats the whole URL.
            raise VendorAway(AWAY, type(fault).__name__) from fault
        if status >= _SERVER_ERROR or status == _TOO_MANY:
            raise VendorAway(AWAY, f"The vendor answered {status}.")
        if _REDIRECT <= status < _CLIENT_ERROR:
            raise VendorFailed(REFUSED, "The vendor sent us elsewhere.")
        try:
            # A score with a fraction is read as it is written, never as a float.
            answer = json.loads(content, parse_float=Decimal)
        except (ValueError, RecursionError) as fault:
            raise VendorFailed(UNREADABLE, "The vendor's answer is no JSON.") from fault
        return Reply(status=status, body=answer)

    def _send(
        self, path: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes]:
        ends_at = time.monotonic() + seconds
        with requests.Session() as session:
            # Neither proxies nor credentials come from the environment.
            session.trust_env = False
            with session.post(
                self._url + path,
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": "koperasi-hub",
                    **headers,
                },
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                return response.status_code, _read(response, ends_at)


def _read(response: requests.Response, ends_at: float) -> bytes:
    """The body, from a vendor that may send it byte by byte, or for ever."""
    content = bytearray()
    while piece := response.raw.read1(CHUNK_BYTES, decode_content=True):
        content += piece
        if len(content) > ANSWER_BYTES_MAX:
            raise VendorFailed(UNREADABLE, "The vendor's answer is too long.")
        if time.monotonic() > ends_at:
            raise TimeoutError
    return bytes(content)
