"""Speaks with the insurers over HTTP.

One API serves all partner insurers, each below its own code. Everything is a POST with
an id of ours in its path, so that asking twice does nothing twice; what is asked is
signed. The protocol is in `services/insurance/README.md`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from pybreaker import CircuitBreaker, CircuitBreakerError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed
from urllib3.exceptions import HTTPError

from services.insurance.domain import insurers
from services.insurance.domain.insurers import (
    Activation,
    ClaimForm,
    Cover,
    Ending,
    InsurerAway,
    InsurerRefusal,
    Paper,
    Provisional,
    Reading,
)
from services.shared import clock
from services.shared.settings import Settings

TIMEOUT_SECONDS: Final = 3.0
ATTEMPTS: Final = 2
PAUSE_SECONDS: Final = 0.2
"""Together shorter than a call between services may take."""

FAILURES_MAX: Final = 5
REST_SECONDS: Final = 30.0
"""After so many failures in a row an insurer is left alone for so long."""

ANSWER_BYTES_MAX: Final = 65_536
CHUNK_BYTES: Final = 16_384
WORD_CHARACTERS_MAX: Final = 100
REASON_CHARACTERS_MAX: Final = 300
JSON: Final = "application/json"
_NOT_FOUND: Final = 404
_REFUSED: Final = frozenset({409, 422})
_TAKEN: Final = frozenset({200, 201, 202})


class _Unknown(Exception):
    """The insurer knows nothing of this id."""


class HttpInsurer:
    """The API of the partner insurers."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
        rest_seconds: float = REST_SECONDS,
    ) -> None:
        self._url = url
        self._path = urlsplit(url).path
        self._key = key.encode()
        self._timeout_seconds = timeout_seconds
        self._breaker = CircuitBreaker(
            fail_max=FAILURES_MAX,
            reset_timeout=rest_seconds,
            # Who refuses is there.
            exclude=[InsurerRefusal, _Unknown],
        )

    @classmethod
    def of(cls, settings: Settings) -> HttpInsurer | None:
        """The API of the settings; None when the hub has none."""
        if not (settings.insurer_url and settings.insurer_key):
            return None
        return _kept(settings.insurer_url, settings.insurer_key)

    def reserve(self, cover: Cover) -> Provisional:
        """Cover a loan provisionally. Raises InsurerAway, InsurerRefusal."""
        answer = self._tell(
            f"/{cover.insurer}/policies/{cover.policy_id}",
            {
                "product": cover.product_code,
                "kind": cover.kind,
                "insured": {
                    "name": cover.name,
                    "birth_date": cover.birth_date and cover.birth_date.isoformat(),
                },
                "principal": cover.principal,
                "months": cover.months,
                "premium": cover.premium,
                "coverage_bps": cover.coverage_bps,
                "starts_on": cover.starts_on.isoformat(),
                "ends_on": cover.ends_on.isoformat(),
            },
        )
        premium = _amount(answer.get("premium"))
        if premium is None:
            raise InsurerAway("The insurer's answer has no premium.")
        return Provisional(number=_word(answer.get("number")), premium=premium)

    def activate(self, activation: Activation) -> str | None:
        """Let cover begin; the policy's number. Raises InsurerAway, InsurerRefusal."""
        answer = self._tell(
            f"/{activation.insurer}/policies/{activation.policy_id}/activate",
            {
                "starts_on": activation.starts_on.isoformat(),
                "ends_on": activation.ends_on.isoformat(),
                "premium": activation.premium,
                "premium_reference": activation.premium_reference,
            },
        )
        return _word(answer.get("number"))

    def cancel(self, ending: Ending) -> None:
        """End cover. Raises InsurerAway, InsurerRefusal."""
        try:
            self._ask(
                f"/{ending.insurer}/policies/{ending.policy_id}/cancel",
                _json(
                    {
                        "on": ending.on.isoformat(),
                        "reason": ending.reason,
                        "refund_amount": ending.refund_amount,
                    }
                ),
            )
        except _Unknown:
            # It never heard of the policy: there is nothing to end.
            return

    def send_paper(self, insurer: str, claim_id: str, paper: Paper) -> None:
        """Hand in a document of a claim. Raises InsurerAway, InsurerRefusal."""
        path = f"/{insurer}/claims/{claim_id}/documents/{paper.id}"
        headers = {"Content-Type": paper.media_type, "X-Document-Kind": paper.kind}
        self._known(path, paper.content, headers)

    def submit_claim(self, form: ClaimForm) -> None:
        """Submit a claim. Raises InsurerAway, InsurerRefusal."""
        self._tell(
            f"/{form.insurer}/claims/{form.claim_id}",
            {
                "policy_id": form.policy_id,
                "cause": form.cause,
                "occurred_on": form.occurred_on.isoformat(),
                "outstanding_principal": form.outstanding_principal,
                "outstanding_interest": form.outstanding_interest,
                "claimed_amount": form.claimed_amount,
                "documents": list(form.document_ids),
                "callback_url": form.callback_url,
            },
        )

    def read_claim(self, insurer: str, claim_id: str) -> Reading | None:
        """Where a claim stands; None when it is unknown. Raises InsurerAway."""
        try:
            answer = self._ask(f"/{insurer}/claims/{claim_id}/status", _json({}))
        except _Unknown:
            return None
        except InsurerRefusal as fault:
            raise InsurerAway("The insurer does not say where the claim is.") from fault
        status = answer.get("status")
        if status not in insurers.ANSWERS:
            raise InsurerAway("The insurer's answer has no status.")
        return Reading(
            status=status,
            amount=_amount(answer.get("amount")),
            paid_on=_day(answer.get("paid_on")),
            reason=_word(answer.get("reason"), longest=REASON_CHARACTERS_MAX),
        )

    def withdraw_claim(self, insurer: str, claim_id: str) -> None:
        """Take a claim back. Raises InsurerAway, InsurerRefusal."""
        try:
            self._ask(f"/{insurer}/claims/{claim_id}/withdraw", _json({}))
        except _Unknown:
            return

    def _tell(self, path: str, content: dict[str, Any]) -> Mapping[str, Any]:
        return self._known(path, _json(content), {"Content-Type": JSON})

    def _known(
        self, path: str, body: bytes, headers: dict[str, str]
    ) -> Mapping[str, Any]:
        try:
            return self._ask(path, body, headers)
        except _Unknown as fault:
            # It has forgotten, or is another one than it was: nothing for us to decide.
            raise InsurerAway(
                "The insurer does not know what it is told of."
            ) from fault

    def _ask(
        self, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> Mapping[str, Any]:
        """The insurer's answer; tried again, boundedly, when there is none."""
        again = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_fixed(PAUSE_SECONDS),
            retry=retry_if_exception_type(InsurerAway),
            reraise=True,
        )
        try:
            # Not `call`: that holds a lock, and all others wait for the slowest.
            with self._breaker.calling():
                return again(self._once, path, body, headers or {"Content-Type": JSON})
        except CircuitBreakerError as fault:
            raise InsurerAway("The insurer is left alone for a while.") from fault

    def _once(
        self, path: str, body: bytes, headers: dict[str, str]
    ) -> Mapping[str, Any]:
        try:
            status, answer = self._exchange(path, body, headers)
        except (
            requests.RequestException,
            HTTPError,
            OSError,
            ValueError,
            RecursionError,
        ) as fault:
            # The name of the fault, not its text: that repeats the whole URL.
            raise InsurerAway(type(fault).__name__) from fault
        told = answer if isinstance(answer, dict) else {}
        if status == _NOT_FOUND:
            raise _Unknown
        if status in _REFUSED:
            reason = _word(told.get("reason"), longest=REASON_CHARACTERS_MAX)
            raise InsurerRefusal(reason or "tanpa alasan")
        if status not in _TAKEN or not isinstance(answer, dict):
            raise InsurerAway(f"The insurer answered {status}.")
        return answer

    def _exchange(
        self, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, Any]:
        ends_at = time.monotonic() + self._timeout_seconds
        timestamp = clock.now().isoformat(timespec="seconds")
        signed = {
            "User-Agent": "koperasi-hub",
            "X-Timestamp": timestamp,
            "X-Signature": signature(self._key, self._path + path, timestamp, body),
        }
        with requests.Session() as session:
            # Neither proxies nor credentials come from the environment.
            session.trust_env = False
            with session.post(
                self._url + path,
                data=body,
                headers=headers | signed,
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read(response, ends_at)
                is_json = JSON in response.headers.get("Content-Type", "")
                return response.status_code, json.loads(content) if is_json else None


def _read(response: requests.Response, ends_at: float) -> bytes:
    """The body, from an insurer that may send it byte by byte, or for ever."""
    content = bytearray()
    while piece := response.raw.read1(CHUNK_BYTES, decode_content=True):
        content += piece
        if len(content) > ANSWER_BYTES_MAX:
            raise ValueError
        if time.monotonic() > ends_at:
            raise TimeoutError
    return bytes(content)


@lru_cache(maxsize=8)
def _kept(url: str, key: str) -> HttpInsurer:
    """One per process, so that what it knows of an insurer that is away is kept."""
    return HttpInsurer(url=url, key=key)


def signature(key: bytes, path: str, timestamp: str, body: bytes) -> str:
    """The signature of a request to the insurers, HMAC-SHA256 in hex."""
    digest = hashlib.sha256(body).hexdigest()
    told = f"POST\n{path}\n{timestamp}\n{digest}"
    return hmac.digest(key, told.encode(), hashlib.sha256).hex()


def read_callback(body: bytes, signed: str | None, key: str) -> str | None:
    """The claim that a callback is about; None for one that is not an insurer's.

    It is signed with HMAC-SHA256 over the body as it came, in hex.
    """
    expected = hmac.digest(key.encode(), body, hashlib.sha256).hex()
    given = (signed or "").encode()
    if not key or not hmac.compare_digest(expected.encode(), given):
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _word(content.get("claim_id")) if isinstance(content, dict) else None


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _amount(value: object) -> int | None:
    """Whole rupiah; what is too large to be stored is none either way."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _word(value: object, *, longest: int = WORD_CHARACTERS_MAX) -> str | None:
    """A number or a sentence of an insurer; None for what is neither."""
    if not isinstance(value, str) or not value or not value.isprintable():
        return None
    return value[:longest]
