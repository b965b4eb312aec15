"""What is wrong between rows, and whether details and balance sheet agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain.imports import problems, reconciliation, sheets
from services.members.domain.imports.problems import ERROR, WARNING, Problem
from services.members.domain.imports.reconciliation import Code, Line, Totals
from services.members.domain.peers import Ledger
from services.members.models import Import
from services.members.operations.imports import batches as batch_rules
from services.members.operations.imports import catalogue
from services.members.operations.imports.catalogue import Product
from services.members.operations.imports.leases import Work
from services.members.store.imports import checks, staging
from services.shared.presentation import formats

STAGE: Final = "checking"


def check(work: Work) -> None:
    """Find what is wrong between rows, and let people look at it."""
    known = known_of(work)
    with work.step(STAGE) as (session, found):
        findings(session, found, known)
        batch_rules.come_to_rest(found, "ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What other services know and rows may name: accounts and loan products."""

    chart: Sequence[Code]
    loan_products: Sequence[str]


def known_of(work: Work) -> Known:
    """What the rows of an import may name; loans are asked only about loans."""
    with work.database.tenant(work.cooperative_id) as session:
        has_loans = checks.has_loans(session, work.import_id)
    return Known(
        chart=chart_of(work.ledger),
        loan_products=(
            work.loans.list_import_products({})["names"] if has_loans else ()
        ),
    )


def chart_of(ledger: Ledger) -> list[Code]:
    """The codes that the cooperative's book has."""
    return [Code(**line) for line in ledger.get_chart({})["accounts"]]


def findings(session: Session, found: Import, known: Known) -> None:
    """Find everything that depends on more than one row, anew."""
    chart = known.chart
    staging.join_by_hashing(session)
    products = catalogue.of_cooperative(session)
    checks.find_problems(
        session,
        found.cooperative_id,
        found.id,
        products=products,
        codes=[one.code for one in chart],
        loan_products=known.loan_products,
    )
    counts = checks.count_rows(session, found.id)
    totals = totals_of(session, found.id, products)
    assets, owed = reconciliation.sides(chart, totals.balance_sheet)
    found.is_balanced = assets == owed
    _report(session, found, _of_balance_sheet(totals, assets - owed))
    lines = reconciliation.lines(chart, totals, catalogue.savings_codes())
    found.lines = [asdict(line) for line in lines]
    found.differences = reconciliation.fingerprint(_unless_missing(totals, lines))
    found.counts = _counts(counts, checks.count_problems(session, found.id))


def totals_of(
    session: Session, import_id: str, products: Mapping[str, Product]
) -> Totals:
    """What the good rows of each sheet sum up to, by code of the chart."""
    savings: dict[str, int] = {}
    for product, amount in checks.savings_totals(session, import_id).items():
        code = products[product].ledger_code
        savings[code] = savings.get(code, 0) + amount
    others: dict[str, int] = {}
    for sheet, (amount, depreciation) in checks.other_totals(
        session, import_id
    ).items():
        if sheet == sheets.LOANS:
            others[reconciliation.LOAN_CODE] = amount
        else:
            others[reconciliation.ASSET_CODE] = amount
            others[reconciliation.DEPRECIATION_CODE] = depreciation
    return Totals(
        balance_sheet=checks.balance_sheet(session, import_id),
        savings=savings,
        other_details=others,
    )


def _of_balance_sheet(totals: Totals, difference: int) -> list[Problem]:
    """What no sign-off can mend: without it the migration account would not be 0."""
    if not totals.balance_sheet:
        has_money = any(totals.savings.values()) or any(totals.other_details.values())
        return [_of_sheet("balance_sheet_missing")] if has_money else []
    if difference:
        value = formats.rupiah(difference)
        return [_of_sheet("balance_sheet_unbalanced", value)]
    return []


def _of_sheet(code: str, value: str | None = None) -> Problem:
    return Problem(
        sheet=sheets.BALANCE_SHEET, row=problems.SHEET_ROW, code=code, value=value
    )


def _unless_missing(totals: Totals, lines: list[Line]) -> list[Line]:
    """Without any balance sheet there is nothing to differ from."""
    return lines if totals.balance_sheet else []


def _report(session: Session, found: Import, reported: list[Problem]) -> None:
    staging.add_problems(session, found.cooperative_id, found.id, reported, stage=STAGE)


def _counts(
    rows: Sequence[checks.SheetCount], found: Sequence[checks.ProblemCount]
) -> dict[str, Any]:
    by_sheet = {one.sheet: one for one in rows}
    by_severity = {one.severity: one for one in found}
    errors, warnings = by_severity.get(ERROR), by_severity.get(WARNING)
    return {
        "sheets": [
            {"sheet": name, "rows": one.rows, "bad_rows": one.bad_rows}
            for name in sheets.SHEETS
            if (one := by_sheet.get(name)) is not None
        ],
        "errors": errors.problems if errors else 0,
        "errors_of_sheets": errors.whole if errors else 0,
        "warnings": warnings.problems if warnings else 0,
        "incomplete_members": sum(one.incomplete for one in rows),
    }
