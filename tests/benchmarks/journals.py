"""How many three-posting journals a second the ledger takes, and whether that decays.

``python -m tests.benchmarks.journals --grow 5000000`` measures batches of 500 and
single journals on a fresh database, fills the postings up to the given number, and
measures again. PostgreSQL is `DATABASE_URL` or the local one.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Final

import services  # noqa: F401  psycopg must be told how to wait before its first import
from services.ledger.domain.journals import Journal, Posted
from services.ledger.operations import books, integrity, journals
from services.shared.persistence.database import Database
from tests.databases import RunDatabases
from tests.factories.ledger import Ledger, a_journal, a_transfer

LOCAL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
COOPERATIVES: Final = 10
BATCH: Final = 500

# What many payments leave behind, without their journals: the indexes and the guards
# of the postings are what could become slower.
GROW: Final = """
    ALTER TABLE postings DISABLE TRIGGER postings_check;
    INSERT INTO postings
        (journal_serial, cooperative_id, debit_account, credit_account, amount,
         debit_balance_after, credit_balance_after, posted_at, business_date)
    SELECT -number, 'hub', 1 + number %% accounts.highest,
        1 + (number * 7919 + 1) %% accounts.highest, 1, 0, 0,
        now() - interval '90 days' + number * interval '1 second', now()
    FROM generate_series(1::bigint, %(wanted)s) AS number,
        (SELECT max(id) AS highest FROM accounts) AS accounts
    WHERE number %% accounts.highest <> (number * 7919 + 1) %% accounts.highest;
    ALTER TABLE postings ENABLE TRIGGER postings_check;
"""


class Bench:
    """A ledger with cooperatives whose members have money."""

    def __init__(self, database: Database, accounts: int) -> None:
        self.ledger = Ledger(database)
        self.members = [self._cooperative(accounts) for _ in range(COOPERATIVES)]
        self.chance = random.Random(1)

    def _cooperative(self, accounts: int) -> tuple[str, list[str]]:
        one = self.ledger.cooperative(liquidity=10**14, cap=10**14)
        number = f"{len(os.urandom(1)):01d}{int(time.time() * 1000) % 10**8:08d}"
        keys = [f"{number}{place:07d}" for place in range(accounts)]
        for start in range(0, accounts, 1_000):
            part = keys[start : start + 1_000]
            fields = {"code": "2-1000", "name": "Sukarela", "minimum_balance": 0}
            books.open_accounts(
                self.ledger.database, one, [{"key": key} | fields for key in part]
            )
            self.ledger.post(
                *[a_journal((self.ledger.cash(one), key, 10**9)) for key in part]
            )
        return one, keys

    def rate(self, batch: int, rounds: int) -> float:
        """Journals a second in batches of ``batch``, one batch after the other."""
        work = [[self._payment() for _ in range(batch)] for _ in range(rounds)]
        started = time.perf_counter()
        for given in work:
            outcomes = journals.post_journals(self.ledger.database, given)
            assert all(isinstance(outcome, Posted) for outcome in outcomes)
        return batch * rounds / (time.perf_counter() - started)

    def _payment(self) -> Journal:
        (one, payers), (two, payees) = self.chance.sample(self.members, 2)
        choice = self.chance.choice
        return a_transfer(choice(payers), one, choice(payees), two, 1_000)

    def report(self, title: str) -> None:
        """Print both rates."""
        rates = [self.rate(BATCH, 10) for _ in range(4)]
        print(  # noqa: T201  a script
            f"{title}: {max(rates):,.0f} /s in batches of {BATCH} "
            f"(runs {', '.join(f'{rate:,.0f}' for rate in rates)}), "
            f"{self.rate(1, 300):,.0f} /s one by one",
            flush=True,
        )


def main() -> None:
    """Measure, grow, measure again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grow", type=int, default=0, metavar="POSTINGS")
    parser.add_argument("--accounts", type=int, default=2_000, metavar="PER_BOOK")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix=f"koperasi-test-{int(time.time())}x"))
    run = RunDatabases(os.environ.get("DATABASE_URL", LOCAL), folder)
    database = run.clone("ledger")
    try:
        bench = Bench(database, given.accounts)
        bench.report("fresh")
        if given.grow:
            with run.as_administrator(database) as admin:
                for statement in GROW.split(";")[:-1]:
                    admin.execute(statement, {"wanted": given.grow})
                admin.execute("ANALYZE")
            bench.report(f"with {given.grow:,} postings more")
        started = time.perf_counter()
        sealed = 0
        for _ in range(10):
            sealed += integrity.seal_chain(database)
        seconds = (time.perf_counter() - started) / max(sealed, 1)
        print(f"sealing: {seconds * 1000:.0f} ms a link")  # noqa: T201  a script
    finally:
        run.drop(database)
        run.drop_all()


if __name__ == "__main__":
    main()
