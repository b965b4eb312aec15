"""The OpenAPI 3.1 document, generated from the declarations that also serve."""

from __future__ import annotations

from collections import defaultdict
from http import HTTPStatus
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from marshmallow import Schema, ValidationError, fields

from services.gateway.http import answers, problems, requests
from services.gateway.http.idempotency import KEY_LENGTH_MAX, Idempotency
from services.gateway.http.operations import (
    FORM,
    IDENTIFIER_PATTERN,
    Dialect,
    Operation,
)
from services.shared import errors
from services.shared.contracts.ledger import MomentOrDateField
from services.shared.errors import ServiceError

VERSION: Final = "1.0.0"
OPENAPI_VERSION: Final = "3.1.0"

INTEGER_MAX: Final = 2**53 - 1
"""The largest integer that every JSON parser reads exactly (RFC 8259 section 6)."""

DESCRIPTION: Final = """\
Payments between the members of savings-and-loan cooperatives, cleared by the hub.

Amounts are integers of whole rupiah. Times are RFC 3339 with offset, dates
`YYYY-MM-DD`. Ids are opaque. Unknown fields are refused. Errors are RFC 9457 problem
documents: branch on `code`. Their `title` and `detail` are Indonesian, or English with
`Accept-Language: en`.

Send `Idempotency-Key` with every POST that moves money. The same key with the same
body gives the first answer again, with `Idempotency-Replayed: true`; after 503 or 504
repeat the request with the same key.
"""

# Every operation can end in these, before or beside what it does itself.
_TRANSPORT_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    errors.Malformed,
    problems.MalformedHttp,
    problems.RequestTimeout,
    problems.BodyTooLarge,
    problems.UriTooLong,
    problems.ExpectationFailed,
    problems.HeadersTooLarge,
    errors.RemoteFault,
    errors.ServiceBusy,
)
_CALLER_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    errors.NotAuthenticated,
    errors.NotAllowed,
    problems.CrossSiteRequest,
)
_BODY_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    problems.MalformedJson,
    problems.UnsupportedMediaType,
)
_CALL_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    problems.TooManyRequests,
    errors.BusUnavailable,
    errors.DatabaseUnavailable,
    errors.DeadlinePassed,
    errors.OutcomeUnknown,
)
_KEY_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    problems.InvalidIdempotencyKey,
    errors.IdempotencyKeyReused,
    errors.RequestInProgress,
)


class FieldError(Schema):
    """What is wrong with one field."""

    field = fields.String(required=True, metadata={"example": "amount"})
    code = fields.String(required=True, metadata={"example": "invalid"})
    detail = fields.String(
        required=True, metadata={"example": "Must be an integer of whole rupiah."}
    )


class Problem(Schema):
    """A problem document (RFC 9457); `code` is stable."""

    type = fields.String(
        required=True,
        metadata={
            "format": "uri-reference",
            "example": problems.type_of("no_agreement"),
        },
    )
    title = fields.String(required=True, metadata={"example": "No agreement"})
    status = fields.Integer(
        required=True, metadata={"example": 422, "minimum": 400, "maximum": 599}
    )
    code = fields.String(required=True, metadata={"example": "no_agreement"})
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldError))
    facts = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": "What the refusal knows beside its sentence, such as the "
            "`total` of a settlement or the `latest` day of an extension.",
            "example": {"total": 2_516_666},
        },
    )


class OauthProblem(Problem):
    """A problem document that OAuth clients also understand (RFC 6749)."""

    error = fields.String(metadata={"example": "invalid_client"})
    error_description = fields.String()


def errors_of(operation: Operation) -> list[type[ServiceError]]:
    """Every fault that an operation can end in."""
    found = [*_TRANSPORT_ERRORS]
    if operation.dialect is not None:
        # Whatever its route is asked is refused in its own words; the rest was
        # refused before anybody knew which route it was for.
        return found
    if not operation.is_public:
        found += _CALLER_ERRORS
    if operation.parameters:
        found.append(errors.NotFound)
    if operation.method in {"POST", "PUT", "PATCH"}:
        found += _BODY_ERRORS
    if not operation.is_probe and (operation.answer or operation.files):
        found += _CALL_ERRORS
    if operation.idempotency is not Idempotency.NONE:
        found += _KEY_ERRORS
    if operation.idempotency is Idempotency.REQUIRED:
        found.append(problems.IdempotencyKeyRequired)
    if operation.query is not None and "cursor" in operation.query().fields:
        found.append(problems.InvalidCursor)
    found += operation.errors
    return list(dict.fromkeys(found))


def document(operations: list[Operation]) -> dict[str, Any]:
    """The OpenAPI document that describes ``operations``."""
    return _Writer().document(
        [operation for operation in operations if operation.is_described]
    )


class _Writer:
    """Writes one document; schemas are collected as they are met."""

    def __init__(self) -> None:
        self._names: dict[str, type[Schema]] = {}
        self._responses_by_name: dict[str, dict[str, Any]] = {}
        self._plugin = MarshmallowPlugin(schema_name_resolver=self._name_of)
        self._spec = APISpec(
            title="Koperasi Hub",
            version=VERSION,
            openapi_version=OPENAPI_VERSION,
            plugins=[self._plugin],
            info={"description": DESCRIPTION},
        )
        converter = self._plugin.converter
        if converter is None:
            raise errors.InvariantViolated("apispec made no marshmallow converter")
        self._converter = converter
        converter.field_mapping[MomentOrDateField] = ("string", None)
        add_attributes: Any = converter.add_attribute_function
        add_attributes(_moment_or_date)

    def _name_of(self, schema: Any) -> str:
        """The class's name; the contract's name before it when two share one."""
        kind = resolve_schema_cls(schema)
        if isinstance(kind, list):
            raise errors.InvariantViolated(f"{schema} names several schemas")
        name = kind.__name__
        if self._names.setdefault(name, kind) is not kind:
            name = f"{kind.__module__.rsplit('.', 1)[-1].capitalize()}{name}"
        return name

    def document(self, operations: list[Operation]) -> dict[str, Any]:
        by_path: dict[str, dict[str, Any]] = defaultdict(dict)
        for operation in operations:
            by_path[operation.path][operation.method.lower()] = self._operation(
                operation
            )
        for path, methods in by_path.items():
            self._spec.path(path=path, operations=methods)
        self._spec.components.security_scheme(
            "token",
            {
                "type": "oauth2",
                "flows": {
                    "clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": {}}
                },
            },
        )
        self._spec.components.security_scheme(
            "client", {"type": "http", "scheme": "basic"}
        )
        described = self._spec.to_dict()
        described["servers"] = [{"url": "/"}]
        described["tags"] = [
            {"name": tag} for tag in dict.fromkeys(one.tag for one in operations)
        ]
        for schema in described["components"]["schemas"].values():
            # Services tell the gateway so; callers read it in Idempotency-Replayed.
            schema.get("properties", {}).pop("replayed", None)
        described["jsonSchemaDialect"] = (
            "https://spec.openapis.org/oas/3.1/dialect/base"
        )
        tidied: dict[str, Any] = _tidied(described)
        return tidied

    def _operation(self, operation: Operation) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": [operation.tag],
            "parameters": self._parameters(operation),
            "responses": self._responses(operation),
            "security": _security(operation),
        }
        rule = "" if operation.is_public else f"Needs: {operation.rule.__doc__}."
        text = "\n\n".join(part for part in (operation.description, rule) if part)
        if text:
            described["description"] = text
        if operation.body is not None:
            described["requestBody"] = self._body(operation, operation.body)
        elif operation.raw_body is not None:
            described["requestBody"] = {
                "required": True,
                "content": {
                    media_type: {"schema": _raw_schema(media_type)}
                    for media_type in operation.raw_body.media_types
                },
            }
        return described

    def _body(self, operation: Operation, kind: type[Schema]) -> dict[str, Any]:
        return {
            "required": True,
            "content": {
                operation.body_media_type: {
                    "schema": kind,
                    "example": example_of(kind()),
                }
            },
        }

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        found = [self._path_parameter(operation, name) for name in operation.parameters]
        if operation.query is not None:
            found += self._query_parameters(operation.query())
        if operation.dialect is not None:
            found += [
                _header_parameter(*row) for row in operation.dialect.headers.items()
            ]
        if operation.idempotency is not Idempotency.NONE:
            found.append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": operation.idempotency is Idempotency.REQUIRED,
                    "description": "Makes a repeated request safe.",
                    "schema": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": KEY_LENGTH_MAX,
                        "pattern": "^[!-~]+$",
                    },
                    "example": "bayar-beras-20261122-001",
                }
            )
        return found

    def _path_parameter(self, operation: Operation, name: str) -> dict[str, Any]:
        """A path parameter as the command's field of that name describes it."""
        described: dict[str, Any] = {}
        if operation.command is not None:
            declared = operation.command().fields[name]
            described = dict(self._converter.field2property(declared))
        described.setdefault("type", "string")
        # What an id may be made of is narrower than what a text may be.
        own_pattern = described.get("pattern", "")
        if not own_pattern.startswith("^[0-9]"):
            described["pattern"] = f"^{IDENTIFIER_PATTERN}$"
        parameter: dict[str, Any] = {
            "name": name,
            "in": "path",
            "required": True,
            "schema": described,
        }
        example = described.pop("example", None)
        if example is not None:
            parameter["example"] = example
        return parameter

    def _query_parameters(self, schema: Schema) -> list[dict[str, Any]]:
        found = []
        for name, declared in schema.fields.items():
            described = dict(self._converter.field2property(declared))
            # A query string has no null: what is not given is left out.
            if isinstance(described.get("type"), list):
                described["type"] = described["type"][0]
            if None in described.get("enum", ()):
                described["enum"] = [one for one in described["enum"] if one]
            if described.get("default", "") is None:
                del described["default"]
            parameter = {
                "name": declared.data_key or name,
                "in": "query",
                "required": declared.required,
                "schema": described,
            }
            if "description" in described:
                parameter["description"] = described.pop("description")
            found.append(parameter)
        return found

    def _responses(self, operation: Operation) -> dict[str, Any]:
        found = {str(operation.status): self._success(operation, operation.summary)}
        for status, when in operation.other_statuses.items():
            found[str(status)] = self._success(operation, when)
        if operation.dialect is not None:
            found |= _refusals(operation.dialect)
        by_status: dict[int, list[type[ServiceError]]] = defaultdict(list)
        for kind in errors_of(operation):
            by_status[problems.status_of(kind)].append(kind)
        schema = OauthProblem if operation.body_media_type == FORM else Problem
        for status, kinds in sorted(by_status.items()):
            described = _problem_response(status, kinds, schema)
            if str(status) in found:
                # A status that an operation also uses for something of its own.
                described["content"].update(found[str(status)]["content"])
                described["description"] = (
                    f"{found[str(status)]['description']}\n\n{described['description']}"
                )
                found[str(status)] = described
            else:
                found[str(status)] = self._shared(status, described)
        return found

    def _shared(self, status: int, described: dict[str, Any]) -> dict[str, str]:
        """A reference to a response that many operations have word for word."""
        for name, known in self._responses_by_name.items():
            if known == described:
                return {"$ref": f"#/components/responses/{name}"}
        stem = HTTPStatus(status).name.title().replace("_", "")
        same = sum(name.startswith(stem) for name in self._responses_by_name)
        name = f"{stem}{same + 1 if same else ''}"
        self._responses_by_name[name] = described
        self._spec.components.response(name, dict(described))
        return {"$ref": f"#/components/responses/{name}"}

    def _success(self, operation: Operation, description: str) -> dict[str, Any]:
        described: dict[str, Any] = {
            "description": description,
            "headers": {"X-Request-Id": _REQUEST_ID_HEADER},
        }
        if operation.idempotency is not Idempotency.NONE:
            described["headers"]["Idempotency-Replayed"] = _REPLAYED_HEADER
        if operation.answer is not None:
            described["content"] = {
                answers.JSON: {
                    "schema": operation.answer,
                    "example": example_of(operation.answer()),
                }
            }
        for media_type in operation.files:
            described.setdefault("content", {})[media_type] = {
                "schema": {"type": "string", "format": "binary"}
            }
        return described


_REQUEST_ID_HEADER: Final = {
    "description": "The request's id, taken from the request or made.",
    "schema": {"type": "string", "maxLength": requests.REQUEST_ID_LENGTH_MAX},
}
_REPLAYED_HEADER: Final = {
    "description": "`true` when this is the first answer given again.",
    "schema": {"type": "string", "enum": ["true"]},
}
_RETRY_HEADER: Final = {
    "description": "Seconds after which to try again.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 3600},
}
_CHALLENGE_HEADER: Final = {
    "description": "How to authenticate.",
    "schema": {"type": "string"},
}


def _moment_or_date(
    _converter: Any, declared: fields.Field[Any], **_: Any
) -> dict[str, Any]:
    """What apispec cannot know of the contracts' own field type."""
    if not isinstance(declared, MomentOrDateField):
        return {}
    return {"anyOf": [{"format": "date"}, {"format": "date-time"}]}


def _refusals(dialect: Dialect) -> dict[str, Any]:
    """The refusals of a dialect, which all have one form."""
    content = {answers.JSON: {"schema": dialect.refusal}}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "headers": {"X-Request-Id": _REQUEST_ID_HEADER},
            "content": dict(content),
        }
        for status in dialect.refusal_statuses
    }


def _problem_response(
    status: int, kinds: list[type[ServiceError]], schema: type[Schema]
) -> dict[str, Any]:
    headers = {"X-Request-Id": _REQUEST_ID_HEADER}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = _RETRY_HEADER
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _CHALLENGE_HEADER
    # One code may stand for faults of two services.
    by_code = {kind.code: kind for kind in kinds}
    return {
        "description": "\n".join(
            f"- `{code}`: {explanation_of(kind)}" for code, kind in by_code.items()
        ),
        "headers": headers,
        "content": {
            answers.PROBLEM_JSON: {
                "schema": schema,
                "examples": {
                    code: {"value": _problem_example(status, kind)}
                    for code, kind in by_code.items()
                },
            }
        },
    }


def explanation_of(kind: type[ServiceError]) -> str:
    """What a fault says when it has nothing more particular to say."""
    return (kind.__doc__ or "").strip().splitlines()[0]


def _problem_example(status: int, kind: type[ServiceError]) -> dict[str, Any]:
    return {
        "type": problems.type_of(kind.code),
        "title": problems.title_of(kind.code),
        "status": status,
        "code": kind.code,
        "detail": explanation_of(kind),
    }


def _header_parameter(name: str, meaning: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": meaning,
        "schema": {"type": "string", "pattern": "^[!-~]+$", "maxLength": 2000},
    }


def _raw_schema(media_type: str) -> dict[str, Any]:
    """Bytes are a file, except of a kind that is read later: that may be anything."""
    if media_type in {answers.JSON, FORM}:
        return {}
    return {"type": "string", "format": "binary"}


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.body_media_type == FORM:
        return [{}, {"client": []}]
    return [] if operation.is_public else [{"token": []}]


_EXAMPLES_OF_TYPES: Final[tuple[tuple[type[fields.Field[Any]], Any], ...]] = (
    (fields.AwareDateTime, "2026-11-22T09:30:00+00:00"),
    (fields.Date, "2026-11-22"),
    (fields.Boolean, True),
    (fields.Integer, 250000),
    (fields.Dict, {}),
)
_EXAMPLES_OF_TEXT: Final = ("…", "0101100000000016", "2026-11-22", "budi@contoh.id", "")


def example_of(schema: Schema) -> dict[str, Any]:
    """An example of what a schema describes, from the examples of its fields."""
    return {
        declared.data_key or name: _example(declared)
        for name, declared in schema.fields.items()
        if declared.required or "example" in declared.metadata
    }


def _example(declared: fields.Field[Any]) -> Any:
    if isinstance(declared, fields.Nested):
        return example_of(declared.schema)
    if isinstance(declared, fields.List) and "example" not in declared.metadata:
        return [_example(declared.inner)]
    if "example" in declared.metadata or declared.allow_none:
        return declared.metadata.get("example")
    return _example_value(declared)


def _example_value(declared: fields.Field[Any]) -> Any:
    for rule in declared.validators:
        choices = getattr(rule, "choices", None)
        if choices:
            return choices[0]
    for kind, example in _EXAMPLES_OF_TYPES:
        if isinstance(declared, kind):
            return example
    return next(text for text in _EXAMPLES_OF_TEXT if _is_valid(declared, text))


def _is_valid(declared: fields.Field[Any], text: str) -> bool:
    try:
        declared.deserialize(text)
    except ValidationError:
        return False
    return True


def _tidied(node: Any) -> Any:
    """The document as JSON Schema 2020-12 wants it, with bounds on every integer."""
    if isinstance(node, list):
        return [_tidied(one) for one in node]
    if not isinstance(node, dict):
        return node
    tidy = {str(key): _tidied(value) for key, value in node.items()}
    if isinstance(tidy.get("pattern"), str):
        # Python's end of string is spelt differently in ECMA 262.
        tidy["pattern"] = tidy["pattern"].replace(r"\Z", "$")
    types = tidy.get("type")
    if types == "integer" or (isinstance(types, list) and "integer" in types):
        tidy.setdefault("minimum", -INTEGER_MAX)
        tidy.setdefault("maximum", INTEGER_MAX)
        tidy["format"] = "int64"
    is_schema = isinstance(types, str | list)
    if is_schema and "example" in tidy and "in" not in tidy:
        tidy["examples"] = [tidy.pop("example")]
    return tidy
