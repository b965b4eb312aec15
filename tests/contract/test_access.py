"""Who may do what: every operation of the API by every kind of caller, as a table.

``UPDATE_SNAPSHOTS=1 pytest tests/contract`` writes the table anew: its difference is
what a reviewer decides on. That the running hub keeps to it is tested in
``tests/scenario/test_access.py``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.gateway.http import entrypoints
from services.gateway.http.operations import Operation
from services.gateway.service import GatewayService
from services.shared import access
from services.shared.access import Rule
from services.shared.messaging import runner
from tests.factories.access import (
    CALLERS,
    MACHINE,
    PARTNER,
    admits,
    identity_of,
    may_call,
)

SNAPSHOT: Final = Path(__file__).parent / "snapshots" / "access.md"
OPERATIONS: Final = entrypoints.operations_of(GatewayService)
SERVICES: Final = ("members", "ledger", "transfers")
YES: Final = "●"
NO: Final = "·"

INTRODUCTION: Final = f"""\
# Who may do what

Written by `tests/contract/test_access.py` from the rules that the gateway enforces, and
tried against a running hub by `tests/scenario/test_access.py`. {YES} may, {NO} is
answered 403 (401 with a token of the wrong kind).

- **operator** runs the hub. **machine** is a cooperative's API client with the scope
  `*`; narrower ones may less. **partner** is a system that speaks SNAP. The others are
  the roles of people; whoever has two may do what either may.
- Everything a cooperative's callers reach is their own cooperative's: an id of another
  is answered 404, as if it did not exist. Under `/v1/me` everybody reaches only what is
  their own.
- A role is only the beginning: what moves much money or approves asks for a fresh
  second factor, and whoever proposed something cannot approve it.
"""


def _row(operation: Operation) -> str:
    if operation.is_public:
        marks = ["anybody", *[""] * (len(CALLERS) - 1)]
    else:
        marks = [YES if may_call(operation, one) else NO for one in CALLERS]
    return f"| `{operation.method} {operation.path}` | {' | '.join(marks)} |"


def _table(operations: list[Operation]) -> list[str]:
    return [
        f"| operation | {' | '.join(CALLERS)} |",
        f"|---{'|:-:' * len(CALLERS)}|",
        *[_row(one) for one in operations],
    ]


def _document() -> str:
    lines = [INTRODUCTION]
    for tag in sorted({one.tag for one in OPERATIONS}):
        of_tag = [one for one in OPERATIONS if one.tag == tag]
        lines += [f"## {tag}", "", *_table(of_tag), ""]
    return "\n".join(lines)


def test_who_may_do_what_is_in_the_table() -> None:
    found = _document()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(found)
    if not SNAPSHOT.exists():
        pytest.fail("There is no table yet: UPDATE_SNAPSHOTS=1 writes it.")
    assert found == SNAPSHOT.read_text()


def _rules_behind() -> dict[str, Rule]:
    """The rule of every entrypoint of the services, by name."""
    found: dict[str, Any] = {}
    for service in SERVICES:
        kind = runner.service_class(service)
        for name in dir(kind):
            attribute = getattr(kind, name)
            for extension in getattr(attribute, ENTRYPOINT_EXTENSIONS_ATTR, ()):
                rule = getattr(extension, "rule", None)
                if rule is not None:
                    found[name] = rule
    return found


BEHIND: Final = _rules_behind()


OWN: Final = ("/v1/me/", "/v1/sessions/", "/beranda/", "/keluar/")


def _is_own(operation: Operation) -> bool:
    """Whether it concerns nobody but the caller."""
    return f"{operation.path}/".startswith(OWN)


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.name in BEHIND and not one.is_public],
    ids=lambda one: one.name,
)
def test_the_service_behind_lets_in_whom_the_gateway_does(operation: Operation) -> None:
    for caller in CALLERS:
        if caller == PARTNER:
            continue
        identity = identity_of(caller, "coop_own").through("gateway")
        if may_call(operation, caller):
            assert admits(BEHIND[operation.name], identity), caller


ONLY_ASKING = {
    "/v1/members/search",
    "/v1/loan-applications/rank",
    "/v1/loan-products/{code}/quotes",
    "/v1/loan-queue/simulations",
}
"""Questions too long for an address; they change nothing."""


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.method != "GET" and not one.is_public],
    ids=lambda one: one.name,
)
def test_pengawas_change_nothing(operation: Operation) -> None:
    """R101: they read everything; what is left is their own sign-in, and asking."""
    scopes = set(access.ROLE_SCOPES["pengawas"])
    assert not {one for one in scopes if one.endswith(":write")}
    if may_call(operation, "pengawas"):
        assert _is_own(operation) or operation.path in ONLY_ASKING


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if not one.is_public],
    ids=lambda one: one.name,
)
def test_a_member_reaches_only_what_is_its_own(operation: Operation) -> None:
    if may_call(operation, "anggota"):
        is_for_all = operation.rule.__doc__ == "any authenticated caller"
        assert _is_own(operation) or is_for_all


def test_no_machine_reaches_what_is_a_persons_own() -> None:
    reached = [
        one.path
        for one in OPERATIONS
        if _is_own(one) and not one.is_public and may_call(one, MACHINE)
    ]
    assert reached == []
