"""The route decorator, and the way of one request through its route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from eventlet.event import Event
from marshmallow import Schema
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR, register_entrypoint
from nameko.web.handlers import HttpRequestHandler

from services.gateway.http import answers, idempotency, operations
from services.gateway.http.answers import Answer
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import (
    Dialect,
    Operation,
    RawBody,
    RequestReader,
)
from services.gateway.http.requests import Request
from services.gateway.http.server import HttpServer
from services.shared.access import Rule
from services.shared.errors import ServiceError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class HttpRoute(HttpRequestHandler):  # type: ignore[misc]  # nameko has no types
    """The entrypoint of one operation."""

    server = HttpServer()

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation.method, operation.path)
        self.operation = operation

    def setup(self) -> None:
        """Build what every request needs, once."""
        self._reader = RequestReader(self.operation)
        self._is_list = bool(
            self.operation.query and "cursor" in self.operation.query().fields
        )
        command = self.operation.command
        self._passes_key = bool(command and "idempotency" in command().fields)
        super().setup()

    def stop(self) -> None:
        """Take no new requests; return when those under way are answered."""
        self.server.drain()
        super().stop()

    def handle_request(self, request: Request) -> Answer:
        """Check a request from the outside in, and let a worker answer it.

        Raises ServiceError for what is refused before a worker is needed.
        """
        operation = self.operation
        if operation.is_public:
            context = {"request_id": request.id}
        else:
            context = self.server.admit(request, operation.audience)
            operation.rule(request.identity)
        idempotency.check_key(request, operation.idempotency)
        self._reader.read(request)
        if self._passes_key:
            request.idempotency = idempotency.part_of_command(
                request, operation.idempotency
            )
        if self._is_list:
            self._open_cursor(request)
        result = self._work(request, context)
        if self._is_list and isinstance(result, dict):
            self._seal_cursor(request, result)
        return operations.to_answer(operation, request, result)

    def _work(self, request: Request, context: dict[str, str]) -> Any:
        done = Event()
        self.container.spawn_worker(
            self,
            (request,),
            {},
            context_data=context,
            handle_result=partial(self.handle_result, done),
        )
        return done.wait()

    def _scope(self, request: Request) -> str:
        tenant = request.identity.cooperative_id if request.identity else ""
        return f"{tenant} {self.operation.method} {request.path}"

    def _open_cursor(self, request: Request) -> None:
        cursor = request.query.get("cursor")
        if cursor is not None:
            request.query["cursor"] = self.server.cursors.open(
                cursor, scope=self._scope(request)
            )

    def _seal_cursor(self, request: Request, result: dict[str, Any]) -> None:
        cursor = result.get("next_cursor")
        if cursor is not None:
            result["next_cursor"] = self.server.cursors.seal(
                cursor, scope=self._scope(request)
            )


def route(  # noqa: PLR0913 - they are the columns of the API's table
    method: str,
    path: str,
    *,
    tag: str,
    rule: Rule,
    status: int = 200,
    answer: type[Schema] | None = None,
    files: tuple[str, ...] = (),
    other_statuses: Mapping[int, str] | None = None,
    body: type[Schema] | None = None,
    body_media_type: str = answers.JSON,
    raw_body: RawBody | None = None,
    query: type[Schema] | None = None,
    command: type[Schema] | None = None,
    key: Idempotency | None = None,
    errors: tuple[type[ServiceError], ...] = (),
    is_probe: bool = False,
    is_described: bool = True,
    on_refusal: Callable[[ServiceError, Request], Answer] | None = None,
    dialect: Dialect | None = None,
) -> Callable[[Decorated], Decorated]:
    """Declare an operation; the method's docstring is its summary and description.

    ``key`` is what the operation thinks of Idempotency-Key: by default every POST
    takes one and nothing else does.
    """
    default_key = Idempotency.OPTIONAL if method == "POST" else Idempotency.NONE

    def decorate(function: Decorated) -> Decorated:
        summary, description = operations.documentation_of(function)
        operation = Operation(
            method=method,
            path=path,
            name=function.__name__,
            summary=summary,
            description=description,
            tag=tag,
            rule=rule,
            status=status,
            answer=answer,
            files=files,
            other_statuses=other_statuses or {},
            body=body,
            body_media_type=body_media_type,
            raw_body=raw_body,
            query=query,
            command=command,
            idempotency=default_key if key is None else key,
            errors=errors,
            is_probe=is_probe,
            is_described=is_described,
            on_refusal=on_refusal,
            dialect=dialect,
        )
        run: Any = operations.safely(function)
        register_entrypoint(run, HttpRoute(operation))
        decorated: Decorated = run
        return decorated

    return decorate


def operations_of(service: object) -> list[Operation]:
    """Every operation that a service class serves, by path."""
    found = [
        extension.operation
        for name in dir(service)
        for extension in getattr(getattr(service, name), ENTRYPOINT_EXTENSIONS_ATTR, ())
        if isinstance(extension, HttpRoute)
    ]
    return operations.sorted_by_path(found)
