"""Request ids and targets come from outside and are not taken on trust."""

import pytest

from services.gateway.http import requests
from services.gateway.http.problems import PathNotFound
from services.gateway.http.requests import Request


@pytest.mark.parametrize("given", ["a", "x" * 128, "req-1:a/b?c=~!"])
def test_a_proper_request_id_is_taken(given: str) -> None:
    assert Request("GET", "/", {"x-request-id": given}).id == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "é", "\x7f"], ids=repr)
def test_any_other_request_id_is_replaced(given: str) -> None:
    assert Request("GET", "/", {"x-request-id": given}).id.startswith("req_")


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/v1/members?limit=1", "/v1/members", "limit=1"),
        ("http://hub.example/v1/members?a=b?c", "/v1/members", "a=b?c"),
        ("http://hub.example", "/", ""),
        ("*", "/", ""),
        ("hub.example:443", "/", ""),
    ],
)
def test_path_and_query_are_taken_from_every_form_of_target(
    target: str, path: str, query: str
) -> None:
    request = Request("GET", target, {})
    assert (request.path, request.query_string) == (path, query)


def test_an_encoded_slash_stays_inside_its_segment() -> None:
    assert requests.segments("/v1/members/a%2Fb") == ["v1", "members", "a/b"]


def test_a_path_that_is_not_utf8_is_no_path() -> None:
    with pytest.raises(PathNotFound):
        requests.segments("/v1/%ff")
