"""How a loan gets new terms: proposed, approved by another, signed, carried out.

The akad restrukturisasi is drawn up when it is approved, with the debt of that day.
Signing it closes the old loan and begins the new one in one transaction; the book
follows (`recovery.follow`). Whoever pays in between makes the akad outdated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import allocation, loans, schedules
from services.loans.domain import collections as collections_domain
from services.loans.domain import recovery as recovery_domain
from services.loans.domain import restructurings as domain
from services.loans.domain.peers import Asked
from services.loans.domain.restructurings import Arrears, Plan, Wanted
from services.loans.models import Instalment, Loan, LoanProduct, Restructuring
from services.loans.operations import applications, recovery, restructuring_papers
from services.loans.operations import collateral as collaterals
from services.loans.operations import loans as book
from services.loans.operations.repayments import debt_of
from services.loans.store import collateral as collateral_store
from services.loans.store import collections as collections_store
from services.loans.store import loans as loans_store
from services.loans.store import products as products_store
from services.loans.store import recovery as recovery_store
from services.loans.store import repayments as repayments_store
from services.loans.store import restructurings as store
from services.shared import access, clock, identifiers
from services.shared.contracts import answers, files
from services.shared.contracts import loans as loans_contract
from services.shared.contracts.loans import akad as akad_contract
from services.shared.contracts.loans import executions as executions_contract
from services.shared.contracts.loans import restructurings as contract
from services.shared.errors import InvariantViolated, NotFound, SameProposer
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, numbering, tenants, trail
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import pdf

PREFIX: Final = "RST"
LOAN_PREFIX: Final = "PINJ"
TEXT: Final = "Restrukturisasi pinjaman"
FIRST_DUE_WITHIN: Final = timedelta(days=366)

_WANTED: Final = (
    "count",
    "rate_bps",
    "grace_count",
    "harvest_every",
    "reduced_count",
    "reduced_amount",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A loan on the day on which its new terms are computed."""

    loan: Loan
    instalments: list[Instalment]
    product: LoanProduct
    arrears: Arrears
    day: date

    @property
    def paid_before(self) -> int:
        """All that was paid or waived: another payment makes this another number."""
        return self.loan.deferred_interest_paid + sum(
            one.principal_paid
            + one.interest_paid
            + one.penalty_paid
            + one.penalty_waived
            for one in self.instalments
        )


@retrying
def propose(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Propose new terms, which another has to approve.

    Raises NotFound, LoanNotActive, RestructuringOpen, NotGoingConcern, TermsUnfit,
    ExtensionTooLong, CollateralNotOffered, FirstDueDateInvalid, ScheduleNotPossible.
    """

    def add(session: Session) -> dict[str, Any]:
        loan = _active(session, command["loan_id"])
        if not command["is_going_concern"]:
            raise contract.NotGoingConcern
        if store.find_open(session, loan.id) is not None:
            raise contract.RestructuringOpen
        today = clock.business_date()
        first_due_on = command["first_due_on"]
        if first_due_on and not today < first_due_on <= today + FIRST_DUE_WITHIN:
            raise akad_contract.FirstDueDateInvalid
        wanted = dict(command["terms"])
        _require_collateral(session, loan, command["method"], wanted)
        kept = wanted | {"first_due_on": first_due_on and first_due_on.isoformat()}
        restructuring = Restructuring(
            id=identifiers.new("rst"),
            cooperative_id=actor.cooperative_id,
            loan_id=loan.id,
            method=command["method"],
            wanted=kept,
            reason=command["reason"],
            cause=command["cause"],
            documents=dict(command["documents"]),
            status=domain.PROPOSED,
            proposed_by=actor.subject,
            proposed_at=clock.now(),
            decided_by=None,
            decided_at=None,
            number=None,
            content=_content(session, loan, command["method"], kept),
            signed_on=None,
            signed_by=None,
            new_loan_id=None,
            report_due_on=None,
            reported_at=None,
        )
        store.add(session, restructuring)
        loan.cause = command["cause"]
        collections_store.end_steps(
            session, actor, loan.id, collections_store.PROPOSAL_STEPS
        )
        trail.note(
            session,
            actor,
            "restructuring.proposed",
            restructuring.id,
            after={"loan_id": loan.id, "method": restructuring.method},
        )
        return _answer(restructuring)

    return idempotency.once(database, actor, command, add)


@retrying
def approve(
    database: Database, actor: Actor, by: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Approve what another proposed: the akad is drawn up with the debt of today.

    Raises NotFound, StepUpRequired, SameProposer, OwnLoan, RestructuringNotReady,
    RepaymentUnderWay and what computing the terms raises (`propose`).
    """
    access.require_strong(by, clock.now().timestamp())

    def draw_up(session: Session) -> dict[str, Any]:
        loan = _active(session, command["loan_id"])
        restructuring = _in_state(session, command, domain.PROPOSED)
        if restructuring.proposed_by == actor.subject:
            raise SameProposer
        book.refuse_borrower(loan, by)
        recovery.require_quiet(session, loan)
        restructuring.content = _content(
            session, loan, restructuring.method, restructuring.wanted
        )
        restructuring.number = numbering.next_document(
            session, actor.cooperative_id, PREFIX, clock.business_date()
        )
        _decide(session, actor, restructuring, domain.APPROVED)
        return _answer(restructuring)

    return idempotency.once(database, actor, command, draw_up)


@retrying
def reject(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Do not change the loan; also takes back what nobody has signed.

    Raises NotFound, RestructuringNotReady.
    """

    def decide(session: Session) -> dict[str, Any]:
        book.locked(session, command["loan_id"])
        restructuring = _in_state(session, command, domain.PROPOSED, domain.APPROVED)
        _decide(session, actor, restructuring, domain.REJECTED)
        return _answer(restructuring)

    return idempotency.once(database, actor, command, decide)


def sign(
    database: Database, asked: Asked, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Carry out what was signed: the new loan takes the place of the old one.

    Raises NotFound, LoanNotActive, RestructuringNotReady, RestructuringOutdated,
    RepaymentUnderWay, SigningDateInvalid, CollateralNotBound.
    """
    answer, journal_id = _carry_out(database, actor, command)
    if journal_id is not None:
        recovery.follow(database, asked.ledger, actor.cooperative_id, journal_id)
    return answer


@retrying
def report(database: Database, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Say that the report on a restructuring was made (R154)."""

    def note(session: Session) -> dict[str, Any]:
        book.locked(session, command["loan_id"])
        restructuring = _in_state(session, command, domain.CARRIED_OUT)
        if restructuring.reported_at is None:
            restructuring.reported_at = clock.now()
            session.flush()
            collections_store.end_steps(
                session,
                actor,
                restructuring.new_loan_id or restructuring.loan_id,
                collections_store.REPORT_STEPS,
            )
            trail.note(session, actor, "restructuring.reported", restructuring.id)
        return _answer(restructuring)

    return idempotency.once(database, actor, command, note)


def get(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """One restructuring, or its akad on paper. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        restructuring = _found(
            store.find(session, command["restructuring_id"]), command["loan_id"]
        )
    if command["format"] == files.JSON:
        return _answer(restructuring)
    if restructuring.number is None or restructuring.content is None:
        raise NotFound("There is no akad of this restructuring yet.")
    name = f"{restructuring.number.replace('/', '-')}.pdf"
    paper = restructuring_papers.akad(
        restructuring.number,
        restructuring.method,
        restructuring.reason,
        restructuring.content,
    )
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def list_restructurings(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What was proposed and done of a loan."""
    loan_id, limit = command["loan_id"], command["limit"]
    owner = f"restructurings {cooperative_id} {loan_id}"
    with database.tenant(cooperative_id) as session:
        book.found(loans_store.find_loan(session, loan_id))
        rows = store.list_of(
            session,
            loan_id,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {"items": [_answer(one) for one in shown], "next_cursor": next_cursor}


# Terms


def _case(session: Session, loan: Loan, day: date) -> _Case:
    instalments = list(loans_store.instalments_of(session, loan.id))
    debt = debt_of(loan, instalments, day)
    interest = sum(
        max(earned - one.interest_paid, 0)
        for one, earned in zip(
            debt.instalments, allocation.interest_to_date(debt), strict=True
        )
    )
    return _Case(
        loan=loan,
        instalments=instalments,
        product=applications.product_of(session, loan.product_id),
        arrears=Arrears(
            interest=interest,
            penalty=sum(one.penalty_left for one in debt.instalments),
            deferred=debt.deferred,
        ),
        day=day,
    )


def _terms(case: _Case) -> schedules.Terms:
    """What is left of the loan, on its own terms."""
    open_ = [one for one in case.instalments if one.settled_on is None]
    count = max(len(open_), 1)
    return schedules.Terms(
        method=case.loan.method,
        frequency=case.loan.frequency,
        principal=case.loan.outstanding,
        rate_bps=case.loan.rate_bps,
        count=count,
        harvest_every=min(case.product.harvest_every, count),
        rounding_unit=case.product.rounding_unit,
        shifts_holidays=case.product.shifts_holidays,
    )


def _converted(session: Session, case: _Case, code: str | None) -> schedules.Terms:
    """The same debt on the terms of another product."""
    product = None
    if code is not None:
        product = products_store.find_by_code(session, case.loan.cooperative_id, code)
    if product is None or not product.is_offered:
        raise contract.TermsUnfit(details={"field": "product_code"})
    terms = _terms(case)
    return replace(
        terms,
        method=product.method,
        frequency=product.frequency,
        rate_bps=product.rate_bps,
        harvest_every=min(product.harvest_every, terms.count),
        rounding_unit=product.rounding_unit,
        shifts_holidays=product.shifts_holidays,
    )


def _planned(
    session: Session, case: _Case, method: str, wanted: dict[str, Any]
) -> Plan:
    """The new loan; refusals of the terms in the words of the contract."""
    if method == domain.CONVERT_PRODUCT:
        terms = _converted(session, case, wanted["product_code"])
    else:
        terms = _terms(case)
    given = wanted["first_due_on"]
    first_due_on = (
        date.fromisoformat(given)
        if given
        else schedules.first_due_date(terms.frequency, case.day)
    )
    if first_due_on <= case.day:
        raise akad_contract.FirstDueDateInvalid
    try:
        plan = domain.plan(
            method,
            Wanted(**{name: wanted[name] for name in _WANTED}),
            terms,
            case.arrears,
            first_due_on,
        )
    except domain.UnfitTerms as error:
        raise contract.TermsUnfit(details={"field": error.what}) from error
    except schedules.ImpossibleSchedule as error:
        raise akad_contract.ScheduleNotPossible from error
    latest = domain.latest_maturity(
        recovery_store.origin_of(session, case.loan.id).matures_on
    )
    if plan.instalments[-1].due_on > latest:
        raise contract.ExtensionTooLong(details={"latest": latest.isoformat()})
    return plan


def _require_collateral(
    session: Session, loan: Loan, method: str, wanted: dict[str, Any]
) -> None:
    """Collateral that is added was offered for the application of the loan."""
    if method != domain.EXTRA_COLLATERAL:
        return
    if wanted["collateral_id"] is None:
        raise contract.TermsUnfit(details={"field": "collateral_id"})
    collateral = collateral_store.find_collateral(session, wanted["collateral_id"])
    origin = recovery_store.origin_of(session, loan.id)
    if (
        collateral is None
        or collateral.application_id != origin.application_id
        or collateral.status not in collateral_store.COUNTED
    ):
        raise contract.CollateralNotOffered


def _content(
    session: Session, loan: Loan, method: str, wanted: dict[str, Any]
) -> dict[str, Any]:
    """What the akad says if it is drawn up today."""
    tenant = tenants.find(session, loan.cooperative_id)
    if tenant is None:
        raise InvariantViolated("only tenants have loans")
    case = _case(session, loan, clock.business_date())
    plan = None
    if method != domain.CONVERT_TO_EQUITY:
        plan = _planned(session, case, method, wanted)
    terms = plan.terms if plan else _terms(case)
    return answers.one(
        contract.RestructuringContent(),
        {
            "cooperative_name": tenant.name,
            "cooperative_code": tenant.code,
            "member_name": loan.member_name,
            "loan_number": loan.number,
            "made_on": case.day,
            "made_at": clock.now(),
            "outstanding": loan.outstanding,
            "interest": case.arrears.interest + case.arrears.deferred,
            "penalty": case.arrears.penalty,
            "paid_before": case.paid_before,
            "principal": terms.principal,
            "capitalised": plan.capitalised if plan else 0,
            "deferred": plan.deferred if plan else 0,
            "method": terms.method,
            "frequency": terms.frequency,
            "rate_before_bps": loan.rate_bps,
            "rate_bps": terms.rate_bps,
            "count": terms.count if plan else 0,
            "matured_on": loan.matures_on,
            "matures_on": plan.instalments[-1].due_on if plan else None,
            "old_schedule": [
                {
                    "number": one.number,
                    "due_on": one.due_on,
                    "principal": one.principal - one.principal_paid,
                    "interest": one.interest - one.interest_paid,
                }
                for one in case.instalments
                if one.settled_on is None
            ],
            "schedule": plan.instalments if plan else [],
        },
    )


# Carrying out


@retrying
def _carry_out(
    database: Database, actor: Actor, command: dict[str, Any]
) -> tuple[dict[str, Any], str | None]:
    """The answer, and the journal that follows unless this was done before."""
    planned: list[str] = []

    def carry_out(session: Session) -> dict[str, Any]:
        loan = _active(session, command["loan_id"])
        restructuring = _in_state(session, command, domain.APPROVED)
        recovery.require_quiet(session, loan)
        content = _akad_of(restructuring)
        today = clock.business_date()
        if not content["made_on"] <= command["signed_on"] <= today:
            raise akad_contract.SigningDateInvalid(
                details={"made_on": content["made_on"].isoformat()}
            )
        _require_current(session, loan, content, today)
        _require_bound(session, restructuring)
        if restructuring.method == domain.CONVERT_TO_EQUITY:
            planned.append(_convert(session, loan))
        else:
            new = _begin(session, actor, loan, restructuring, content)
            restructuring.new_loan_id = new.id
            planned.append(_replace(session, loan, new, content))
        recovery.close_replaced(session, loan)
        restructuring.status = domain.CARRIED_OUT
        restructuring.signed_on = command["signed_on"]
        restructuring.signed_by = command["signed_by"]
        restructuring.report_due_on = command["signed_on"] + timedelta(
            days=domain.REPORT_DAYS
        )
        session.flush()
        collections_store.add_task(
            session,
            book.locked(session, restructuring.new_loan_id or loan.id),
            code=collections_domain.REPORT,
            action=collections_domain.REPORT_ACTION,
            since=command["signed_on"],
            due_on=restructuring.report_due_on,
        )
        trail.note(
            session,
            actor,
            "restructuring.carried_out",
            restructuring.id,
            after={"loan_id": loan.id, "new_loan_id": restructuring.new_loan_id},
        )
        return _answer(restructuring)

    answer = idempotency.once(database, actor, command, carry_out)
    return answer, planned[0] if planned else None


def _require_current(
    session: Session, loan: Loan, content: dict[str, Any], today: date
) -> None:
    """Raises RestructuringOutdated when the figures of the akad do not hold now."""
    now = _case(session, loan, today)
    is_late = content["schedule"] and content["schedule"][0]["due_on"] <= today
    if now.paid_before != content["paid_before"] or is_late:
        raise contract.RestructuringOutdated


def _require_bound(session: Session, restructuring: Restructuring) -> None:
    """Raises CollateralNotBound while what secures the new loan is only offered."""
    if restructuring.method != domain.EXTRA_COLLATERAL:
        return
    wanted = restructuring.wanted["collateral_id"]
    collateral = collateral_store.find_collateral(session, wanted)
    if collateral is None or collateral.status != collaterals.BOUND:
        raise executions_contract.CollateralNotBound


def _begin(
    session: Session,
    actor: Actor,
    loan: Loan,
    restructuring: Restructuring,
    content: dict[str, Any],
) -> Loan:
    """The loan that takes the place of the old one, with the class of the old one."""
    product = applications.product_of(session, loan.product_id)
    rules = loans.Rules.of(loan.rules)
    if restructuring.method == domain.CONVERT_PRODUCT:
        code = restructuring.wanted["product_code"]
        other = products_store.find_by_code(session, loan.cooperative_id, code)
        if other is None:
            raise InvariantViolated("products are never removed")
        product = other
        rules = replace(
            rules,
            allocation=tuple(product.allocation),
            overpayment=product.overpayment,
            penalty_bps_per_day=product.penalty_bps_per_day,
            penalty_grace_days=product.penalty_grace_days,
            penalty_cap_bps_per_month=product.penalty_cap_bps_per_month,
            settlement_fee_months=product.settlement_fee_months,
        )
    instalments = [schedules.Instalment(**one) for one in content["schedule"]]
    today = clock.business_date()
    terms = schedules.Terms(
        method=content["method"],
        frequency=content["frequency"],
        principal=content["principal"],
        rate_bps=content["rate_bps"],
        count=content["count"],
    )
    new = book.add_loan(
        session,
        actor,
        book.NewLoan(
            id=identifiers.new("loa"),
            number=numbering.next_document(
                session, loan.cooperative_id, LOAN_PREFIX, today
            ),
            product_id=product.id,
            member_id=loan.member_id,
            member_name=loan.member_name,
            branch_code=loan.branch_code,
            officer=loan.officer,
            sector=loan.sector,
            purpose=loan.purpose,
            terms=terms,
            rules=rules,
            disbursed_on=today,
            first_due_on=instalments[0].due_on,
            savings_account=loan.savings_account,
            kind=loan.kind,
            restructured_from=loan.id,
            times_restructured=loan.times_restructured + 1,
            deferred_interest=content["deferred"],
            cause=restructuring.cause,
            instalments=instalments,
        ),
    )
    recovery.keep_class(session, loan, new, instalments)
    return new


def _replace(session: Session, loan: Loan, new: Loan, content: dict[str, Any]) -> str:
    """Move the principal to the new loan's account, capitalised interest with it."""
    capitalised = content["capitalised"]
    receivable = min(capitalised, loan.interest_receivable)
    loan.interest_receivable -= receivable
    session.refresh(new)
    return recovery.plan(
        session,
        new,
        recovery_domain.RESTRUCTURING,
        f"{TEXT} {loan.number} menjadi {new.number}",
        recovery_domain.restructured(
            loan.cooperative_id,
            before=recovery.key_of(loan),
            after=recovery.key_of(new),
            principal=loan.outstanding,
            capitalised=capitalised,
            receivable=receivable,
        ),
        opens=[recovery.account_of(new)],
    )


def _convert(session: Session, loan: Loan) -> str:
    # Nothing is left to be covered; the rest of the premium comes back.
    repayments_store.add_ending(
        session, loan.cooperative_id, loan.id, clock.business_date(), clock.now()
    )
    return recovery.plan(
        session,
        loan,
        recovery_domain.RESTRUCTURING,
        f"{TEXT} {loan.number} menjadi modal penyertaan",
        recovery_domain.converted(
            loan.cooperative_id,
            before=recovery.key_of(loan),
            principal=loan.outstanding,
        ),
        opens=[recovery.shares_of(loan.cooperative_id)],
    )


# Reading


def _active(session: Session, loan_id: str) -> Loan:
    loan = book.locked(session, loan_id)
    if loan.status != loans.ACTIVE:
        raise loans_contract.LoanNotActive
    return loan


def _in_state(session: Session, command: dict[str, Any], *states: str) -> Restructuring:
    restructuring = _found(
        store.lock(session, command["restructuring_id"]), command["loan_id"]
    )
    if restructuring.status not in states:
        raise contract.RestructuringNotReady(details={"status": restructuring.status})
    return restructuring


def _found(restructuring: Restructuring | None, loan_id: str) -> Restructuring:
    if restructuring is None or restructuring.loan_id != loan_id:
        raise NotFound("There is no such restructuring.")
    return restructuring


def _akad_of(restructuring: Restructuring) -> dict[str, Any]:
    """The stored akad with its dates as dates."""
    if restructuring.content is None:
        raise InvariantViolated("what was approved has an akad")
    content: dict[str, Any] = contract.RestructuringContent().load(
        restructuring.content
    )
    return content


def _decide(
    session: Session, actor: Actor, restructuring: Restructuring, status: str
) -> None:
    restructuring.status = status
    restructuring.decided_by, restructuring.decided_at = actor.subject, clock.now()
    session.flush()
    trail.note(
        session,
        actor,
        f"restructuring.{status}",
        restructuring.id,
        after={"loan_id": restructuring.loan_id, "number": restructuring.number},
    )


_COLUMNS: Final = (
    "id",
    "loan_id",
    "number",
    "method",
    "reason",
    "cause",
    "documents",
    "status",
    "proposed_by",
    "proposed_at",
    "decided_by",
    "decided_at",
    "signed_on",
    "signed_by",
    "new_loan_id",
    "report_due_on",
    "reported_at",
)


def _answer(restructuring: Restructuring) -> dict[str, Any]:
    columns = {name: getattr(restructuring, name) for name in _COLUMNS}
    return answers.one(
        contract.Restructuring(),
        columns | {"terms": restructuring.wanted, "content": _akad_of(restructuring)},
    )
