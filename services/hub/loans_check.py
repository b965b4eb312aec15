"""Do the loans and the ledger tell the same story? Compared loan by loan.

The principal of every loan is an account of the ledger of its own; the interest that a
cooperative counts as receivable and what it sets aside are sums over its loans. Money
moves first and is written down afterwards, so what differs is asked about again: a hub
at work can be checked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.hub.comparing import Difference, reading, stream
from services.hub.rupiah import format_number, format_rupiah
from services.shared.contracts import ledger as ledger_contract
from services.shared.persistence.database import Database

ASKED_AGAIN: Final = 10
PAUSE_SECONDS: Final = 1.0
DIFFERING_MAX: Final = 10_000
"""More than can be under way at once: then something else is wrong."""

_LOANS: Final = """
SELECT key, amount FROM (
    SELECT
        concat_ws(
            ':', cooperative_id,
            CASE kind WHEN 'remainder' THEN '1-1500' ELSE '1-1100' END, id
        ) AS key,
        CASE WHEN status = 'active' THEN outstanding ELSE 0 END AS amount
    FROM loans {where}
) AS named ORDER BY key COLLATE "C"
"""
_ACCOUNTS: Final = """
SELECT key, debits_posted - credits_posted AS amount
FROM accounts
WHERE code IN ('1-1100', '1-1500') AND key <> cooperative_id || ':' || code {and_where}
ORDER BY key COLLATE "C"
"""
_SUMS: Final = """
SELECT cooperative_id, sum(interest_receivable) AS interest, sum(provision) AS provision
FROM loans GROUP BY cooperative_id
HAVING sum(interest_receivable) <> 0 OR sum(provision) <> 0
"""
# Only what loans have posted: a book that was taken over may have brought more.
_POSTED: Final = """
SELECT account.cooperative_id, account.code,
    sum(CASE WHEN posting.debit_account = account.id THEN posting.amount
        ELSE -posting.amount END) AS amount
FROM accounts account
JOIN postings posting ON account.id IN (posting.debit_account, posting.credit_account)
JOIN journals journal ON journal.serial = posting.journal_serial
WHERE account.key = ANY (
        SELECT cooperative_id || ':' || code
        FROM books CROSS JOIN unnest(ARRAY['1-1110', '1-1190']) AS named (code)
    )
    AND journal.kind LIKE 'loan\\_%'
GROUP BY account.cooperative_id, account.code
"""


def check(ledger: Database, loans: Database) -> Iterator[str]:
    """Sentences on what agrees. Raises Difference at the first thing that does not."""
    compared, differing = _principals(ledger, loans)
    _settle(ledger, loans, differing)
    yield (
        f"{format_number(compared)} loans have the same principal here and in the "
        "ledger"
    )
    for again in range(ASKED_AGAIN):
        found = _sums_that_differ(ledger, loans)
        if found is None:
            break
        if again == ASKED_AGAIN - 1:
            raise Difference(found)
        time.sleep(PAUSE_SECONDS)
    yield "interest receivable and provisions are what the loans add up to"


def _principals(ledger: Database, loans: Database) -> tuple[int, list[str]]:
    """How many loans were compared, and the accounts of those that differ."""
    with reading(loans) as here, reading(ledger) as books:
        known = stream(here, _LOANS.format(where=""))
        kept = stream(books, _ACCOUNTS.format(and_where=""))
        return _compare(known, kept)


def _compare(
    known: Iterator[Row[Any]], kept: Iterator[Row[Any]]
) -> tuple[int, list[str]]:
    compared, differing = 0, []
    loan, account = next(known, None), next(kept, None)
    while loan is not None or account is not None:
        key = min(one.key for one in (loan, account) if one is not None)
        here = loan.amount if loan is not None and loan.key == key else 0
        there = account.amount if account is not None and account.key == key else 0
        compared += loan is not None and loan.key == key
        if here != there:
            differing.append(key)
            if len(differing) > DIFFERING_MAX:
                raise Difference("More loans differ from the ledger than can be named")
        if loan is not None and loan.key == key:
            loan = next(known, None)
        if account is not None and account.key == key:
            account = next(kept, None)
    return compared, differing


def _settle(ledger: Database, loans: Database, differing: list[str]) -> None:
    """Ask again about loans that money may be on its way to. Raises Difference."""
    for again in range(ASKED_AGAIN):
        if not differing:
            return
        if again:
            time.sleep(PAUSE_SECONDS)
        with loans.hub() as here, ledger.hub() as books:
            known = _amounts(
                here,
                _LOANS.format(where="WHERE id = ANY (:ids)"),
                ids=[key.rpartition(":")[2] for key in differing],
            )
            kept = _amounts(
                books,
                _ACCOUNTS.format(and_where="AND key = ANY (:keys)"),
                keys=differing,
            )
        differing = [key for key in differing if known.get(key, 0) != kept.get(key, 0)]
    if differing:
        key = differing[0]
        raise Difference(
            f"the loan of account {key} is {format_rupiah(known.get(key, 0))} here, "
            f"but {format_rupiah(kept.get(key, 0))} in the ledger"
        )


def _amounts(session: Session, query: str, **parameters: Any) -> dict[str, int]:
    rows = session.execute(text(query), parameters)
    return {row.key: int(row.amount) for row in rows}


def _sums_that_differ(ledger: Database, loans: Database) -> str | None:
    with reading(loans) as here, reading(ledger) as books:
        wanted = {
            (row.cooperative_id, code): int(amount)
            for row in here.execute(text(_SUMS))
            for code, amount in (
                (ledger_contract.INTEREST_RECEIVABLE, row.interest),
                (ledger_contract.LOAN_ALLOWANCE, -row.provision),
            )
        }
        posted = {
            (row.cooperative_id, row.code): int(row.amount)
            for row in books.execute(text(_POSTED))
        }
    for place in sorted(wanted.keys() | posted.keys()):
        if wanted.get(place, 0) != posted.get(place, 0):
            cooperative_id, code = place
            return (
                f"account {code} of {cooperative_id} moved by "
                f"{format_rupiah(posted.get(place, 0))} for loans, which add up to "
                f"{format_rupiah(wanted.get(place, 0))}"
            )
    return None
