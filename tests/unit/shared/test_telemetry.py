"""Logs tell operators what happened and nobody any secret."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from services.shared import telemetry


def line(message: str, *arguments: object, **extra: object) -> dict[str, Any]:
    record = logging.getLogger("hub").makeRecord(
        "hub", logging.INFO, __file__, 1, message, arguments, None, extra=extra
    )
    parsed: dict[str, Any] = json.loads(
        telemetry.JsonFormatter("ledger").format(record)
    )
    return parsed


def test_a_line_is_one_json_object_with_its_fields() -> None:
    written = line("posted %d journals", 3, batch=7)
    assert written["message"] == "posted 3 journals"
    assert written["service"] == "ledger"
    assert written["level"] == "INFO"
    assert written["batch"] == 7
    assert written["time"].endswith("+00:00")


def test_a_line_names_the_request_it_belongs_to() -> None:
    assert "request_id" not in line("outside")
    token = telemetry.request_id.set("req-1")
    try:
        assert line("inside")["request_id"] == "req-1"
    finally:
        telemetry.request_id.reset(token)


def test_an_exception_is_part_of_the_line() -> None:
    fault = LookupError("token=abcdef")
    record = logging.makeLogRecord(
        {"msg": "failed", "exc_info": (LookupError, fault, None)}
    )
    written = json.loads(telemetry.JsonFormatter("ledger").format(record))
    assert "LookupError" in written["exception"]
    assert "abcdef" not in written["exception"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("postgresql://ledger:kopisusu@db/ledger", "kopisusu"),
        ("client_secret=kopisusu&grant_type=x", "kopisusu"),
        ('{"password": "kopisusu"}', "kopisusu"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln back", "eyJzdWIi"),
        ("nik 3201010101900001 is taken", "3201010101900001"),
    ],
)
def test_secrets_in_a_message_are_not_written(text: str, secret: str) -> None:
    assert secret not in line(text)["message"]


@pytest.mark.parametrize("name", ["nik", "Password", "client_secret", "phone"])
def test_fields_that_hold_secrets_are_not_written(name: str) -> None:
    redacted = telemetry.redact({"person": [{name: "kopi"}], "amount": 5})
    assert redacted == {"person": [{name: telemetry.REDACTED}], "amount": 5}


@pytest.mark.parametrize("text", ["trf_01jd0000000000000000000000", "Rp 1.000.000", ""])
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert telemetry.redact(text) == text


def test_configuring_replaces_the_handlers_of_the_process() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        telemetry.configure("ledger", "WARNING")
        assert [type(each.formatter) for each in root.handlers] == [
            telemetry.JsonFormatter
        ]
        assert root.level == logging.WARNING
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
