"""Posting: batches that span books, single journals inside one, and reversals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from services.ledger.domain.journals import Journal, Posted, mirrored
from services.ledger.operations import batches
from services.ledger.store import journals as journal_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.errors import IdempotencyKeyReused, ServiceError
from services.shared.persistence.database import Database, retrying

PAYMENTS: Final = frozenset({"transfer", "return"})
"""Kinds of the journals that clearing posts for members."""

UNDONE_ELSEWHERE: Final = frozenset(
    {
        "contribution",
        "contribution_cancelled",
        "contribution_returned",
        "deposit_break",
        "deposit_interest",
        "deposit_maturity",
        "deposit_placement",
        "drawer_in",
        "drawer_out",
        "drawer_variance",
        "interest",
        "loan_accrual",
        "loan_disbursement",
        "loan_guarantee",
        "loan_guarantee_return",
        "loan_premium_refund",
        "loan_provision",
        "loan_rebate",
        "loan_remainder",
        "loan_repayment",
        "loan_restructuring",
        "loan_surplus",
        "loan_takeover",
        "loan_write_off",
        "opening_balance",
        "payment_allocated",
    }
)
"""Kinds that other tables account for: reversed here alone, the two would disagree."""


@retrying
@batches.deciding_again
def post_journals(
    database: Database, journals: Sequence[Journal]
) -> list[Posted | ServiceError]:
    """Post a batch in one transaction; an outcome per journal, in order.

    Every prefix of the batch respects every limit, and a refusal leaves no trace but
    its own record.
    """
    keys = {key for journal in journals for key in journal.keys}
    with database.hub() as session:
        return batches.post(session, batches.enter(session, keys), journals)


@retrying
@batches.deciding_again
def post_journal(database: Database, cooperative_id: str, journal: Journal) -> Posted:
    """Post one journal inside the cooperative's own book, under its own eyes only.

    Raises the refusal, which is stored like that of a batch.
    """
    with database.tenant(cooperative_id) as session:
        batch = batches.enter(session, journal.keys)
        [outcome] = batches.post(session, batch, [journal], home=cooperative_id)
    return batches.result_or_raise(outcome)


@retrying
@batches.deciding_again
def reverse_journal(
    database: Database,
    cooperative_id: str,
    *,
    journal_id: str,
    reason: str,
    idempotency: dict[str, str],
    request_id: str | None = None,
) -> dict[str, Any]:
    """Undo a journal of the cooperative's own book by its mirror image, today.

    Raises JournalNotFound, JournalNotPosted, JournalSpansBooks (any payment, too),
    JournalUndoneElsewhere, AlreadyReversed, or the refusal of the reversal: limits
    apply as to any journal.
    """
    with database.tenant(cooperative_id) as session:
        original = journal_store.find(session, journal_id)
        if original is None:
            raise contract.JournalNotFound
        if original.refusal is not None:
            raise contract.JournalNotPosted
        if original.books != [cooperative_id]:
            raise contract.JournalSpansBooks
        if original.kind in PAYMENTS:
            # Inside one cooperative it stays in one book, but clearing knows of it: a
            # return could give the same money back a second time.
            raise contract.JournalSpansBooks("A transfer is undone by a return.")
        if original.kind in UNDONE_ELSEWHERE:
            raise contract.JournalUndoneElsewhere
        postings = tuple(journal_store.postings_of(session, original.serial))
        reversal = Journal(
            id=identifiers.derived(
                "jrn", cooperative_id, idempotency["operation"], idempotency["key"]
            ),
            kind="reversal",
            description=reason,
            business_date=clock.business_date(),
            postings=mirrored(postings),
            reverses=journal_id,
            request_id=request_id,
        )
        batch = batches.enter(session, reversal.keys)
        # Asked under the locks: whoever reverses the same journal holds the same ones.
        existing = journal_store.reversal_of(session, journal_id)
        known = journal_store.stored(session, {reversal.id})
        if existing not in {None, reversal.id} and not known:
            raise contract.AlreadyReversed(details={"reversed_by": existing})
        [outcome] = batches.post(session, batch, [reversal], home=cooperative_id)
    posted = batches.result_or_raise(_of_a_person(outcome))
    return {
        "journal_id": posted.journal_id,
        "reverses": journal_id,
        "posted_at": posted.posted_at,
        "balances": posted.balances,
        "replayed": posted.replayed,
    }


def get_journal(
    database: Database, cooperative_id: str, journal_id: str
) -> dict[str, Any]:
    """A journal that names the cooperative's book, with its postings there."""
    with database.tenant(cooperative_id) as session:
        found = journal_store.find(session, journal_id)
        if found is None:
            raise contract.JournalNotFound
        postings = journal_store.postings_of(session, found.serial)
    return {
        "journal_id": found.id,
        "kind": found.kind,
        "description": found.description,
        "reference": found.reference,
        "business_date": found.business_date,
        "posted_at": found.posted_at,
        "state": "posted" if found.refusal is None else "refused",
        "refusal": found.refusal,
        "reverses": found.reverses,
        "reversed_by": found.reversed_by,
        "postings": [
            {"debit_account": debit, "credit_account": credit, "amount": amount}
            for debit, credit, amount in postings
        ],
    }


def _of_a_person(outcome: Posted | ServiceError) -> Posted | ServiceError:
    """People choose idempotency keys, not journal ids; say it in their words."""
    if isinstance(outcome, contract.JournalIdReused):
        return IdempotencyKeyReused()
    return outcome
