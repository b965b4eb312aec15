"""A wrong setting is named; a right one is typed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from services.shared import settings
from services.shared.settings import Settings, SettingsError

SECRET = "a secret that is long enough for anybody"


def load(**environ: str) -> Settings:
    return settings.load({"HUB_SECRET_KEY": SECRET} | environ)


def test_everything_but_the_master_secret_has_a_default() -> None:
    given = load()
    assert given.amqp_uri == "memory://"
    assert given.is_embedded_bus
    assert given.http_address == "127.0.0.1:8000"
    assert given.data_dir == Path(".hub")
    assert given.call_seconds == 10
    assert given.cors_origins == ()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(HUB_RATE_LIMIT="").rate_limit == load().rate_limit


def test_values_are_read_as_what_they_are() -> None:
    given = load(
        HUB_RATE_LIMIT="7",
        HUB_CALL_SECONDS="2.5",
        HUB_CORS_ORIGINS="https://satu.example, https://dua.example",
        HUB_EVENT_QUEUE_TYPE="quorum",
    )
    assert given.rate_limit == 7
    assert given.call_seconds == 2.5
    assert given.cors_origins == ("https://satu.example", "https://dua.example")
    assert given.event_queue_type == "quorum"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HUB_SECRET_KEY", "short", "at least 32 characters"),
        ("HUB_SECRET_KEY", "", "is not set"),
        ("HUB_SETTLEMENT_KEY", "not base64!", "32 bytes in base64"),
        ("HUB_SETTLEMENT_KEY", "c2hvcnQ=", "32 bytes in base64"),
        ("AMQP_URI", "http://rabbit", "amqp://"),
        ("DATABASE_URL", "mysql://db", "postgresql://"),
        ("LEDGER_DATABASE_URL", "mysql://db", "postgresql://"),
        ("HUB_DATABASE_PREFIX", "Koperasi-", "small letters"),
        ("HUB_HTTP_ADDRESS", "localhost", "127.0.0.1:8000"),
        ("HUB_METRICS_ADDRESS", "0.0.0.0:99999", "127.0.0.1:8000"),
        ("HUB_BUS_NAMESPACE", "a b", "letters, digits"),
        ("HUB_EVENT_QUEUE_TYPE", "stream", "classic, quorum"),
        ("HUB_RATE_LIMIT", "-1", "at least 0"),
        ("HUB_RATE_LIMIT", "many", "whole number"),
        ("HUB_BODY_BYTES_MAX", "12", "at least 1024"),
        ("HUB_CALL_SECONDS", "nan", "at least 0.1"),
        ("HUB_CALL_SECONDS", "soon", "number"),
        ("HUB_TOKEN_SECONDS", "-1", "whole number"),
        ("HUB_LOG_LEVEL", "LOUD", "DEBUG"),
        ("HUB_OPERATOR_CLIENT_SECRET", "x" * 201, "at most 200"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} .*{says}") as caught:
        load(**{name: value})
    assert not value or value not in str(caught.value).replace(says, "")


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        settings.load({"HUB_RATE_LIMIT": "x", "HUB_LOG_LEVEL": "y"})
    assert {line.split()[0] for line in str(caught.value).splitlines()} == {
        "HUB_SECRET_KEY",
        "HUB_RATE_LIMIT",
        "HUB_LOG_LEVEL",
    }


def test_no_secret_is_shown_by_accident() -> None:
    shown = repr(
        load(
            DATABASE_URL="postgresql://admin:kopi@db/postgres",
            LEDGER_DATABASE_URL="postgresql://ledger:susu@db/ledger",
            AMQP_URI="amqp://hub:teh@rabbit//",
        )
    )
    for secret in (SECRET, "kopi", "susu", "teh"):
        assert secret not in shown


def test_a_service_gets_its_own_connection_when_it_has_one() -> None:
    own = "postgresql://ledger:rahasia@db/ledger"
    given = load(LEDGER_DATABASE_URL=own, DATABASE_URL="postgresql://admin@db/postgres")
    assert given.service_database_url("ledger") == own


def test_a_services_connection_is_made_from_the_administrators() -> None:
    given = load(
        DATABASE_URL="postgresql://admin:kopi@db:5433/postgres?sslmode=require"
    )
    url = given.service_database_url("ledger")
    password = given.derive("database password of ledger").hex()
    assert url == (
        f"postgresql://koperasi_ledger:{password}@db:5433/koperasi_ledger?sslmode=require"
    )
    assert url != given.service_database_url("members")


def test_a_connection_over_a_socket_keeps_its_folder() -> None:
    given = load(DATABASE_URL="postgresql://postgres@/postgres?host=%2Frun%2Fhub")
    assert given.service_database_url("ledger").endswith(
        "@/koperasi_ledger?host=%2Frun%2Fhub"
    )


def test_a_service_without_any_connection_is_told_what_to_set() -> None:
    with pytest.raises(SettingsError, match="LEDGER_DATABASE_URL"):
        load().service_database_url("ledger")


def test_keys_are_derived_from_the_master_secret() -> None:
    given = load()
    assert given.derive("one") != given.derive("other")
    assert len(given.settlement_seed) == 32
    assert given.settlement_seed == load().settlement_seed


def test_a_settlement_key_that_is_given_is_used() -> None:
    seed = bytes(range(32))
    given = load(HUB_SETTLEMENT_KEY=base64.b64encode(seed).decode())
    assert given.settlement_seed == seed


def test_the_table_holds_every_setting_with_its_meaning() -> None:
    names = [row.name for row in settings.TABLE]
    assert len(names) == len(set(names))
    assert "<SERVICE>_DATABASE_URL" in names
    assert all(row.meaning.endswith(".") for row in settings.TABLE)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        (":8000", ("0.0.0.0", 8000)),
        ("[::1]:80", ("::1", 80)),
    ],
)
def test_an_address_has_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert settings.split_address(address) == parts
