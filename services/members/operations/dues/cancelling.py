"""How a contribution that was recorded by mistake is undone.

The decision is written first (`cancelling`), with the slip of the counter, then its
money goes back, then it is `cancelled`. Whoever dies in between is followed by the
sweep. What the ledger refuses leaves the contribution as it was, and the next attempt
is a journal of its own: the ledger remembers a refusal for ever.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.members.domain import dues, duties, membership, payments
from services.members.domain import slips as domain_slips
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import Contribution, Payment
from services.members.operations import audit, slips
from services.members.operations.dues import accounts, views
from services.members.operations.dues.recording import DESCRIPTIONS
from services.members.store import dues as store
from services.members.store import payments as payments_store
from services.shared import identifiers
from services.shared.contracts.members import dues as contract
from services.shared.errors import InvariantViolated, OutcomeUnknown, RefusedError
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying


def cancel_contribution(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    command: dict[str, Any],
    by: Identity | None = None,
) -> dict[str, Any]:
    """A contribution recorded by mistake: its money goes back where it came from.

    Cash comes out of the drawer that ``by`` has open, else out of the vault; what came
    by a payment is held until somebody allocates it. The months are owed again,
    simpanan pokok may be paid anew. Raises
    ContributionNotFound, ContributionNotPosted, SameProposer for whoever recorded it,
    MembershipEnded, or what the ledger refuses.
    """
    contribution_id = command["contribution_id"]

    def cancel() -> dict[str, Any]:
        _begin(database, actor, contribution_id, command["reason"], by)
        return finish(database, ledger, actor.cooperative_id, contribution_id)

    return idempotency.answer_once(
        database, actor.cooperative_id, command["idempotency"], cancel
    )


def finish(
    database: Database, ledger: Ledger, cooperative_id: str, contribution_id: str
) -> dict[str, Any]:
    """The contribution, whose money is back; safe to repeat.

    Raises what the ledger refuses; then the contribution stays.
    """
    with database.tenant(cooperative_id) as session:
        contribution = views.found(session, contribution_id)
        if contribution.state != dues.CANCELLING:
            return views.answers_of(session, [contribution])[0]
    journal_id = contribution.cancelling_journal_id or ""
    try:
        slips.finish_recorded(database, ledger, cooperative_id, journal_id)
    except RefusedError:
        _end(database, contribution, dues.POSTED)
        raise
    return _end(database, contribution, dues.CANCELLED)


@retrying
def _begin(
    database: Database,
    actor: Actor,
    contribution_id: str,
    reason: str,
    by: Identity | None,
) -> None:
    """Decide that the contribution goes back, unless that is decided."""
    with database.tenant(actor.cooperative_id) as session:
        found = views.found(session, contribution_id)
        duties.refuse_same(found.recorded_by, actor.subject)
        # In the same order as whoever ends the membership, who waits here or was first.
        member = store.lock_member(session, found.member_id)
        locked = store.lock_contribution(session, contribution_id)
        if locked is None or member is None:
            raise InvariantViolated(f"{contribution_id} has gone")
        if locked.state in {dues.CANCELLING, dues.CANCELLED}:
            return
        if locked.state != dues.POSTED:
            raise contract.ContributionNotPosted
        if member.status not in {membership.CANDIDATE, membership.ACTIVE}:
            raise contract.MembershipEnded
        payment = _payment_of(session, locked)
        if payment is not None and payment.state not in payments.AT_REST:
            raise contract.ContributionNotPosted
        locked.cancelling_journal_id = _next_journal_id(locked)
        locked.state = dues.CANCELLING
        session.flush()
        _put_through_the_counter(session, locked, by)
        after = {"amount": locked.amount, "reason": reason}
        audit.record(
            session, actor, "contribution.cancelled", contribution_id, after=after
        )


def _next_journal_id(contribution: Contribution) -> str:
    """One for each attempt: a new one follows only on one that was refused."""
    return identifiers.derived(
        "jrn",
        contribution.cooperative_id,
        "contribution cancelled",
        contribution.id,
        contribution.cancelling_journal_id or "",
    )


def _put_through_the_counter(
    session: Session, contribution: Contribution, by: Identity | None
) -> None:
    source = accounts.account_key(
        contribution.cooperative_id, contribution.kind, contribution.member_id
    )
    draft = Draft(
        journal_id=contribution.cancelling_journal_id or "",
        kind=domain_slips.CONTRIBUTION_CANCELLED,
        description=f"Pembatalan {DESCRIPTIONS[contribution.kind].lower()}",
        account=source,
        channel=contribution.channel,
        posting=(source, contribution.source_account, contribution.amount),
        reference=contribution.journal_id,
    )
    slips.begin(session, contribution.cooperative_id, draft, by)


@retrying
def _end(database: Database, decided: Contribution, state: str) -> dict[str, Any]:
    """What became of the attempt that was decided; of no later one."""
    with database.tenant(decided.cooperative_id) as session:
        locked = store.lock_contribution(session, decided.id)
        if locked is None:
            raise InvariantViolated(f"{decided.id} has gone")
        is_same = locked.cancelling_journal_id == decided.cancelling_journal_id
        if locked.state == dues.CANCELLING and is_same:
            locked.state = state
            session.flush()
            if state == dues.CANCELLED:
                _hold_again(session, locked)
                store.reopen_months(session, locked.id)
                views.tell(session, contract.CONTRIBUTION_CANCELLED, locked)
        return views.answers_of(session, [locked])[0]


def _payment_of(session: Session, contribution: Contribution) -> Payment | None:
    """The payment that the money came by, held until the commit; None for others."""
    if contribution.channel != payments.VIRTUAL_ACCOUNT:
        return None
    return payments_store.lock_payment(session, contribution.reference or "")


def _hold_again(session: Session, contribution: Contribution) -> None:
    """What came by a payment is with nobody now, until a person decides."""
    payment = _payment_of(session, contribution)
    if payment is None:
        return
    if payment.state not in payments.AT_REST:
        # Another part of it is just being allocated: the sweep comes back.
        raise OutcomeUnknown
    payment.state = payments.UNALLOCATED
    payment.credited -= contribution.amount
    payment.credited_at = payment.journal_id = None
    payment.fault = payments.CANCELLED
    session.flush()
