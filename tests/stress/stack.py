"""The hub as real processes that a test can kill and start again."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import requests

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("ledger", "members", "transfers", "gateway")
OPERATOR: Final = ("uji-operator", "rahasia operator untuk pengujian saja 2026")
AMOUNT: Final = 125_000
PATIENCE_SECONDS: Final = 60.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Stack:
    """One process per service, on a real broker and real databases."""

    env: dict[str, str]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    health: dict[str, str] = field(
        default_factory=lambda: {name: f"127.0.0.1:{free_port()}" for name in SERVICES}
    )

    @property
    def base(self) -> str:
        """Where the gateway listens."""
        return f"http://{self.env['HUB_HTTP_ADDRESS']}"

    def start(self, service: str, *crash: str) -> None:
        """Start a service; ``crash`` are the arguments of `crashing`, if it shall."""
        runner = "services.shared.messaging.runner"
        module = "tests.stress.crashing" if crash else runner
        with self.log.open("ab") as output:
            self.processes[service] = subprocess.Popen(
                [sys.executable, "-m", module, service, *crash],
                cwd=ROOT,
                env=self.env | {"HUB_METRICS_ADDRESS": self.health[service]},
                stdout=output,
                stderr=output,
            )

    def start_all(self) -> None:
        """Start everything and wait until it answers."""
        for service in SERVICES:
            self.start(service)
        self.wait_ready()

    def stop(self, service: str, number: int = signal.SIGTERM) -> int:
        """Stop a service and return its exit status."""
        process = self.processes.pop(service)
        process.send_signal(number)
        return process.wait(PATIENCE_SECONDS)

    def stop_all(self) -> None:
        """Stop what runs."""
        for service in list(self.processes):
            self.processes[service].terminate()
        for service in list(self.processes):
            self.stop(service)

    def wait_dead(self, service: str) -> int:
        """Wait until a service has killed itself; its exit status."""
        return self.processes.pop(service).wait(PATIENCE_SECONDS)

    def wait_running(self, service: str) -> None:
        """Wait until a service runs, without giving it anything to do."""
        self.eventually(lambda: self._runs(service))

    def _runs(self, service: str) -> bool:
        try:
            url = f"http://{self.health[service]}/healthz"
            return requests.get(url, timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def wait_ready(self) -> None:
        """Wait until every dependency of the gateway is up."""
        self.eventually(lambda: self.answer("GET", "/readyz", "")[0] == 200)

    def eventually(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.1)
        told = self.log.read_text()[-4000:]
        message = f"it did not come true; see {self.log}:\n{told}"
        raise AssertionError(message)

    def token(self, client: tuple[str, str]) -> str:
        """An access token."""
        answer = requests.post(
            f"{self.base}/v1/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": client[0],
                "client_secret": client[1],
            },
            timeout=30,
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def answer(
        self,
        method: str,
        path: str,
        token: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """One request: status and body, or status 0 when no answer came."""
        try:
            answer = requests.request(
                method,
                f"{self.base}{path}",
                json=body,
                headers={
                    "Authorization": f"Bearer {token}",
                    "Idempotency-Key": key or uuid.uuid4().hex,
                },
                timeout=15,
            )
        except requests.RequestException:
            return 0, {}
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, {}

    def call(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request that must succeed."""
        status, answer = self.answer(method, path, token, body)
        assert 200 <= status < 300, (method, path, status, answer)
        return answer

    def insist(
        self, path: str, token: str, body: dict[str, Any], key: str
    ) -> tuple[int, dict[str, Any]]:
        """Repeat a request with its key until it has a definite answer."""
        found: list[tuple[int, dict[str, Any]]] = []

        def answered() -> bool:
            status, answer = self.answer("POST", path, token, body, key)
            if status in (0, 429, 500, 503, 504) or (
                answer.get("code") == "request_in_progress"
            ):
                return False
            found.append((status, answer))
            return True

        self.eventually(answered)
        return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A cooperative with one account."""

    cooperative_id: str
    token: str
    account: str


def environment(databases: dict[str, str], amqp_uri: str) -> dict[str, str]:
    """The settings of a stack: nothing but its own databases and queues."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HUB_") and not name.endswith("DATABASE_URL")
    }
    return (
        kept
        | databases
        | {
            "AMQP_URI": amqp_uri,
            "HUB_SECRET_KEY": "a secret of the tests, long enough to be one",
            "HUB_BUS_NAMESPACE": f"stack-{secrets.token_hex(6)}.",
            "HUB_HTTP_ADDRESS": f"127.0.0.1:{free_port()}",
            "HUB_CALL_SECONDS": "3",
            "HUB_LOG_LEVEL": "WARNING",
            "HUB_OPERATOR_CLIENT_ID": OPERATOR[0],
            "HUB_OPERATOR_CLIENT_SECRET": OPERATOR[1],
        }
    )


def open_side(
    stack: Stack, operator: str, code: str, name: str, deposit: int = 10**9
) -> Side:
    """A cooperative that may clear, with one member and money in the account."""
    cooperative = stack.call(
        "POST",
        "/v1/cooperatives",
        operator,
        {"code": code, "name": name, "kind": "ksp_primer"},
    )["id"]
    stack.call("POST", f"/v1/cooperatives/{cooperative}/activate", operator)
    stack.call(
        "PUT", f"/v1/participants/{cooperative}", operator, {"net_debit_cap": 10**12}
    )
    stack.call(
        "POST",
        f"/v1/participants/{cooperative}/funds",
        operator,
        {"direction": "in", "amount": 10**12, "reference": "dana awal"},
    )
    client = stack.call(
        "POST",
        f"/v1/cooperatives/{cooperative}/clients",
        operator,
        {"name": "sistem inti", "scopes": ["*"]},
    )
    token = stack.token((client["client_id"], client["client_secret"]))
    member = stack.call("POST", "/v1/members", token, {"name": "Siti Rahayu"})["id"]
    stack.call("POST", f"/v1/members/{member}/activate", token)
    account = stack.call(
        "POST", "/v1/accounts", token, {"member_id": member, "product": "sukarela"}
    )["number"]
    stack.call(
        "POST",
        f"/v1/accounts/{account}/deposits",
        token,
        {"amount": deposit, "channel": "cash"},
    )
    return Side(cooperative_id=cooperative, token=token, account=account)


def balances(stack: Stack, sides: tuple[Side, Side]) -> list[int]:
    """What both accounts hold."""
    return [
        stack.call("GET", f"/v1/accounts/{side.account}", side.token)["balance"]
        for side in sides
    ]


def positions(stack: Stack, operator: str, sides: tuple[Side, Side]) -> list[int]:
    """What both cooperatives owe the hub."""
    return [
        stack.call("GET", f"/v1/participants/{side.cooperative_id}", operator)[
            "position"
        ]
        for side in sides
    ]


def payment(sides: tuple[Side, Side], amount: int = AMOUNT) -> dict[str, Any]:
    """A payment from one side to the other."""
    return {
        "payer_account": sides[0].account,
        "payee_account": sides[1].account,
        "amount": amount,
    }


def assert_settled(
    stack: Stack,
    operator: str,
    sides: tuple[Side, Side],
    before: list[int],
    moved: int,
) -> None:
    """Everywhere ``moved`` rupiah went across, once, and the books balance."""
    assert balances(stack, sides) == [before[0] - moved, before[1] + moved]
    owed = positions(stack, operator, sides)
    assert owed[0] == -owed[1]
    assert stack.call("GET", "/v1/ledger/integrity", operator)["balanced"] is True
