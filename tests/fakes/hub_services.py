"""Stand-ins for the services behind the gateway, made from its own operations.

Each method checks its command against the contract's schema and answers with the
example of its result schema, so that a stand-in cannot drift from what it stands for.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from typing import Any, Final, cast

from marshmallow import Schema, ValidationError
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.gateway import openapi
from services.gateway.http.entrypoints import HttpRoute
from services.gateway.service import GatewayService
from services.shared import access
from services.shared.contracts import (
    files,
    insurance,
    jobs,
    kyc,
    ledger,
    loans,
    members,
    transfers,
)
from services.shared.contracts.insurance import claims
from services.shared.contracts.members import (
    cash,
    closing,
    imports,
    partners,
    payments,
    sessions,
    statements,
)
from services.shared.errors import Malformed, NotAuthenticated, ServiceError
from services.shared.identity import Identity
from services.shared.messaging import Call, Caller, batched_rpc, rpc
from services.shared.presentation import pdf, sheets

Methods = dict[str, tuple[type[Schema], type[Schema]]]


class Nothing(Schema):
    """A command without content."""


FILES: Final = {files.PDF: pdf.MEDIA_TYPE, files.XLSX: sheets.MEDIA_TYPE}

BACKGROUND: Final = frozenset({"list_ended_sessions"})
"""What a gateway asks by itself, at moments that no test chooses: not recorded."""


def _asked_by_routes(service: str) -> Methods:
    """What the gateway's routes ask a service, with the schemas that they declare."""
    asked = re.compile(rf"self\.{service}\.(\w+)\(")
    found: Methods = {}
    for name in dir(GatewayService):
        function = getattr(GatewayService, name)
        for extension in getattr(function, ENTRYPOINT_EXTENSIONS_ATTR, ()):
            if isinstance(extension, HttpRoute):
                operation = extension.operation
                schemas = (operation.command or Nothing, operation.answer or files.File)
                for method in asked.findall(
                    inspect.getsource(inspect.unwrap(function))
                ):
                    found.setdefault(method, schemas)
    return found


MEMBERS: Final[Methods] = {
    **_asked_by_routes(members.SERVICE),
    # Where a route asks several things, or makes the command itself.
    "admit_partner_request": (partners.AdmitPartnerRequest, partners.AdmittedRequest),
    "authenticate_client": (members.AuthenticateClient, members.Token),
    "authenticate_partner": (partners.AuthenticatePartner, partners.PartnerToken),
    "end_session": (sessions.SessionCommand, sessions.Session),
    "export_rows": (imports.ExportRows, imports.ExportedRows),
    "find_partner_request": (partners.FindPartnerRequest, partners.FoundRequest),
    "get_closing_export": (closing.GetExport, closing.Export),
    "get_job_run": (jobs.JobRunCommand, jobs.JobRun),
    "get_partner_account": (members.AccountCommand, partners.PartnerAccount),
    "list_ended_sessions": (sessions.ListEndedSessions, sessions.EndedSessions),
    "list_job_runs": (jobs.ListJobRuns, jobs.JobRunPage),
    "print_statement": (statements.PrintStatement, files.File),
    "put_counter_settings": (cash.CounterSettingsBody, cash.CounterSettings),
    "record_partner_answer": (partners.RecordPartnerAnswer, partners.RecordedAnswer),
    "record_payment_callback": (payments.RecordCallback, payments.CallbackTaken),
    "request_job_run": (jobs.RequestJobRun, jobs.JobRun),
    "sign_in": (sessions.SignIn, sessions.SignedIn),
}
LEDGER: Final[Methods] = {
    **_asked_by_routes(ledger.SERVICE),
    "get_statement": (ledger.GetStatement, ledger.Statement),
}
TRANSFERS: Final[Methods] = _asked_by_routes(transfers.SERVICE)
KYC: Final[Methods] = _asked_by_routes(kyc.SERVICE)
LOANS: Final[Methods] = _asked_by_routes(loans.SERVICE)
INSURANCE: Final[Methods] = {
    **_asked_by_routes(insurance.SERVICE),
    "record_insurer_callback": (
        claims.RecordInsurerCallback,
        claims.InsurerCallbackTaken,
    ),
}
BATCHED: Final[Methods] = {
    "submit_transfers": (transfers.SubmitTransfer, transfers.Transfer),
    "submit_bulk_transfers": (transfers.SubmitBulk, transfers.BulkResult),
}

Outcome = dict[str, Any] | ServiceError


class Script:
    """What the stand-ins were asked, and what they are to answer instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], Identity | None, str]] = []
        self.answers: dict[str, Outcome | Callable[[dict[str, Any]], Outcome]] = {}
        self.health: dict[str, str] = {}

    def forget(self) -> None:
        """Begin anew: nothing was asked, and everything is answered by example."""
        self.asked.clear()
        self.answers.clear()
        self.health.clear()

    @property
    def last(self) -> tuple[str, dict[str, Any], Identity | None, str]:
        """Method, command, caller and request id of the last call."""
        return self.asked[-1]

    def outcome(
        self,
        method: str,
        schemas: tuple[type[Schema], type[Schema]],
        command: dict[str, Any],
        caller: tuple[Identity | None, str],
    ) -> Outcome:
        """Record a call and decide what it is answered."""
        if method not in BACKGROUND:
            self.asked.append((method, command, *caller))
        try:
            schemas[0]().load(command)
        except ValidationError as error:
            return Malformed(f"{method}: {error.messages}")
        answer = self.answers.get(method)
        if callable(answer):
            answer = answer(command)
        if answer is None:
            media_type = FILES.get(command.get("format", files.JSON))
            if media_type is None:
                return openapi.example_of(schemas[1]())
            return openapi.example_of(files.File()) | {"media_type": media_type}
        return copy.deepcopy(answer)


def services(script: Script) -> list[type]:
    """The service classes, ready to be started in a container."""
    return [
        _service(members.SERVICE, MEMBERS, {}, script),
        _service(ledger.SERVICE, LEDGER, {}, script),
        _service(transfers.SERVICE, TRANSFERS, BATCHED, script),
        _service(kyc.SERVICE, KYC, {}, script),
        _service(loans.SERVICE, LOANS, {}, script),
        _service(insurance.SERVICE, INSURANCE, {}, script),
    ]


def _service(name: str, plain: Methods, batched: Methods, script: Script) -> type:
    body: dict[str, Any] = {"name": name, "caller": Caller()}
    for method, schemas in plain.items():
        body[method] = _plain(method, schemas, script)
    for method, schemas in batched.items():
        body[method] = _batched(method, schemas, script)
    body["get_health"] = _health(name, script)
    return type(f"{name.capitalize()}StandIn", (), body)


def _plain(
    method: str, schemas: tuple[type[Schema], type[Schema]], script: Script
) -> Any:
    def answer(self: Any, command: dict[str, Any]) -> dict[str, Any]:
        caller = (_identity_of(self.caller), self.caller.request_id)
        outcome = script.outcome(method, schemas, command, caller)
        if isinstance(outcome, ServiceError):
            raise outcome
        return outcome

    answer.__name__ = method
    return rpc(access.anyone)(answer)


def _identity_of(caller: Any) -> Identity | None:
    """Who calls; nobody in a public operation."""
    try:
        return cast("Identity", caller.identity)
    except NotAuthenticated:
        return None


def _batched(
    method: str, schemas: tuple[type[Schema], type[Schema]], script: Script
) -> Any:
    def answer(_self: Any, calls: list[Call]) -> list[Outcome]:
        return [
            script.outcome(
                method, schemas, call.payload, (call.identity, call.request_id)
            )
            for call in calls
        ]

    answer.__name__ = method
    return batched_rpc(access.anyone)(answer)


def _health(name: str, script: Script) -> Any:
    def get_health(_self: Any, _command: dict[str, Any]) -> dict[str, Any]:
        database = script.health.get(name, "up")
        gauges = {"outbox_lag_seconds": 0.5}
        return {"service": name, "database": database, "gauges": gauges}

    return rpc(access.anyone)(get_health)
