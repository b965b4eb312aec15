"""Which operation a method and a path mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.gateway.http import requests
from services.gateway.http.problems import MethodNotAllowed, PathNotFound
from services.gateway.http.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.gateway.http.entrypoints import HttpRoute

_ANY = "{}"
# What is served at a node. No segment of a path has a slash in it.
_HERE = "/"


class Router:
    """A tree of path segments. A literal segment wins over a parameter."""

    def __init__(self, routes: Iterable[HttpRoute]) -> None:
        self._root: dict[str, Any] = {}
        for route in routes:
            self._add(route)

    def _add(self, route: HttpRoute) -> None:
        node = self._root
        for segment in route.operation.path.split("/")[1:]:
            key = _ANY if segment.startswith("{") else segment
            node = node.setdefault(key, {})
        methods = node.setdefault(_HERE, {})
        method = route.operation.method
        if method in methods:
            raise ValueError(f"Two routes for {method} {route.operation.path}")
        methods[method] = route

    def match(self, request: Request) -> HttpRoute:
        """The route of a request, whose path parameters are filled in.

        Raises PathNotFound and MethodNotAllowed.
        """
        methods, values = self._methods(requests.segments(request.path))
        route = methods.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            raise MethodNotAllowed(details={"Allow": ", ".join(_allowed(methods))})
        found: HttpRoute = route
        names = found.operation.parameters
        request.parameters = dict(zip(names, values, strict=True)) if names else {}
        return found

    def methods_at(self, path: str) -> list[str]:
        """The methods that a path takes. Raises PathNotFound."""
        return _allowed(self._methods(requests.segments(path))[0])

    def _methods(self, segments: list[str]) -> tuple[dict[str, HttpRoute], list[str]]:
        found = _descend(self._root, segments, 0)
        if found is None:
            raise PathNotFound
        return found


def _descend(
    node: Any, segments: list[str], at: int
) -> tuple[dict[str, HttpRoute], list[str]] | None:
    if at == len(segments):
        return (node[_HERE], []) if _HERE in node else None
    segment = segments[at]
    if segment in node and segment not in {_ANY, _HERE}:
        found = _descend(node[segment], segments, at + 1)
        if found is not None:
            return found
    if _ANY in node and segment:
        found = _descend(node[_ANY], segments, at + 1)
        if found is not None:
            found[1].insert(0, segment)
            return found
    return None


def _allowed(methods: dict[str, HttpRoute]) -> list[str]:
    return sorted([*methods, "HEAD"] if "GET" in methods else methods)
