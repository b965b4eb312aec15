"""How money becomes a time deposit: stored, placed by the ledger, certified.

The certificate's number is given when the money is placed, so that numbers have no
gaps. A placement that was cut short is finished by whoever finds it (`finish_opening`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import deposits, membership
from services.members.domain import slips as slip_domain
from services.members.domain.deposits import Rate, Term
from services.members.domain.movements import CHANNEL_CODES
from services.members.domain.peers import Ledger
from services.members.domain.slips import Draft
from services.members.models import Deposit, DepositProduct, DepositTerm
from services.members.operations import audit, slips
from services.members.operations.deposits import views
from services.members.store import departures as departures_store
from services.members.store import deposits as store
from services.members.store import membership as membership_store
from services.shared import clock, identifiers
from services.shared.contracts import members
from services.shared.contracts.members import deposits as contract
from services.shared.errors import (
    NotFound,
    OutcomeUnknown,
    RefusedError,
    UnavailableError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, numbering, outbox, sweeping
from services.shared.persistence.database import Database, retrying

PREFIX: Final = "SB"
"""Of certificates: simpanan berjangka."""

PATIENCE: Final = timedelta(seconds=60)
SWEEP_SIZE: Final = 50

LedgerOf = Callable[[str], Ledger]

_log = logging.getLogger(__name__)


def open_deposit(
    database: Database,
    ledger: Ledger,
    actor: Actor,
    command: dict[str, Any],
    by: Identity,
) -> dict[str, Any]:
    """Place money of an active member for a term.

    Raises MemberNotActive, DepositProductNotOffered, AmountTooSmall, NoRate,
    WrongSavingsAccount, and what the counter and the ledger refuse.
    """
    cooperative_id = actor.cooperative_id

    def store_it(session: Session) -> dict[str, Any]:
        deposit = _store(session, cooperative_id, command)
        draft = _draft(deposit, command["amount"])
        slips.begin(session, cooperative_id, draft, by)
        audit.record(session, actor, "deposit.opened", deposit.id)
        return {"deposit_id": deposit.id}

    begun = idempotency.once(database, actor, command, store_it)
    deposit, term = place(database, ledger, cooperative_id, begun["deposit_id"])
    answer = _as_placed(database, deposit, term)
    return answer | {"replayed": True} if begun.get("replayed") else answer


def place(
    database: Database, ledger: Ledger, cooperative_id: str, deposit_id: str
) -> tuple[Deposit, DepositTerm]:
    """Have the ledger place the money, and certify it; safe to repeat.

    Raises what the ledger refuses; the deposit then is refused for good.
    """
    with database.tenant(cooperative_id) as session:
        deposit = _found(store.find_deposit(session, deposit_id))
        term = store.find_term(session, deposit, 1)
    if deposit.status not in {deposits.OPENING, deposits.REFUSED}:
        return deposit, term
    try:
        _open_ledger_account(ledger, deposit)
        slips.finish_recorded(database, ledger, cooperative_id, deposit.journal_id)
    except UnavailableError as error:
        # It is stored, so somebody will place it: not "nothing was done".
        raise OutcomeUnknown from error
    except RefusedError:
        _refuse(database, deposit)
        raise
    return _certify(database, deposit), term


def finish_opening(database: Database, ledger_of: LedgerOf) -> int:
    """Finish placements that were left on their way; how many there were."""
    with database.hub() as session:
        opening = store.list_opening(
            session, before=clock.now() - PATIENCE, limit=SWEEP_SIZE
        )

    def finish(cooperative_id: str, deposit_id: str) -> None:
        place(database, ledger_of(cooperative_id), cooperative_id, deposit_id)

    return sweeping.one_by_one(_log, "deposit", opening, finish)


def _store(session: Session, cooperative_id: str, command: dict[str, Any]) -> Deposit:
    product = _product(session, command)
    rate = _rate(session, product, command)
    _require_owner(session, command["member_id"], command["savings_account"])
    deposit_id = identifiers.new("dep")
    deposit = store.add_deposit(
        session,
        id=deposit_id,
        cooperative_id=cooperative_id,
        member_id=command["member_id"],
        product_id=product.id,
        savings_account=command["savings_account"],
        source=command["source"],
        journal_id=identifiers.derived("jrn", cooperative_id, deposit_id, "placement"),
        schedule=command["schedule"],
        rollover=command["rollover"],
        penalty_bps=product.penalty_bps,
        created_at=clock.now(),
    )
    term = Term(
        principal=command["amount"],
        rate_bps=rate.rate_bps,
        months=command["term_months"],
        starts_on=clock.business_date(),
    )
    store.add_term(session, deposit, 1, term)
    return deposit


def _product(session: Session, command: dict[str, Any]) -> DepositProduct:
    product = store.find_product(session, command["product_id"])
    if product is None:
        raise NotFound("There is no such time deposit on offer.")
    if not product.is_offered:
        raise contract.DepositProductNotOffered
    if command["amount"] < product.minimum_amount:
        raise contract.AmountTooSmall
    return product


def _rate(session: Session, product: DepositProduct, command: dict[str, Any]) -> Rate:
    rate = deposits.rate_for(
        store.rates_on(session, product.id, clock.business_date()),
        term_months=command["term_months"],
        amount=command["amount"],
    )
    if rate is None:
        raise contract.NoRate
    return rate


def _require_owner(session: Session, member_id: str, savings_account: str) -> None:
    member = membership_store.hold_member(session, member_id)
    if member is None:
        raise NotFound("There is no such member.")
    is_ending = departures_store.is_ending(session, member_id)
    if is_ending or not membership.may_hold_accounts(member.status):
        raise members.MemberNotActive
    if not store.find_savings_account(session, savings_account, member_id):
        raise contract.WrongSavingsAccount


def _draft(deposit: Deposit, amount: int) -> Draft:
    """The placement as a movement of the counter, whatever the money comes from."""
    key = deposits.ledger_key(deposit.cooperative_id, deposit.id)
    return Draft(
        journal_id=deposit.journal_id,
        kind=slip_domain.PLACEMENT,
        description=deposits.PLACEMENT,
        account=key,
        channel=deposit.source,
        posting=(_source_key(deposit), key, amount),
    )


def _source_key(deposit: Deposit) -> str:
    if deposit.source == deposits.SAVINGS:
        return deposit.savings_account
    return f"{deposit.cooperative_id}:{CHANNEL_CODES[deposit.source]}"


def _open_ledger_account(ledger: Ledger, deposit: Deposit) -> None:
    account = {
        "key": deposits.ledger_key(deposit.cooperative_id, deposit.id),
        "code": deposits.LEDGER_CODE,
        "name": "Simpanan Berjangka",
        "minimum_balance": 0,
    }
    ledger.open_accounts({"accounts": [account]})


@retrying
def _refuse(database: Database, deposit: Deposit) -> None:
    with database.tenant(deposit.cooperative_id) as session:
        locked = store.lock_deposit(session, deposit.id)
        if locked is not None and locked.status == deposits.OPENING:
            locked.status = deposits.REFUSED


@retrying
def _certify(database: Database, placed: Deposit) -> Deposit:
    """The deposit runs from now on, with the next certificate's number."""
    cooperative_id = placed.cooperative_id
    with database.tenant(cooperative_id) as session:
        deposit = _found(store.lock_deposit(session, placed.id))
        if deposit.status != deposits.OPENING:
            return deposit
        row = store.find_term(session, deposit, 1)
        term = views.term_of(row)
        deposit.certificate_number = numbering.next_document(
            session, cooperative_id, PREFIX, clock.business_date()
        )
        deposit.status = deposits.ACTIVE
        deposit.next_due_on = term.first_due_on(deposit.schedule)
        session.flush()
        tell(session, contract.DEPOSIT_OPENED, deposit, term.principal)
        return deposit


def tell(session: Session, event: str, deposit: Deposit, amount: int) -> None:
    """Let others know what became of a deposit."""
    payload = {
        "cooperative_id": deposit.cooperative_id,
        "deposit_id": deposit.id,
        "member_id": deposit.member_id,
        "status": deposit.status,
        "amount": amount,
    }
    outbox.add(session, event, contract.DepositEvent().dump(payload))


def _as_placed(
    database: Database, deposit: Deposit, term: DepositTerm
) -> dict[str, Any]:
    """The deposit as it was when it began, whatever has happened since."""
    with database.tenant(deposit.cooperative_id) as session:
        slip = slips.number_of(session, deposit.journal_id)
    return views.answer(deposit, term) | {
        "status": deposits.ACTIVE,
        "slip_number": slip,
    }


def _found(deposit: Deposit | None) -> Deposit:
    if deposit is None:
        raise NotFound("There is no such deposit.")
    return deposit
