"""What the API says of itself: the OpenAPI document and a page to read it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from services.gateway import openapi, reference
from services.gateway.http import answers, entrypoints
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.shared import access

TAG = "Documentation"
HTML: Final = "text/html; charset=utf-8"


@cache
def document_of(service: Any) -> bytes:
    """The OpenAPI document of a service class, as JSON."""
    described = openapi.document(entrypoints.operations_of(service))
    return json.dumps(described, ensure_ascii=False, indent=1).encode()


@cache
def page_of(service: Any) -> bytes:
    """The page that shows the OpenAPI document of a service class."""
    return reference.page(json.loads(document_of(service))).encode()


class DocumentationRoutes:
    """The document and its page."""

    @route(
        "GET",
        "/v1/openapi.json",
        tag=TAG,
        rule=access.anyone,
        is_described=False,
    )
    def show_openapi(self, _request: Request) -> Answer:
        """The OpenAPI 3.1 document of this API."""
        service: Any = type(self)
        return Answer(200, document_of(service), answers.JSON)

    @route("GET", "/docs", tag=TAG, rule=access.anyone, is_described=False)
    def show_docs(self, _request: Request) -> Answer:
        """The same document as a page, complete in itself."""
        service: Any = type(self)
        return Answer(
            200,
            page_of(service),
            HTML,
            (("Content-Security-Policy", reference.CONTENT_SECURITY_POLICY),),
        )
