"""What follows when a loan is paid off: its cover ends, and premium comes back.

Both are intended in the transaction that knows of them, and tried until they are done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from services.loans.domain import recovery
from services.loans.domain import repayments as domain
from services.loans.domain.peers import Insurance, Ledger
from services.loans.models import PremiumRefund
from services.loans.operations import loans
from services.loans.store import disbursements as disbursements_store
from services.loans.store import loans as loans_store
from services.loans.store import repayments as store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.insurance import policies
from services.shared.errors import RefusedError, ServiceError
from services.shared.identity import Actor
from services.shared.persistence import inbox, sweeping, trail
from services.shared.persistence.database import Database, retrying

SWEEP_SIZE: Final = 50
PATIENCE: Final = timedelta(seconds=60)
PATIENCE_MAX: Final = timedelta(hours=1)
RETRY: Final = timedelta(minutes=30)
"""After a refusal that somebody has to see to."""

_GONE: Final = frozenset(
    {ledger_contract.AccountNotActive.code, ledger_contract.AccountNotFound.code}
)

CONSUMER: Final = "loans.policy_refunded"

REFUND_KIND: Final = "loan_premium_refund"
REFUND_TEXT: Final = "Pengembalian premi asuransi pinjaman"

InsuranceOf = Callable[[str], Insurance]
LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


def finish_endings(database: Database, insurance_of: InsuranceOf) -> int:
    """End the cover of loans that were paid off; how many were tried."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_endings(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def end(cooperative_id: str, loan_id: str) -> None:
        try:
            _end(database, insurance_of(cooperative_id), cooperative_id, loan_id)
        except ServiceError:
            _postpone(database, cooperative_id, loan_id)
            raise

    return sweeping.one_by_one(_log, "cover of loan", due, end)


@retrying
def take_refund(database: Database, event_id: str, payload: dict[str, Any]) -> None:
    """Remember premium that came back, if the borrower of the loan had paid of it.

    What the cooperative alone had paid is in its wallet and off its costs already.
    """
    refunded = policies.PolicyRefunded().load(payload)
    cooperative_id = refunded["cooperative_id"]
    with database.tenant(cooperative_id) as session:
        if not inbox.first_time(session, CONSUMER, event_id):
            return
        loan = loans_store.find_loan(session, refunded["loan_id"])
        if loan is None or loan.savings_account is None:
            return
        if not disbursements_store.premium_of(session, loan.id).passed:
            return
        store.add_refund(
            session,
            id=refunded["policy_id"],
            cooperative_id=cooperative_id,
            loan_id=loan.id,
            amount=refunded["amount"],
            business_date=clock.business_date(),
            due_at=clock.now(),
        )


def finish_refunds(database: Database, ledger_of: LedgerOf) -> int:
    """Give premium that came back to its borrowers; how many were tried."""
    now = clock.now()
    with database.hub() as session:
        due = store.take_due_refunds(
            session, until=now, again_at=now + PATIENCE, limit=SWEEP_SIZE
        )

    def refund(cooperative_id: str, policy_id: str) -> None:
        _refund(database, ledger_of(cooperative_id), cooperative_id, policy_id)

    return sweeping.one_by_one(_log, "refund of policy", due, refund)


def _end(
    database: Database, insurance: Insurance, cooperative_id: str, loan_id: str
) -> None:
    with database.tenant(cooperative_id) as session:
        policy_id = disbursements_store.policy_of(session, loan_id)
        loan = loans.found(loans_store.find_loan(session, loan_id))
        ending = store.find_ending(session, loan_id)
    if ending is None or ending.done_at is not None:
        return
    if policy_id is not None:
        is_early = ending.settled_on < loan.matures_on
        insurance.cancel_policy(
            {
                "policy_id": policy_id,
                "on": ending.settled_on.isoformat(),
                "reason": "settled_early" if is_early else "settled",
                "refund": is_early,
            }
        )
    _close(database, cooperative_id, loan_id)


@retrying
def _close(database: Database, cooperative_id: str, loan_id: str) -> None:
    with database.tenant(cooperative_id) as session:
        ending = store.find_ending(session, loan_id)
        if ending is not None:
            ending.done_at = clock.now()


@retrying
def _postpone(database: Database, cooperative_id: str, loan_id: str) -> None:
    with database.tenant(cooperative_id) as session:
        ending = store.find_ending(session, loan_id)
        if ending is not None:
            pause = min(PATIENCE * 2 ** min(ending.attempts, 10), PATIENCE_MAX)
            ending.due_at = clock.now() + pause


def _refund(
    database: Database, ledger: Ledger, cooperative_id: str, policy_id: str
) -> None:
    with database.tenant(cooperative_id) as session:
        refund = store.find_refund(session, policy_id)
        if refund is None or refund.status == domain.POSTED:
            return
        loan = loans.found(loans_store.find_loan(session, refund.loan_id))
        premium = disbursements_store.premium_of(session, loan.id)
    held, costs = (
        ledger_contract.chart_account(cooperative_id, code)
        for code in (ledger_contract.PREMIUMS_HELD, ledger_contract.PLATFORM_COSTS)
    )
    # What had become dearer since the akad the cooperative paid.
    share = refund.amount * premium.passed // premium.whole
    payee = loan.savings_account
    if refund.is_owed:
        payee = ledger_contract.chart_account(cooperative_id, recovery.PAYABLES)
    lines: list[list[Any]] = [
        [held, payee, share],
        [held, costs, refund.amount - share],
    ]
    try:
        ledger.post_journal(
            {
                "id": _journal_id(refund),
                "kind": REFUND_KIND,
                "description": f"{REFUND_TEXT} {loan.number}",
                "business_date": refund.business_date.isoformat(),
                "reference": loan.id,
                "postings": [line for line in lines if line[2]],
            }
        )
    except RefusedError as error:
        _try_anew(database, refund, error)
        raise
    _record(database, refund)


def _journal_id(refund: PremiumRefund) -> str:
    """Of one attempt; each refused one leaves its id behind."""
    return identifiers.derived(
        "jrn", refund.cooperative_id, "premium", refund.id, str(refund.attempt)
    )


@retrying
def _try_anew(database: Database, tried: PremiumRefund, refusal: RefusedError) -> None:
    """Under another id, as of today; to who has no savings any more it is owed."""
    with database.tenant(tried.cooperative_id) as session:
        refund = store.lock_refund(session, tried.id)
        is_same = refund is not None and refund.attempt == tried.attempt
        if refund is not None and is_same and refund.status == domain.POSTING:
            refund.attempt += 1
            refund.business_date = clock.business_date()
            is_gone = refusal.code in _GONE and not refund.is_owed
            refund.is_owed = refund.is_owed or is_gone
            refund.due_at = clock.now() if is_gone else clock.now() + RETRY


@retrying
def _record(database: Database, posted: PremiumRefund) -> None:
    with database.tenant(posted.cooperative_id) as session:
        refund = store.lock_refund(session, posted.id)
        if refund is None or refund.status == domain.POSTED:
            return
        refund.status = domain.POSTED
        trail.note(
            session,
            Actor(cooperative_id=posted.cooperative_id, subject="service:loans"),
            "loan.premium_refunded",
            posted.loan_id,
            after={"amount": posted.amount},
        )
