"""`python -m tests.benchmarks.imports`: how long a cooperative takes to move in.

The real stack as separate processes; the sheets are uploaded, validated and committed
by HTTP, and the progress is printed as anybody would see it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

import requests

from services.shared.contracts.members import imports as contract
from tests.benchmarks.__main__ import (
    ROOT,
    Hub,
    console,
    drop_databases,
    environment,
    stack,
    verify,
)
from tests.factories.imports import CUT_OVER, Synthetic, Table, as_csv, as_workbook

POLL_SECONDS = 0.5


def cooperative(hub: Hub) -> str:
    """A token of a new cooperative's own system."""
    operator = hub.token(hub.operator)
    body = {"code": "9001", "name": "KSP Pindahan", "kind": "ksp_primer"}
    made = hub.call(operator, "POST", "/v1/cooperatives", body)
    base = f"/v1/cooperatives/{made['id']}"
    hub.call(operator, "POST", f"{base}/activate")
    client = hub.call(
        operator, "POST", f"{base}/clients", {"name": "Pindah", "scopes": ["*"]}
    )
    return hub.token((client["client_id"], client["client_secret"]))


def upload(hub: Hub, token: str, path: str, sheet: str, content: bytes) -> None:
    """Upload one file; a workbook is XLSX, anything else CSV."""
    is_workbook = sheet == contract.WORKBOOK
    answer = hub.session.put(
        f"{hub.base}{path}/sheets/{sheet}",
        data=content,
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": contract.XLSX if is_workbook else contract.CSV,
        },
        timeout=120,
    )
    answer.raise_for_status()


def follow(hub: Hub, token: str, path: str) -> dict[str, Any]:
    """Print the progress until the background is done; the import then."""
    last = ""
    while True:
        try:
            found = hub.call(token, "GET", path)
        except requests.ConnectionError:
            time.sleep(POLL_SECONDS)
            continue
        progress = found["progress"]
        if found["state"] not in {"validating", "committing"}:
            return found
        shown = f"{progress['stage']} {progress['done']:,} of {progress['total']}"
        if shown != last:
            console.print(f"  {shown}")
            last = shown
        time.sleep(POLL_SECONDS)


def measure(hub: Hub, tables: dict[str, Table], *, as_book: bool) -> dict[str, float]:
    """Seconds of each part of an import."""
    token = cooperative(hub)
    files = (
        {contract.WORKBOOK: as_workbook(tables)}
        if as_book
        else {sheet: as_csv(table) for sheet, table in tables.items()}
    )
    made = hub.call(token, "POST", "/v1/imports", {"cut_over": CUT_OVER})
    path = f"/v1/imports/{made['id']}"
    taken: dict[str, float] = {}
    started = time.monotonic()
    for sheet, content in files.items():
        upload(hub, token, path, sheet, content)
    taken["upload"] = time.monotonic() - started
    for step, body in (("validate", None), ("commit", {"partial": False})):
        begun = time.monotonic()
        hub.call(token, "POST", f"{path}/{step}", body)
        found = follow(hub, token, path)
        taken[step] = time.monotonic() - begun
        if found["fault"] or found["counts"]["errors"]:
            raise SystemExit(f"{step}: {found}")
    taken["all of it"] = time.monotonic() - started
    return taken


def main() -> int:
    """Measure and print; non-zero when the books do not balance afterwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=50_000)
    parser.add_argument("--xlsx", action="store_true", help="as one workbook")
    arguments = parser.parse_args()
    (ROOT / "bench-results").mkdir(exist_ok=True)
    env = environment()
    drop_databases(env)
    tables = Synthetic(members=arguments.members).tables()
    with stack(env, "") as hub:
        taken = measure(hub, tables, as_book=arguments.xlsx)
    rows = sum(len(table) - 1 for table in tables.values())
    console.print(
        f"{arguments.members:,} members, {rows:,} rows, {os.cpu_count()} cores"
    )
    for step, seconds in taken.items():
        console.print(f"{step:>10} {seconds:6.1f} s")
    is_whole = verify(env)
    console.print(f"hub verify: {is_whole}")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
