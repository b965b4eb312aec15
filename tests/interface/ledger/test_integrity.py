"""What is tampered with is found: by PostgreSQL at once, or by the verification."""

import time
from collections.abc import Callable, Generator
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.ledger.domain import chart
from services.ledger.domain.holds import Resolution
from services.ledger.operations import holds, integrity, upkeep, wallets
from services.ledger.store import chain as chain_store
from services.shared.persistence.database import Database
from tests.databases import RunDatabases
from tests.factories.ledger import Ledger, a_journal, a_transfer

Tamper = Callable[[LiteralString], None]

TAMPERED: Final = (
    "books",
    "accounts",
    "journals",
    "postings",
    "holds",
    "hold_postings",
    "fee_charges",
    "chain_links",
    "chain_progress",
)


@pytest.fixture(scope="module")
def busy_ledger(database_factory: Callable[[str], Database]) -> Ledger:
    """A ledger in which a bit of everything has happened, sealed into the chain."""
    ledger = Ledger(database_factory("ledger"))
    one = ledger.cooperative(liquidity=1_000, cap=800)
    two = ledger.cooperative(liquidity=1_000, cap=800)
    budi, siti = ledger.savings(one, 500), ledger.savings(two, 500)
    ledger.post(*[a_transfer(budi, one, siti, two, 60) for _ in range(20)])
    ledger.post(a_transfer(siti, two, budi, one, 25))
    held = [a_transfer(siti, two, budi, one, 7) for _ in range(3)]
    holds.place_holds(ledger.database, held)
    holds.resolve_holds(
        ledger.database,
        [
            Resolution(hold_id=held[0].id, action="post", amount=5),
            Resolution(hold_id=held[1].id, action="void"),
        ],
    )
    wallets.top_up_wallet(
        ledger.database,
        cooperative_id=one,
        amount=10_000,
        reference="VA",
        idempotency={"operation": "POST /x", "key": "k", "request_hash": ""},
    )
    wallets.charge_fee(
        ledger.database,
        wallets.Asked(
            cooperative_id=one,
            kind="ekyc_check",
            base_amount=None,
            months=None,
            reference="kyc_1",
        ),
    )
    seal(ledger)
    return ledger


@pytest.fixture
def tamper(busy_ledger: Ledger, run_databases: RunDatabases) -> Generator[Tamper]:
    """What somebody with all rights and no triggers could do; undone afterwards."""
    with run_databases.as_administrator(busy_ledger.database) as admin:
        for table in TAMPERED:
            _in(admin, "CREATE TEMPORARY TABLE {0} AS TABLE public.{0}", table)
            _in(admin, "ALTER TABLE public.{0} DISABLE TRIGGER ALL", table)

        def change(statement: LiteralString) -> None:
            with run_databases.as_administrator(busy_ledger.database) as other:
                assert other.execute(statement).rowcount != 0, "nothing was changed"

        yield change
        _in(admin, "ALTER TABLE public.{0} DROP CONSTRAINT IF EXISTS bug", "accounts")
        for table in TAMPERED:
            _in(admin, "DELETE FROM public.{0}", table)
            _in(
                admin,
                "INSERT INTO public.{0} OVERRIDING SYSTEM VALUE TABLE pg_temp.{0}",
                table,
            )
            _in(admin, "ALTER TABLE public.{0} ENABLE TRIGGER ALL", table)


def _in(admin: psycopg.Connection, statement: LiteralString, table: str) -> None:
    admin.execute(sql.SQL(statement).format(sql.Identifier(table)))


def seal(ledger: Ledger) -> None:
    """Wait for the horizon, which other databases of the cluster hold up too."""
    gives_up_at = time.monotonic() + 30
    while time.monotonic() < gives_up_at:
        integrity.seal_chain(ledger.database)
        with ledger.database.hub() as session:
            if chain_store.unsealed(session) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the chain does not reach the last journal")


def first_difference(ledger: Ledger) -> str:
    report = integrity.verify(ledger.database)
    assert not report.is_intact
    return report.first_difference or ""


def test_whole_books_are_found_whole(busy_ledger: Ledger) -> None:
    asked: list[str] = []

    report = integrity.verify(busy_ledger.database, asked.append)

    assert report.first_difference is None
    assert report.is_intact
    assert asked == [finding.name for finding in report.findings]
    assert len(asked) == 11
    assert report.links >= 1


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            (
                "UPDATE accounts SET credits_posted = credits_posted + 1 WHERE key "
                "LIKE "
                "'00%' AND credits_posted > 0"
            ),
            "but its postings sum to",
        ),
        ("UPDATE postings SET amount = amount + 1 WHERE id = 5", "postings sum to"),
        ("DELETE FROM postings WHERE id = 5", "postings sum to"),
        (
            (
                "UPDATE accounts SET credits_pending = credits_pending + 1 "
                "WHERE credits_pending > 0"
            ),
            "but its holds sum to",
        ),
        (
            (
                "UPDATE holds SET state = 'voided', resolved_at = now() "
                "WHERE state = 'pending'"
            ),
            "but its holds sum to",
        ),
        (
            "UPDATE postings SET debit_balance_after = 1 WHERE id = 6",
            "posting 6 of account",
        ),
        (
            "UPDATE postings SET cooperative_id = 'hub' WHERE cooperative_id <> 'hub'",
            "reaches outside the book hub",
        ),
        (
            "UPDATE journals SET refusal = '{\"code\": \"x\"}' WHERE kind = 'fee'",
            "reaches outside the book",
        ),
        (
            (
                "INSERT INTO journals (id, kind, description, business_date, "
                "posted_at, "
                "books, request_hash) VALUES ('jrn_x', '', '', now(), now(), "
                "ARRAY['hub'], '')"
            ),
            "journal jrn_x was accepted but has no postings",
        ),
        (
            (
                "UPDATE accounts SET minimum_balance = NULL, covered_by = (SELECT "
                "id FROM "
                "accounts WHERE key LIKE 'hub:wallet:%' AND credits_posted = 0 "
                "LIMIT 1) WHERE key IN (SELECT 'hub:"
                "position:' || cooperative_id FROM books) AND debits_posted > "
                "credits_posted"
            ),
            "is past its limit",
        ),
        (
            (
                "UPDATE holds SET state = 'voided', posted_amount = NULL "
                "WHERE state = 'posted'"
            ),
            "is voided, which its journal contradicts",
        ),
        (
            "UPDATE journals SET description = 'Lain' WHERE serial = 3",
            "journals or postings are not those that were sealed",
        ),
        (
            "UPDATE journals SET posted_at = posted_at - interval '1 day'",
            "journals or postings are not those that were sealed",
        ),
        (
            "DELETE FROM journals WHERE refusal IS NOT NULL",
            "journals or postings are not those that were sealed",
        ),
        ("UPDATE chain_links SET amount_total = amount_total + 1", "link 1"),
        ("UPDATE chain_links SET hash = digest", "the hash is not that of its content"),
        ("UPDATE chain_links SET position = position + 1", "link 1 is missing"),
    ],
    ids=lambda value: value[:40] if " " in value else "",
)
def test_tampering_is_found_and_placed(
    busy_ledger: Ledger, tamper: Tamper, statement: LiteralString, says: str
) -> None:
    tamper(statement)

    assert says in first_difference(busy_ledger)


def test_a_link_that_was_tampered_with_stops_the_bookmark(
    busy_ledger: Ledger, tamper: Tamper
) -> None:
    before = integrity.get_integrity(busy_ledger.database)
    assert before["balanced"]
    assert before["chain_intact"]
    assert before["chain_verified_through"] > 0
    one = busy_ledger.cooperative()
    budi = busy_ledger.savings(one, 100)
    seal(busy_ledger)
    tamper(
        "UPDATE journals SET description = 'Lain' "
        "WHERE serial = (SELECT max(serial) FROM journals)"
    )

    after = integrity.get_integrity(busy_ledger.database)

    assert not after["chain_intact"]
    assert after["chain_verified_through"] == before["chain_verified_through"]
    assert busy_ledger.balance(budi) == 100


def test_integrity_counts_what_is_not_sealed_yet(busy_ledger: Ledger) -> None:
    before = integrity.get_integrity(busy_ledger.database)
    one = busy_ledger.cooperative()
    budi = busy_ledger.savings(one, 100)
    busy_ledger.post(a_journal((budi, busy_ledger.cash(one), 101)))

    after = integrity.get_integrity(busy_ledger.database)

    assert after["journals"] - before["journals"] == 2
    assert after["postings"] - before["postings"] == 1
    assert before["chain_head"] == after["chain_head"]
    head = integrity.get_chain_head(busy_ledger.database)
    assert head["hash"] == after["chain_head"]
    assert head["position"] >= 1


def test_the_chain_waits_for_a_journal_that_is_still_in_flight(
    busy_ledger: Ledger,
) -> None:
    from services.ledger.operations import batches

    one = busy_ledger.cooperative()
    budi, siti = busy_ledger.savings(one), busy_ledger.savings(one)
    slow = a_journal((busy_ledger.cash(one), budi, 1))
    quick = a_journal((f"{one}:1-1010", siti, 1))

    with busy_ledger.database.hub() as session:
        batches.post(session, batches.enter(session, slow.keys), [slow])
        busy_ledger.post_one(quick)
        # The quick one has the later serial and is committed; the slow one may yet be
        # rolled back or not, so neither can be sealed.
        for _ in range(3):
            assert integrity.seal_chain(busy_ledger.database) == 0
    seal(busy_ledger)

    assert integrity.verify(busy_ledger.database).first_difference is None
    answer = integrity.get_integrity(busy_ledger.database)
    assert answer["chain_intact"]


def test_serials_that_were_rolled_back_leave_no_hole(busy_ledger: Ledger) -> None:
    from services.ledger.operations import batches

    one = busy_ledger.cooperative()
    budi = busy_ledger.savings(one)
    lost = a_journal((busy_ledger.cash(one), budi, 1))
    with pytest.raises(ZeroDivisionError), busy_ledger.database.hub() as session:
        batches.post(session, batches.enter(session, lost.keys), [lost])
        raise ZeroDivisionError
    busy_ledger.deposit(budi, one, 5)
    seal(busy_ledger)

    report = integrity.verify(busy_ledger.database)

    assert report.first_difference is None
    assert busy_ledger.balance(budi) == 5


def test_a_link_covers_at_most_a_thousand_journals(busy_ledger: Ledger) -> None:
    one = busy_ledger.cooperative()
    budi = busy_ledger.savings(one)
    for _ in range(3):
        busy_ledger.post(
            *[a_journal((busy_ledger.cash(one), budi, 1)) for _ in range(700)]
        )
    seal(busy_ledger)

    with busy_ledger.database.hub() as session:
        links = chain_store.links(session, after=0, limit=1_000)

    assert max(link.content.journals for link in links) <= 1_000
    assert sum(link.content.journals for link in links) >= 2_100
    assert integrity.verify(busy_ledger.database).first_difference is None


@pytest.mark.parametrize(
    "table", ["journals", "postings", "chain_links", "fee_charges", "fee_refunds"]
)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"]
)
def test_what_was_written_cannot_be_changed_even_by_a_superuser(
    busy_ledger: Ledger,
    run_databases: RunDatabases,
    table: str,
    statement: LiteralString,
) -> None:
    column = {"journals": "kind", "fee_charges": "kind", "fee_refunds": "reason"}.get(
        table, "hash"
    )
    if table == "postings":
        column = "amount"
    command = sql.SQL(statement).format(
        sql.Identifier(table), *[sql.Identifier(column)] * 2
    )
    with (
        run_databases.as_administrator(busy_ledger.database) as admin,
        pytest.raises(psycopg.Error, match="only ever added"),
    ):
        admin.execute(command)


def refused(database: Database, statement: str, tenant: str | None = None) -> str:
    """Why PostgreSQL refuses a statement under a working role."""
    opened = database.tenant(tenant) if tenant else database.hub()
    with pytest.raises(DBAPIError) as fault, opened as session:
        session.execute(text(statement))
    return str(fault.value.orig)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE postings SET amount = 1", "permission denied"),
        ("DELETE FROM journals", "permission denied"),
        (
            "UPDATE accounts SET credits_posted = 0 WHERE key LIKE '00%'",
            "ck_accounts_minimum_balance",
        ),
        ("UPDATE accounts SET debits_posted = -1", "ck_accounts_counters"),
        (
            (
                "UPDATE accounts SET credits_posted = debits_posted "
                "WHERE key LIKE 'hub:liquidity:%'"
            ),
            "owes more than its cover holds",
        ),
        (
            (
                "UPDATE accounts SET minimum_balance = -9000, debits_posted = "
                "credits_posted "
                "+ 8000 WHERE key LIKE 'hub:position:%'"
            ),
            "owes more than its cover holds",
        ),
        ("UPDATE holds SET state = 'voided' WHERE state = 'posted'", "stays so"),
        (
            (
                "INSERT INTO postings (journal_serial, cooperative_id, debit_account, "
                "credit_account, amount, debit_balance_after, credit_balance_after, "
                "posted_at, business_date) SELECT 1, 'hub', a.id, b.id, 5, 0, 0, "
                "now(), "
                "now() FROM accounts a, accounts b WHERE a.key = 'hub:1-1010' AND "
                "b.key LIKE '00%' LIMIT 1"
            ),
            "stays inside one book",
        ),
        (
            (
                "INSERT INTO postings (journal_serial, cooperative_id, debit_account, "
                "credit_account, amount, debit_balance_after, credit_balance_after, "
                "posted_at, business_date) SELECT 99999, 'hub', a.id, b.id, 5, 0, "
                "0, now(), "
                "now() FROM accounts a, accounts b WHERE a.key = 'hub:1-1010' AND "
                "b.key = 'hub:4-2000'"
            ),
            "belongs to a journal that names its book",
        ),
        (
            (
                "INSERT INTO postings (journal_serial, cooperative_id, debit_account, "
                "credit_account, amount, debit_balance_after, credit_balance_after, "
                "posted_at, business_date) VALUES (1, 'hub', 1, 2, 0, 0, 0, now(), "
                "now())"
            ),
            "ck_postings_amount",
        ),
        (
            (
                "INSERT INTO journals (id, kind, description, business_date, "
                "posted_at, "
                "books, request_hash, reverses) VALUES ('x', '', '', now(), now(), "
                "ARRAY['hub'], '', 'jrn_none')"
            ),
            "reverses what was never posted",
        ),
    ],
    ids=lambda value: value[:40] if " " in value else "",
)
def test_postgresql_checks_again_what_the_ledger_has_checked(
    busy_ledger: Ledger, statement: str, says: str
) -> None:
    assert says in refused(busy_ledger.database, statement)


def test_a_closed_day_is_not_opened_again(busy_ledger: Ledger) -> None:
    database = busy_ledger.database
    with database.hub() as session:
        session.execute(text("UPDATE books SET closed_through = '2026-01-01'"))

    for day in ("NULL", "'2025-12-31'"):
        statement = f"UPDATE books SET closed_through = {day}"
        assert "stays closed" in refused(database, statement)


TENANT_TABLES = (
    "books",
    "accounts",
    "journals",
    "postings",
    "holds",
    "hold_postings",
    "fee_charges",
)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_tenant_sees_nothing_of_others(busy_ledger: Ledger, table: str) -> None:
    own = busy_ledger.cooperative()
    count = text(f"SELECT count(*) FROM {table}")

    with busy_ledger.database.hub() as session:
        assert session.execute(count).scalar_one() > 0
    with busy_ledger.database.tenant(own) as session:
        visible = session.execute(count).scalar_one()

    own_rows = {"books": 1, "accounts": len(chart.COOPERATIVE_CHART)}
    assert visible == own_rows.get(table, 0)


def test_a_tenant_writes_into_its_own_book_only(busy_ledger: Ledger) -> None:
    one, two = busy_ledger.cooperative(), busy_ledger.cooperative()
    database = busy_ledger.database
    insert = (
        "INSERT INTO accounts (key, cooperative_id, code, name, normal_side) "
        f"VALUES ('k', '{two}', '2-1000', '', 'credit')"
    )
    journal = (
        "INSERT INTO journals (id, kind, description, business_date, posted_at, books, "
        f"request_hash) VALUES ('j', '', '', now(), now(), ARRAY['{one}', '{two}'], '')"
    )

    assert "row-level security" in refused(database, insert, one)
    assert "row-level security" in refused(database, journal, one)
    for statement in (
        "UPDATE accounts SET minimum_balance = NULL",
        "SELECT * FROM chain_links",
        "INSERT INTO holds (id) VALUES ('x')",
        "SELECT * FROM outbox",
    ):
        assert "permission denied" in refused(database, statement, one)


def test_a_batch_that_the_database_refuses_is_tried_item_by_item(
    busy_ledger: Ledger, tamper: Tamper
) -> None:
    """A bug, or a hand in the tables, hits one item; its neighbours do not suffer."""
    from services.ledger.operations import batches, journals
    from services.shared.contracts import ledger as contract

    one = busy_ledger.cooperative()
    budi, siti = busy_ledger.savings(one), busy_ledger.savings(one)
    tamper("ALTER TABLE accounts ADD CONSTRAINT bug CHECK (credits_posted <> 13)")
    items = [
        a_journal((busy_ledger.cash(one), key, amount))
        for key, amount in ((budi, 5), (siti, 13), (budi, 6))
    ]

    answers = batches.answer_each(
        items,
        load=lambda item: item,
        operate=lambda given: journals.post_journals(busy_ledger.database, given),
        result=contract.PostedJournal(),
    )

    codes = [getattr(answer, "code", "posted") for answer in answers]
    assert codes == ["posted", "internal_error", "posted"]
    assert busy_ledger.balance(budi) == 11


def test_health_tells_what_waits(busy_ledger: Ledger) -> None:
    seal(busy_ledger)

    health = upkeep.get_health(busy_ledger.database)

    assert health["database"] == "up"
    assert health["gauges"]["holds_pending"] == 1
    assert health["gauges"]["journals_unsealed"] == 0
    upkeep.extend_chain(busy_ledger.database)
    upkeep.expire_holds(busy_ledger.database)
