"""Journals with more postings than a message carries, as a migration makes them."""

import base64
import json
import zlib
from typing import Any

import pytest

from services.ledger.service import LedgerService
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.errors import Malformed
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.ledger import Ledger
from tests.fakes import in_process


def speaking(database: Database, settings: Settings, cooperative_id: str) -> Any:
    """The ledger's entrypoints, called by the members service for a cooperative."""
    caller = Identity(
        subject="service:members",
        cooperative_id=cooperative_id,
        scopes=frozenset(),
        service="members",
    )
    return in_process.service(
        LedgerService, database=database, settings=settings, caller=caller
    )


def opening(cooperative_id: str, keys: list[str], amount: int = 7) -> dict[str, Any]:
    contra = contract.chart_account(cooperative_id, contract.MIGRATION)
    return {
        "id": identifiers.new("jrn"),
        "kind": "opening_balance",
        "description": "Saldo awal",
        "business_date": clock.business_date().isoformat(),
        "postings": contract.pack_postings((contra, key, amount) for key in keys),
    }


def test_more_postings_than_one_statement_writes_are_one_journal(
    ledger: Ledger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "services.ledger.store.journals.POSTINGS_PER_STATEMENT", 2, raising=True
    )
    one = ledger.cooperative()
    keys = [ledger.savings(one) for _ in range(5)]
    target = speaking(ledger.database, settings, one)

    posted = in_process.call(target, "post_large_journal", opening(one, keys))

    assert posted.keys() == {"journal_id", "posted_at"}
    assert {ledger.balance(key) for key in keys} == {7}
    assert ledger.balance(contract.chart_account(one, contract.MIGRATION)) == -35


def test_a_large_journal_is_posted_once(ledger: Ledger, settings: Settings) -> None:
    one = ledger.cooperative()
    key = ledger.savings(one)
    target = speaking(ledger.database, settings, one)
    command = opening(one, [key])

    first = in_process.call(target, "post_large_journal", command)
    again = in_process.call(target, "post_large_journal", command)

    assert again == first | {"replayed": True}
    assert ledger.balance(key) == 7


def test_one_bad_posting_keeps_all_the_others_out(
    ledger: Ledger, settings: Settings
) -> None:
    one = ledger.cooperative()
    key = ledger.savings(one)
    target = speaking(ledger.database, settings, one)

    with pytest.raises(contract.AccountNotFound):
        in_process.call(target, "post_large_journal", opening(one, [key, "nobody's"]))

    assert ledger.balance(key) == 0


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param("!", id="not base64"),
        pytest.param(base64.b64encode(b"plain").decode(), id="not compressed"),
        pytest.param(
            base64.b64encode(zlib.compress(b"[[1]")[:-6]).decode(), id="cut off"
        ),
        pytest.param(
            base64.b64encode(zlib.compress(json.dumps([]).encode())).decode(),
            id="empty",
        ),
        pytest.param(
            base64.b64encode(zlib.compress(b" " * contract.PACKED_BYTES_MAX)).decode(),
            id="a bomb",
        ),
        pytest.param(contract.pack_postings([("a", "b", 0)]), id="no amount"),
    ],
)
def test_what_is_no_packed_postings_is_malformed(
    ledger: Ledger, settings: Settings, packed: str
) -> None:
    one = ledger.cooperative()
    target = speaking(ledger.database, settings, one)
    command = opening(one, ["x"]) | {"postings": packed}

    with pytest.raises(Malformed):
        in_process.call(target, "post_large_journal", command)


def test_the_chart_says_on_which_side_a_code_grows(
    ledger: Ledger, settings: Settings
) -> None:
    target = speaking(ledger.database, settings, ledger.cooperative())

    lines = in_process.call(target, "get_chart", {})["accounts"]
    sides = {line["code"]: line["is_debit_normal"] for line in lines}

    assert sides["1-1000"]
    assert not sides["1-1190"]
    assert not sides["2-1000"]
    assert not sides["3-1000"]
