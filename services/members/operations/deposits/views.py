"""How time deposits are shown: alone, in lists, and on their certificate."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import deposits
from services.members.domain.deposits import Term
from services.members.models import Deposit, DepositTerm
from services.members.operations import papers
from services.members.store import deposits as store
from services.shared import clock
from services.shared.contracts import answers, files
from services.shared.contracts.members import deposits as contract
from services.shared.errors import InvariantViolated, NotFound
from services.shared.persistence.database import Database
from services.shared.presentation import formats, pdf

_COLUMNS: Final = (
    "id",
    "certificate_number",
    "member_id",
    "product_id",
    "savings_account",
    "source",
    "schedule",
    "rollover",
    "status",
    "journal_id",
)


def term_of(row: DepositTerm) -> Term:
    """A stored term, to compute with."""
    return Term(
        principal=row.principal,
        rate_bps=row.rate_bps,
        months=row.months,
        starts_on=row.starts_on,
    )


def answer(deposit: Deposit, term: DepositTerm) -> dict[str, Any]:
    """A deposit in one of its terms."""
    return answers.one(contract.Deposit(), _plain(deposit, term))


def get_deposit(
    database: Database, cooperative_id: str, deposit_id: str
) -> dict[str, Any]:
    """One deposit with its payouts, and what breaking it today would mean."""
    with database.tenant(cooperative_id) as session:
        deposit = store.find_deposit(session, deposit_id)
        if deposit is None:
            raise NotFound("There is no such deposit.")
        return details(session, deposit, clock.business_date())


def details(session: Session, deposit: Deposit, today: date) -> dict[str, Any]:
    """A deposit as `get_deposit` answers it."""
    row = store.find_term(session, deposit, deposit.term_number)
    earned = _earned(deposit, term_of(row), today)
    paid = store.paid_in_term(session, deposit.id, deposit.term_number)
    return answers.one(
        contract.DepositDetails(),
        _plain(deposit, row)
        | {
            "ended_on": deposit.ended_on,
            "accrued_interest": max(earned - paid, 0),
            "early_penalty": deposits.penalty(earned, deposit.penalty_bps),
            "payouts": store.list_payouts(session, deposit.id),
        },
    )


def list_deposits(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The deposits of the cooperative, or those of one member."""
    member_id, status = command["member_id"], command["status"]
    owner = f"deposits {cooperative_id} {member_id or ''} {status or ''}"
    limit = command["limit"]
    with database.tenant(cooperative_id) as session:
        if member_id and members_store.find_member(session, member_id) is None:
            raise NotFound("There is no such member.")
        rows = store.list_deposits(
            session,
            member_id=member_id,
            status=status,
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    terms = {placed.deposit.id: placed.term for placed in rows}
    found = [placed.deposit for placed in rows]
    shown, next_cursor = answers.cut(owner, found, limit=limit, key="id")
    items = [answer(deposit, terms[deposit.id]) for deposit in shown]
    return {"items": items, "next_cursor": next_cursor}


def get_certificate(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The certificate of the present term, as JSON or on paper.

    Raises NotFound before the money is placed.
    """
    with database.tenant(cooperative_id) as session:
        deposit = store.find_deposit(session, command["deposit_id"])
        if deposit is None or deposit.certificate_number is None:
            raise NotFound("There is no such certificate.")
        cooperative = members_store.find_cooperative(session, cooperative_id)
        if cooperative is None:
            raise InvariantViolated("a tenant sees its own cooperative")
        data = _certificate(session, deposit) | {"cooperative_name": cooperative.name}
    if command["format"] == files.JSON:
        return answers.one(contract.Certificate(), data)
    name = f"{deposit.certificate_number.replace('/', '-')}.pdf"
    paper = papers.certificate(cooperative, data)
    return files.file_of(name, pdf.MEDIA_TYPE, paper)


def _certificate(session: Session, deposit: Deposit) -> dict[str, Any]:
    term = store.find_term(session, deposit, deposit.term_number)
    member = members_store.find_member(session, deposit.member_id)
    product = store.find_product(session, deposit.product_id)
    if member is None or product is None:
        raise InvariantViolated("a deposit has a member and a product")
    return _plain(deposit, term) | {
        "number": deposit.certificate_number,
        "product_name": product.name,
        "member_number": member.number,
        "member_name": member.name,
        "terbilang": formats.terbilang(term.principal),
    }


def _plain(deposit: Deposit, term: DepositTerm) -> dict[str, Any]:
    columns = {name: getattr(deposit, name) for name in _COLUMNS}
    return columns | {
        "principal": term.principal,
        "rate_bps": term.rate_bps,
        "term_months": term.months,
        "term_number": term.number,
        "starts_on": term.starts_on,
        "matures_on": term.matures_on,
    }


def _earned(deposit: Deposit, term: Term, today: date) -> int:
    """What the term has earned; nothing more once the deposit has ended."""
    if deposit.status != deposits.ACTIVE:
        return 0
    return term.interest_until(today)
