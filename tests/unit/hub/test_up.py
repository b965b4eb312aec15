"""`hub up` starts what was asked for, and tells each process only its own secrets."""

from __future__ import annotations

import socket

import pytest

from services.hub import addresses, catalogue
from services.hub import up as starting
from services.hub.up import ReplicasMisread
from services.shared import settings as settings_module
from services.shared.settings import Settings

URLS = {
    "ledger": "postgresql://koperasi_ledger:a@db/koperasi_ledger",
    "members": "postgresql://koperasi_members:b@db/koperasi_members",
    "transfers": "postgresql://koperasi_transfers:c@db/koperasi_transfers",
}


def settings_of(**more: str) -> Settings:
    given = {"HUB_SECRET_KEY": "k" * 40, "AMQP_URI": "amqp://guest@localhost//"}
    return settings_module.load(given | more)


def test_replicas_are_numbers_per_service() -> None:
    assert starting.parse_replicas("ledger=2, gateway=3") == {"ledger": 2, "gateway": 3}
    assert starting.parse_replicas("") == {}


@pytest.mark.parametrize(
    "text", ["lager=2", "ledger", "ledger=", "ledger=0", "ledger=two", "ledger=-1"]
)
def test_replicas_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ReplicasMisread, match=text.partition("=")[0]):
        starting.parse_replicas(text)


def test_each_process_knows_its_own_database_only() -> None:
    environ = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://postgres:admin@db/postgres",
        "LEDGER_DATABASE_URL": URLS["ledger"],
        "MEMBERS_DATABASE_URL": URLS["members"],
    }
    children = starting.list_children(settings_of(), URLS, {}, environ)
    for child in children:
        urls = {
            name: value
            for name, value in child.environ.items()
            if name.endswith("DATABASE_URL")
        }
        own = {f"{child.name.upper()}_DATABASE_URL": URLS.get(child.name)}
        assert urls == (own if child.name in URLS else {})


def test_every_service_runs_and_the_gateway_stops_first_the_ledger_last() -> None:
    children = starting.list_children(settings_of(), URLS, {"gateway": 2}, {})
    names = [child.name for child in sorted(children, key=lambda each: each.stop_rank)]
    assert set(catalogue.names()) <= {name.partition(".")[0] for name in names}
    assert names[:2] == ["gateway.1", "gateway.2"]
    assert names[-1] == "ledger"


def test_every_process_has_a_metrics_port_of_its_own() -> None:
    settings = settings_of(HUB_METRICS_ADDRESS="127.0.0.1:9100")
    children = starting.list_children(settings, URLS, {"ledger": 2}, {})
    ports = [child.environ["HUB_METRICS_ADDRESS"] for child in children]
    assert len(set(ports)) == len(children)
    assert min(ports) == "127.0.0.1:9100"


def test_an_address_that_is_taken_is_refused_even_when_the_port_could_be_shared() -> (
    None
):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(addresses.AddressTaken, match=str(port)):
            addresses.require_free(f"127.0.0.1:{port}")
    addresses.require_free(f"127.0.0.1:{addresses.find_free_port()}")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_url_is_one_that_this_machine_can_open(address: str, url: str) -> None:
    assert addresses.url_of(address) == url


def test_the_welcome_shows_a_secret_only_when_told_to() -> None:
    shown = addresses.welcome("http://localhost:8000", "operator", "s3cret")
    assert "client_secret=s3cret" in shown
    hidden = addresses.welcome("http://localhost:8000", "operator", None)
    assert "$HUB_OPERATOR_CLIENT_SECRET" in hidden
