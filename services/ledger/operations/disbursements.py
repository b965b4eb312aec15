"""Loans that are paid out, and fees that are given back.

A loan is disbursed in one journal with everything that belongs to it: what the member
gets, what is deducted, and the fees out of the cooperative's wallet in both books.
Either all of it happened or none; that is what a saga of several services turns on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.ledger.domain.journals import Journal, Posted, mirrored
from services.ledger.operations import batches, wallets
from services.ledger.operations.batches import Batch
from services.ledger.store import fees as fee_store
from services.ledger.store.fees import Charge, Refund
from services.shared import clock, identifiers
from services.shared.contracts import ledger as contract
from services.shared.errors import ServiceError
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying

REFUND: Final = "fee_refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedFee:
    """A fee as it was agreed: what it is for and on, and what it costs."""

    kind: str
    base_amount: int
    months: int | None
    amount: int
    reference: str
    borne_by: str


@retrying
@batches.deciding_again
def post_disbursement(
    database: Database,
    cooperative_id: str,
    journal: Journal,
    agreed: Sequence[AgreedFee],
) -> Posted:
    """Post ``journal`` and charge its fees, all at once; the same again is replayed.

    Raises the refusal of the journal, which is stored under its id as always, also
    InsufficientWalletBalance. Raises WrongCooperative for postings outside of the
    cooperative's book, FeeChanged when the schedule says another price of the hub's
    own, PremiumOutOfBounds for an insurer's that cannot be, and FeeAlreadyCharged for
    a fee that another journal has charged: nothing is stored then.
    """
    keys = journal.keys | {
        key
        for fee in agreed
        for key in wallets.accounts_of_a_fee(cooperative_id, fee.kind, fee.borne_by)
    }
    with database.hub() as session:
        batch = batches.enter(session, keys)
        _check_own(batch, cooperative_id, journal)
        charges = [
            _charge(session, batch, cooperative_id, journal.id, fee) for fee in agreed
        ]
        added = tuple(
            posting
            for charge in charges
            if charge.amount
            for posting in wallets.postings_of(charge)
        )
        whole = replace(journal, postings=journal.postings + added)
        [outcome] = batches.post(session, batch, [whole], home=cooperative_id)
        if isinstance(outcome, Posted) and not outcome.replayed:
            for charge in charges:
                _keep(session, charge, journal.request_id)
    return batches.result_or_raise(_explained(outcome, cooperative_id))


def _check_own(batch: Batch, cooperative_id: str, journal: Journal) -> None:
    """The service that asks posts for its tenant, in its tenant's book alone."""
    for key in journal.keys:
        account = batch.books.by_key.get(key)
        if account is not None and account.cooperative_id != cooperative_id:
            raise contract.WrongCooperative(details={"account": key})


def _charge(
    session: Session,
    batch: Batch,
    cooperative_id: str,
    journal_id: str,
    fee: AgreedFee,
) -> Charge:
    earlier = fee_store.find(
        session,
        cooperative_id=cooperative_id,
        kind=fee.kind,
        reference=fee.reference,
    )
    if earlier is not None:
        if earlier.journal_id not in {None, journal_id}:
            raise contract.FeeAlreadyCharged
        return replace(earlier, amount=fee.amount)
    asked = wallets.Asked(
        cooperative_id=cooperative_id,
        kind=fee.kind,
        base_amount=fee.base_amount,
        months=fee.months,
        reference=fee.reference,
    )
    charge = wallets.priced(session, asked, batch.moment)
    _check_price(fee, scheduled=charge.amount)
    return replace(
        charge,
        amount=fee.amount,
        journal_id=journal_id if fee.amount else None,
        borne_by=fee.borne_by,
    )


def _check_price(fee: AgreedFee, *, scheduled: int) -> None:
    """The hub's own fees cost what its schedule says; a premium is the insurer's.

    What the policy was reserved for is compared by the service that reserved it.
    """
    if fee.kind in wallets.CREDITED_AT_THE_HUB:
        if not 0 < fee.amount <= fee.base_amount:
            raise contract.PremiumOutOfBounds(details={"amount": fee.amount})
    elif fee.amount != scheduled:
        raise contract.FeeChanged(
            details={"kind": fee.kind, "agreed": fee.amount, "amount": scheduled}
        )


def _keep(session: Session, charge: Charge, request_id: str | None) -> None:
    if not fee_store.insert(session, charge):
        raise batches.IdTaken
    answer = contract.FeeCharge().dump(asdict(charge))
    outbox.add(session, contract.FEE_CHARGED, answer, request_id=request_id)


def _explained(
    outcome: Posted | ServiceError, cooperative_id: str
) -> Posted | ServiceError:
    """Say that it is the wallet which is short, not an account of the book."""
    if not isinstance(outcome, contract.InsufficientFunds):
        return outcome
    wallet = contract.wallet_account(cooperative_id)
    if outcome.details.get("account") != wallet:
        return outcome
    return contract.InsufficientWalletBalance(details=outcome.details)


@retrying
@batches.deciding_again
def refund_fee(
    database: Database, command: dict[str, Any], request_id: str | None = None
) -> dict[str, Any]:
    """Give a fee back into the wallet, whole or in part, once per reference.

    Whoever bore the fee in the cooperative's book is given it back there. Raises
    FeeNotCharged, RefundExceedsFee when less is left of it, and RefundReferenceReused
    for another amount under the same reference.
    """
    cooperative_id, kind = command["cooperative_id"], command["kind"]
    with database.hub() as session:
        charge = fee_store.find(
            session,
            cooperative_id=cooperative_id,
            kind=kind,
            reference=command["reference"],
        )
        if charge is None or not charge.amount:
            raise contract.FeeNotCharged
        keys = wallets.accounts_of_a_fee(cooperative_id, kind, charge.borne_by)
        batch = batches.enter(session, keys)
        # Asked again under the wallet's lock, which every refund needs.
        charge = fee_store.find(
            session,
            cooperative_id=cooperative_id,
            kind=kind,
            reference=command["reference"],
        )
        if charge is None:
            raise contract.FeeNotCharged
        reference = command["refund_reference"]
        earlier = fee_store.find_refund(session, charge.id, reference)
        if earlier is not None:
            _check_same(charge, earlier, command["amount"])
            return _answer(charge, earlier) | {"replayed": True}
        refund = _refund(batch, charge, command)
        _give_back(session, batch, charge, refund, request_id)
        fee_store.insert_refund(session, refund)
        answer = _answer(charge, refund)
        outbox.add(session, contract.FEE_REFUNDED, answer, request_id=request_id)
    return answer


def _check_same(charge: Charge, earlier: Refund, amount: int | None) -> None:
    """Refuse another amount than was given back under this reference.

    Without an amount all that was left was asked for: then nothing is left now. The
    reason is not compared; its words move no money.
    """
    is_same = (
        charge.refunded == charge.amount if amount is None else amount == earlier.amount
    )
    if not is_same:
        raise contract.RefundReferenceReused(details={"amount": earlier.amount})


def _refund(batch: Batch, charge: Charge, command: dict[str, Any]) -> Refund:
    left = charge.amount - charge.refunded
    amount = left if command["amount"] is None else command["amount"]
    if not 0 < amount <= left:
        raise contract.RefundExceedsFee(details={"left": left})
    reference = command["refund_reference"]
    return Refund(
        id=identifiers.new("ref"),
        charge_id=charge.id,
        cooperative_id=charge.cooperative_id,
        refund_reference=reference,
        amount=amount,
        reason=command["reason"],
        journal_id=identifiers.derived("jrn", REFUND, charge.id, reference),
        refunded_at=batch.moment,
    )


def _give_back(
    session: Session,
    batch: Batch,
    charge: Charge,
    refund: Refund,
    request_id: str | None,
) -> None:
    journal = Journal(
        id=refund.journal_id,
        kind=REFUND,
        description=f"Pengembalian biaya {charge.kind} {charge.reference}",
        reference=charge.reference,
        business_date=clock.business_date(),
        postings=mirrored(wallets.postings_of(replace(charge, amount=refund.amount))),
        request_id=request_id,
    )
    [outcome] = batches.post(session, batch, [journal])
    batches.result_or_raise(outcome)


def _answer(charge: Charge, refund: Refund) -> dict[str, Any]:
    answer: dict[str, Any] = contract.FeeRefund().dump(
        asdict(refund) | {"kind": charge.kind, "reference": charge.reference}
    )
    return answer
