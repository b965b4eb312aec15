"""Which JSON Schemas a tenant may bring: bounded in what they cost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contracts import form_schemas as forms


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = of(a=schema)
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        of(),
        of(npwp={"type": "string", "pattern": "^[0-9]{15,16}$", "title": "NPWP"}),
        of(agama={"enum": ["Hindu", "Islam"]}, anak={"type": "integer", "minimum": 0}),
        of(hobi={"type": "array", "items": {"type": "string"}, "maxItems": 5}),
        of() | {"$schema": forms.DIALECT, "additionalProperties": True},
        nested(forms.DEPTH_MAX - 1),
    ],
)
def test_forms_of_questions_are_taken(schema: dict[str, Any]) -> None:
    assert forms.fault(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "array"},
        of() | {"$schema": "http://json-schema.org/draft-07/schema#"},
        of(a={"$ref": "#"}),
        of(a={"$dynamicRef": "#x"}),
        of(a={"oneOf": [{}, {}]}),
        of(a={"multipleOf": 0.1}),
        of(a={"patternProperties": {"^(a+)+$": {}}}),
        of(a=5),
        {"type": "object", "properties": 5},
        nested(forms.DEPTH_MAX + 1),
        of(a={"items": {"items": {"$ref": "#"}}}),
        of(a={"additionalProperties": {"$ref": "#"}}),
        of(a={"type": "array", "uniqueItems": True}),
        of(a={"enum": list(range(forms.CHOICES_MAX + 1))}),
        of(a={"title": "x" * forms.SCHEMA_CHARACTERS_MAX}),
        of(a={"type": "nonsense"}),
    ],
)
def test_what_could_loop_or_grow_is_not(schema: dict[str, Any]) -> None:
    assert forms.fault(schema) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "^[0-9]{15,16}$",
        r"^\d{5}$",
        "^[A-Z]{1,3}[0-9]{4}$",
        "^ID-[0-9]+$",
        r"^[0-9]{2}\.[0-9]{3}$",
    ],
)
def test_patterns_of_fixed_parts_are_taken(pattern: str) -> None:
    assert forms.fault(of(a={"pattern": pattern})) is None
    re.compile(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        "^(a+)+$",
        "^a*a*$",
        "^.*$",
        "^[a-z]+[0-9]+$",
        r"^\1$",
        "^(?=a)$",
        5,
        "^[",
        "^[z-a]$",
        "^[0-9]{5,2}$",
        "^[a--b]$",
    ],
)
def test_patterns_that_can_be_tried_in_many_ways_are_not(pattern: object) -> None:
    assert forms.fault(of(a={"pattern": pattern})) is not None


@given(st.from_regex(r"\A\^[][a-z0-9{},*+?\\d|()-]{0,60}\$\Z"))
def test_whatever_pattern_is_taken_has_one_part_of_varying_length_at_most(
    pattern: str,
) -> None:
    if forms.fault(of(a={"pattern": pattern})) is not None:
        return
    bare = re.sub(r"\\.|\[[^]]*\]", "x", pattern)
    assert not set("(|)") & set(bare)
    assert len(re.findall(r"[*+?]|\{[0-9]+,[0-9]*\}", bare)) <= 1


def test_a_form_takes_no_field_that_it_does_not_name() -> None:
    assert forms.closed(of())["additionalProperties"] is False
    kept = forms.closed(of() | {"additionalProperties": True})
    assert kept["additionalProperties"] is True
