"""How simpanan pokok and wajib are paid, cancelled and paid back (R108, R109).

A contribution is written here first (`posting`), with the months that it pays and the
slip of the counter, then posted in the ledger under an id of its own, then `posted`
here. Should the service die in between, the sweep or whoever repeats the request
carries on. What the ledger refuses is `refused`, and its months are owed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import dues, membership, products
from services.members.domain import slips as domain_slips
from services.members.domain.dues import Owed
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import Contribution
from services.members.operations import slips
from services.members.operations.dues import accounts, views
from services.members.store import dues as store
from services.members.store import products as products_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import dues as contract
from services.shared.errors import (
    InvariantViolated,
    NotFound,
    OutcomeUnknown,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope

DESCRIPTIONS: Final = {
    products.POKOK: "Setoran simpanan pokok",
    products.WAJIB: "Setoran simpanan wajib",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A contribution to be recorded; ``source_account`` is the key it comes from.

    Of simpanan wajib ``amount`` or ``periods`` may say how many months, else it is one.
    Whoever must be able to repeat it gives an ``id``; it is recorded once.
    """

    member_id: str
    kind: str
    channel: str
    source_account: str
    amount: int | None = None
    periods: int | None = None
    reference: str | None = None
    id: str | None = None


def pay_contribution(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    command: dict[str, Any],
    by: Identity | None = None,
) -> dict[str, Any]:
    """A contribution that a member pays, once per idempotency key.

    Cash goes into the drawer that ``by`` has open. Raises NotFound, MembershipEnded,
    ContributionNotAsked, PrincipalAlreadyPaid, ContributionAmountWrong, or what the
    counter (`slips.begin`) or the ledger refuses.
    """
    cooperative_id = actor.cooperative_id
    payment = Payment(
        member_id=command["member_id"],
        kind=command["kind"],
        channel=command["channel"],
        source_account=accounts.channel_account(cooperative_id, command["channel"]),
        amount=command["amount"],
        periods=command["periods"],
        reference=command["reference"],
    )
    recorded = _recorded_once(
        database,
        cooperative_id,
        command["idempotency"],
        lambda session: _record(session, actor, payment, by).id,
    )
    answer = settle(database, ledger, cooperative_id, recorded["id"])
    return answer | {"replayed": True} if recorded.get("replayed") else answer


@retrying
def record(
    database: Database, ledger: Ledger, actor: Actor, payment: Payment
) -> dict[str, Any]:
    """As `pay_contribution`, for a payment whose ``id`` says which one it is."""
    with database.tenant(actor.cooperative_id) as session:
        contribution_id = payment.id or identifiers.new("con")
        # Whoever records the same payment at the same moment waits here, and finds it.
        store.lock_member(session, payment.member_id)
        if store.find_contribution(session, contribution_id) is None:
            _record(session, actor, payment)
    return settle(database, ledger, actor.cooperative_id, contribution_id)


def settle(
    database: Database, ledger: Ledger, cooperative_id: str, contribution_id: str
) -> dict[str, Any]:
    """The contribution, in the books of the ledger; safe to repeat.

    Raises what the ledger refused, now or before.
    """
    with database.tenant(cooperative_id) as session:
        contribution = views.found(session, contribution_id)
    if contribution.state == dues.REFUSED:
        raise ledger_contract.REFUSALS[contribution.refusal or ""]
    if contribution.state == dues.POSTING:
        _post(database, ledger, contribution)
    with database.tenant(cooperative_id) as session:
        return views.answers_of(session, [views.found(session, contribution_id)])[0]


def _recorded_once(
    database: Database,
    cooperative_id: str,
    part: dict[str, str],
    recorded: Callable[[Session], str],
) -> dict[str, Any]:
    """The id of what was recorded for this request, now or before."""

    @retrying
    def once() -> dict[str, Any]:
        with database.tenant(cooperative_id) as session:
            return idempotency.run_once(
                session,
                scope=IdempotencyScope.of(cooperative_id, part),
                operation=lambda: {"id": recorded(session)},
            )

    return once()


def _record(
    session: Session, actor: Actor, payment: Payment, by: Identity | None = None
) -> Contribution:
    """The contribution with the months that it pays, not yet in the ledger."""
    member = store.lock_member(session, payment.member_id)
    if member is None:
        raise NotFound("There is no such member.")
    if member.status not in {membership.CANDIDATE, membership.ACTIVE}:
        raise contract.MembershipEnded
    today = clock.business_date()
    is_principal = payment.kind == products.POKOK
    months = [] if is_principal else _months(session, actor, payment, today)
    amount = (
        _principal(session, actor, payment, today)
        if is_principal
        else sum(one.amount for one in months)
    )
    contribution_id = payment.id or identifiers.new("con")
    contribution = store.add_contribution(
        session,
        id=contribution_id,
        cooperative_id=actor.cooperative_id,
        member_id=payment.member_id,
        kind=payment.kind,
        amount=amount,
        source_account=payment.source_account,
        channel=payment.channel,
        reference=payment.reference,
        business_date=today,
        journal_id=identifiers.derived(
            "jrn", actor.cooperative_id, "contribution", contribution_id
        ),
        recorded_at=clock.now(),
        recorded_by=actor.subject,
    )
    if months:
        store.pay_months(
            session, actor.cooperative_id, payment.member_id, months, contribution_id
        )
    slips.begin(session, actor.cooperative_id, _draft(contribution), by)
    return contribution


def _draft(contribution: Contribution) -> Draft:
    """What goes through the counter: from the source to the member's own account."""
    target = accounts.account_key(
        contribution.cooperative_id, contribution.kind, contribution.member_id
    )
    return Draft(
        journal_id=contribution.journal_id,
        kind=domain_slips.CONTRIBUTION,
        description=DESCRIPTIONS[contribution.kind],
        account=target,
        channel=contribution.channel,
        posting=(contribution.source_account, target, contribution.amount),
        reference=contribution.reference,
    )


def _principal(session: Session, actor: Actor, payment: Payment, today: date) -> int:
    """What simpanan pokok comes to, unless it was paid."""
    terms = products_store.terms(session, actor.cooperative_id, payment.kind)
    term = products.term_in_force(terms, dues.month_of(today))
    if term is None or term.amount == 0:
        raise contract.ContributionNotAsked
    if store.has_paid_principal(session, payment.member_id):
        raise contract.PrincipalAlreadyPaid
    if payment.amount not in {None, term.amount}:
        raise _wrong_amount([term.amount])
    return term.amount


def _months(
    session: Session, actor: Actor, payment: Payment, today: date
) -> list[Owed]:
    """The months that are paid: what is owed first, then what is to come."""
    terms = products_store.terms(session, actor.cooperative_id, payment.kind)
    last = store.last_month(session, payment.member_id)
    # Who owes nothing yet begins with the present month.
    before = dues.month_of(dues.month_of(today) - timedelta(days=1))
    payable = store.open_dues(session, payment.member_id)
    payable += dues.ahead(terms, max(last or before, before))
    if not payable:
        raise contract.ContributionNotAsked
    if payment.amount is None:
        wanted = payment.periods or 1
        if wanted > len(payable):
            raise contract.ContributionAmountWrong
        return payable[:wanted]
    try:
        return dues.covered(payable, payment.amount)
    except dues.NotWholeMonths as error:
        raise _wrong_amount(error.nearest) from error


def _wrong_amount(possible: Sequence[int]) -> contract.ContributionAmountWrong:
    return contract.ContributionAmountWrong(details={"possible": list(possible)})


def _post(database: Database, ledger: Ledger, contribution: Contribution) -> None:
    """Put the contribution into the books, or learn that it cannot be."""
    cooperative_id = contribution.cooperative_id
    try:
        accounts.open_contributions(ledger, cooperative_id, [contribution.member_id])
        slips.finish_recorded(database, ledger, cooperative_id, contribution.journal_id)
    except UnavailableError as error:
        # It is recorded, so the sweep will post it: not "nothing was done".
        raise OutcomeUnknown from error
    except RefusedError as error:
        if error.code in ledger_contract.REFUSALS:
            _finish(database, contribution, dues.REFUSED, error.code)
        raise
    _finish(database, contribution, dues.POSTED, None)


@retrying
def _finish(
    database: Database, contribution: Contribution, state: str, refusal: str | None
) -> None:
    with database.tenant(contribution.cooperative_id) as session:
        locked = store.lock_contribution(session, contribution.id)
        if locked is None:
            raise InvariantViolated(f"{contribution.id} has gone")
        if locked.state != dues.POSTING:
            return
        locked.state, locked.refusal = state, refusal
        session.flush()
        if state == dues.REFUSED:
            store.reopen_months(session, contribution.id)
        else:
            views.tell(session, contract.CONTRIBUTION_PAID, locked)
