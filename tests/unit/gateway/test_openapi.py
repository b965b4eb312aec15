"""The document describes everything that is served, in terms that others understand."""

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest
from marshmallow import Schema, fields

from services.gateway import openapi, reference
from services.gateway.http import entrypoints, problems
from services.gateway.routes import documentation
from services.gateway.service import GatewayService

DOCUMENT: dict[str, Any] = json.loads(documentation.document_of(GatewayService))
OPERATIONS = [
    one for one in entrypoints.operations_of(GatewayService) if one.is_described
]


def _nodes(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for below in node.values():
            yield from _nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from _nodes(below)


def _schema(ref: dict[str, Any]) -> dict[str, Any]:
    return {**ref, "components": DOCUMENT["components"]}


def test_every_operation_is_described_once() -> None:
    described = {
        (path, method.upper())
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
    }
    assert described == {(one.path, one.method) for one in OPERATIONS}


def test_every_reference_leads_somewhere() -> None:
    for node in _nodes(DOCUMENT):
        if "$ref" in node:
            target: Any = DOCUMENT
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]


def test_every_integer_has_bounds() -> None:
    for node in _nodes(DOCUMENT["components"]["schemas"]):
        types = node.get("type")
        if types == "integer" or (isinstance(types, list) and "integer" in types):
            assert {"minimum", "maximum"} <= set(node)


def test_patterns_are_those_of_ecmascript() -> None:
    for node in _nodes(DOCUMENT):
        pattern = node.get("pattern")
        if isinstance(pattern, str):
            assert r"\Z" not in pattern
            re.compile(pattern)


def test_bodies_refuse_unknown_fields() -> None:
    for one in OPERATIONS:
        # SNAP lets its callers add fields of their own.
        if one.path.startswith("/snap/"):
            continue
        if one.body is not None and one.body_media_type == "application/json":
            schema = DOCUMENT["components"]["schemas"][one.body.__name__]
            assert schema["additionalProperties"] is False


def test_no_two_schemas_share_a_name() -> None:
    found: dict[str, set[type[Schema]]] = defaultdict(set)
    for one in OPERATIONS:
        for kind in (one.body, one.answer, one.query):
            if kind is not None:
                for schema in _schemas(kind):
                    found[schema.__name__].add(schema)
    shared = {name for name, kinds in found.items() if len(kinds) > 1}
    assert shared == set()


def _schemas(kind: type[Schema]) -> Iterator[type[Schema]]:
    yield kind
    for field in kind().fields.values():
        while isinstance(field, fields.List):
            field = field.inner  # noqa: PLW2901 - down to what the list holds
        if isinstance(field, fields.Nested):
            yield from _schemas(type(field.schema))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_the_examples_fit_their_schemas(operation: Any) -> None:
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]
    contents = [described.get("requestBody", {}).get("content", {})]
    contents += [
        response.get("content", {}) for response in described["responses"].values()
    ]
    for content in contents:
        for media in content.values():
            if "example" in media:
                jsonschema_rs.Draft202012Validator(_schema(media["schema"])).validate(
                    media["example"]
                )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_error_of_an_operation_is_described(operation: Any) -> None:
    responses = DOCUMENT["paths"][operation.path][operation.method.lower()]["responses"]
    for kind in openapi.errors_of(operation):
        response = responses[str(problems.status_of(kind))]
        if "$ref" in response:
            name = response["$ref"].rsplit("/", 1)[-1]
            response = DOCUMENT["components"]["responses"][name]
        assert f"`{kind.code}`" in response["description"]


class _Links(HTMLParser):
    """Collects what a page loads, links to and can be linked at."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "link", "img", "iframe", "object"} or "src" in given:
            self.loads.append(tag)
        if given.get("href"):
            self.links.append(str(given["href"]))
        if given.get("id"):
            self.ids.append(str(given["id"]))


def test_the_page_loads_nothing_and_its_links_lead_somewhere() -> None:
    found = _Links()
    found.feed(reference.page(DOCUMENT))
    assert found.loads == []
    inner = {link.removeprefix("#") for link in found.links if link.startswith("#")}
    assert inner <= set(found.ids)
    assert {link for link in found.links if not link.startswith("#")} == {
        "/v1/openapi.json"
    }
    assert len(set(found.ids)) == len(found.ids)


def test_the_page_shows_every_operation_and_every_problem() -> None:
    found = _Links()
    found.feed(reference.page(DOCUMENT))
    assert {one.name for one in OPERATIONS} <= set(found.ids)
    codes = {kind.code for one in OPERATIONS for kind in openapi.errors_of(one)}
    assert {f"problem-{code}" for code in codes} <= set(found.ids)


def test_the_page_may_use_its_own_style_and_nothing_else() -> None:
    style = reference.page(DOCUMENT).split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = reference.CONTENT_SECURITY_POLICY
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "http" not in policy
