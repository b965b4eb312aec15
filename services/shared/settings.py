"""What can be set, what it means and what it is when unset: read once, at the start.

`Settings` is the one table of every environment variable. `hub doctor`, the README and
the test of the compose file all read it from here (`TABLE`).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from services.shared import crypto

SECRET_CHARACTERS_MIN: Final = 32
CLIENT_SECRET_CHARACTERS_MAX: Final = 200
SEED_BYTES: Final = 32
PORT_MAX: Final = 65535
MEMORY_BUS: Final = "memory://"
SERVICE_URL: Final = "<SERVICE>_DATABASE_URL"
_SERVICE_URL_NAME: Final = re.compile(r"^([A-Z]+)_DATABASE_URL$")


class SettingsError(Exception):
    """The environment does not make a usable configuration; names every culprit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: an environment variable."""

    name: str
    attribute: str
    default: str | None
    meaning: str
    is_secret: bool


def _text(value: str) -> str:
    return value


def _secret(value: str) -> str:
    if len(value) < SECRET_CHARACTERS_MIN:
        message = f"must have at least {SECRET_CHARACTERS_MIN} characters"
        raise ValueError(message)
    return value


def _optional_secret(value: str) -> str:
    return _secret(value) if value else value


def _client_secret(value: str) -> str:
    if len(value) > CLIENT_SECRET_CHARACTERS_MAX:
        message = f"must have at most {CLIENT_SECRET_CHARACTERS_MAX} characters"
        raise ValueError(message)
    return value


def _seed(value: str) -> bytes | None:
    if not value:
        return None
    try:
        seed = base64.b64decode(value, validate=True)
    except binascii.Error:
        seed = b""
    if len(seed) != SEED_BYTES:
        message = f"must be {SEED_BYTES} bytes in base64"
        raise ValueError(message)
    return seed


def _bus_uri(value: str) -> str:
    if urlsplit(value).scheme not in {"memory", "amqp", "amqps", "pyamqp"}:
        message = "must start with amqp://, amqps:// or memory://"
        raise ValueError(message)
    return value


def _database_uri(value: str) -> str:
    if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
        message = "must start with postgresql://"
        raise ValueError(message)
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    is_plain = not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        message = "must look like https://hub.example"
        raise ValueError(message)
    return value.rstrip("/")


def _optional_url(*schemes: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in schemes or not parts.hostname):
            message = f"must start with {' or '.join(f'{one}://' for one in schemes)}"
            raise ValueError(message)
        return value.rstrip("/")

    return read


def _sender(value: str) -> str:
    # One address, with a name or without: what a From header may hold.
    if not re.fullmatch(r"([^<>@\r\n]*<)?[^<>@\s]+@[^<>@\s]+>?", value):
        message = "must look like Koperasi Hub <hub@example.id>"
        raise ValueError(message)
    return value


def _prefix(value: str) -> str:
    if not re.fullmatch(r"([a-z][a-z0-9_]{0,30})?", value):
        message = "may hold small letters, digits and _, at most 31, a letter first"
        raise ValueError(message)
    return value


def _namespace(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{0,60}", value):
        message = "may hold letters, digits and _.-, at most 60"
        raise ValueError(message)
    return value


def _address(value: str) -> str:
    if value:
        split_address(value)
    return value


def _choice(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            message = f"must be one of {', '.join(choices)}"
            raise ValueError(message)
        return value

    return read


def _number_from(minimum: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not minimum <= number < float("inf"):
            message = f"must be a number of at least {minimum:g}"
            raise ValueError(message)
        return number

    return read


def _integer_from(minimum: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not value.isascii() or not value.isdigit() or int(value) < minimum:
            message = f"must be a whole number of at least {minimum}"
            raise ValueError(message)
        return int(value)

    return read


def _json_object(value: str) -> str:
    try:
        is_object = isinstance(json.loads(value), dict)
    except ValueError:
        is_object = False
    if not is_object:
        message = "must be a JSON object"
        raise ValueError(message)
    return value


def _optional_path(value: str) -> Path | None:
    return Path(value) if value else None


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _set(
    name: str,
    default: str | None,
    meaning: str,
    read: Callable[[str], Any] = _text,
    *,
    secret: bool = False,
) -> Any:
    """A field of `Settings`, with its row of the table as metadata."""
    row = {"name": name, "default": default, "meaning": meaning, "secret": secret}
    return field(repr=not secret, metadata=row | {"read": read})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that differs between two installations of the same code."""

    secret_key: str = _set(
        "HUB_SECRET_KEY",
        None,
        "Master secret: signs identities, and every other key is derived from it.",
        _secret,
        secret=True,
    )
    secret_key_previous: str = _set(
        "HUB_SECRET_KEY_PREVIOUS",
        "",
        "The other master secret while it is changed: what was signed or encrypted "
        "with it is still read.",
        _optional_secret,
        secret=True,
    )
    settlement_key: bytes | None = _set(
        "HUB_SETTLEMENT_KEY",
        "",
        "Ed25519 private seed (base64) that signs settlement proofs; "
        "derived from the master secret when empty.",
        _seed,
        secret=True,
    )
    amqp_uri: str = _set(
        "AMQP_URI",
        MEMORY_BUS,
        "The message broker; memory:// keeps the bus inside one process.",
        _bus_uri,
        secret=True,
    )
    database_url: str = _set(
        "DATABASE_URL",
        "",
        "An administrator's connection, for `hub migrate`, `hub up` and tests only.",
        _database_uri,
        secret=True,
    )
    database_urls: Mapping[str, str] = _set(
        SERVICE_URL,
        "",
        "A service's own connection, such as LEDGER_DATABASE_URL; "
        "made from DATABASE_URL when empty.",
        _database_uri,
        secret=True,
    )
    database_prefix: str = _set(
        "HUB_DATABASE_PREFIX",
        "koperasi_",
        "Starts the name of every database and role.",
        _prefix,
    )
    data_dir: Path = _set(
        "HUB_DATA_DIR",
        ".hub",
        "Where the embedded database and generated secrets are kept.",
        Path,
    )
    http_address: str = _set(
        "HUB_HTTP_ADDRESS",
        "127.0.0.1:8000",
        "Where the gateway listens.",
        _address,
    )
    metrics_address: str = _set(
        "HUB_METRICS_ADDRESS",
        "",
        "Where a service shows its own metrics and health; nowhere when empty.",
        _address,
    )
    operator_client_id: str = _set(
        "HUB_OPERATOR_CLIENT_ID",
        "operator",
        "The API client of the hub's operator, made by `hub bootstrap`.",
    )
    operator_client_secret: str = _set(
        "HUB_OPERATOR_CLIENT_SECRET",
        "",
        "Its secret; derived from the master secret when empty.",
        _client_secret,
        secret=True,
    )
    bus_namespace: str = _set(
        "HUB_BUS_NAMESPACE",
        "",
        "Starts the name of every exchange and queue, so that hubs can share a broker.",
        _namespace,
    )
    event_queue_type: Literal["classic", "quorum"] = _set(
        "HUB_EVENT_QUEUE_TYPE",
        "classic",
        "Kind of the event queues: quorum on a RabbitMQ cluster.",
        _choice("classic", "quorum"),
    )
    rate_limit: int = _set(
        "HUB_RATE_LIMIT",
        "2000",
        "Requests that one API client may make in a second; 0 for no limit.",
        _integer_from(0),
    )
    body_bytes_max: int = _set(
        "HUB_BODY_BYTES_MAX",
        "1048576",
        "The largest request body.",
        _integer_from(1024),
    )
    cors_origins: tuple[str, ...] = _set(
        "HUB_CORS_ORIGINS",
        "",
        "Origins, separated by commas, whose pages may call the API.",
        _list,
    )
    token_seconds: int = _set(
        "HUB_TOKEN_SECONDS",
        "900",
        "How long an access token is good.",
        _integer_from(1),
    )
    collective_leave: Literal["working", "holiday"] = _set(
        "HUB_COLLECTIVE_LEAVE",
        "working",
        "Whether days of collective leave (cuti bersama) count as working days.",
        _choice("working", "holiday"),
    )
    call_seconds: float = _set(
        "HUB_CALL_SECONDS",
        "10",
        "How long a call to another service may take.",
        _number_from(0.1),
    )
    public_url: str = _set(
        "HUB_PUBLIC_URL",
        "http://127.0.0.1:8000",
        "Where people and payment providers reach the hub; links in e-mails start so.",
        _public_url,
    )
    smtp_url: str = _set(
        "HUB_SMTP_URL",
        "",
        "The mail server, smtp://user:password@host:port or smtps://; "
        "e-mails wait when empty.",
        _optional_url("smtp", "smtps"),
        secret=True,
    )
    mail_from: str = _set(
        "HUB_MAIL_FROM",
        "Koperasi Hub <hub@localhost>",
        "Who e-mails come from.",
        _sender,
    )
    ipaymu_url: str = _set(
        "HUB_IPAYMU_URL",
        "",
        "The iPaymu API, such as https://sandbox.ipaymu.com/api/v2; "
        "no virtual accounts when empty.",
        _optional_url("http", "https"),
    )
    ipaymu_va: str = _set(
        "HUB_IPAYMU_VA",
        "",
        "The hub's virtual account number at iPaymu.",
    )
    ipaymu_key: str = _set(
        "HUB_IPAYMU_KEY",
        "",
        "The API key of that account.",
        secret=True,
    )
    insurer_url: str = _set(
        "HUB_INSURER_URL",
        "",
        "The API of the partner insurers, each below its own code; "
        "no cover when empty.",
        _optional_url("http", "https"),
    )
    insurer_key: str = _set(
        "HUB_INSURER_KEY",
        "",
        "The key that signs what is asked of it, and what it calls back.",
        secret=True,
    )
    kyc_vendor: Literal["none", "verihubs", "rest"] = _set(
        "HUB_KYC_VENDOR",
        "none",
        "Who checks identities: verihubs, rest (an API by HUB_KYC_REST_MAP) or none.",
        _choice("none", "verihubs", "rest"),
    )
    kyc_url: str = _set(
        "HUB_KYC_URL",
        "",
        "The API of that vendor; no checks when empty.",
        _optional_url("http", "https"),
    )
    kyc_app_id: str = _set(
        "HUB_KYC_APP_ID",
        "",
        "The hub's application id at that vendor.",
    )
    kyc_key: str = _set(
        "HUB_KYC_KEY",
        "",
        "The API key of that application.",
        secret=True,
    )
    kyc_rest_map: str = _set(
        "HUB_KYC_REST_MAP",
        "{}",
        "What a rest vendor calls things, as JSON (services/kyc/adapters/rest.py).",
        _json_object,
    )
    simulated_date_file: Path | None = _set(
        "HUB_SIMULATED_DATE_FILE",
        "",
        "A file with the business date (YYYY-MM-DD) of a simulation, for demos and "
        "tests that live through months; never set it where money is real.",
        _optional_path,
    )
    log_level: str = _set(
        "HUB_LOG_LEVEL",
        "INFO",
        "DEBUG, INFO, WARNING or ERROR.",
        _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    )

    @property
    def is_embedded_bus(self) -> bool:
        """Whether messages stay inside this process."""
        return self.amqp_uri.startswith(MEMORY_BUS)

    @cached_property
    def settlement_seed(self) -> bytes:
        """The Ed25519 seed that signs settlement proofs."""
        return self.settlement_key or self.derive("settlement key")

    @cached_property
    def operator_secret(self) -> str:
        """The operator's client secret, given or derived."""
        return self.operator_client_secret or self.derive("operator client").hex()

    @cached_property
    def identity_key(self) -> str:
        """The key that signs identities: access tokens and message contexts."""
        return self.derive("identity").hex()

    @cached_property
    def identity_keys(self) -> tuple[str, ...]:
        """The keys whose signatures are believed; the first is the one that signs."""
        older = self.derive_older("identity")
        return (self.identity_key, *(key.hex() for key in older))

    def derive(self, label: str, length: int = crypto.KEY_BYTES) -> bytes:
        """A key for one purpose, from the master secret by HKDF-SHA512."""
        return crypto.hkdf(self.secret_key.encode(), label, length)

    def derive_older(self, label: str) -> tuple[bytes, ...]:
        """The same from the other master secret, while there is one."""
        if not self.secret_key_previous:
            return ()
        return (crypto.hkdf(self.secret_key_previous.encode(), label),)

    def cipher(self, label: str) -> crypto.FieldCipher:
        """Encrypts for one purpose, and reads what either master secret encrypted."""
        return crypto.FieldCipher(self.derive(label), *self.derive_older(label))

    def service_database_url(self, service: str) -> str:
        """The connection of one service: its own role on its own database.

        Raises SettingsError when neither it nor DATABASE_URL is set.
        """
        if given := self.database_urls.get(service):
            return given
        if not self.database_url:
            message = f"Set {service.upper()}_DATABASE_URL (or DATABASE_URL)."
            raise SettingsError(message)
        name = f"{self.database_prefix}{service}"
        password = self.derive(f"database password of {service}").hex()
        return replace_login(
            self.database_url, user=name, password=password, database=name
        )


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in ``environ``, by default this process's environment.

    Raises SettingsError with one line for each variable that is missing or wrong.
    """
    given = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for setting in fields(Settings):
        row = setting.metadata
        try:
            if row["name"] == SERVICE_URL:
                values[setting.name] = _service_urls(given)
            else:
                values[setting.name] = row["read"](_raw(row, given))
        except ValueError as fault:
            named = "" if row["name"] == SERVICE_URL else f"{row['name']} "
            wrong.append(f"{named}{fault}.")
    if wrong:
        raise SettingsError("\n".join(wrong))
    return Settings(**values)


def _raw(row: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    # An empty variable is how compose files and CI systems say "not set".
    value = environ.get(row["name"]) or row["default"]
    if value is None:
        message = "is not set"
        raise ValueError(message)
    return str(value)


def _service_urls(environ: Mapping[str, str]) -> dict[str, str]:
    urls = {}
    for name, value in environ.items():
        matched = _SERVICE_URL_NAME.match(name)
        if matched is None or not value:
            continue
        try:
            urls[matched[1].lower()] = _database_uri(value)
        except ValueError as fault:
            message = f"{name} {fault}"
            raise ValueError(message) from None
    return urls


def with_admin(given: Settings, admin_url: str) -> Settings:
    """The same settings with another administrator's connection."""
    return replace(given, database_url=admin_url)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port``. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > PORT_MAX:
        message = "must look like 127.0.0.1:8000"
        raise ValueError(message)
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104  ":8000" asks for it


def replace_login(url: str, *, user: str, password: str | None, database: str) -> str:
    """``url`` with another user, password and database; host and options stay."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    secret = "" if password is None else f":{quote(password, safe='')}"
    netloc = f"{quote(user, safe='')}{secret}@{host}"
    return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))


TABLE: Final[tuple[Setting, ...]] = tuple(
    Setting(
        name=setting.metadata["name"],
        attribute=setting.name,
        default=setting.metadata["default"],
        meaning=setting.metadata["meaning"],
        is_secret=setting.metadata["secret"],
    )
    for setting in fields(Settings)
)
"""Every environment variable, for `hub doctor`, the README and the compose test."""
