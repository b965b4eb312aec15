"""A mail server for tests: the simulator of the hub, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import requests

ROOT: Final = Path(__file__).parents[2]


class MailServer:
    """Takes what is sent to it, and shows it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-u", "-m", "services.hub", "simulate", "mail",
                "--address", "127.0.0.1:0", "--http-address", "127.0.0.1:0",
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        places = json.loads(self._process.stdout.readline())
        self.url = f"smtp://{places['smtp']}"
        self._http = f"http://{places['http']}"

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """What came for an address, oldest first."""
        found = requests.get(
            f"{self._http}/messages", params={"to": address}, timeout=10
        )
        items: list[dict[str, Any]] = found.json()["items"]
        return items

    def refuse(self, address: str, status: int) -> None:
        """Answer an address with an SMTP status from now on."""
        body = {"address": address, "status": status}
        requests.post(f"{self._http}/refuse", json=body, timeout=10).raise_for_status()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
