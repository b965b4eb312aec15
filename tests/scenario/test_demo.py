"""`hub demo` tells its whole story on a fresh hub, run as a newcomer would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 240
PAYMENTS = 60


def run_demo(directory: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "services.hub", "demo",
            "--payments", str(PAYMENTS), "--directory", str(directory),
        ],
        cwd=ROOT,
        env=dict(os.environ) | environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    # Settings of the shell must not matter: the demo is a hub of its own.
    return run_demo(
        tmp_path_factory.mktemp("demo"),
        AMQP_URI="amqp://nobody:nothing@127.0.0.1:1//",
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
        HUB_LOG_LEVEL="DEBUG",
    )


def test_every_step_of_the_demo_is_as_it_must_be(
    told: subprocess.CompletedProcess[str],
) -> None:
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Every step was as it must be" in told.stdout
    assert "Everything agrees." in told.stdout


def test_the_demo_shows_the_whole_main_job(
    told: subprocess.CompletedProcess[str],
) -> None:
    for shown in (
        "no_agreement",
        "net_debit_cap_exceeded",
        "idempotency_key_reused",
        f"{PAYMENTS} payments",
        "a second",
        "Positions before settlement",
        "Positions after settlement",
        "Rp 1.000.000",
    ):
        assert shown in told.stdout, shown


def test_the_demo_can_be_run_again_in_the_same_place(tmp_path: Path) -> None:
    leftover = tmp_path / "demo"
    leftover.mkdir()
    (leftover / "hub.log").write_text("of a demo that was killed\n")
    told = run_demo(leftover)
    assert told.returncode == 0, told.stdout + told.stderr
