"""Which JSON Schemas a cooperative may describe a form of its own with.

A schema is data of a tenant that runs in a process of everybody. So it is made of
keywords whose cost is bounded by its size: no references, which may loop, and no
pattern on which a regular expression could take for ever. A reference would also be
fetched from wherever it points to, by a process inside of the hub.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

SCHEMA_CHARACTERS_MAX: Final = 16_000
VALUES_CHARACTERS_MAX: Final = 4_000
CHOICES_MAX: Final = 200
DEPTH_MAX: Final = 6

KEYWORDS: Final = frozenset(
    {
        "$schema",
        "additionalProperties",
        "const",
        "default",
        "description",
        "enum",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
    }
)
"""What a form is drawn and checked from (JSON Schema 2020-12, a part of it)."""

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_CLASS: Final = r"(?:\[\^?[A-Za-z0-9 ._/-]+\]|\\d|\\w|[A-Za-z0-9 _/-]|\\[./+()-])"
_FIXED: Final = rf"{_CLASS}(?:\{{[0-9]{{1,3}}\}})?"
_RANGE: Final = rf"{_CLASS}(?:\{{[0-9]{{1,3}},[0-9]{{0,3}}\}}|[*+?])"
# One part of varying length at most: then there is nothing to try in two ways.
_SAFE_PATTERN: Final = re.compile(rf"\^(?:{_FIXED})*(?:{_RANGE})?(?:{_FIXED})*\$")
_PATTERN_CHARACTERS_MAX: Final = 100


def fault(schema: dict[str, Any]) -> str | None:
    """Why ``schema`` is not taken, as a sentence; None when it is."""
    if len(json.dumps(schema)) > SCHEMA_CHARACTERS_MAX:
        return f"The schema has more than {SCHEMA_CHARACTERS_MAX} characters."
    if schema.get("type") != "object":
        return 'The schema must say {"type": "object"}.'
    if schema.get("$schema", DIALECT) != DIALECT:
        return f"The only dialect is {DIALECT}."
    return _fault_of(schema, DEPTH_MAX) or _schema_fault(schema)


def _schema_fault(schema: dict[str, Any]) -> str | None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(str(one) for one in error.absolute_path)
        return f"No JSON Schema of 2020-12, at {place or 'the top'}."
    return None


def _fault_of(schema: Any, depth: int) -> str | None:
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, dict) or depth == 0:
        return f"A schema is an object, nested at most {DEPTH_MAX} deep."
    own = _fault_here(schema)
    if own is not None:
        return own
    found = (_fault_of(below, depth - 1) for below in _below(schema))
    return next((one for one in found if one is not None), None)


def _fault_here(schema: dict[str, Any]) -> str | None:
    """What is wrong with this level, whatever is below it."""
    unknown = sorted(schema.keys() - KEYWORDS)
    if unknown:
        return f"The keyword {unknown[0][:40]!r} is not taken."
    choices = schema.get("enum")
    # Each answer is compared with each choice.
    if isinstance(choices, list) and len(choices) > CHOICES_MAX:
        return f"There are at most {CHOICES_MAX} choices."
    pattern = schema.get("pattern")
    if pattern is not None and not _is_safe(pattern):
        return f"The pattern {str(pattern)[:40]!r} is not taken."
    return None


def _below(schema: dict[str, Any]) -> list[Any]:
    properties = schema.get("properties", {})
    below = list(properties.values()) if isinstance(properties, dict) else [None]
    return below + [
        schema[keyword]
        for keyword in ("items", "additionalProperties")
        if keyword in schema
    ]


def _is_safe(pattern: object) -> bool:
    if not isinstance(pattern, str) or len(pattern) > _PATTERN_CHARACTERS_MAX:
        return False
    # Two hyphens in a class are to become a difference of sets in Python.
    if _SAFE_PATTERN.fullmatch(pattern) is None or "--" in pattern:
        return False
    try:
        re.compile(pattern)
    except re.error:
        # Such as a range that ends before it begins.
        return False
    return True


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, which takes no field that it does not name unless it says so."""
    return {"additionalProperties": False} | schema


def is_too_large(values: dict[str, Any]) -> bool:
    """Whether more was filled in than anybody will read."""
    return len(json.dumps(values)) > VALUES_CHARACTERS_MAX
