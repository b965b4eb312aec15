"""The entrypoints: what they take, what they answer, and whom they let in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from services.ledger.service import LedgerService
from services.shared import identifiers
from services.shared.access import TENANT_SCOPES
from services.shared.contracts import ledger as contract
from services.shared.contracts.idempotency import request_hash
from services.shared.errors import Malformed, NotAllowed, ServiceError
from services.shared.identity import HUB, Identity
from services.shared.messaging import Call
from services.shared.settings import Settings
from tests.factories.ledger import Ledger, today
from tests.fakes import in_process

OPERATOR: Final = Identity(
    subject="cli_operator", cooperative_id=HUB, scopes=frozenset({"operator"})
)
BOTH: Final = {"operator", "tenant"}
WHO: Final = {
    "post_journals": {"transfers"},
    "place_holds": {"transfers", "loans"},
    "resolve_holds": {"transfers", "loans"},
    "post_journal": {"members", "loans"},
    "post_disbursement": {"loans"},
    "refund_fee": {"loans", "kyc", "insurance"},
    "reverse_journal": {"tenant"},
    "get_journal": {"tenant"},
    "open_book": {"members", "transfers"},
    "open_accounts": {"members", "loans"},
    "get_balance_days": {"members", "loans"},
    "set_limit": {"transfers"},
    "set_status": {"members", "loans"},
    "get_balances": {"members", "transfers", "loans", "tenant"},
    "get_statement": {"tenant", "members"},
    "get_trial_balance": BOTH | {"members", "loans"},
    "close_period": BOTH,
    "get_period": BOTH | {"members"},
    "get_chart": {"members"},
    "list_postings": {"members"},
    "post_large_journal": {"members"},
    "receive_payment": {"members"},
    "top_up_wallet": {"operator"},
    "get_wallet": {"tenant", "loans", "kyc", "insurance"},
    "charge_fee": {"operator", "loans", "kyc", "insurance"},
    "list_fees": {"tenant"},
    "get_fee_schedule": BOTH | {"loans", "kyc", "insurance"},
    "get_integrity": {"operator"},
    "get_chain_head": {"transfers"},
}
"""Who may call what. ``tenant`` is a client with every scope of a cooperative."""


def somebody(who: str, cooperative_id: str = "coop_test") -> Identity:
    if who == "operator":
        return OPERATOR
    tenant = Identity(
        subject="cli_test",
        cooperative_id=cooperative_id,
        scopes=TENANT_SCOPES if who == "tenant" else frozenset(),
    )
    return tenant if who == "tenant" else tenant.through(who)


def rule(method: str) -> Callable[[Identity], None]:
    (entrypoint,) = getattr(LedgerService, method).nameko_entrypoints
    checked: Callable[[Identity], None] = entrypoint.rule
    return checked


@pytest.mark.parametrize("method", WHO)
@pytest.mark.parametrize(
    "who",
    ["operator", "tenant", "members", "transfers", "loans", "kyc", "insurance", "x"],
)
def test_only_those_who_should_get_in(method: str, who: str) -> None:
    if who in WHO[method]:
        rule(method)(somebody(who))
        return
    with pytest.raises(NotAllowed):
        rule(method)(somebody(who))


def test_every_entrypoint_names_who_may_call_it() -> None:
    ruled = {
        name
        for name in dir(LedgerService)
        for entrypoint in getattr(
            getattr(LedgerService, name), "nameko_entrypoints", []
        )
        if hasattr(entrypoint, "rule")
    }

    assert ruled == set(WHO) | {"get_health"}


class World:
    """The service as its callers see it: JSON in, JSON out."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger = ledger
        self.settings = settings
        self.cooperative_id = ledger.cooperative(liquidity=1_000, cap=1_000)

    def call(self, who: str, method: str, **command: Any) -> dict[str, Any]:
        return in_process.call(self.service(who), method, command)

    def batch(self, method: str, *commands: dict[str, Any]) -> list[Any]:
        caller = somebody("transfers", self.cooperative_id)
        calls = [
            Call(payload=command, identity=caller, request_id="req_1")
            for command in commands
        ]
        outcomes = getattr(self.service("transfers"), method)(calls)
        return [
            one if isinstance(one, ServiceError) else json.loads(json.dumps(one))
            for one in outcomes
        ]

    def service(self, who: str) -> Any:
        return in_process.service(
            LedgerService,
            database=self.ledger.database,
            settings=self.settings,
            caller=somebody(who, self.cooperative_id),
        )

    def key(self, code: str) -> str:
        return f"{self.cooperative_id}:{code}"

    def journal(self, *postings: list[Any], **more: Any) -> dict[str, Any]:
        return {
            "id": identifiers.new("trf"),
            "kind": "deposit",
            "description": "Uji",
            "business_date": today().isoformat(),
            "postings": list(postings),
        } | more


@pytest.fixture
def world(ledger: Ledger, settings: Settings) -> World:
    return World(ledger, settings)


def idempotency(key: str = "k") -> dict[str, str]:
    return {"key": key, "operation": "POST /x", "request_hash": request_hash({})}


MALFORMED: Final[list[dict[str, Any]]] = [
    {"postings": []},
    {"postings": [["a", "b"]]},
    {"postings": [["a", "a", 1]]},
    {"postings": [["a", "b", 0]]},
    {"postings": [["a", "b", -1]]},
    {"postings": [["a", "b", 10**15 + 1]]},
    {"postings": [["a", "b", 1.0]]},
    {"postings": [["a", "b", True]]},
    {"postings": [["a", "b", "1"]]},
    {"postings": [["a\u0000", "b", 1]]},
    {"postings": [["\ud800", "b", 1]]},
    {"postings": "x"},
    {"description": "\ud800"},
    {"description": "a\u0000b"},
    {"description": None},
    {"business_date": "kemarin"},
    {"id": ""},
    {"kind": "x" * 41},
    {"surplus": 1},
]


@pytest.mark.parametrize("method", ["post_journals", "place_holds"])
def test_a_malformed_item_fails_alone(world: World, method: str) -> None:
    good = [world.journal([world.key("1-1000"), world.key("1-1010"), 1])] * 2
    posting = [world.key("1-1000"), world.key("1-1010"), 1]
    poison = [world.journal(posting) | wrong for wrong in MALFORMED] + [{}]
    if method == "place_holds":
        poison.append(world.journal(posting, expires_at="2026-11-22"))

    outcomes = world.batch(method, good[0], *poison, good[1])

    codes = [getattr(outcome, "code", "done") for outcome in outcomes]
    assert codes == ["done", *["invalid_request"] * len(poison), "done"]


def test_a_journal_answers_with_what_it_left(world: World) -> None:
    journal = world.journal([world.key("1-1000"), world.key("1-1010"), 70])

    first, again, other = world.batch(
        "post_journals", journal, journal, journal | {"kind": "lain"}
    )

    assert first["journal_id"] == journal["id"]
    assert first["balances"] == {world.key("1-1000"): 70, world.key("1-1010"): -70}
    assert first["posted_at"].endswith("+00:00")
    assert set(first) == {"journal_id", "posted_at", "balances"}
    assert again == first | {"replayed": True}
    assert other.code == "journal_id_reused"


def test_a_hold_is_placed_and_resolved(world: World) -> None:
    hold = world.journal([world.key("1-1000"), world.key("1-1010"), 70])

    [placed] = world.batch("place_holds", hold | {"expires_at": None})
    resolve = {"hold_id": hold["id"], "action": "post", "amount": 50}
    resolved, again, wrong, void = world.batch(
        "resolve_holds",
        resolve,
        resolve,
        resolve | {"action": "drop"},
        {"hold_id": hold["id"], "action": "void", "amount": 5},
    )

    assert (placed["hold_id"], placed["state"]) == (hold["id"], "pending")
    assert (resolved["state"], resolved["journal_id"]) == ("posted", hold["id"])
    assert resolved["balances"][world.key("1-1000")] == 50
    assert again == resolved | {"replayed": True}
    assert (wrong.code, void.code) == ("invalid_request", "invalid_request")


def test_a_book_is_used_from_end_to_end(world: World) -> None:
    number = identifiers.new("n")[-16:]
    account = {"key": number, "code": "2-1000", "name": "S", "minimum_balance": 0}
    cash = world.key("1-1000")

    opened = world.call("members", "open_book", cooperative_id=world.cooperative_id)
    assert opened["cooperative_id"] == world.cooperative_id
    assert world.call("members", "open_accounts", accounts=[account]) == {
        "keys": [number]
    }
    deposit = world.journal([cash, number, 500])
    posted = world.call("members", "post_journal", **deposit)
    assert posted["balances"][number] == 500
    assert world.call("members", "post_journal", **deposit)["replayed"] is True
    assert world.call("members", "get_balances", keys=[number, "0"]) == {
        number: {"balance": 500, "pending": 0, "available": 500, "status": "active"}
    }
    journal = world.call("tenant", "get_journal", journal_id=deposit["id"])
    assert journal["postings"] == [
        {"debit_account": cash, "credit_account": number, "amount": 500}
    ]
    reversal = world.call(
        "tenant",
        "reverse_journal",
        journal_id=deposit["id"],
        reason="Salah",
        idempotency=idempotency(deposit["id"]),
    )
    assert reversal["reverses"] == deposit["id"]
    statement = world.call(
        "tenant", "get_statement", key=number, to=today().isoformat(), limit=1
    )
    assert statement["items"][0]["credit"] == 500
    assert statement["closing_balance"] == 0
    again = world.call(
        "tenant", "get_statement", key=number, cursor=statement["next_cursor"]
    )
    assert again["items"][0]["debit"] == 500
    status = world.call("members", "set_status", key=number, status="closed")
    assert status == {"key": number, "status": "closed"}


def test_reports_and_periods_are_json(world: World) -> None:
    yesterday = (today() - timedelta(1)).isoformat()

    balance = world.call("tenant", "get_trial_balance", as_of="2026-01-01T00:00:00Z")
    assert balance["debit_total"] == balance["credit_total"] == 0
    assert world.call("operator", "get_trial_balance")["debit_total"] >= 1_000
    period = {"cooperative_id": world.cooperative_id, "closed_through": yesterday}
    assert world.call("tenant", "close_period", through=yesterday) == period
    assert world.call("tenant", "get_period") == period
    assert world.call("operator", "get_period")["cooperative_id"] == HUB


def test_wallets_and_fees_are_json(world: World) -> None:
    wallet = {"cooperative_id": world.cooperative_id}
    top_up = world.call(
        "operator",
        "top_up_wallet",
        **wallet,
        amount=10_000,
        reference="VA",
        idempotency=idempotency(world.cooperative_id),
    )
    fee = world.call(
        "kyc", "charge_fee", **wallet, kind="ekyc_check", reference="kyc_1"
    )

    assert top_up["balance"] == 10_000
    assert (fee["amount"], fee["rule"]) == (5_000, "R35")
    assert world.call("tenant", "get_wallet") == {"balance": 5_000}
    assert world.call("tenant", "list_fees")["items"] == [fee]
    rates = world.call("tenant", "get_fee_schedule")["items"]
    assert {rate["kind"] for rate in rates} == set(contract.FEE_KINDS)


def test_the_operator_sees_whether_the_books_are_whole(world: World) -> None:
    integrity = world.call("operator", "get_integrity")

    assert integrity["balanced"] is True
    assert integrity["journals"] >= 1
    assert set(world.call("transfers", "get_chain_head")) == {
        "position",
        "last_serial",
        "hash",
    }
    limit = {"key": contract.position_account(world.cooperative_id)}
    assert world.call("transfers", "set_limit", **limit, minimum_balance=-5) == (
        limit | {"minimum_balance": -5, "available": 5}
    )
    assert world.call("x", "get_health")["database"] == "up"
    for timer in ("extend_chain", "expire_holds"):
        getattr(world.service("operator"), timer)()


def test_a_command_that_fits_no_schema_is_refused(world: World) -> None:
    for method, command in (
        ("get_statement", {}),
        ("get_statement", {"key": "1", "from": "besok"}),
        ("get_statement", {"key": "1", "to": "2026-11-22T10:00:00"}),
        ("get_statement", {"key": "1", "limit": 201}),
        ("get_trial_balance", {"as_of": 5}),
        ("reverse_journal", {"journal_id": "x", "reason": "\ud800"}),
    ):
        with pytest.raises(Malformed):
            world.call("tenant", method, **command)
