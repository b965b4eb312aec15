"""Whom the gateway asks about jobs."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest

from services.gateway.routes.jobs import JobRoutes
from services.shared.contracts import jobs as contract


class Asked:
    """A service that answers with its own name."""

    def __init__(self, service: str) -> None:
        self.service = service

    def __getattr__(self, _method: str) -> Any:
        return lambda _command: {"asked": self.service}


class Routes(JobRoutes):
    """The routes without a bus."""

    members: Any = Asked("members")
    loans: Any = Asked("loans")


@pytest.mark.parametrize(
    ("route", "command", "service"),
    [
        ("list_job_runs", {"job": None, "service": "members"}, "members"),
        ("list_job_runs", {"job": None, "service": "loans"}, "loans"),
        ("list_job_runs", {"job": "uji", "service": "members"}, "loans"),
        ("list_job_runs", {"job": "interest", "service": "loans"}, "members"),
        ("get_job_run", {"job": "uji"}, "loans"),
        ("request_job_run", {"job": "uji"}, "loans"),
        ("request_job_run", {"job": "interest"}, "members"),
        ("request_job_run", {"job": "sihir"}, "members"),
    ],
)
def test_the_owner_of_a_job_is_asked(
    route: str, command: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "OWNERS", {**contract.OWNERS, "uji": "loans"})
    function = inspect.unwrap(getattr(Routes, route))

    request = SimpleNamespace(command=lambda: command)
    assert function(Routes(), request) == {"asked": service}
