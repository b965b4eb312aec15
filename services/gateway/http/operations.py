"""What an operation of the API is: declared once, to be served and described."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields

from services.gateway import auth
from services.gateway.http import answers, bodies, problems
from services.gateway.http.answers import Answer
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.problems import BodyTooLarge, UnsupportedMediaType
from services.gateway.http.requests import Request
from services.shared import telemetry
from services.shared.access import Rule
from services.shared.errors import Malformed, NotFound, ServiceError

FORM: Final = "application/x-www-form-urlencoded"
API_AUDIENCE: Final = auth.API_AUDIENCE

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
IDENTIFIER_PATTERN: Final = "[A-Za-z0-9_:.-]{1,100}"
"""Ids are opaque, but none of ours has other characters, and NUL is no text."""

_IDENTIFIER: Final = re.compile(IDENTIFIER_PATTERN)
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBody:
    """A body that is taken as the bytes it is: a file, or what is signed as sent.

    ``bytes_max`` holds for callers with a valid token; for others HUB_BODY_BYTES_MAX
    does, if that is less.
    """

    media_types: tuple[str, ...]
    bytes_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How an operation speaks whose callers bring a standard of their own.

    Its tokens have an audience of their own, so that they open nothing else; its
    refusals have the form and the statuses of that standard.
    """

    audience: str
    refuse: Callable[[ServiceError, Request], Answer]
    refusal: type[Schema]
    refusal_statuses: tuple[int, ...]
    # Headers that a request must carry, and what each holds.
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path, with everything that OpenAPI wants to know of it."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    tag: str
    rule: Rule
    status: int = 200
    answer: type[Schema] | None = None
    # Media types of files that the answer may be instead, when they are asked for.
    files: tuple[str, ...] = ()
    # Further statuses with the same answer schema, and when they are given.
    other_statuses: Mapping[int, str] = field(default_factory=dict)
    body: type[Schema] | None = None
    body_media_type: str = answers.JSON
    raw_body: RawBody | None = None
    query: type[Schema] | None = None
    # The contract's schema of what travels to the service, where one call answers.
    command: type[Schema] | None = None
    idempotency: Idempotency = Idempotency.NONE
    errors: tuple[type[ServiceError], ...] = ()
    # Probes are answered even when no place is free for another request.
    is_probe: bool = False
    is_described: bool = True
    # How a refusal is answered where callers expect another form than RFC 9457.
    on_refusal: Callable[[ServiceError, Request], Answer] | None = None
    dialect: Dialect | None = None

    @property
    def audience(self) -> str:
        """For whom its access tokens are made."""
        return self.dialect.audience if self.dialect else API_AUDIENCE

    def refuse(self, refusal: ServiceError, request: Request) -> Answer:
        """The answer for a refused request of this operation."""
        if self.dialect is not None:
            return self.dialect.refuse(refusal, request)
        if self.on_refusal is not None:
            return self.on_refusal(refusal, request)
        return problems.answer_to(refusal, request.language)

    @property
    def is_public(self) -> bool:
        """Whether it takes requests without a token."""
        return auth.is_public(self.rule)

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)


class RequestReader:
    """Reads and validates requests for one operation; its schemas are built once."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._body = operation.body() if operation.body else None
        self._query = (operation.query or Schema)()
        self._integers = {
            declared.data_key or name
            for name, declared in self._query.fields.items()
            if isinstance(declared, fields.Integer)
        }
        command = operation.command().fields if operation.command else {}
        self._parameters = {
            name: command[name] for name in operation.parameters if name in command
        }

    def read(self, request: Request) -> None:
        """Fill in what the request says. Raises Malformed and its kin."""
        for name, value in request.parameters.items():
            self._check_parameter(name, value)
        if request.query_string or self._query.fields:
            request.query = self._read_query(request.query_string)
        if self._operation.raw_body is not None:
            self._check_raw_body(request, self._operation.raw_body)
        elif self._body is not None:
            request.json = self._read_body(request, self._body)
        elif request.body:
            self._refuse_body(request)

    def _check_parameter(self, name: str, value: str) -> None:
        """What cannot be an id is the id of nothing."""
        if not _IDENTIFIER.fullmatch(value):
            raise NotFound
        declared = self._parameters.get(name)
        if declared is not None:
            try:
                declared.deserialize(value)
            except ValidationError as error:
                raise NotFound from error

    def _read_query(self, query_string: str) -> dict[str, Any]:
        raw: dict[str, Any] = dict(bodies.parse_query(query_string))
        for name in self._integers & raw.keys():
            if not _INTEGER.fullmatch(raw[name]):
                raise invalid({name: ["Must be an integer."]})
            raw[name] = int(raw[name])
        _validate(self._query, raw)
        return raw

    def _read_body(self, request: Request, schema: Schema) -> dict[str, Any]:
        media_type = self._operation.body_media_type
        given, _, parameters = request.headers.get("content-type", "").partition(";")
        if given.strip().lower() != media_type or not _is_utf8(parameters):
            raise UnsupportedMediaType(f"Send the body as {media_type}.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedMediaType("Send the body without content encoding.")
        if media_type == FORM:
            return bodies.parse_form(request.body)
        value = bodies.parse_json(request.body)
        _validate(schema, value)
        return value

    @staticmethod
    def _check_raw_body(request: Request, expected: RawBody) -> None:
        given = request.headers.get("content-type", "").partition(";")[0]
        if given.strip().lower() not in expected.media_types:
            wanted = " or ".join(expected.media_types)
            raise UnsupportedMediaType(f"Send the body as {wanted}.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedMediaType("Send the body without content encoding.")
        if len(request.body) > expected.bytes_max:
            raise BodyTooLarge
        request.is_raw = True

    def _refuse_body(self, request: Request) -> None:
        """An operation without a body takes none, or the empty object."""
        if request.method in {"GET", "HEAD"}:
            return
        media_type = request.headers.get("content-type", "").partition(";")[0]
        if media_type.strip().lower() != answers.JSON:
            raise UnsupportedMediaType("This operation takes no body.")
        if bodies.parse_json(request.body):
            raise Malformed("This operation takes no body.")


def _is_utf8(parameters: str) -> bool:
    name, _, value = parameters.strip().lower().partition("=")
    return name != "charset" or value.strip('"') in {"utf-8", "utf8", "us-ascii"}


def _validate(schema: Schema, value: dict[str, Any]) -> None:
    try:
        schema.load(value)
    except ValidationError as error:
        raise invalid(error.messages) from error


def invalid(messages: Any) -> Malformed:
    """The refusal for what marshmallow found wrong."""
    found = problems.field_errors(messages)
    return Malformed(problems.named(found[0]), {"errors": found})


Function = Callable[[Any, Request], Any]


def safely(function: Function) -> Function:
    """``function``, which returns a refusal instead of raising it.

    nameko logs an exception of a worker with its traceback; a refusal is an answer.
    """

    @functools.wraps(function)
    def run(service: Any, request: Request) -> Any:
        # A worker is a greenthread of its own, with a context of its own.
        telemetry.request_id.set(request.id)
        try:
            return function(service, request)
        except ServiceError as refusal:
            return refusal

    return run


def to_answer(operation: Operation, request: Request, result: Any) -> Answer:
    """The answer that a route's result stands for.

    A route returns the answer's JSON object, a pair of status and object, or an Answer.
    """
    if isinstance(result, Answer):
        return result
    if isinstance(result, ServiceError):
        return operation.refuse(result, request)
    status, value = result if isinstance(result, tuple) else (operation.status, result)
    if value.pop("replayed", False):
        return answers.of_json(
            status, value, headers=(("Idempotency-Replayed", "true"),)
        )
    return answers.of_json(status, value)


def documentation_of(function: Callable[..., Any]) -> tuple[str, str]:
    """First line and rest of a docstring: summary and description of an operation."""
    lines = inspect.cleandoc(function.__doc__ or "").split("\n", 1)
    rest = lines[1].strip() if len(lines) > 1 else ""
    return lines[0].rstrip("."), rest


def sorted_by_path(operations: Iterable[Operation]) -> list[Operation]:
    """Operations in the order in which they are listed."""
    return sorted(operations, key=lambda one: (one.path, one.method))
