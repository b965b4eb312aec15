"""The load generator: a process of its own that speaks HTTP and measures answers.

Reads a plan as JSON from standard input, keeps ``callers`` connections busy for
``seconds`` (each sends its next request when it has the answer to the last), and
writes what it saw as JSON to standard output. It uses bare sockets because on a small
machine a comfortable client would take more processor time than the server.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Plan:
    """What to send: payments between the accounts of two sides."""

    host: str
    port: int
    token: str
    callers: int
    seconds: float
    payer_accounts: list[str]
    payee_accounts: list[str]
    items_per_request: int = 1

    def request(self) -> bytes:
        """A payment of its own, or a bulk of them."""
        if self.items_per_request == 1:
            return self._encode("/v1/transfers", self._payment())
        payments = [
            {"reference": str(number), **self._payment()}
            for number in range(self.items_per_request)
        ]
        return self._encode("/v1/bulk-transfers", {"transfers": payments})

    def _payment(self) -> dict[str, Any]:
        return {
            "payer_account": random.choice(self.payer_accounts),
            "payee_account": random.choice(self.payee_accounts),
            "amount": random.randint(1_000, 50_000),
            "description": "Bayar belanja",
        }

    def _encode(self, path: str, body: dict[str, Any]) -> bytes:
        content = json.dumps(body, separators=(",", ":")).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\n"
            f"Idempotency-Key: {uuid.uuid4().hex}\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    def report(self, plan: Plan) -> dict[str, Any]:
        """The figures, latencies in milliseconds."""
        ordered = sorted(self.seconds)

        def percentile(share: float) -> float:
            if not ordered:
                return 0.0
            index = min(len(ordered) - 1, int(len(ordered) * share))
            return round(ordered[index] * 1000, 1)

        committed = self.states["committed"]
        return {
            "callers": plan.callers,
            "items_per_request": plan.items_per_request,
            "seconds": round(self.elapsed, 2),
            "requests": len(ordered),
            "committed": committed,
            "per_second": round(committed / self.elapsed, 1),
            "p50_ms": percentile(0.50),
            "p95_ms": percentile(0.95),
            "p99_ms": percentile(0.99),
            "max_ms": percentile(1.0),
            "statuses": dict(self.statuses),
            "states": dict(self.states),
        }


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = head[9:12].decode()
    lower = head.lower()
    start = lower.index(b"content-length:") + len(b"content-length:")
    length = int(lower[start : lower.index(b"\r\n", start)])
    return status, await reader.readexactly(length)


def _note(seen: Seen, plan: Plan, status: str, body: bytes) -> None:
    seen.statuses[status] += 1
    if plan.items_per_request == 1:
        # Reading the whole answer would cost more than the gateway's work on it.
        seen.states["committed" if b'"committed"' in body else "other"] += 1
        return
    if status == "200":
        for item in json.loads(body)["items"]:
            seen.states[item["state"]] += 1


async def _caller(plan: Plan, seen: Seen, until: float) -> None:
    reader, writer = await asyncio.open_connection(plan.host, plan.port)
    try:
        while True:
            request = plan.request()
            started = time.perf_counter()
            if started >= until:
                return
            writer.write(request)
            status, body = await _answer(reader)
            seen.seconds.append(time.perf_counter() - started)
            _note(seen, plan, status, body)
    finally:
        writer.close()


async def run(plan: Plan) -> Seen:
    """Keep the callers busy for the planned time."""
    seen = Seen()
    started = time.perf_counter()
    until = started + plan.seconds
    await asyncio.gather(*(_caller(plan, seen, until) for _ in range(plan.callers)))
    seen.elapsed = time.perf_counter() - started
    return seen


def main() -> None:
    """Carry out the plan on standard input."""
    plan = Plan(**json.load(sys.stdin))
    seen = asyncio.run(run(plan))
    json.dump(seen.report(plan), sys.stdout)


if __name__ == "__main__":
    main()
