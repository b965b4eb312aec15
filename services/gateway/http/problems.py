"""Which HTTP status and which problem document a fault becomes: the one error table."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from services.gateway import translations
from services.gateway.http import answers
from services.gateway.http.answers import Answer, Headers
from services.gateway.translations import translate
from services.shared import errors
from services.shared.errors import ConflictError, MalformedError, ServiceError


class MalformedJson(MalformedError):
    """The body is not one JSON object as RFC 8259 has it."""

    code = "malformed_json"


class MalformedHttp(MalformedError):
    """The request is not HTTP/1.1 as RFC 9112 has it."""

    code = "malformed_http"


class InvalidCursor(MalformedError):
    """The cursor was not made by this list for this cooperative."""

    code = "invalid_cursor"


class IdempotencyKeyRequired(MalformedError):
    """This operation can move money: send an Idempotency-Key header."""

    code = "idempotency_key_required"


class InvalidIdempotencyKey(MalformedError):
    """An Idempotency-Key is 1 to 255 visible ASCII characters, sent once."""

    code = "invalid_idempotency_key"


class PathNotFound(errors.NotFoundError):
    """There is nothing at this path."""

    code = "path_not_found"


class CrossSiteRequest(errors.NotAllowedError):
    """With a cookie, only the hub's own pages may change something."""

    code = "cross_site_request"


class TransportError(ServiceError):
    """What only HTTP knows; each class names its own status."""

    status = 400


class MethodNotAllowed(TransportError):
    """This path does not take this method."""

    code = "method_not_allowed"
    status = 405


class ExpectationFailed(TransportError):
    """The only expectation that is met is 100-continue."""

    code = "expectation_failed"
    status = 417


class MethodNotImplemented(TransportError):
    """This method is not one of HTTP's."""

    code = "method_not_implemented"
    status = 501


class RequestTimeout(TransportError):
    """The request did not arrive completely in time."""

    code = "request_timeout"
    status = 408


class BodyTooLarge(TransportError):
    """The body is larger than this server takes."""

    code = "body_too_large"
    status = 413


class UriTooLong(TransportError):
    """The path and query are longer than this server takes."""

    code = "uri_too_long"
    status = 414


class UnsupportedMediaType(TransportError):
    """The body has another media type than this operation takes."""

    code = "unsupported_media_type"
    status = 415


class TooManyRequests(TransportError):
    """This client sent more requests than its rate allows."""

    code = "too_many_requests"
    status = 429


class HeadersTooLarge(TransportError):
    """The headers are larger than this server takes."""

    code = "headers_too_large"
    status = 431


STATUS_OF_CATEGORY: Final[tuple[tuple[type[ServiceError], int], ...]] = (
    (errors.MalformedError, 400),
    (errors.NotAuthenticatedError, 401),
    (errors.NotAllowedError, 403),
    (errors.NotFoundError, 404),
    (ConflictError, 409),
    (errors.RefusedError, 422),
    (errors.RateLimitedError, 429),
    (errors.UnavailableError, 503),
    (errors.OutcomeUnknownError, 504),
)

RETRY_AFTER_SECONDS: Final = {409: 1, 429: 1, 503: 1}
"""When trying again may help, if the fault itself does not know better."""

FIELD_ERRORS_MAX: Final = 100
HIDDEN: Final = "The hub failed in a way it did not foresee."

_status_of_class: dict[type[ServiceError], int] = {}


def status_of(kind: type[ServiceError]) -> int:
    """The HTTP status for faults of this class; 500 for what nobody foresaw."""
    if kind not in _status_of_class:
        _status_of_class[kind] = _look_up(kind)
    return _status_of_class[kind]


def _look_up(kind: type[ServiceError]) -> int:
    if issubclass(kind, TransportError):
        return kind.status
    for category, status in STATUS_OF_CATEGORY:
        if issubclass(kind, category):
            return status
    return 500


def title_of(code: str) -> str:
    """The title that every problem with this code has."""
    return code.replace("_", " ").capitalize()


TOLD: Final = frozenset(
    {
        "available",
        "field",
        "floor",
        "latest",
        "line",
        "missing",
        "next",
        "owed",
        "penalty",
        "possible",
        "total",
    }
)
"""What a refusal says beside its sentence, of what it knows: nothing of the inside."""


def type_of(code: str) -> str:
    """The URI of a problem: where the documentation page explains it."""
    return f"/docs#problem-{code}"


def answer_to(error: ServiceError, language: str = translations.ENGLISH) -> Answer:
    """The problem document for ``error`` (RFC 9457), in ``language``.

    ``code`` is the same in every language; it is what programs branch on.
    """
    status = status_of(type(error))
    # What nobody foresaw tells nothing of the inside.
    hidden = status == HTTPStatus.INTERNAL_SERVER_ERROR
    code = errors.RemoteFault.code if hidden else error.code
    body: dict[str, Any] = {
        "type": type_of(code),
        "title": translate(title_of(code), language, context=translations.TITLE),
        "status": status,
        "code": code,
        "detail": translate(HIDDEN, language) if hidden else _detail(error, language),
    }
    field_errors = error.details.get("errors")
    if isinstance(field_errors, list) and field_errors:
        body["errors"] = [
            one | {"detail": translate(str(one.get("detail", "")), language)}
            for one in field_errors[:FIELD_ERRORS_MAX]
        ]
    facts = {name: error.details[name] for name in TOLD & error.details.keys()}
    if facts and not hidden:
        body["facts"] = facts
    if "oauth_error" in error.details:
        # RFC 6749 section 5.2: what OAuth clients branch on.
        body["error"] = error.details["oauth_error"]
        body["error_description"] = body["detail"]
    headers = (
        *headers_of(error, status),
        ("Content-Language", language),
        ("Vary", "Accept-Language"),
    )
    if error.details.get("replayed") is True:
        headers = (*headers, ("Idempotency-Replayed", "true"))
    return answers.of_json(
        status, body, media_type=answers.PROBLEM_JSON, headers=headers
    )


def _detail(error: ServiceError, language: str) -> str:
    listed = error.details.get("errors")
    first = listed[0] if isinstance(listed, list) and listed else {}
    if error.message == named(first):
        said = translate(first["detail"], language)
        return named(first | {"detail": said})
    return translate(error.message, language, default=_default_message(type(error)))


def named(field_error: Mapping[str, str]) -> str:
    """What is wrong with a field, in one sentence that names the field."""
    detail, field = field_error.get("detail", ""), field_error.get("field")
    return f"{field}: {detail}" if field else detail


def _default_message(kind: type[ServiceError]) -> str:
    lines = (kind.__doc__ or "").strip().splitlines()
    return lines[0] if lines else ""


def headers_of(error: ServiceError, status: int) -> Headers:
    """What the headers say of a refusal, whatever form its body has."""
    headers: Headers = ()
    for name in ("Allow", "WWW-Authenticate"):
        if name in error.details:
            headers = (*headers, (name, str(error.details[name])))
    if status == HTTPStatus.UNAUTHORIZED and not headers:
        headers = (("WWW-Authenticate", 'Bearer realm="koperasi-hub"'),)
    waits = status in RETRY_AFTER_SECONDS and (
        status != HTTPStatus.CONFLICT or isinstance(error, errors.RequestInProgress)
    )
    if waits:
        seconds = error.details.get("retry_after", RETRY_AFTER_SECONDS[status])
        headers = (*headers, ("Retry-After", str(seconds)))
    return headers


_CODES_OF_MESSAGES: Final = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown_field",
    "Field may not be null.": "null_not_allowed",
}


def field_errors(messages: Any, path: str = "") -> list[dict[str, str]]:
    """marshmallow's nested messages as the flat list of a problem document."""
    if isinstance(messages, dict):
        return [
            error
            for key, below in messages.items()
            for error in field_errors(below, _join(path, str(key)))
        ]
    listed = messages if isinstance(messages, list) else [messages]
    return [
        {
            "field": path,
            "code": _CODES_OF_MESSAGES.get(str(message), "invalid"),
            "detail": str(message),
        }
        for message in listed
    ]


def _join(path: str, key: str) -> str:
    # marshmallow keeps what concerns a whole object under "_schema".
    if key == "_schema":
        return path
    return f"{path}.{key}" if path else key
