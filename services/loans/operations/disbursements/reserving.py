"""What a payout needs before money moves, and how it is given back.

Cover is reserved, savings of guarantors are held: none of it moves money, all of it can
be undone.
"""

from __future__ import annotations

from typing import Final

from services.loans.domain import applications as states
from services.loans.domain import costs
from services.loans.domain import disbursements as domain
from services.loans.domain import queue as lines
from services.loans.models import Disbursement, LoanApplication
from services.loans.operations import applications, guarantees, queue
from services.loans.operations.disbursements.work import PATIENCE, Work, close, loan_key
from services.loans.store import applications as applications_store
from services.loans.store import disbursements as store
from services.shared import clock
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import disbursements as contract
from services.shared.errors import (
    OutcomeUnknown,
    OutcomeUnknownError,
    RemoteFault,
    ServiceError,
)
from services.shared.persistence import trail
from services.shared.persistence.database import retrying

ATTEMPTS_MAX: Final = 10
"""So often is tried to make ready what the loan needs; then it is given up."""


def reserve(work: Work, row: Disbursement) -> None:
    """Make ready what the loan needs, none of which moves money."""
    if row.attempts > ATTEMPTS_MAX:
        refuse(work, row, contract.DisbursementRefused("It was tried too often."))
        return
    try:
        policy_id = _make_ready(work, row)
    except (OutcomeUnknownError, RemoteFault) as error:
        # Something may be reserved: asked for again, it is the same.
        raise OutcomeUnknown from error
    except ServiceError as error:
        refuse(work, row, error)
        return
    if not _begin_posting(work, row, policy_id):
        _undo_again(work, row)


def _make_ready(work: Work, row: Disbursement) -> str | None:
    work.asked.ledger.open_accounts(
        {
            "accounts": [
                {
                    "key": loan_key(row),
                    "code": ledger_contract.LOANS,
                    "name": "Piutang Pinjaman Anggota",
                    "minimum_balance": 0,
                }
            ]
        }
    )
    with work.database.tenant(work.cooperative_id) as session:
        application = applications.found(
            applications_store.find_application(session, row.application_id)
        )
    policy_id = _reserve_policy(work, row, application)
    guarantees.hold_all(work.database, work.asked, work.holds, application, row.loan_id)
    return policy_id


def _reserve_policy(
    work: Work, row: Disbursement, application: LoanApplication
) -> str | None:
    if row.insurance_product is None:
        return None
    standing = work.asked.members.get_standing({"member_id": application.member_id})
    policy = work.asked.insurance.reserve_policy(
        {
            "reference": row.loan_id,
            "product_code": row.insurance_product,
            "principal": row.principal,
            "months": row.months,
            "member_id": application.member_id,
            "member_name": application.member_name,
            "birth_date": standing["birth_date"],
            "starts_on": row.business_date.isoformat(),
        }
    )
    if policy["premium"] != row.premium:
        raise ledger_contract.FeeChanged(
            details={
                "kind": costs.PREMIUM,
                "agreed": row.premium,
                "amount": policy["premium"],
            }
        )
    return str(policy["id"])


@retrying
def _begin_posting(work: Work, tried: Disbursement, policy_id: str | None) -> bool:
    """Whether the ledger may be asked; not when it was given up meanwhile."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, tried.id)
        if row is None or row.status != domain.RESERVING:
            return False
        row.status, row.policy_id = domain.POSTING, policy_id
        row.due_at = clock.now() + PATIENCE
        return True


@retrying
def _undo_again(work: Work, tried: Disbursement) -> None:
    """Somebody slower reserved something after it was given back."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, tried.id)
        if row is not None and row.status == domain.REFUSED:
            row.status = domain.UNDOING


@retrying
def refuse(work: Work, tried: Disbursement, error: ServiceError) -> None:
    """Nothing was paid and nothing will be: the application waits for another try."""
    with work.database.tenant(work.cooperative_id) as session:
        row = store.lock(session, tried.id)
        if row is None or row.status != tried.status:
            return
        row.status = domain.UNDOING
        row.refusal = {
            "code": error.code,
            "message": error.message,
            "details": error.details,
        }
        row.due_at = clock.now() + PATIENCE
        application = applications.locked(session, row.application_id)
        applications.move(session, work.actor, application, states.SIGNED)
        queue.give_back(session, work.actor, application, lines.DISBURSEMENT)
        trail.note(
            session,
            work.actor,
            "disbursement.refused",
            row.id,
            after={"application_id": application.id, "code": error.code},
        )


def undo(work: Work, row: Disbursement) -> None:
    """Give back what was reserved for a loan that was not paid out."""
    if row.insurance_product is not None:
        # Asked for by the loan: the answer with the policy's id may have been lost.
        policies = work.asked.insurance.list_policies({"reference": row.loan_id})
        for policy in policies["items"]:
            if policy["status"] in {"reserving", "reserved"}:
                work.asked.insurance.cancel_reservation(
                    {"policy_id": policy["id"], "reason": "Pinjaman tidak dicairkan"}
                )
    guarantees.release_all(work.database, work.holds, work.cooperative_id, row.loan_id)
    close(work, row, domain.UNDOING, domain.REFUSED)
