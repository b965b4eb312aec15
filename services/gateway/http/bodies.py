"""What a request body says: strict JSON and form parsing, and its fingerprint."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Final, NoReturn
from urllib.parse import unquote_to_bytes

from services.gateway.http.problems import MalformedJson
from services.shared.errors import Malformed

INVALID_FORM: Final = {"oauth_error": "invalid_request"}
"""Forms are sent to the token endpoint alone, whose clients read OAuth's own codes."""

_canonical = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True
).encode


class _Surprise(ValueError):
    """Well-formed for Python, but not JSON or not unambiguous."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Which of two equal keys counts differs between parsers: a way past checks.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Surprise("A key occurs twice in one object.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise _Surprise(f"{name} is not JSON.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Surprise("A number is out of range.")
    return number


_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
).decode


def parse_json(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. Raises MalformedJson with a sentence that says why.

    Refused besides bad syntax: invalid UTF-8, duplicate keys, NaN and Infinity, huge
    numbers, nesting beyond the parser's depth, lone surrogates and NUL (which no
    database column holds).
    """
    try:
        value = _decode(body.decode())
    except RecursionError as error:
        raise MalformedJson("The JSON is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise MalformedJson("The body is not valid UTF-8.") from error
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"{error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except _Surprise as error:
        raise MalformedJson(str(error)) from error
    except ValueError as error:
        raise MalformedJson("A number has too many digits.") from error
    if not isinstance(value, dict):
        raise MalformedJson("The body must be a JSON object.")
    # Raw control characters the parser refuses; only an escape can smuggle them in.
    if b"\\u" in body:
        _check_text(value)
    return value


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value or not _is_unicode(value):
            raise MalformedJson("A string holds NUL or half of a surrogate pair.")
    elif isinstance(value, dict):
        for key, below in value.items():
            _check_text(key)
            _check_text(below)
    elif isinstance(value, list):
        for below in value:
            _check_text(below)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fingerprint(value: dict[str, Any]) -> str:
    """SHA-512 of the canonical JSON of a body: key order and spacing do not count."""
    return hashlib.sha512(_canonical(value).encode()).hexdigest()


def parse_form(body: bytes) -> dict[str, str]:
    """The parameters of a form body; one that occurs twice is refused (RFC 6749)."""
    try:
        return _parse_pairs(body.decode("ascii"))
    except UnicodeDecodeError as error:
        sentence = "A form body is percent-encoded ASCII."
        raise Malformed(sentence, dict(INVALID_FORM)) from error
    except ValueError as error:
        raise Malformed(str(error), dict(INVALID_FORM)) from error


def parse_query(query: str) -> dict[str, str]:
    """The parameters of a query string; one that occurs twice is refused."""
    if not query:
        return {}
    try:
        return _parse_pairs(query)
    except ValueError as error:
        raise Malformed(str(error)) from error


def _parse_pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        key = _unquote(name)
        if key in pairs:
            raise ValueError(f"The parameter {key[:40]!r} occurs twice.")
        pairs[key] = _unquote(value)
    return pairs


def _unquote(text: str) -> str:
    if "%" not in text and "+" not in text and text.isascii():
        return text
    try:
        plain = unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise ValueError("A parameter is not valid UTF-8.") from error
    if "\0" in plain:
        raise ValueError("A parameter holds NUL.")
    return plain
