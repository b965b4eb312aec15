"""How rows of a cooperative's old system become loans (R27).

The opening journal of the import has put all of them on the account of the code; here
each gets an account of its own and what is left of its schedule. What the old book
counted as receivable interest and set aside becomes that of the loans, share by share,
so that the daily job goes on from there. Rows come in pages: a page's journals and
every loan have ids made of the import and the row, so a page that comes twice changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.loans.domain import loans as loan_domain
from services.loans.domain import rates, schedules
from services.loans.domain import takeovers as domain
from services.loans.domain.arrears import NO_STAGE
from services.loans.domain.peers import Ledger
from services.loans.domain.takeovers import Brought
from services.loans.models import Loan, LoanProduct
from services.loans.operations import loans
from services.loans.store import arrears as arrears_store
from services.loans.store import loans as loans_store
from services.loans.store import products as products_store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.loans import imports as contract
from services.shared.identity import Actor
from services.shared.persistence import numbering, trail
from services.shared.persistence.database import Database, retrying

PREFIX: Final = "PINJ"

Products = Mapping[str, LoanProduct]


def list_products(database: Database, cooperative_id: str) -> dict[str, Any]:
    """By which words a row may name a product."""
    with database.tenant(cooperative_id) as session:
        names = sorted(_products(session))
    return answers.one(contract.ImportProducts(), {"names": names})


def import_loans(
    database: Database, ledger: Ledger, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Take over some rows; safe to repeat.

    Raises ImportProductUnknown, and what the ledger refuses: then none of them is.
    """
    cooperative_id, rows = actor.cooperative_id, command["rows"]
    ids = {row["row"]: _loan_id(cooperative_id, command, row) for row in rows}
    keys = {
        row["row"]: loan_domain.account_key(
            cooperative_id, loan_domain.LOAN, ids[row["row"]]
        )
        for row in rows
    }
    with database.tenant(cooperative_id) as session:
        products = _products(session)
    for row in rows:
        _product(products, row)
    ledger.open_accounts(
        {
            "accounts": [
                {
                    "key": key,
                    "code": ledger_contract.LOANS,
                    "name": "Piutang Pinjaman Anggota",
                    "minimum_balance": 0,
                }
                for key in keys.values()
            ]
        }
    )
    _post(ledger, cooperative_id, command, keys)
    _store(database, actor, command, ids)
    return answers.one(contract.ImportedLoans(), {"loans": len(rows)})


def _post(
    ledger: Ledger,
    cooperative_id: str,
    command: dict[str, Any],
    keys: Mapping[int, str],
) -> None:
    """Move what a page brings from the book's opening to its loans.

    Of interest and provisions the account stays the same: they are taken out of the
    opening and put in for the loans, since what loans have there is counted apart.
    """
    rows = command["rows"]
    contra, collective, receivable, allowance = (
        ledger_contract.chart_account(cooperative_id, code)
        for code in (
            ledger_contract.MIGRATION,
            ledger_contract.LOANS,
            ledger_contract.INTEREST_RECEIVABLE,
            ledger_contract.LOAN_ALLOWANCE,
        )
    )
    lines = [[keys[row["row"]], collective, row["outstanding"]] for row in rows]
    interest = sum(row["interest_receivable"] for row in rows)
    provision = sum(row["provision"] for row in rows)
    brought = [[receivable, contra, interest], [contra, allowance, provision]]
    brought = [line for line in brought if line[2]]
    page = (cooperative_id, command["import_id"], str(rows[0]["row"]))
    _post_once(ledger, command, page, domain.KIND, lines + brought)
    if brought:
        opening = [[credit, debit, amount] for debit, credit, amount in brought]
        _post_once(ledger, command, (*page, "opening"), domain.OPENING_KIND, opening)


def _post_once(
    ledger: Ledger,
    command: dict[str, Any],
    parts: tuple[str, ...],
    kind: str,
    postings: list[list[Any]],
) -> None:
    """Post at cut-over, or on the first day after it that is still open.

    Days may be closed between the opening journal and this one. The ledger keeps each
    refusal, so whoever comes again ends on the same day.
    """
    day = cut_over = command["cut_over"]
    while True:
        journal_id = parts if day == cut_over else (*parts, day.isoformat())
        try:
            ledger.post_journal(
                {
                    "id": identifiers.derived("jrn", *journal_id),
                    "kind": kind,
                    "description": domain.TEXT,
                    "business_date": day.isoformat(),
                    "reference": command["import_id"],
                    "postings": postings,
                }
            )
        except ledger_contract.PeriodClosed:
            if day >= clock.business_date():
                raise
            day += timedelta(days=1)
        else:
            return


@retrying
def _store(
    database: Database, actor: Actor, command: dict[str, Any], ids: Mapping[int, str]
) -> None:
    with database.tenant(actor.cooperative_id) as session:
        known = loans_store.known_of(session, list(ids.values()))
        rows = [row for row in command["rows"] if ids[row["row"]] not in known]
        if not rows:
            return
        added = _add(session, actor, command, rows, ids)
        arrears_store.refresh(
            session, actor.cooperative_id, clock.business_date(), added
        )
        trail.note(
            session,
            actor,
            "loans.imported",
            command["import_id"],
            after={"loans": len(added)},
        )


def _add(
    session: Session,
    actor: Actor,
    command: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    ids: Mapping[int, str],
) -> list[str]:
    """Put the loans of rows into the book with what is left of their schedules."""
    products, cut_over = _products(session), command["cut_over"]
    numbers = numbering.next_documents(
        session, actor.cooperative_id, PREFIX, cut_over, len(rows)
    )
    added, parts = [], []
    for row, number in zip(rows, numbers, strict=True):
        product = _product(products, row)
        brought = _brought(command, row, product)
        made = brought.schedule()
        loan = _loan(actor, command, row, product, brought, made, ids[row["row"]])
        loan.number = number
        added.append(loan)
        parts += loans.instalments_of(loan, made)
    for part in parts:
        # What being late has cost before is the old system's.
        if part.due_on < cut_over:
            part.penalty_from = cut_over
    session.add_all(added)
    session.flush()
    session.add_all(parts)
    session.flush()
    return [loan.id for loan in added]


def _loan(
    actor: Actor,
    command: dict[str, Any],
    row: dict[str, Any],
    product: LoanProduct,
    brought: Brought,
    made: Sequence[schedules.Instalment],
    loan_id: str,
) -> Loan:
    return Loan(
        id=loan_id,
        cooperative_id=actor.cooperative_id,
        kind=loan_domain.LOAN,
        application_id=None,
        product_id=product.id,
        member_id=row["member_id"],
        member_name=row["member_name"],
        savings_account=row["savings_account"],
        branch_code="",
        officer="",
        sector=domain.SECTOR,
        purpose=domain.PURPOSE,
        method=product.method,
        frequency=product.frequency,
        principal=brought.lent,
        rate_bps=brought.rate_bps,
        effective_rate_bps=rates.effective_bps(
            made, brought.outstanding, product.frequency
        ),
        count=len(made),
        rules=_rules(product).to_json(),
        disbursed_on=brought.began_on,
        entered_on=max(brought.began_on, command["cut_over"]),
        matures_on=made[-1].due_on,
        status=loan_domain.ACTIVE,
        closed_on=None,
        outstanding=brought.outstanding,
        interest_receivable=row["interest_receivable"],
        deferred_interest=0,
        deferred_interest_paid=0,
        provision=row["provision"],
        dpd=0,
        oldest_due_on=None,
        collectibility=1,
        stage=NO_STAGE,
        assessed_on=None,
        cause=None,
        restructured_from=None,
        times_restructured=0,
        created_at=clock.now(),
    )


def _brought(
    command: dict[str, Any], row: dict[str, Any], product: LoanProduct
) -> Brought:
    rate_bps = row["rate_bps"]
    brought = Brought(
        cut_over=command["cut_over"],
        outstanding=row["outstanding"],
        principal=row["principal"],
        method=product.method,
        frequency=product.frequency,
        rate_bps=product.rate_bps if rate_bps is None else rate_bps,
        harvest_every=product.harvest_every,
        instalment=row["instalment"],
        count=row["count"],
        disbursed_on=row["disbursed_on"],
        days_past_due=row["days_past_due"],
    )
    try:
        brought.schedule()
    except schedules.ImpossibleSchedule:
        # So little is left that it is paid at once.
        return replace(brought, count=1)
    return brought


def _rules(product: LoanProduct) -> loan_domain.Rules:
    return loan_domain.Rules(
        allocation=tuple(product.allocation),
        overpayment=product.overpayment,
        penalty_bps_per_day=product.penalty_bps_per_day,
        penalty_grace_days=product.penalty_grace_days,
        penalty_cap_bps_per_month=product.penalty_cap_bps_per_month,
        settlement_fee_months=product.settlement_fee_months,
    )


def _products(session: Session) -> dict[str, LoanProduct]:
    """The products by name in small letters and by code, which goes before."""
    known: Sequence[LoanProduct] = products_store.all_products(session)
    by_name = {" ".join(one.name.lower().split()): one for one in known}
    return by_name | {one.code: one for one in known}


def _product(products: Products, row: dict[str, Any]) -> LoanProduct:
    product = products.get(row["product"])
    if product is None:
        raise contract.ImportProductUnknown(details={"product": row["product"]})
    return product


def _loan_id(cooperative_id: str, command: dict[str, Any], row: dict[str, Any]) -> str:
    return identifiers.derived(
        "loa", cooperative_id, command["import_id"], str(row["row"])
    )
