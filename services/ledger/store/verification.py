"""What must be true of the books, each as one query that finds the first exception."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session


class Question(NamedTuple):
    """A truth about the books; the query answers with a sentence per exception."""

    name: str
    query: str


# Set-wise sorts of whole tables: they may take their time and some memory.
_NO_HURRY: Final = (
    text("SET LOCAL statement_timeout = 0"),
    text("SET LOCAL work_mem = '128MB'"),
)

QUESTIONS: Final = (
    Question(
        "each account holds what its postings sum to",
        """
        WITH recomputed AS (
            SELECT account, sum(debits) AS debits, sum(credits) AS credits FROM (
                SELECT debit_account AS account, amount AS debits, 0 AS credits
                FROM postings
                UNION ALL
                SELECT credit_account, 0, amount FROM postings
            ) side GROUP BY account
        )
        SELECT format(
            'account %s: posted %s debit and %s credit, but its postings sum to '
            '%s and %s', coalesce(accounts.key, '#' || recomputed.account),
            accounts.debits_posted, accounts.credits_posted,
            coalesce(recomputed.debits, 0), coalesce(recomputed.credits, 0))
        FROM accounts FULL JOIN recomputed ON recomputed.account = accounts.id
        WHERE accounts.debits_posted IS DISTINCT FROM coalesce(recomputed.debits, 0)
            OR accounts.credits_posted IS DISTINCT FROM coalesce(recomputed.credits, 0)
        ORDER BY accounts.id LIMIT 1
        """,
    ),
    Question(
        "each account has pending what its holds sum to",
        """
        WITH recomputed AS (
            SELECT account, sum(debits) AS debits, sum(credits) AS credits FROM (
                SELECT debit_account AS account, amount AS debits, 0 AS credits
                FROM hold_postings JOIN holds ON holds.id = hold_id
                WHERE state = 'pending'
                UNION ALL
                SELECT credit_account, 0, amount
                FROM hold_postings JOIN holds ON holds.id = hold_id
                WHERE state = 'pending'
            ) side GROUP BY account
        )
        SELECT format(
            'account %s: pending %s debit and %s credit, but its holds sum to '
            '%s and %s', coalesce(accounts.key, '#' || recomputed.account),
            accounts.debits_pending, accounts.credits_pending,
            coalesce(recomputed.debits, 0), coalesce(recomputed.credits, 0))
        FROM accounts FULL JOIN recomputed ON recomputed.account = accounts.id
        WHERE accounts.debits_pending IS DISTINCT FROM coalesce(recomputed.debits, 0)
            OR accounts.credits_pending
                IS DISTINCT FROM coalesce(recomputed.credits, 0)
        ORDER BY accounts.id LIMIT 1
        """,
    ),
    Question(
        "each line's balance follows from the lines before it",
        """
        SELECT format(
            'posting %s of account %s: balance %s, but the lines up to it sum to %s',
            id, key, stored, computed)
        FROM (
            SELECT line.id, accounts.key, line.stored,
                sum(CASE WHEN line.side = accounts.normal_side
                    THEN line.amount ELSE -line.amount END)
                OVER (PARTITION BY line.account ORDER BY line.id) AS computed
            FROM (
                SELECT id, debit_account AS account, 'debit' AS side, amount,
                    debit_balance_after AS stored
                FROM postings
                UNION ALL
                SELECT id, credit_account, 'credit', amount, credit_balance_after
                FROM postings
            ) line
            JOIN accounts ON accounts.id = line.account
        ) walked
        WHERE stored <> computed
        ORDER BY id LIMIT 1
        """,
    ),
    Question(
        "each posting stays inside one book, in a journal that names it",
        """
        SELECT format('posting %s of journal %s reaches outside the book %s',
            posting.id, coalesce(journal.id, '#' || posting.journal_serial),
            posting.cooperative_id)
        FROM postings posting
        LEFT JOIN accounts debited ON debited.id = posting.debit_account
        LEFT JOIN accounts credited ON credited.id = posting.credit_account
        LEFT JOIN journals journal ON journal.serial = posting.journal_serial
        WHERE debited.cooperative_id IS DISTINCT FROM posting.cooperative_id
            OR credited.cooperative_id IS DISTINCT FROM posting.cooperative_id
            OR journal.serial IS NULL OR journal.refusal IS NOT NULL
            OR posting.cooperative_id <> ALL (journal.books)
        ORDER BY posting.id LIMIT 1
        """,
    ),
    Question(
        "each accepted journal has postings",
        """
        SELECT format('journal %s was accepted but has no postings', id)
        FROM journals
        WHERE refusal IS NULL AND NOT EXISTS (
            SELECT FROM postings WHERE journal_serial = journals.serial
        )
        ORDER BY serial LIMIT 1
        """,
    ),
    Question(
        "debits equal credits in each book",
        """
        SELECT format(
            'book %s: %s debit, %s credit posted; %s debit, %s credit pending',
            cooperative_id, sum(debits_posted), sum(credits_posted),
            sum(debits_pending), sum(credits_pending))
        FROM accounts GROUP BY cooperative_id
        HAVING sum(debits_posted) <> sum(credits_posted)
            OR sum(debits_pending) <> sum(credits_pending)
        ORDER BY cooperative_id LIMIT 1
        """,
    ),
    Question(
        "no account is past its limit",
        """
        SELECT format('account %s is past its limit', owing.key)
        FROM accounts owing
        LEFT JOIN accounts cover ON cover.id = owing.covered_by
        CROSS JOIN LATERAL (
            SELECT CASE owing.normal_side
                WHEN 'debit' THEN owing.debits_posted - owing.credits_posted
                    - owing.credits_pending
                ELSE owing.credits_posted - owing.debits_posted - owing.debits_pending
            END AS left_over
        ) standing
        WHERE left_over < owing.minimum_balance
            OR left_over + cover.credits_posted - cover.debits_posted
                - cover.debits_pending < 0
        ORDER BY owing.id LIMIT 1
        """,
    ),
    Question(
        "each posted hold became a journal, and no other did",
        """
        SELECT format('hold %s is %s, which its journal contradicts', holds.id, state)
        FROM holds
        LEFT JOIN journals journal ON journal.id = holds.id
            AND journal.request_hash = holds.request_hash
        WHERE (state = 'posted') <> (journal.id IS NOT NULL)
        ORDER BY holds.id LIMIT 1
        """,
    ),
    Question(
        "each fee was taken by its journal",
        """
        SELECT format('fee %s of %s is not what its journal took', fee.id, fee.amount)
        FROM fee_charges fee
        WHERE amount > 0 AND NOT EXISTS (
            SELECT FROM journals journal
            JOIN postings posting ON posting.journal_serial = journal.serial
            WHERE journal.id = fee.journal_id
                AND posting.cooperative_id = fee.cooperative_id
                AND posting.amount = fee.amount
        )
        ORDER BY fee.id LIMIT 1
        """,
    ),
    Question(
        "each refund of a fee was given by its journal",
        """
        SELECT format('refund %s of %s is not what its journal gave', id, amount)
        FROM fee_refunds refund
        WHERE NOT EXISTS (
            SELECT FROM journals journal
            JOIN postings posting ON posting.journal_serial = journal.serial
            WHERE journal.id = refund.journal_id
                AND posting.cooperative_id = refund.cooperative_id
                AND posting.amount = refund.amount
        )
        ORDER BY refund.id LIMIT 1
        """,
    ),
)


def first_exception(session: Session, question: Question) -> str | None:
    """The first place where the books contradict ``question``; None when nowhere."""
    take_time(session)
    exception: str | None = session.execute(text(question.query)).scalar_one_or_none()
    return exception


def take_time(session: Session) -> None:
    """Lift the limits that protect requests, until the transaction ends."""
    for setting in _NO_HURRY:
        session.execute(setting)
