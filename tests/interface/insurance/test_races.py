"""What the same thing asked for at the same moment comes to, and keys that change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import eventlet
import pytest

from services.insurance.adapters.http_insurer import HttpInsurer
from services.insurance.domain.encryption import PERSONAL
from services.insurance.domain.insurers import Activation
from services.insurance.operations import claims, policies
from services.shared import clock
from services.shared.contracts import insurance as contract
from services.shared.contracts.insurance.policies import InsurerUnavailable
from services.shared.persistence.rotation import Rotation
from tests.factories.insurance import Agency

AT_ONCE: Final = 6


def at_once(action: Callable[[], Any]) -> list[Any]:
    """The outcomes of the same thing done several times at the same moment."""
    threads = [eventlet.spawn(action) for _ in range(AT_ONCE)]
    return [thread.wait() for thread in threads]


def test_a_loan_reserved_at_once_has_one_policy(agency: Agency) -> None:
    found = at_once(lambda: agency.reserve("loa_bersama"))

    assert {one["id"] for one in found} == set(agency.company.policies)
    assert [one["status"] for one in found] == ["reserved"] * AT_ONCE
    assert len(agency.company.policies) == 1


def test_a_claim_read_at_once_is_paid_once(agency: Agency) -> None:
    claim = agency.submitted(10_000_030)
    agency.company.decide(claim["id"], {"status": "paid", "is_called_back": False})

    at_once(lambda: claims.carry_on(agency.desk, agency.id, claim["id"]))

    assert agency.show_claim(claim)["status"] == "paid"
    assert len(agency.events("claim_paid")) == 1


def test_a_policy_cancelled_at_once_is_refunded_once(agency: Agency) -> None:
    policy = agency.activate(agency.reserve())

    found = at_once(lambda: agency.cancel(policy))
    at_once(lambda: policies.carry_on(agency.desk, agency.id, policy["id"]))

    assert {one["refund_amount"] for one in found} == {330_000}
    assert agency.wallet() == 10_000_000 - 450_000 + 330_000
    assert len(agency.events("policy_refunded")) == 1


def test_a_claim_opened_at_once_is_one(agency: Agency) -> None:
    policy = agency.active()

    found = at_once(lambda: agency.open_claim(policy))

    assert len({one["id"] for one in found}) == 1
    assert len(agency.events("claim_opened")) == 1


def test_keys_change_and_everything_stays_readable(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = agency.open_claim(agency.active())
    agency.hand_in(claim, "ktp")
    rotation = Rotation(
        database=agency.database,
        settings=agency.settings,
        service=contract.SERVICE,
        personal=PERSONAL,
    )

    assert rotation.replace_data_key(agency.id)
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    mine = [
        (renewed, is_gone)
        for _ in range(2)
        for found, renewed, is_gone in rotation.finish_replacements()
        if found == agency.id
    ]

    assert mine == [(2, False), (0, True)]
    shown = agency.show_claim(claim)
    file = claims.get_document(
        agency.database,
        agency.settings,
        agency.actor,
        {"claim_id": claim["id"], "document_id": shown["documents"][0]["id"]},
    )
    assert file["media_type"] == "application/pdf"


def test_an_answer_nobody_foresaw_does_not_keep_the_others_waiting(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = agency.reserve(), agency.reserve()
    agency.company.is_down = True
    for one in (first, second):
        agency.activate(one)
    agency.company.is_down = False
    real = HttpInsurer.activate

    def activate(self: HttpInsurer, activation: Activation) -> str | None:
        if activation.policy_id == first["id"]:
            raise RuntimeError
        return real(self, activation)

    monkeypatch.setattr(HttpInsurer, "activate", activate)
    agency.sweep()

    assert agency.show(first)["status"] == "activating"
    assert agency.show(second)["status"] == "active"


@pytest.mark.parametrize("body", [b" " * 40, b"[" * 60_000])
def test_an_insurer_that_talks_for_ever_is_left(agency: Agency, body: bytes) -> None:
    is_dripping = len(body) < 100

    class Babbler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                for at in range(len(body) if is_dripping else 1):
                    self.wfile.write(body[at : at + 1] if is_dripping else body)
                    time.sleep(0.1 if is_dripping else 0)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Babbler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    agency.insurer = HttpInsurer(url=url, key="K", timeout_seconds=0.3)
    started = time.monotonic()

    with pytest.raises(InsurerUnavailable):
        agency.reserve()

    assert time.monotonic() - started < 3
    server.shutdown()
    server.server_close()
