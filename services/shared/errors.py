"""What can go wrong between services, and which kind of answer each fault deserves.

A refusal is a value with a frozen ``code`` that clients branch on. Subclasses live in
the contract of the service that raises them; the categories here decide the HTTP
status (`gateway/http.py`) and whether a caller may simply try again.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServiceError(Exception):
    """A fault with a frozen code that may travel between services.

    The class docstring's first line is the default message. ``details`` holds JSON
    primitives only.
    """

    code: ClassVar[str] = "service_error"

    def __init__(
        self, message: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        self.message = message or (self.__doc__ or "").strip().splitlines()[0]
        self.details = details or {}
        # Exactly what travels: an exception is rebuilt at the caller from its args.
        super().__init__(self.message, self.details)

    def __str__(self) -> str:
        return self.message


class MalformedError(ServiceError):
    """The request cannot be understood."""

    code = "malformed"


class NotAuthenticatedError(ServiceError):
    """The caller is not known."""

    code = "not_authenticated"


class NotAllowedError(ServiceError):
    """The caller is known but may not do this."""

    code = "not_allowed"


class NotFoundError(ServiceError):
    """There is no such thing, or it belongs to another cooperative."""

    code = "not_found"


class ConflictError(ServiceError):
    """The request contradicts the present state."""

    code = "conflict"


class RefusedError(ServiceError):
    """The request is well-formed but a business rule refuses it."""

    code = "refused"


class RateLimitedError(ServiceError):
    """This was tried too often; wait before the next time.

    ``details["retry_after"]`` says for how many seconds.
    """

    code = "rate_limited"


class UnavailableError(ServiceError):
    """Something the answer depends on is down; nothing was done."""

    code = "service_unavailable"


class OutcomeUnknownError(ServiceError):
    """No answer came in time; repeat with the same key to learn the outcome."""

    code = "outcome_unknown"


class Malformed(MalformedError):
    """The request does not fit its schema."""

    code = "invalid_request"


class NotAuthenticated(NotAuthenticatedError):
    """The access token is missing, expired or not valid."""


class NotAllowed(NotAllowedError):
    """The caller lacks the scope that this operation needs."""


class StepUpRequired(NotAllowedError):
    """Confirm with your second factor or transaction PIN first."""

    code = "step_up_required"


class SameProposer(NotAllowedError):
    """Who proposed something cannot approve it."""

    code = "proposer_cannot_approve"


class NotFound(NotFoundError):
    """There is no such thing, or it belongs to another cooperative."""


class IdempotencyKeyReused(RefusedError):
    """The idempotency key was used before with another body."""

    code = "idempotency_key_reused"


class RequestInProgress(ConflictError):
    """The first request with this idempotency key is still running."""

    code = "request_in_progress"


class ServiceBusy(UnavailableError):
    """More requests are waiting than the service can take; try again shortly."""

    code = "service_busy"


class CooperativeNotReady(UnavailableError):
    """The hub is still taking this cooperative in; try again shortly."""

    code = "cooperative_not_ready"


class BusUnavailable(UnavailableError):
    """The message broker cannot be reached; nothing was sent."""

    code = "bus_unavailable"


class DatabaseUnavailable(UnavailableError):
    """The database cannot be reached; nothing was done."""

    code = "database_unavailable"


class DeadlinePassed(OutcomeUnknownError):
    """The deadline passed before an answer came; repeat with the same key."""

    code = "deadline_passed"


class OutcomeUnknown(OutcomeUnknownError):
    """The connection broke while an answer was awaited; repeat with the same key."""


class RemoteFault(ServiceError):
    """The other service failed in a way it did not foresee."""

    code = "internal_error"


class InvariantViolated(Exception):
    """Something that must never happen did: a bug, never a refusal."""
