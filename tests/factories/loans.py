"""Cooperatives that lend, for tests: made in the loans and ledger databases.

What the members, kyc and insurance services would say is in the tenant's fakes, to be
set by the test; the ledger is the real one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from services.ledger.operations import books, wallets
from services.ledger.service import LedgerService
from services.loans.domain import applications as application_states
from services.loans.domain import loans as loan_domain
from services.loans.domain import rates, schedules
from services.loans.domain.guarantees import Holds
from services.loans.domain.loans import Rules
from services.loans.domain.peers import Asked
from services.loans.models import Instalment, Loan, LoanApplication, LoanProduct
from services.loans.service import LoansService
from services.shared import access, clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import loans as contract
from services.shared.contracts.idempotency import request_hash
from services.shared.errors import NotFound, ServiceError
from services.shared.identity import Actor, Identity
from services.shared.persistence import numbering, tenants
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.factories.ledger import Ledger as Books
from tests.factories.ledger import a_journal
from tests.fakes import in_process
from tests.fakes.answering_peer import FakePeer
from tests.fakes.peers import InProcessLedger

Row = TypeVar("Row", LoanProduct, LoanApplication, Loan)

_codes = itertools.count(1)

STRONG: Final = 4_000_000_000
"""A second factor that stays fresh until the year 2096."""


def part(operation: str = "POST", key: str | None = None) -> dict[str, Any]:
    """The idempotency part that the gateway would make, by default with a fresh key."""
    return {
        "key": key or identifiers.new("key"),
        "operation": operation,
        "request_hash": request_hash({"body": operation}),
    }


class LedgerPeer:
    """The real ledger as the loans service calls it; ``fault`` is raised when set.

    ``after`` is called with the method's name once an answer was made: raising there
    is the network losing it.
    """

    def __init__(
        self, database: Database, settings: Settings, cooperative_id: str
    ) -> None:
        caller = Identity(
            subject="usr_test",
            cooperative_id=cooperative_id,
            scopes=frozenset(),
            service=contract.SERVICE,
        )
        self._service = in_process.service(
            LedgerService, database=database, settings=settings, caller=caller
        )
        self.fault: ServiceError | None = None
        self.after: Callable[[str], None] = lambda _method: None

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        if method.startswith("_"):
            raise AttributeError(method)

        def call(command: dict[str, Any], **_: Any) -> dict[str, Any]:
            if self.fault is not None:
                raise self.fault
            answer = in_process.call(self._service, method, command)
            self.after(method)
            return answer

        return call

    def on_behalf_of(self, cooperative_id: str) -> LedgerPeer:
        """The same: it speaks for its cooperative anyway."""
        del cooperative_id
        return self


@dataclass(frozen=True)
class HoldCalls:
    """A batched method of the real ledger about holds."""

    ask: Callable[[list[dict[str, Any]]], Sequence[Any]]

    def call_many(
        self, payloads: list[dict[str, Any]]
    ) -> list[dict[str, Any] | ServiceError]:
        """Many calls at once; their outcomes in order."""
        return list(self.ask(payloads))


@dataclass(frozen=True, kw_only=True)
class Lending:
    """The databases and settings that a test of the loans service works with."""

    loans: Database
    ledger: Database
    settings: Settings

    def tenant(
        self, *, cash: int = 100_000_000, wallet: int = 10_000_000, capital: int = 0
    ) -> Lender:
        """An active cooperative with money in its vault, its wallet and as capital."""
        code = f"{next(_codes):04d}"
        cooperative_id = identifiers.new("coop")
        name = "KSP Maju Bersama"
        tenants.take_in(
            self.loans,
            self.settings,
            contract.SERVICE,
            identifiers.new("evt"),
            {"cooperative_id": cooperative_id, "code": code, "name": name},
        )
        books.open_book(self.ledger, cooperative_id)
        lender = Lender(
            world=self,
            id=cooperative_id,
            code=code,
            name=name,
            ledger=LedgerPeer(self.ledger, self.settings, cooperative_id),
        )
        if cash:
            lender.post((lender.key("1-1000"), lender.key("3-4000"), cash))
        if capital:
            lender.post((lender.key("1-1000"), lender.key("3-2000"), capital))
        if wallet:
            wallets.top_up_wallet(
                self.ledger,
                cooperative_id=cooperative_id,
                amount=wallet,
                reference="VA-1",
                idempotency=part(),
            )
        return lender


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member with a savings account."""

    id: str
    name: str
    savings: str


@dataclass(frozen=True, kw_only=True)
class Lender:
    """An active cooperative, its peers, and what its staff does."""

    world: Lending
    id: str
    code: str
    name: str
    ledger: LedgerPeer
    members: FakePeer = field(default_factory=FakePeer)
    kyc: FakePeer = field(default_factory=FakePeer)
    insurance: FakePeer = field(default_factory=FakePeer)
    standings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.members.answers["get_standing"] = lambda command: self.standings[
            command["member_id"]
        ]
        self.members.answers["get_minimum_balances"] = lambda command: dict.fromkeys(
            command["numbers"], 0
        )
        self.members.answers["get_legality"] = NotFound()
        self.members.answers["get_cooperative"] = {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "kind": "ksp_primer",
            "status": "active",
        }

    @property
    def database(self) -> Database:
        """The loans service's own."""
        return self.world.loans

    @property
    def asked(self) -> Asked:
        """Whom operations ask."""
        return Asked(
            ledger=self.ledger,
            members=self.members,
            kyc=self.kyc,
            insurance=self.insurance,
        )

    @property
    def holds(self) -> Holds:
        """The real ledger's holds."""
        ledger = InProcessLedger(self.world.ledger)
        return Holds(
            places=HoldCalls(ledger.place_holds),
            resolves=HoldCalls(ledger.resolve_holds),
        )

    @property
    def actor(self) -> Actor:
        """Who acts when the test does not care."""
        return Actor(cooperative_id=self.id, subject="usr_test")

    def staff(self, *roles: str, subject: str = "", member_id: str = "") -> Identity:
        """Somebody who signed in with these roles, by default a fresh person."""
        subject = subject or identifiers.new("usr")
        return Identity(
            subject=subject,
            cooperative_id=self.id,
            scopes=access.scopes_of_roles(roles),
            roles=frozenset(roles),
            member_id=member_id,
            session_id=identifiers.new("ses"),
            strong_until=STRONG,
        )

    def call(
        self, caller: Identity, method: str, command: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What an entrypoint of the service answers this caller."""
        service = in_process.service(
            LoansService,
            database=self.world.loans,
            settings=self.world.settings,
            caller=caller,
            ledger=self.ledger,
            members=self.members,
            kyc=self.kyc,
            insurance=self.insurance,
            hold_placements=self.holds.places,
            hold_resolutions=self.holds.resolves,
        )
        return in_process.call(service, method, command or {})

    def key(self, code: str) -> str:
        """The account of a code of the chart."""
        return ledger_contract.chart_account(self.id, code)

    def post(self, *postings: tuple[str, str, int]) -> None:
        """Post a journal in the real ledger, whatever the fault that is set."""
        Books(self.world.ledger).post_one(a_journal(*postings))

    def balance(self, key_or_code: str) -> int:
        """What an account holds on its normal side; also by its code of the chart."""
        known = key_or_code
        if len(known) == len("1-1000") and known[1] == "-":
            known = self.key(known)
        return Books(self.world.ledger).balance(known)

    def total(self, code: str) -> int:
        """All accounts of a code together, positive when in debit."""
        lines = self.ledger.get_trial_balance({})["accounts"]
        return sum(
            line["debit"] - line["credit"] for line in lines if line["code"] == code
        )

    def member(
        self, name: str = "Budi Santoso", *, savings: int = 0, **standing: Any
    ) -> Member:
        """An active member since long ago, who has paid everything."""
        member_id = identifiers.new("mem")
        number = Books(self.world.ledger).savings(self.id)
        if savings:
            self.post((self.key("1-1000"), number, savings))
        self.standings[member_id] = {
            "member_id": member_id,
            "number": f"{self.code}-{len(self.standings) + 1:06d}",
            "name": name,
            "status": "active",
            "birth_date": "1985-08-17",
            "active_since": "2024-01-15",
            "member_since_months": 34,
            "has_paid_principal": True,
            "mandatory_months_open": 0,
            "is_related": False,
            "savings": [
                {
                    "number": number,
                    "product": "sukarela",
                    "balance": savings,
                    "available": savings,
                }
            ],
            "savings_total": savings,
        } | standing
        return Member(id=member_id, name=name, savings=number)

    def product(self, code: str = "", **terms: Any) -> LoanProduct:
        """A loan product: by default 24 % menurun, monthly, nothing asked for."""
        given: dict[str, Any] = {
            "id": identifiers.new("lpr"),
            "cooperative_id": self.id,
            "code": code or f"p{identifiers.new('lpr')[-9:]}",
            "name": "Pinjaman Umum",
            "method": schedules.DECLINING,
            "frequency": schedules.MONTHLY,
            "rate_bps": 2400,
            "cap_basis": "nominal",
            "minimum_amount": 500_000,
            "maximum_amount": 100_000_000,
            "minimum_count": 1,
            "maximum_count": 60,
            "grace_count": 0,
            "harvest_every": 1,
            "rounding_unit": 1,
            "shifts_holidays": False,
            "allocation": list(loan_domain.ALLOCATION),
            "overpayment": "forward",
            "penalty_bps_per_day": 10,
            "penalty_grace_days": 3,
            "penalty_cap_bps_per_month": 100,
            "settlement_fee_months": 0,
            "administration_bps": 0,
            "administration_amount": 0,
            "fee_payer": "cooperative",
            "premium_payer": "cooperative",
            "insurance_product": None,
            "minimum_cover_bps": 0,
            "requires_visit": False,
            "requires_training": False,
            "form": None,
            "is_offered": True,
            "created_at": clock.now(),
            "created_by": "usr_test",
        }
        return self._kept(LoanProduct(**(given | terms)))

    def application(
        self,
        member: Member,
        product: LoanProduct,
        status: str = application_states.QUEUED,
        *,
        amount: int = 3_000_000,
        count: int = 12,
        **columns: Any,
    ) -> LoanApplication:
        """An application in any state, as if it had come there the usual way."""
        now = clock.now()
        is_decided = status in {"offered", "approved", "signed", "disbursing"}
        given: dict[str, Any] = {
            "id": identifiers.new("app"),
            "cooperative_id": self.id,
            "member_id": member.id,
            "member_name": member.name,
            "product_id": product.id,
            "amount": amount,
            "count": count,
            "purpose": "Modal usaha warung",
            "sector": "perdagangan",
            "urgency": 0,
            "feature": application_states.feature_of(amount),
            "status": status,
            "branch_code": "",
            "form": None,
            "created_at": now,
            "created_by": "usr_clerk",
            "applied_at": None if status == application_states.DRAFT else now,
            "status_at": now,
            "approved_amount": amount if is_decided else None,
            "approved_count": count if is_decided else None,
            "approved_rate_bps": product.rate_bps if is_decided else None,
            "loan_id": None,
        }

        def numbered(session: Session) -> LoanApplication:
            number = numbering.next_document(
                session, self.id, "PJM", clock.business_date()
            )
            return LoanApplication(number=number, **(given | columns))

        return self._made(numbered)

    def loan(
        self,
        member: Member,
        product: LoanProduct,
        *,
        principal: int = 3_000_000,
        count: int = 12,
        disbursed_on: date | None = None,
        **columns: Any,
    ) -> Loan:
        """A loan that was paid out on a day, in the book and with its schedule."""
        start = disbursed_on or clock.business_date()
        terms = schedules.Terms(
            method=product.method,
            frequency=product.frequency,
            principal=principal,
            rate_bps=product.rate_bps,
            count=count,
            grace_count=product.grace_count,
            harvest_every=product.harvest_every,
            rounding_unit=product.rounding_unit,
            shifts_holidays=product.shifts_holidays,
        )
        made = schedules.schedule(
            terms, schedules.first_due_date(terms.frequency, start)
        )
        loan_id = identifiers.new("loa")
        rules = Rules(
            allocation=tuple(product.allocation),
            overpayment=product.overpayment,
            penalty_bps_per_day=product.penalty_bps_per_day,
            penalty_grace_days=product.penalty_grace_days,
            penalty_cap_bps_per_month=product.penalty_cap_bps_per_month,
            settlement_fee_months=product.settlement_fee_months,
            rebate_bps=product.rebate_bps,
            rebate_grace_days=product.rebate_grace_days,
            fee_payer=product.fee_payer,
            premium_payer=product.premium_payer,
        )
        given: dict[str, Any] = {
            "id": loan_id,
            "cooperative_id": self.id,
            "kind": loan_domain.LOAN,
            "application_id": None,
            "product_id": product.id,
            "member_id": member.id,
            "member_name": member.name,
            "savings_account": member.savings,
            "branch_code": "",
            "officer": "usr_officer",
            "sector": "perdagangan",
            "purpose": "Modal usaha warung",
            "method": product.method,
            "frequency": product.frequency,
            "principal": principal,
            "rate_bps": product.rate_bps,
            "effective_rate_bps": rates.effective_bps(
                made, principal, product.frequency
            ),
            "count": count,
            "rules": rules.to_json(),
            "disbursed_on": start,
            "entered_on": start,
            "matures_on": made[-1].due_on,
            "status": loan_domain.ACTIVE,
            "closed_on": None,
            "outstanding": principal,
            "interest_receivable": 0,
            "deferred_interest": 0,
            "deferred_interest_paid": 0,
            "provision": 0,
            "dpd": 0,
            "oldest_due_on": None,
            "collectibility": 1,
            "stage": "current",
            "assessed_on": None,
            "cause": None,
            "restructured_from": None,
            "times_restructured": 0,
            "created_at": clock.now(),
        }
        account = loan_domain.account_key(self.id, loan_domain.LOAN, loan_id)
        self.ledger.open_accounts(
            {
                "accounts": [
                    {
                        "key": account,
                        "code": ledger_contract.LOANS,
                        "name": "Pinjaman",
                        "minimum_balance": 0,
                    }
                ]
            }
        )
        self.post((account, member.savings, principal))

        def kept(session: Session) -> Loan:
            number = numbering.next_document(session, self.id, "PINJ", start)
            loan = Loan(number=number, **(given | columns))
            session.add(loan)
            session.flush()
            session.add_all(
                Instalment(
                    loan_id=loan_id,
                    cooperative_id=self.id,
                    number=one.number,
                    due_on=one.due_on,
                    principal=one.principal,
                    interest=one.interest,
                    principal_paid=0,
                    interest_paid=0,
                    penalty=0,
                    penalty_paid=0,
                    penalty_waived=0,
                    settled_on=None,
                )
                for one in made
            )
            return loan

        return self._made(kept)

    def late_loan(
        self, member: Member, product: LoanProduct, dpd: int, **more: Any
    ) -> Loan:
        """A loan whose first instalment fell due so many days ago, and was not paid."""
        first_due = clock.business_date() - timedelta(days=dpd)
        year, month = divmod(first_due.year * 12 + first_due.month - 2, 12)
        disbursed_on = date(year, month + 1, min(first_due.day, 28))
        loan = self.loan(member, product, disbursed_on=disbursed_on, **more)
        with self.database.tenant(self.id) as session:
            shift = (first_due - _first_due(session, loan.id)).days
            session.connection().exec_driver_sql(
                "UPDATE instalments SET due_on = due_on + %s WHERE loan_id = %s",
                (shift, loan.id),
            )
        return loan

    def events(self, name: str) -> list[dict[str, Any]]:
        """The payloads in this tenant's part of the outbox with this name."""
        # The outbox of a test has no relay, so everything stays in it.
        with self.database.hub() as session:
            rows = session.connection().exec_driver_sql(
                "SELECT payload FROM outbox WHERE name = %s ORDER BY id", (name,)
            )
            payloads = [row[0] for row in rows]
        return [one for one in payloads if one.get("cooperative_id") == self.id]

    def _kept(self, row: Row) -> Row:
        return self._made(lambda _session: row)

    def _made(self, make: Callable[[Session], Row]) -> Row:
        with self.database.tenant(self.id) as session:
            row = make(session)
            session.add(row)
            session.flush()
            session.expunge_all()
        return row


def _first_due(session: Session, loan_id: str) -> date:
    row = session.connection().exec_driver_sql(
        "SELECT min(due_on) FROM instalments WHERE loan_id = %s", (loan_id,)
    )
    due: date = row.scalar_one()
    return due
