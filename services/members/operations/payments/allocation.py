"""What a payment is for: what it comes to, and how held money reaches its target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import dues as dues_domain
from services.members.domain import payments as domain
from services.members.domain import products
from services.members.domain.peers import Ledger, Loans
from services.members.models import Payment
from services.members.operations import dues, notifications, personal_data, savings
from services.members.store import dues as dues_store
from services.members.store import products as products_store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans.repayments import RepaymentUnderWay
from services.shared.contracts.members.dues import ContributionNotAsked
from services.shared.errors import (
    ConflictError,
    InvariantViolated,
    NotFoundError,
    RefusedError,
)
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings

DEPOSIT_DESCRIPTION: Final = "Setoran melalui virtual account"
PRODUCTS: Final = {
    domain.DEPOSIT: "Setoran simpanan",
    domain.CONTRIBUTIONS: "Simpanan pokok dan wajib",
    domain.LOAN: "Angsuran pinjaman",
    domain.WALLET: "Isi dompet koperasi",
}
"""What the provider shows to the payer."""

TEMPLATE: Final = "payment_credited"
_NO: Final = (RefusedError, ConflictError, NotFoundError)
"""What the target answers when it will never take this money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How far an allocation came: how much reached its target, and why not more."""

    credited: int
    journal_id: str | None
    fault: str | None = None


def price_of_contributions(
    session: Session, cooperative_id: str, member_id: str, months: int | None
) -> tuple[int, int]:
    """What a member has to pay: simpanan pokok, and this many months of wajib.

    By default one month when entering or in arrears. Raises ContributionNotAsked when
    that comes to nothing.
    """
    today = clock.business_date()
    missing = dues.missing_for_entry(session, cooperative_id, member_id, today)
    principal = missing.get(products.POKOK, 0)
    terms = products_store.terms(session, cooperative_id, products.WAJIB)
    # Who owes nothing yet begins with the present month.
    this_month = dues_domain.month_of(today)
    before = dues_domain.month_of(this_month - timedelta(days=1))
    last = dues_store.last_month(session, member_id)
    payable = dues_store.open_dues(session, member_id)
    payable += dues_domain.ahead(terms, max(last or before, before))
    mandatory = sum(one.amount for one in payable[: months or 1])
    if principal + mandatory == 0:
        raise ContributionNotAsked
    return principal, mandatory


def allocate(
    database: Database, ledger: Ledger, loans: Loans, payment: Payment
) -> Done:
    """Move what is still held to the payment's target; safe to repeat.

    A savings account, where there is one, is the target also of contributions and
    repayments: then a person decided so. Raises ServiceError for what may pass by
    itself; what the target refuses for good is told in the outcome.
    """
    if payment.account_number is not None:
        return _deposit(database, ledger, payment, payment.account_number)
    if payment.loan_id is not None:
        return _repay(loans, payment, payment.loan_id)
    return _contribute(database, ledger, payment)


def journal_id_of(payment: Payment, number: str, decision: str = "") -> str:
    """The journal that moves held money to an account, one for each decision."""
    return identifiers.derived("jrn", "ipaymu", payment.id, number, decision)


def notify_payer(session: Session, settings: Settings, payment: Payment) -> None:
    """Tell a member whose e-mail address is known that the money has arrived."""
    if payment.state != domain.CREDITED or payment.member_id is None:
        return
    member = members_store.find_member(session, payment.member_id)
    if member is None:
        raise InvariantViolated(f"{payment.id} is of nobody")
    data = personal_data.decrypt(
        session, settings, payment.cooperative_id, member.id, member.personal_data
    )
    if data["email"]:
        notifications.notify(
            session,
            settings,
            payment.cooperative_id,
            notifications.Message(
                template=TEMPLATE,
                recipient=data["email"],
                values={
                    "name": member.name,
                    "amount": payment.amount,
                    "purpose": PRODUCTS[payment.purpose],
                    "reference": payment.id,
                },
            ),
        )


def held_account(cooperative_id: str) -> str:
    """Where money is between its receipt and its target."""
    return ledger_contract.chart_account(cooperative_id, ledger_contract.HELD_PAYMENTS)


def _deposit(database: Database, ledger: Ledger, payment: Payment, number: str) -> Done:
    held = payment.amount - payment.credited
    try:
        savings.find_opened(database, ledger, payment.cooperative_id, number)
        posted = ledger.post_journal(
            {
                "id": payment.journal_id or journal_id_of(payment, number),
                "kind": "payment_allocated",
                "description": DEPOSIT_DESCRIPTION,
                "business_date": clock.business_date().isoformat(),
                "reference": payment.id,
                "postings": [[held_account(payment.cooperative_id), number, held]],
            }
        )
    except _NO as fault:
        return Done(credited=payment.credited, journal_id=None, fault=fault.code)
    return Done(credited=payment.amount, journal_id=posted["journal_id"])


def _repay(loans: Loans, payment: Payment, loan_id: str) -> Done:
    """Let the loans service pay the loan; more than is owed it refuses whole."""
    try:
        paid = loans.record_repayment(
            {
                "id": identifiers.derived("rep", "ipaymu", payment.id),
                "loan_id": loan_id,
                "amount": payment.amount,
                "channel": "va",
                "source_key": held_account(payment.cooperative_id),
                "reference": payment.id,
            }
        )
    except RepaymentUnderWay:
        # Another one is just being posted: that passes by itself.
        raise
    except _NO as fault:
        return Done(credited=payment.credited, journal_id=None, fault=fault.code)
    return Done(credited=payment.amount, journal_id=paid["journal_id"])


def _contribute(database: Database, ledger: Ledger, payment: Payment) -> Done:
    """Simpanan pokok first, then whole months of wajib with the rest."""
    parts = (
        (products.POKOK, payment.principal),
        (products.WAJIB, payment.amount - payment.principal),
    )
    credited, journal_id, refused = 0, None, None
    for kind, amount in parts:
        if not amount:
            continue
        try:
            journal_id = _record(database, ledger, payment, kind, amount)
        except _NO as fault:
            refused = refused or fault.code
        else:
            credited += amount
    return Done(credited=credited, journal_id=journal_id, fault=refused)


def _record(
    database: Database, ledger: Ledger, payment: Payment, kind: str, amount: int
) -> str:
    if payment.member_id is None:
        raise InvariantViolated(f"{payment.id} is of nobody")
    recorded = dues.record(
        database,
        ledger,
        Actor(cooperative_id=payment.cooperative_id, subject=payment.requested_by),
        dues.Payment(
            id=identifiers.derived("con", "ipaymu", payment.id, kind),
            member_id=payment.member_id,
            kind=kind,
            channel=domain.VIRTUAL_ACCOUNT,
            source_account=held_account(payment.cooperative_id),
            amount=amount,
            reference=payment.id,
        ),
    )
    journal_id: str = recorded["journal_id"]
    return journal_id
