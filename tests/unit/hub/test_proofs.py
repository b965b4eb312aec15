"""A proof is read from one file or from its pages, and a change is noticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.hub import proofs
from services.hub.proofs import NotAProof
from services.transfers.domain import proof

SEED = bytes(range(32))
ENTRIES = [
    [1, "trf_1", "coop_a", "coop_b", 1_000_000],
    [2, "trf_2", "coop_b", "coop_a", 400_000],
]


def bundle() -> dict[str, Any]:
    tally = proof.Tally()
    for entry in ENTRIES:
        tally.add(entry)
    window = {
        "id": "win_1",
        "opened_at": "2026-11-22T01:00:00+00:00",
        "closed_at": "2026-11-22T09:00:00+00:00",
        **tally.summary(),
    }
    body = {
        "format": proof.FORMAT,
        "settlement_id": "stl_1",
        "windows": [window],
        "nets": proof.total([window["nets"]]),
    }
    made = {"body": body, "entries": ENTRIES, "next_cursor": None}
    return made | proof.sign(body, SEED)


def written(path: Path, page: object) -> Path:
    path.write_text(json.dumps(page))
    return path


def test_a_proof_in_one_file_holds_and_is_described(tmp_path: Path) -> None:
    read = proofs.read([written(tmp_path / "proof.json", bundle())])
    assert proofs.check(read) == []
    assert proofs.check(read, proof.sign({}, SEED)["public_key"]) == []
    told = proofs.describe(read)
    assert told.startswith("2 payments, Rp 1.400.000 in all, settled by Rp 600.000")


def test_a_proof_in_pages_is_put_together(tmp_path: Path) -> None:
    whole = bundle()
    first = whole | {"entries": ENTRIES[:1], "next_cursor": "1"}
    last = whole | {"entries": ENTRIES[1:]}
    pages = [
        written(tmp_path / "1.json", first),
        written(tmp_path / "2.json", last),
    ]
    assert proofs.check(proofs.read(pages)) == []
    assert "Pages of entries are missing." in proofs.check(proofs.read(pages[:1]))


def test_another_hubs_signature_is_noticed() -> None:
    other = proof.sign({}, bytes(32))["public_key"]
    assert proofs.check(bundle(), other) == [
        "The proof was signed by another key than the hub's."
    ]


def test_one_rupiah_more_is_noticed() -> None:
    forged = json.loads(json.dumps(bundle()))
    forged["entries"][0][-1] += 1
    assert proofs.check(forged)


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json"])
def test_a_file_that_is_no_proof_is_refused_in_one_sentence(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "proof.json"
    path.write_text(content)
    with pytest.raises(NotAProof):
        proofs.check(proofs.read([path]))
