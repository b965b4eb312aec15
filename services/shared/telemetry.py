"""What the hub tells its operators: JSON logs without secrets, and counters."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="")
"""The request this greenthread works on; travels with every message."""

REDACTED: Final = "[redacted]"
_SECRET_NAMES: Final = frozenset(
    {
        "access_token",
        "address",
        "api_key",
        "authorization",
        "birth_date",
        "callback_secret",
        "client_secret",
        "cookie",
        "email",
        "identity",
        "nik",
        "password",
        "phone",
        "secret",
        "secret_key",
        "settlement_key",
        "signature",
        "token",
    }
)
_SECRET_TEXTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REDACTED),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@"), rf"\1:{REDACTED}@"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:secret|password|token))(['\"]?\s*[=:]\s*)[^\s,;&}]+"
        ),
        rf"\1\2{REDACTED}",
    ),
    # A NIK has 16 digits. So has an account number: both are personal data.
    (re.compile(r"(?<!\d)(\d{4})\d{8}(\d{4})(?!\d)"), r"\1********\2"),
)
_OWN_ATTRIBUTES: Final = frozenset(
    logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime", "taskName"}
)

CALL_SECONDS: Final = Histogram(
    "hub_call_seconds",
    "How long a service took to answer one call.",
    ["service", "method", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BATCH_SIZE: Final = Histogram(
    "hub_batch_size",
    "Calls that one batch carried.",
    ["service", "method"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
BATCH_SECONDS: Final = Histogram(
    "hub_batch_seconds",
    "How long a service took for one batch.",
    ["service", "method"],
)
BUS_BLOCKED: Final = Gauge(
    "hub_bus_blocked",
    "1 while the broker takes no messages for want of memory or disk.",
)
CALLS_PENDING: Final = Gauge(
    "hub_calls_pending",
    "Calls that wait for an answer.",
    ["service", "method"],
)
CALLS_REFUSED: Final = Counter(
    "hub_calls_refused_busy",
    "Calls refused because too many were waiting.",
    ["service", "method"],
)
EVENTS_PUBLISHED: Final = Counter(
    "hub_events_published",
    "Events that the broker confirmed.",
    ["service", "name"],
)
EVENTS_HANDLED: Final = Counter(
    "hub_events_handled",
    "Events handled, by outcome: applied, repeated, parked, dead.",
    ["service", "consumer", "outcome"],
)


def redact(value: Any, name: str = "") -> Any:
    """``value`` without secrets and personal data, by field name and by looks."""
    if name.lower() in _SECRET_NAMES:
        return REDACTED
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    if isinstance(value, str):
        return _redact_text(value)
    return value


def _redact_text(text: str) -> str:
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object per line; whatever is passed as ``extra`` becomes a field."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line for ``record``, redacted."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": _redact_text(record.getMessage()),
        }
        if current := request_id.get():
            line["request_id"] = current
        for name, value in record.__dict__.items():
            if name not in _OWN_ATTRIBUTES:
                line[name] = redact(value, name)
        if record.exc_info:
            line["exception"] = _redact_text(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(service: str, level: str = "INFO") -> None:
    """Send every log line of this process to stderr as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These two tell at INFO of every message and connection.
    for chatty in ("amqp", "kombu", "nameko.rpc"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # Warns, with a traceback, of every refusal that a caller is answered with.
    logging.getLogger("nameko.containers").setLevel(logging.ERROR)
