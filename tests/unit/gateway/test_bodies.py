"""Bodies are read strictly: what parsers could disagree on is refused."""

import pytest

from services.gateway.http import bodies
from services.gateway.http.problems import MalformedJson
from services.shared.errors import Malformed


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"", "Expecting value", id="nothing"),
        pytest.param(b"{", "Expecting property name", id="cut off"),
        pytest.param(b'{"a":1} x', "Extra data", id="something after it"),
        pytest.param(b'{"a":1,"a":2}', "occurs twice", id="a key twice"),
        pytest.param(b'{"a":{"b":1,"b":1}}', "occurs twice", id="a key twice inside"),
        pytest.param(b'{"a":NaN}', "NaN is not JSON", id="NaN"),
        pytest.param(b'{"a":-Infinity}', "-Infinity is not JSON", id="infinity"),
        pytest.param(b'{"a":1e999}', "out of range", id="a number beyond floats"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "too many digits", id="digits"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep lists"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="deep objects"),
        pytest.param(b'{"a":"\xff"}', "not valid UTF-8", id="not UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(b'{"\\udfff":1}', "surrogate", id="half a pair as a key"),
        pytest.param(b'{"a":["\\u0000"]}', "NUL", id="NUL"),
        pytest.param(b'{"a":"\n"}', "Invalid control character", id="raw newline"),
        pytest.param(b"\xef\xbb\xbf{}", "Expecting value", id="a byte order mark"),
        pytest.param(b"[]", "must be a JSON object", id="a list"),
        pytest.param(b"1", "must be a JSON object", id="a number"),
    ],
)
def test_a_malformed_body_is_refused_with_the_reason(
    body: bytes, sentence: str
) -> None:
    with pytest.raises(MalformedJson) as refused:
        bodies.parse_json(body)
    assert sentence in refused.value.message


def test_an_escaped_surrogate_pair_is_one_character() -> None:
    assert bodies.parse_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_an_escaped_backslash_before_u_is_no_escape() -> None:
    assert bodies.parse_json(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


def test_the_fingerprint_ignores_order_and_spacing() -> None:
    one = bodies.parse_json(b'{"a": 1, "b": {"c": 2, "d": "\\u00e9"}}')
    other = bodies.parse_json('{"b":{"d":"é","c":2},"a":1}'.encode())
    assert bodies.fingerprint(one) == bodies.fingerprint(other)
    assert len(bodies.fingerprint(one)) == 128


def test_the_fingerprint_tells_values_apart() -> None:
    assert bodies.fingerprint({"a": 1}) != bodies.fingerprint({"a": "1"})
    assert bodies.fingerprint({"a": 1}) != bodies.fingerprint({"a": 1, "b": None})


def test_a_form_is_percent_decoded() -> None:
    assert bodies.parse_form(b"a=%C3%A9+b&c=") == {"a": "é b", "c": ""}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"a=%FF", b"a=%00", b"\xff=1"], ids=str)
def test_an_ambiguous_or_undecodable_form_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        bodies.parse_form(body)
