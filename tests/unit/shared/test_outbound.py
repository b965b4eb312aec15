"""Where messages of the hub may go, and which of them arrived."""

from __future__ import annotations

import ipaddress

import pytest

from services.shared.outbound import messages
from services.shared.outbound.messages import Attempt


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://inti.ksp.id/hub", True),
        ("https://inti.ksp.id:8443/hub?x=1", True),
        ("https://8.8.8.8/", True),
        ("http://inti.ksp.id/hub", False),
        ("ftp://inti.ksp.id/hub", False),
        ("https://user:pass@inti.ksp.id/", False),
        ("https:///hub", False),
        ("https://inti.ksp.id:99999/", False),
        ("https://inti.ksp.id:abc/", False),
        ("https://127.0.0.1/", False),
        ("https://10.0.0.1/", False),
        ("https://192.168.1.1/", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://[::1]/", False),
        ("https://[::ffff:127.0.0.1]/", False),
        ("https://[fe80::1]/", False),
        ("https://0.0.0.0/", False),
        ("https://224.0.0.1/", False),
        ("https://inti.ksp.id/a b", False),
        ("https://inti.ksp.id/\r\nX-Evil: 1", False),
        ("https://kopérasi.id/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_the_hub_sends_to_the_outside_over_https_only(
    url: str, *, is_allowed: bool
) -> None:
    assert (messages.url_fault(url, is_local=False) is None) == is_allowed


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("http://127.0.0.1:9000/hub", True),
        ("http://localhost:9000/hub", True),
        ("http://10.0.0.1/", False),
        ("http://169.254.169.254/", False),
        ("ftp://127.0.0.1/", False),
    ],
)
def test_a_hub_on_its_own_machine_may_send_there(url: str, *, is_allowed: bool) -> None:
    assert (messages.url_fault(url, is_local=True) is None) == is_allowed


def test_one_bad_address_of_a_name_is_enough_to_refuse_it() -> None:
    addresses = [ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("10.1.2.3")]
    assert messages.address_fault(addresses, is_local=False) is not None
    assert messages.address_fault(addresses[:1], is_local=False) is None


@pytest.mark.parametrize(
    ("status", "is_delivered"),
    [(200, True), (204, True), (301, False), (404, False), (500, False), (None, False)],
)
def test_only_success_takes_a_message(
    status: int | None, *, is_delivered: bool
) -> None:
    attempt = Attempt(status=status, error=None, milliseconds=1)
    assert attempt.is_delivered == is_delivered
