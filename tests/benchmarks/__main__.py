"""`make bench`: starts the real stack, loads it over HTTP, and measures PostgreSQL too.

Everything runs on this machine, load generator included, so absolute figures say little
by themselves: the same run measures pgbench on the same server, and each figure also
stands as a ratio to it. Writes ``bench-results/<time>.json`` and prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from rich.console import Console
from rich.table import Table

from services.hub import provision

AMQP_DEFAULT: Final = "amqp://guest:guest@127.0.0.1:5672//"
DATABASE_DEFAULT: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
ROOT: Final = Path(__file__).resolve().parents[2]
RICH: Final = 10**14
ACCOUNTS_PER_SIDE: Final = 200
console = Console()


def environment() -> dict[str, str]:
    """The environment of the stack under test: its own databases and queues."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = {
        "HUB_SECRET_KEY": secrets.token_hex(32),
        "HUB_DATABASE_PREFIX": "bench_",
        "HUB_BUS_NAMESPACE": "bench.",
        "HUB_HTTP_ADDRESS": f"127.0.0.1:{port}",
        "HUB_RATE_LIMIT": "1000000",
        "HUB_LOG_LEVEL": "WARNING",
        "HUB_OPERATOR_CLIENT_ID": "bench-operator",
        "HUB_OPERATOR_CLIENT_SECRET": secrets.token_hex(32),
        "AMQP_URI": os.environ.get("AMQP_URI", AMQP_DEFAULT),
        "DATABASE_URL": os.environ.get("DATABASE_URL", DATABASE_DEFAULT),
    }
    return os.environ | ours


class Hub:
    """The hub under test, spoken to as a client does."""

    def __init__(self, env: dict[str, str]) -> None:
        self.host, port = env["HUB_HTTP_ADDRESS"].split(":")
        self.port = int(port)
        self.base = f"http://{env['HUB_HTTP_ADDRESS']}"
        self.session = requests.Session()
        self.operator = (
            env["HUB_OPERATOR_CLIENT_ID"],
            env["HUB_OPERATOR_CLIENT_SECRET"],
        )

    def token(self, client: tuple[str, str]) -> str:
        """An access token of a client."""
        answer = self.session.post(
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

    def call(
        self, token: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request that must succeed."""
        answer = self.session.request(
            method,
            f"{self.base}{path}",
            json=body,
            headers={
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": secrets.token_hex(16),
            },
            timeout=60,
        )
        if answer.status_code >= 400:
            message = f"{method} {path}: {answer.status_code} {answer.text}"
            raise SystemExit(message)
        result: dict[str, Any] = answer.json()
        return result


@contextmanager
def stack(env: dict[str, str], replicas: str) -> Iterator[Hub]:
    """The hub as separate processes on the real broker and the real database."""
    command = [sys.executable, "-m", "services.hub", "up"]
    if replicas:
        command += ["--replicas", replicas]
    log = ROOT / "bench-results" / "hub.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=output, stderr=output
        )
        hub = Hub(env)
        try:
            _wait_ready(hub, process)
            yield hub
        finally:
            process.terminate()
            process.wait(30)


def _wait_ready(hub: Hub, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if process.poll() is not None:
            message = "the hub did not start; see bench-results/hub.log"
            raise SystemExit(message)
        try:
            if hub.session.get(f"{hub.base}/readyz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    message = "the hub is not ready after two minutes; see bench-results/hub.log"
    raise SystemExit(message)


def prepare(hub: Hub) -> tuple[str, list[str], list[str]]:
    """Two cooperatives with money, an agreement, and accounts on both sides."""
    operator = hub.token(hub.operator)
    sides = []
    for name in ("KSP Maju Bersama", "KSP Sejahtera Mandiri"):
        code = _free_code(hub, operator)
        cooperative = hub.call(
            operator,
            "POST",
            "/v1/cooperatives",
            {"code": code, "name": name, "kind": "ksp_primer"},
        )["id"]
        hub.call(operator, "POST", f"/v1/cooperatives/{cooperative}/activate")
        client = hub.call(
            operator,
            "POST",
            f"/v1/cooperatives/{cooperative}/clients",
            {"name": "beban", "scopes": ["*"]},
        )
        hub.call(
            operator, "PUT", f"/v1/participants/{cooperative}", {"net_debit_cap": RICH}
        )
        hub.call(
            operator,
            "POST",
            f"/v1/participants/{cooperative}/funds",
            {"direction": "in", "amount": RICH, "reference": "modal uji"},
        )
        token = hub.token((client["client_id"], client["client_secret"]))
        sides.append((cooperative, token, _accounts(hub, token)))
    today = datetime.now(UTC).date()
    hub.call(
        operator,
        "POST",
        "/v1/agreements",
        {
            "cooperatives": [sides[0][0], sides[1][0]],
            "valid_from": today.replace(month=1, day=1).isoformat(),
            "valid_until": today.replace(year=today.year + 1).isoformat(),
        },
    )
    return sides[0][1], sides[0][2], sides[1][2]


def _free_code(hub: Hub, operator: str) -> str:
    taken: set[str] = set()
    path = "/v1/cooperatives?limit=200"
    while path:
        page = hub.call(operator, "GET", path)
        taken |= {item["code"] for item in page["items"]}
        cursor = page["next_cursor"]
        path = f"/v1/cooperatives?limit=200&cursor={cursor}" if cursor else ""
    return next(f"{n:04d}" for n in range(1000, 10_000) if f"{n:04d}" not in taken)


def _accounts(hub: Hub, token: str) -> list[str]:
    numbers = []
    member = hub.call(token, "POST", "/v1/members", {"name": "Budi Santoso"})["id"]
    hub.call(token, "POST", f"/v1/members/{member}/activate")
    for _ in range(ACCOUNTS_PER_SIDE):
        body = {"member_id": member, "product": "sukarela"}
        number = hub.call(token, "POST", "/v1/accounts", body)["number"]
        hub.call(
            token,
            "POST",
            f"/v1/accounts/{number}/deposits",
            {"amount": 10**12, "channel": "bank"},
        )
        numbers.append(number)
    return numbers


def load(hub: Hub, **plan: Any) -> dict[str, Any]:
    """Run the load generator in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        cwd=ROOT,
        input=json.dumps({"host": hub.host, "port": hub.port, **plan}).encode(),
        capture_output=True,
        check=False,
    )
    if finished.returncode:
        raise SystemExit(finished.stderr.decode())
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def batched_calls(
    env: dict[str, str], in_flight: int, seconds: float
) -> dict[str, Any]:
    """Two processes exchanging batched calls over the broker, nothing else."""
    module = [sys.executable, "-m", "tests.benchmarks.calls"]
    with subprocess.Popen(
        [*module, "serve"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        finished = subprocess.run(
            [*module, "measure", str(in_flight), str(seconds)],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        server.terminate()
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def arrears(env: dict[str, str]) -> dict[str, Any]:
    """The daily job over 200,000 loans, in a process and databases of its own."""
    finished = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.arrears"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=False,
    )
    report: dict[str, Any] = json.loads(finished.stdout)
    return report | {"enough": finished.returncode == 0}


def pgbench(env: dict[str, str], seconds: int, scale: int) -> dict[str, Any] | None:
    """The TPC-B-like script of pgbench: 32 clients; None where there is no pgbench."""
    program = shutil.which("pgbench")
    if program is None:
        return None
    url = env["DATABASE_URL"]
    target = urlsplit(url)._replace(path="/bench_pgbench").geturl()
    admin = ["psql", url, "-q", "-c"]
    _quietly([*admin, "DROP DATABASE IF EXISTS bench_pgbench"])
    _quietly([*admin, "CREATE DATABASE bench_pgbench"])
    _quietly([program, "-i", "-q", "-s", str(scale), target])
    run = [program, "-c", "32", "-j", "2", "-T", str(seconds), target]
    finished = subprocess.run(run, capture_output=True, check=True, text=True)
    _quietly([*admin, "DROP DATABASE bench_pgbench"])
    rate = next(
        float(line.split("=")[1].split()[0])
        for line in finished.stdout.splitlines()
        if line.startswith("tps")
    )
    return {
        "clients": 32,
        "scale": scale,
        "seconds": seconds,
        "per_second": round(rate),
    }


def _quietly(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=True)


def drop_databases(env: dict[str, str]) -> None:
    """Begin with empty tables, so that runs compare."""
    for service in provision.with_database():
        statement = f"DROP DATABASE IF EXISTS bench_{service} WITH (FORCE)"
        _quietly(["psql", env["DATABASE_URL"], "-q", "-c", statement])


def verify(env: dict[str, str]) -> bool:
    """Whether `hub verify` finds nothing wrong after all of it."""
    finished = subprocess.run(
        [sys.executable, "-m", "services.hub", "verify"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        console.print(finished.stdout, finished.stderr)
    return finished.returncode == 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All measurements, in one run on one machine."""
    env = environment()
    results: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "replicas": arguments.replicas or "1 of each",
    }
    seconds = arguments.seconds
    drop_databases(env)
    with stack(env, arguments.replicas) as hub:
        with console.status("preparing cooperatives and accounts"):
            token, payers, payees = prepare(hub)
        plan = {
            "token": token,
            "payer_accounts": payers,
            "payee_accounts": payees,
            "seconds": seconds,
        }
        load(hub, callers=16, **(plan | {"seconds": 2}))  # warm caches and plans
        results["single"] = []
        for callers in (1, 32, 128):
            with console.status(f"single payments, {callers} callers"):
                results["single"].append(load(hub, callers=callers, **plan))
        with console.status("bulk requests of 500"):
            results["bulk"] = load(hub, callers=4, items_per_request=500, **plan)
        if arguments.soak_seconds:
            with console.status("growing the tables"):
                soak = plan | {"seconds": arguments.soak_seconds}
                results["soak"] = load(hub, callers=4, items_per_request=500, **soak)
            with console.status("single payments on the grown tables"):
                results["single_after_soak"] = load(hub, callers=128, **plan)
            with console.status("bulk requests on the grown tables"):
                results["bulk_after_soak"] = load(
                    hub, callers=4, items_per_request=500, **plan
                )
        operator = hub.token(hub.operator)
        results["integrity"] = hub.call(operator, "GET", "/v1/ledger/integrity")
    with console.status("batched calls over the bus"):
        results["batched_calls"] = [
            batched_calls(env, in_flight, seconds) for in_flight in (1, 32, 128)
        ]
    with console.status("arrears of 200,000 loans"):
        results["arrears"] = arrears(env)
    with console.status("pgbench"):
        results["pgbench"] = pgbench(env, int(seconds), arguments.scale)
    with console.status("hub verify"):
        results["verified"] = verify(env)
    return results


def table(results: dict[str, Any]) -> Table:
    """The figures for a person."""
    reference = (results["pgbench"] or {}).get("per_second")
    shown = Table(title=f"koperasi-hub, {results['cores']} cores, {results['at']}")
    for heading in (
        "what",
        "per second",
        "p50 ms",
        "p99 ms",
        "x pgbench",
        "other answers",
    ):
        shown.add_column(heading, justify="left" if heading == "what" else "right")

    def row(name: str, report: dict[str, Any]) -> None:
        rate = report["per_second"]
        other = sum(report.get("statuses", {}).values()) - report.get(
            "statuses", {}
        ).get("201" if report.get("items_per_request") == 1 else "200", 0)
        shown.add_row(
            name,
            f"{rate:,.0f}",
            str(report.get("p50_ms", "")),
            str(report.get("p99_ms", "")),
            f"{rate / reference:.2f}" if reference else "",
            str(other) if "statuses" in report else "",
        )

    for report in results["single"]:
        row(f"single payments, {report['callers']} callers", report)
    row("bulk payments, requests of 500", results["bulk"])
    if "soak" in results:
        row(f"bulk, {results['soak']['seconds']:.0f} s on end", results["soak"])
        row("single, 128 callers, grown tables", results["single_after_soak"])
        row("bulk, grown tables", results["bulk_after_soak"])
    for report in results["batched_calls"]:
        row(f"batched calls, {report['in_flight']} in flight", report)
    if results["pgbench"]:
        row("pgbench TPC-B-like, 32 clients", results["pgbench"])
    return shown


def main() -> int:
    """Measure, print, write the JSON; non-zero when the books do not balance."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="per measurement")
    parser.add_argument("--scale", type=int, default=50, help="of pgbench")
    parser.add_argument("--replicas", default="", help="such as ledger=2")
    parser.add_argument(
        "--soak-seconds",
        type=float,
        default=0,
        help="load with bulk payments for so long, then measure again",
    )
    arguments = parser.parse_args()
    folder = ROOT / "bench-results"
    folder.mkdir(exist_ok=True)
    results = measure(arguments)
    path = folder / f"{results['at'].replace(':', '')}.json"
    path.write_text(json.dumps(results, indent=2))
    console.print(table(results))
    integrity = results["integrity"]
    console.print(
        f"{integrity['journals']:,} journals, {integrity['postings']:,} postings; "
        f"verified: {results['verified']}; written to {path.relative_to(ROOT)}"
    )
    return 0 if results["verified"] and results["arrears"]["enough"] else 1


if __name__ == "__main__":
    sys.exit(main())
