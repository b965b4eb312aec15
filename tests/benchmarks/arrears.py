"""`python -m tests.benchmarks.arrears`: the daily job over the loans of a whole hub.

200,000 loans of 500 cooperatives, looked at by the real job runner and followed by the
real ledger, in one process beside PostgreSQL: a day on which everything is new, an
ordinary day, and the first of a month with its picture and provisions. Beside it, how
many schedules are computed in a second.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

import services.shared.messaging  # noqa: F401  patches before psycopg is imported
from services.ledger.operations import books
from services.loans.domain import schedules
from services.loans.operations import arrears
from services.loans.operations.job_context import JobContext, Peers
from services.shared import clock
from services.shared.persistence import tenants
from services.shared.persistence.job_runner import JobRunner
from services.shared.persistence.jobs import Run
from tests.databases import RunDatabases
from tests.factories.loans import LedgerPeer
from tests.fakes.answering_peer import FakePeer

LOCAL: Final = "postgresql://postgres@127.0.0.1:5432/postgres"
INSTALMENTS: Final = 12
DAYS: Final = (
    ("every loan is new", date(2026, 11, 20)),
    ("an ordinary day", date(2026, 11, 21)),
    ("the first of a month", date(2026, 12, 1)),
)
LIMIT_SECONDS: Final = 60
SCHEDULES_A_SECOND: Final = 2_000

console = Console(stderr=True)

# Loans of one to eleven months, a third of them behind by one to four instalments. The
# loans of a cooperative lie scattered, the instalments of a loan together, as they are
# when they come about. The rules of foreign keys are not what is measured.
FILL: Final = """
SET session_replication_role = replica;
INSERT INTO tenants (cooperative_id, code, name, status, active_since)
SELECT 'coop_' || n, lpad(n::text, 4, '0'), 'KSP ' || n, 'active', '2026-11-01'
FROM generate_series(1, %(cooperatives)s) n;
INSERT INTO loan_products (id, cooperative_id, code, name, method, frequency, rate_bps,
    cap_basis, minimum_amount, maximum_amount, minimum_count, maximum_count,
    grace_count, harvest_every, rounding_unit, shifts_holidays, allocation,
    overpayment, penalty_bps_per_day, penalty_grace_days, penalty_cap_bps_per_month,
    settlement_fee_months, rebate_bps, rebate_grace_days, administration_bps,
    administration_amount, fee_payer, premium_payer, minimum_cover_bps, requires_visit,
    requires_training, is_offered, created_at, created_by)
SELECT 'lpr_' || n, 'coop_' || n, 'umum', 'Pinjaman Umum', 'menurun', 'monthly', 2400,
    'nominal', 1, 1000000000, 1, 60, 0, 1, 1, false,
    '{penalty,interest,principal}', 'forward', 10, 3, 100, 0, 0, 0, 0, 0, 'cooperative',
    'cooperative', 0, false, false, true, now(), 'usr_1'
FROM generate_series(1, %(cooperatives)s) n;
INSERT INTO loans (id, cooperative_id, number, kind, product_id, member_id,
    member_name, savings_account, branch_code, officer, sector, purpose, method,
    frequency, principal, rate_bps, effective_rate_bps, count, rules, disbursed_on,
    entered_on, matures_on, status, outstanding, interest_receivable, deferred_interest,
    deferred_interest_paid, provision, dpd, collectibility, stage, times_restructured,
    created_at)
SELECT 'loa_' || lpad(n::text, 26, '0'), 'coop_' || 1 + n %% %(cooperatives)s,
    'PINJ/2026/1/' || n, 'loan', 'lpr_' || 1 + n %% %(cooperatives)s,
    'mem_' || lpad(n::text, 26, '0'),
    'Budi Santoso', lpad(n::text, 16, '0'), 'CAB-' || n %% 3, 'usr_' || n %% 7,
    'perdagangan', 'Modal usaha warung', 'menurun', 'monthly', 12000000, 2400, 2400,
    12, '{"allocation": ["penalty", "interest", "principal"],
    "overpayment": "forward", "penalty_bps_per_day": 10, "penalty_grace_days": 3,
    "penalty_cap_bps_per_month": 100, "settlement_fee_months": 0,
    "fee_payer": "cooperative", "premium_payer": "cooperative"}',
    began.on, began.on, began.on + interval '12 months', 'active',
    12000000 - 1000000 * paid.count, 0, 0, 0, 0, 0, 1, 'none', 0, now()
FROM generate_series(1, %(loans)s) n
CROSS JOIN LATERAL (SELECT (date '2026-11-20' - n %% 28 - (1 + n %% 11)
    * interval '1 month')::date AS on) began
CROSS JOIN LATERAL (SELECT greatest(1 + n %% 11
    - CASE WHEN n / 11 %% 3 = 0 THEN 1 + n %% 4 ELSE 0 END, 0) AS count) paid;
INSERT INTO instalments (loan_id, number, cooperative_id, due_on, principal, interest,
    principal_paid, interest_paid, penalty, penalty_paid, penalty_waived, penalty_base,
    settled_on)
SELECT loan.id, nth, loan.cooperative_id, due.on, 1000000, 20000 * (13 - nth),
    CASE WHEN paid.is_paid THEN 1000000 ELSE 0 END,
    CASE WHEN paid.is_paid THEN 20000 * (13 - nth) ELSE 0 END, 0, 0, 0, 0,
    CASE WHEN paid.is_paid THEN due.on END
FROM loans loan CROSS JOIN generate_series(1, %(instalments)s) nth
CROSS JOIN LATERAL (SELECT (loan.disbursed_on + nth * interval '1 month')::date
    AS on) due
CROSS JOIN LATERAL (SELECT nth <= (12000000 - loan.outstanding) / 1000000
    AS is_paid) paid
ORDER BY loan.id, nth;
SET session_replication_role = origin;
VACUUM ANALYZE loans;
VACUUM ANALYZE instalments;
VACUUM ANALYZE tenants
"""


class Bench:
    """A hub full of loans."""

    def __init__(self, run: RunDatabases, *, cooperatives: int, loans: int) -> None:
        self._run = run
        self.loans = run.clone("loans")
        self.ledger = run.clone("ledger")
        self.settings = run.settings()
        self.peers = {
            one: LedgerPeer(self.ledger, self.settings, one)
            for one in (f"coop_{number}" for number in range(1, cooperatives + 1))
        }
        given = {
            "cooperatives": cooperatives,
            "loans": loans,
            "instalments": INSTALMENTS,
        }
        with run.as_administrator(self.loans) as admin:
            for statement in FILL.split(";"):
                # Only these two have parameters; VACUUM takes none.
                admin.execute(statement, given if "%(" in statement else None)
        for one in self.peers:
            books.open_book(self.ledger, one)

    def run_day(self, day: date, calendar: Path) -> float:
        """Seconds until the job of the day is done for all cooperatives."""
        calendar.write_text(day.isoformat())
        runner = JobRunner(
            jobs={arrears.NAME: arrears.JOB},
            tenants=lambda session: [
                (one.cooperative_id, one.active_since)
                for one in tenants.active(session)
            ],
        )
        started = time.perf_counter()
        runner.schedule(self.loans)
        while runner.work(self.loans, self._context_of):
            pass
        return time.perf_counter() - started

    def _context_of(self, run: Run) -> JobContext:
        nobody = FakePeer()
        return JobContext(
            database=self.loans,
            settings=self.settings,
            peers=Peers(
                ledger=self.peers[run.cooperative_id],
                members=nobody,
                kyc=nobody,
                insurance=nobody,
            ),
            cooperative_id=run.cooperative_id,
            business_date=run.business_date,
        )

    def is_sound(self, day: date) -> bool:
        """Whether all runs are done and book and loans agree to the rupiah."""
        with self._run.as_administrator(self.loans) as admin:
            row = admin.execute(
                "SELECT (SELECT count(*) FROM job_runs WHERE business_date = %s "
                " AND state = 'done') = (SELECT count(*) FROM tenants) "
                "AND NOT EXISTS (SELECT FROM arrears_journals WHERE state <> 'posted')",
                (day,),
            ).fetchone()
            sums = admin.execute(
                "SELECT cooperative_id, sum(interest_receivable), sum(provision) "
                "FROM loans GROUP BY cooperative_id"
            ).fetchall()
        assert row is not None
        keys = [f"{one}:{code}" for one in self.peers for code in ("1-1110", "1-1190")]
        held = self._balances(keys)
        return bool(row[0]) and all(
            held[f"{one}:1-1110"] == receivable and held[f"{one}:1-1190"] == provision
            for one, receivable, provision in sums
        )

    def _balances(self, keys: list[str]) -> dict[str, int]:
        with self._run.as_administrator(self.ledger) as admin:
            rows = admin.execute(
                "SELECT key, abs(debits_posted - credits_posted) FROM accounts "
                "WHERE key = ANY (%s)",
                (keys,),
            ).fetchall()
        return dict(rows)

    def close(self) -> None:
        """Remove the databases."""
        for one in (self.loans, self.ledger):
            self._run.drop(one)


def schedules_per_second(seconds: float = 2) -> float:
    """How many schedules of two years are computed in a second, all methods in turn."""
    terms = [
        schedules.Terms(
            method=method,
            frequency=schedules.MONTHLY,
            principal=12_345_678,
            rate_bps=2400,
            count=24,
            harvest_every=6 if method == schedules.SEASONAL else 1,
        )
        for method in schedules.METHODS
    ]
    made, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        for one in terms:
            schedules.schedule(one, date(2026, 12, 22))
        made += len(terms)
    return made / (time.perf_counter() - started)


def measure(cooperatives: int = 500, loans: int = 200_000) -> dict[str, Any]:
    """Seconds of each kind of day, and whether the books agree after each."""
    folder = Path(tempfile.mkdtemp(prefix=f"koperasi-test-{int(time.time())}x"))
    run = RunDatabases(os.environ.get("DATABASE_URL", LOCAL), folder)
    calendar = folder / "hari-ini"
    clock.simulate(calendar)
    try:
        bench = Bench(run, cooperatives=cooperatives, loans=loans)
        try:
            days = []
            for title, day in DAYS:
                seconds = bench.run_day(day, calendar)
                days.append(
                    {
                        "day": title,
                        "seconds": round(seconds, 1),
                        "sound": bench.is_sound(day),
                    }
                )
                console.print(days[-1], style="dim")
        finally:
            bench.close()
    finally:
        clock.simulate(None)
        run.drop_all()
    return {
        "cooperatives": cooperatives,
        "loans": loans,
        "days": days,
        "schedules_per_second": round(schedules_per_second()),
    }


def table(results: dict[str, Any]) -> Table:
    """The figures for a person."""
    shown = Table(
        title=f"arrears of {results['loans']:,} loans, "
        f"{results['cooperatives']} cooperatives"
    )
    for heading in ("what", "took", "wanted"):
        shown.add_column(heading, justify="left" if heading == "what" else "right")
    for one in results["days"]:
        shown.add_row(one["day"], f"{one['seconds']} s", f"< {LIMIT_SECONDS} s")
    shown.add_row(
        "schedules of 24 instalments",
        f"{results['schedules_per_second']:,} /s",
        f"> {SCHEDULES_A_SECOND:,} /s",
    )
    return shown


def is_enough(results: dict[str, Any]) -> bool:
    """Whether every figure is what was asked for, and the books agree."""
    return results["schedules_per_second"] > SCHEDULES_A_SECOND and all(
        one["sound"] and one["seconds"] < LIMIT_SECONDS for one in results["days"]
    )


def main() -> int:
    """Measure and print; non-zero when it is not enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cooperatives", type=int, default=500)
    parser.add_argument("--loans", type=int, default=200_000)
    given = parser.parse_args()
    results = measure(given.cooperatives, given.loans)
    json.dump(results, sys.stdout, indent=2)
    console.print(table(results))
    return 0 if is_enough(results) else 1


if __name__ == "__main__":
    sys.exit(main())
