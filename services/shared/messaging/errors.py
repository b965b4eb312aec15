"""How a fault crosses the wire and is the same fault on the other side.

The shape is nameko's (``exc_type``, ``exc_path``, ``exc_args``, ``value``), so a plain
nameko client understands it, plus the frozen code and the category for a caller that
never imported the contract in which the error class lives.
"""

from __future__ import annotations

from typing import Any

from services.shared import errors
from services.shared.errors import ServiceError

CATEGORIES = {
    category.__name__: category
    for category in (
        errors.MalformedError,
        errors.NotAuthenticatedError,
        errors.NotAllowedError,
        errors.NotFoundError,
        errors.ConflictError,
        errors.RefusedError,
        errors.UnavailableError,
        errors.OutcomeUnknownError,
        ServiceError,
    )
}


def to_wire(error: BaseException) -> dict[str, Any]:
    """The wire form of ``error``. What is not a ServiceError tells no details."""
    if not isinstance(error, ServiceError):
        error = errors.RemoteFault()
    kind = type(error)
    return {
        "exc_type": kind.__name__,
        "exc_path": _path(kind),
        "exc_args": [error.message, error.details],
        "value": error.message,
        "code": error.code,
        "category": _category(kind).__name__,
    }


def from_wire(data: dict[str, Any]) -> ServiceError:
    """The error that ``data`` describes, as an instance of its own class if known."""
    message, details = (*data.get("exc_args", ()), None, None)[:2]
    details = details if isinstance(details, dict) else None
    kind = _class_at(data.get("exc_path", ""))
    if kind is not None:
        return kind(message, details)
    category = CATEGORIES.get(data.get("category", ""))
    if category is None:
        # nameko's own faults (unknown method, wrong signature) are bugs of the caller.
        return errors.RemoteFault(f"{data.get('exc_type')}: {data.get('value')}")
    error: ServiceError = category(message, details)
    error.code = data["code"]  # type: ignore[misc]  # the code of a class not imported here
    return error


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _category(kind: type[ServiceError]) -> type[ServiceError]:
    return next(base for base in kind.__mro__ if base.__name__ in CATEGORIES)


def _subclasses(kind: type[ServiceError]) -> list[type[ServiceError]]:
    direct = kind.__subclasses__()
    return direct + [below for one in direct for below in _subclasses(one)]


_registry: dict[str, type[ServiceError]] = {}


def _class_at(path: str) -> type[ServiceError] | None:
    """The error class at ``path``; looks again when a contract was imported since."""
    if path not in _registry:
        _registry.update({_path(kind): kind for kind in _subclasses(ServiceError)})
    return _registry.get(path)
