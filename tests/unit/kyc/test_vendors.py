"""What vendors answer, over real sockets: by their own words, and out of their mind."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.hub.simulators import web
from services.kyc.adapters import configured, rest
from services.kyc.adapters.json_http import Circuit, JsonClient
from services.kyc.domain.vendors import (
    Consent,
    FieldMatch,
    Question,
    VendorAway,
    VendorFailed,
)
from services.shared import clock
from services.shared.settings import Settings

WORDS: dict[str, Any] = {
    "headers": {"Authorization": "Bearer {key}", "X-Client": "{app_id}"},
    "identity": {
        "path": "/v2/dukcapil",
        "request": {
            "person.id_number": "nik",
            "person.full_name": "name",
            "person.dob": "birth_date",
            "photo": "selfie_b64",
            "trx": "request_id",
            "consent.at": "consent_at",
        },
        "answer": {
            "found": "data.found",
            "reference": "data.id",
            "nik": "data.nik",
            "name": "data.score.name",
            "birth_date": "data.match.dob",
            "address": "data.match.address",
            "face": "data.score.face",
        },
        "score_max": 1,
    },
}
ANSWER: dict[str, Any] = {
    "found": True,
    "id": 4711,
    "nik": "5171011708900001",
    "score": {"name": 0.915, "face": 0.7},
    "match": {"dob": True},
}


class Server:
    """A vendor that answers what it is told to."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, {"data": ANSWER})
        self.heard: list[tuple[str, dict[str, str], Any]] = []
        self.pause_seconds = 0.0
        bound = web.server(("127.0.0.1", 0), self._respond)
        self.url = f"http://{web.address_of(bound)}"
        self.stop = web.serve_aside(bound)

    def _respond(
        self, _method: str, path: str, headers: dict[str, str], body: bytes
    ) -> web.Answer:
        self.heard.append((path, headers, json.loads(body)))
        time.sleep(self.pause_seconds)
        return self.answer


@pytest.fixture
def server() -> Iterator[Server]:
    """A vendor of one's own."""
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def asked() -> Question:
    """A question about Budi."""
    return Question(
        request_id="vcl_1",
        nik="5171011708900001",
        name="Budi Santoso",
        birth_date=date(1990, 8, 17),
        consent=Consent(at=clock.now(), text_version="1"),
    )


def vendor(server: Server, settings: Settings, words: Any = WORDS) -> Any:
    given = replace(
        settings,
        kyc_vendor="rest",
        kyc_url=server.url,
        kyc_app_id="hub",
        kyc_key="rahasia",
        kyc_rest_map=json.dumps(words),
    )
    return configured.vendor_of(given)


def test_a_vendor_is_spoken_to_in_its_own_words(
    server: Server, settings: Settings, asked: Question
) -> None:
    answer = vendor(server, settings).verify_identity(asked)

    [(path, headers, body)] = server.heard
    assert path == "/v2/dukcapil"
    assert headers["authorization"] == "Bearer rahasia"
    assert headers["x-client"] == "hub"
    assert body == {
        "person": {
            "id_number": asked.nik,
            "full_name": asked.name,
            "dob": "1990-08-17",
        },
        "trx": "vcl_1",
        "consent": {"at": asked.consent.at.isoformat()},
    }
    assert (answer.vendor, answer.vendor_ref, answer.is_nik_found) == (
        "rest",
        "4711",
        True,
    )
    assert answer.fields == {
        "name": FieldMatch(is_match=True, score=91),
        "birth_date": FieldMatch(is_match=True),
    }
    assert answer.face_score == 70
    assert answer.of_kept(json.loads(json.dumps(answer.kept))) == answer
    assert vendor(server, settings).read_income(asked).statement is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nik": "3174010101800001"}, "vendor_answer_contradictory"),
        ({"found": "yes"}, "vendor_answer_unreadable"),
        ({"score": {"name": 1.5}}, "vendor_answer_contradictory"),
        ({"score": {"name": "tinggi"}}, "vendor_answer_unreadable"),
        ({"score": {}}, "vendor_answer_unreadable"),
        ({"id": None}, "vendor_answer_unreadable"),
    ],
)
def test_what_cannot_be_believed_is_no_answer(
    server: Server,
    settings: Settings,
    asked: Question,
    change: dict[str, Any],
    code: str,
) -> None:
    server.answer = (200, {"data": ANSWER | change})

    with pytest.raises(VendorFailed) as failed:
        vendor(server, settings).verify_identity(asked)

    assert failed.value.code == code


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"identity": {"path": "/x", "request": {}, "answer": {}}},
        WORDS | {"more": 1},
        WORDS | {"identity": WORDS["identity"] | {"request": {"a": "password"}}},
    ],
)
def test_a_map_that_is_none_is_no_vendor(
    server: Server, settings: Settings, words: Any
) -> None:
    with pytest.raises(rest.InvalidMap):
        rest.words_of(words)
    assert vendor(server, settings, words) is None


def test_a_question_ends_at_its_deadline(server: Server) -> None:
    server.pause_seconds = 2.0
    started = time.monotonic()

    with pytest.raises(VendorAway) as failed:
        JsonClient(server.url).post("/", {}, {}, ends_at=started + 0.5)

    assert failed.value.code == "vendor_timeout"
    assert time.monotonic() - started < 1.0


def test_an_open_circuit_asks_nobody_until_its_pause_is_over(server: Server) -> None:
    circuit = Circuit(open_seconds=0.3)
    client = JsonClient(server.url, circuit=circuit)

    def ask() -> int:
        return client.post("/", {}, {}, ends_at=time.monotonic() + 0.4).status

    server.answer = (400, {})
    for _ in range(10):
        assert ask() == 400
    server.answer = (500, {})
    for _ in range(5):
        with pytest.raises(VendorAway):
            ask()
    heard = len(server.heard)
    with pytest.raises(VendorAway):
        ask()
    assert len(server.heard) == heard
    told = [client.is_away]
    time.sleep(0.3)
    server.answer = (200, {})
    told.append(client.is_away)
    assert ask() == 200
    assert told == [True, False]
