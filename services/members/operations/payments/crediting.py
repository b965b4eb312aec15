"""How a payment gets from the wish to the member's account, and past every fault.

Each step reads where the payment stands, does one thing outside of any transaction and
records the outcome, guarded by the state it began from. Every one of these things may
be done twice: the provider is only asked, and journals have ids that are derived from
the payment. So whoever dies anywhere is followed by whoever looks next.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.members.domain import payments as domain
from services.members.domain.payments import (
    Expected,
    ProviderAway,
    ProviderRefused,
    Reading,
    Request,
)
from services.members.domain.peers import Ledger, Loans, PaymentProvider
from services.members.models import Payment
from services.members.operations import personal_data
from services.members.operations.payments import allocation
from services.members.store import payments as store
from services.shared import clock, crypto, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.members import payments as contract
from services.shared.errors import ServiceError
from services.shared.persistence import outbox
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

CALLBACK_PATH: Final = "/v1/callbacks/ipaymu"
DESCRIPTION: Final = "Pembayaran virtual account"

LEASE_SECONDS: Final = 60.0
"""Longer than all steps of a payment can take together."""

AT_ONCE: Final = 8
STEPS_MAX: Final = 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """What payments are taken with."""

    database: Database
    settings: Settings
    # None where the hub has no account at a provider.
    provider: PaymentProvider | None
    # The ledger in the name of one cooperative.
    ledger_of: Callable[[str], Ledger]
    # And the loans service.
    loans_of: Callable[[str], Loans]


def sweep(till: Till) -> int:
    """Carry on with payments that are due, several at a time; how many."""
    with till.database.hub() as session:
        due = store.claim_due(
            session, now=clock.now(), lease_seconds=LEASE_SECONDS, limit=AT_ONCE
        )
    if due:
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            list(pool.map(lambda payment: _drive_safely(till, payment), due))
    return len(due)


def drive(till: Till, cooperative_id: str, payment_id: str) -> Payment:
    """Take every step that can be taken now; the payment where it stands then.

    Raises PaymentNotFound.
    """
    for _ in range(STEPS_MAX):
        payment = load(till.database, cooperative_id, payment_id)
        step = _STEPS.get(payment.state)
        if step is None or not step(till, payment):
            break
    return load(till.database, cooperative_id, payment_id)


def load(database: Database, cooperative_id: str, payment_id: str) -> Payment:
    """One payment of a cooperative. Raises PaymentNotFound."""
    with database.tenant(cooperative_id) as session:
        payment = store.find_payment(session, payment_id)
    if payment is None:
        raise contract.PaymentNotFound
    return payment


def payer_place(payment_id: str) -> bytes:
    """What the encrypted payer is bound to."""
    return f"payments.payer:{payment_id}".encode()


def _drive_safely(till: Till, payment: Payment) -> None:
    """One payment's fault, foreseen or not, is not the next one's."""
    try:
        drive(till, payment.cooperative_id, payment.id)
    except Exception:  # noqa: BLE001  a bug in one must not stop the others
        _log.exception("payment %s rests", payment.id)


def _ask(till: Till, payment: Payment) -> bool:
    """Have the provider make the virtual account."""
    now = clock.now()
    if now >= payment.expires_at:
        return _end(till, payment, domain.FAILED, "not made in time")
    if till.provider is None:
        return _rest(till, payment, "no payment provider is set")
    try:
        asked = _request(till, payment)
        made = till.provider.request(asked)
    except ProviderAway as fault:
        return _rest(till, payment, str(fault))
    except ProviderRefused as fault:
        return _end(till, payment, domain.FAILED, str(fault))
    except crypto.Undecryptable:
        return _end(till, payment, domain.FAILED, "the payer cannot be read")
    return _advance(
        till,
        payment,
        domain.PENDING,
        payer=None,
        transaction_id=made.transaction_id,
        payment_number=made.number,
        payment_name=made.name,
        fee=made.fee,
        total=made.total,
        due_at=_next_look(now, 1),
        stops=True,
    )


def _request(till: Till, payment: Payment) -> Request:
    with till.database.tenant(payment.cooperative_id) as session:
        cipher = personal_data.cipher(session, till.settings, payment.cooperative_id)
    payer = json.loads(cipher.decrypt(payment.payer or b"", payer_place(payment.id)))
    left = payment.expires_at - clock.now()
    return Request(
        reference=payment.id,
        amount=payment.amount,
        channel=payment.channel,
        name=payer["name"],
        phone=payer["phone"],
        email=payer["email"],
        product=allocation.PRODUCTS[payment.purpose],
        # Never longer than what the payer was told.
        hours=max(1, int(left / timedelta(hours=1))),
        notify_url=f"{till.settings.public_url}{CALLBACK_PATH}",
    )


def _read(till: Till, payment: Payment) -> bool:
    """Ask the provider what became of the virtual account: this alone is believed."""
    if payment.transaction_id is None:
        return _end(till, payment, payment.state, payment.fault)
    if till.provider is None:
        return _rest(till, payment, "no payment provider is set")
    try:
        reading = till.provider.read(payment.transaction_id)
    except (ProviderAway, ProviderRefused) as fault:
        return _rest(till, payment, str(fault))
    return _believe(till, payment, reading)


def _believe(till: Till, payment: Payment, reading: Reading) -> bool:
    now = clock.now()
    expected = Expected(
        transaction_id=payment.transaction_id or "",
        reference=payment.id,
        amount=payment.amount,
        state=payment.state,
        expires_at=payment.expires_at,
    )
    found = domain.judged(reading, expected, now)
    if found == domain.PAID:
        return _advance(
            till, payment, domain.PAID, paid_at=now, due_at=now, attempts=0, fault=None
        )
    if found == domain.PENDING:
        return _rest(till, payment, None)
    fault = None
    if found == domain.DISPUTED:
        _log.error("payment %s was paid otherwise than asked for", payment.id)
        fault = f"the provider says: {reading.amount} for {reading.reference}"
    elif found == domain.FAILED:
        fault = f"the provider's status is {reading.status}"
    return _end(till, payment, found, fault)


def _receive(till: Till, payment: Payment) -> bool:
    """Put the money into the books, whatever becomes of it there."""
    is_wallet = payment.purpose == domain.WALLET
    journal_id = payment.journal_id or identifiers.derived(
        "jrn", "ipaymu", payment.id, "received"
    )
    command = {
        "id": journal_id,
        "amount": payment.amount,
        "target": "bank" if is_wallet else "held",
        "description": f"{DESCRIPTION} {payment.channel.upper()}",
        "reference": payment.id,
    }
    try:
        posted = till.ledger_of(payment.cooperative_id).receive_payment(command)
    except ServiceError as fault:
        if fault.code in ledger_contract.REFUSALS:
            # The ledger remembers it under this id: the next attempt is another one.
            _log.error("payment %s: the ledger refused: %s", payment.id, fault.code)
            anew = identifiers.derived("jrn", journal_id, "again")
            return _rest(till, payment, fault.code, journal_id=anew)
        return _rest(till, payment, fault.code)
    now = clock.now()
    if not is_wallet:
        return _advance(
            till,
            payment,
            domain.RECEIVED,
            journal_id=None,
            due_at=now,
            attempts=0,
            fault=None,
        )
    return _advance(
        till,
        payment,
        domain.CREDITED,
        credited=payment.amount,
        credited_at=now,
        journal_id=posted["journal_id"],
        due_at=None,
        fault=None,
    )


def _allocate(till: Till, payment: Payment) -> bool:
    """Give the money to whom it is for, or hold it for a person to decide."""
    ledger = till.ledger_of(payment.cooperative_id)
    loans = till.loans_of(payment.cooperative_id)
    try:
        done = allocation.allocate(till.database, ledger, loans, payment)
    except ServiceError as fault:
        return _rest(till, payment, fault.code)
    if done.fault is not None:
        _log.warning("payment %s is held: %s", payment.id, done.fault)
        return _advance(
            till,
            payment,
            domain.UNALLOCATED,
            credited=done.credited,
            journal_id=done.journal_id,
            due_at=None,
            fault=done.fault,
        )
    return _advance(
        till,
        payment,
        domain.CREDITED,
        credited=payment.amount,
        credited_at=clock.now(),
        journal_id=done.journal_id,
        due_at=None,
        fault=None,
    )


Step = Callable[[Till, Payment], bool]
"""Whether the payment has come to where another step may be taken at once."""

_STEPS: Final[Mapping[str, Step]] = {
    domain.REQUESTING: _ask,
    domain.PENDING: _read,
    domain.EXPIRED: _read,
    domain.FAILED: _read,
    # Not by the sweep: whoever has it settled with the provider asks.
    domain.DISPUTED: _read,
    domain.PAID: _receive,
    domain.RECEIVED: _allocate,
}
_EVENTS: Final = {
    domain.CREDITED: contract.PAYMENT_CREDITED,
    domain.UNALLOCATED: contract.PAYMENT_UNALLOCATED,
    domain.DISPUTED: contract.PAYMENT_DISPUTED,
}


@retrying
def _advance(
    till: Till, payment: Payment, state: str, *, stops: bool = False, **values: Any
) -> bool:
    """Record where the payment is now, and tell those who want to know."""
    with till.database.tenant(payment.cooperative_id) as session:
        advanced = store.advance(session, payment, state, **values)
        if advanced is None:
            # Somebody else took the step meanwhile; what comes next is theirs.
            return False
        if state in _EVENTS and state != payment.state:
            outbox.add(
                session,
                _EVENTS[state],
                contract.PaymentEvent().dump(
                    {
                        "cooperative_id": advanced.cooperative_id,
                        "payment_id": advanced.id,
                        "purpose": advanced.purpose,
                        "member_id": advanced.member_id,
                        "account_number": advanced.account_number,
                        "amount": advanced.amount,
                        "journal_id": advanced.journal_id,
                    }
                ),
            )
            allocation.notify_payer(session, till.settings, advanced)
    return not stops


def _end(till: Till, payment: Payment, state: str, fault: str | None) -> bool:
    """Nothing more is done, unless the provider calls back."""
    _advance(till, payment, state, due_at=None, payer=None, fault=fault)
    return False


def _rest(till: Till, payment: Payment, fault: str | None, **values: Any) -> bool:
    """Look again later; a payment that had ended before stays so."""
    is_open = payment.state in domain.UNFINISHED
    due_at = _next_look(clock.now(), payment.attempts) if is_open else None
    _advance(till, payment, payment.state, due_at=due_at, fault=fault, **values)
    return False


def _next_look(now: datetime, attempts: int) -> datetime:
    return now + timedelta(seconds=domain.pause_seconds(attempts))
