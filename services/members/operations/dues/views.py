"""What is told of contributions: answers, lists and events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.members import store as members_store
from services.members.domain import dues, products
from services.members.domain.peers import Ledger
from services.members.models import Contribution
from services.members.operations.dues import accounts
from services.members.store import dues as store
from services.members.store import products as products_store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.members import dues as contract
from services.shared.errors import NotFound
from services.shared.persistence import outbox
from services.shared.persistence.database import Database


def missing_for_entry(
    session: Session, cooperative_id: str, member_id: str, day: date
) -> dict[str, int]:
    """What a candidate still has to pay to become a member, by kind, in whole rupiah.

    Simpanan pokok and the first month of simpanan wajib, as far as the cooperative
    asks for them on ``day``; empty when nothing is missing.
    """
    missing = {}
    for kind in products.KINDS:
        terms = products_store.terms(session, cooperative_id, kind)
        term = products.term_in_force(terms, dues.month_of(day))
        is_asked = term is not None and term.amount > 0
        if term and is_asked and not store.is_paid(session, member_id, kind):
            missing[kind] = term.amount
    return missing


def found(session: Session, contribution_id: str) -> Contribution:
    """One contribution of the tenant. Raises ContributionNotFound."""
    contribution = store.find_contribution(session, contribution_id)
    if contribution is None:
        raise contract.ContributionNotFound
    return contribution


def answers_of(
    session: Session, contributions: Sequence[Contribution]
) -> list[dict[str, Any]]:
    """Contributions as they are told, each with the months that it pays."""
    months = store.months_of(session, [one.id for one in contributions])
    schema = contract.Contribution()
    return [
        answers.one(
            schema,
            {
                "id": one.id,
                "member_id": one.member_id,
                "kind": one.kind,
                "amount": one.amount,
                "channel": one.channel,
                "reference": one.reference,
                "months": months[one.id],
                "state": one.state,
                "journal_id": one.journal_id,
                "business_date": one.business_date,
                "recorded_at": one.recorded_at,
            },
        )
        for one in contributions
    ]


def tell(session: Session, event: str, contribution: Contribution) -> None:
    """Let others know what became of a contribution."""
    outbox.add(
        session,
        event,
        contract.ContributionEvent().dump(
            {
                "cooperative_id": contribution.cooperative_id,
                "member_id": contribution.member_id,
                "contribution_id": contribution.id,
                "kind": contribution.kind,
                "amount": contribution.amount,
                "journal_id": contribution.journal_id,
            }
        ),
    )


def list_contributions(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The contributions of one member in the order they were paid."""
    member_id, limit = command["member_id"], command["limit"]
    owner = f"contributions {cooperative_id} {member_id}"
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        _require_member(session, member_id)
        rows = store.list_contributions(
            session, member_id, after=after, limit=limit + 1
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = answers_of(session, shown)
    return {"items": items, "next_cursor": next_cursor}


def get_dues(
    database: Database, ledger: Ledger, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What one member owes and has paid, month by month."""
    member_id, limit = command["member_id"], command["limit"]
    owner = f"dues {cooperative_id} {member_id}"
    before = answers.position(owner, command["cursor"])
    today = clock.business_date()
    with database.tenant(cooperative_id) as session:
        _require_member(session, member_id)
        terms = products_store.terms(session, cooperative_id, products.POKOK)
        is_paid = store.has_paid_principal(session, member_id)
        months, amount = store.arrears_of(session, member_id, today)
        rows = store.list_dues(
            session,
            member_id,
            before=date.fromisoformat(before) if before else None,
            limit=limit + 1,
        )
    term = products.term_in_force(terms, dues.month_of(today))
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="place")
    keys = {
        kind: accounts.account_key(cooperative_id, kind, member_id)
        for kind in products.KINDS
    }
    held = ledger.get_balances({"keys": list(keys.values())})
    return answers.one(
        contract.MemberDues(),
        {
            "member_id": member_id,
            "principal_amount": term.amount if term and term.amount else None,
            "principal_paid": is_paid,
            "principal_balance": _balance(held, keys[products.POKOK]),
            "mandatory_balance": _balance(held, keys[products.WAJIB]),
            "arrears_months": months,
            "arrears_amount": amount,
            "items": shown,
            "next_cursor": next_cursor,
        },
    )


def list_arrears(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """The members whose simpanan wajib is overdue on a day, by default today."""
    as_of = command["as_of"] or clock.business_date()
    limit, owner = command["limit"], f"arrears {cooperative_id} {as_of.isoformat()}"
    after = answers.position(owner, command["cursor"])
    with database.tenant(cooperative_id) as session:
        rows = store.list_arrears(session, as_of=as_of, after=after, limit=limit + 1)
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="member_id")
    return {
        "items": answers.many(contract.Arrears(), shown),
        "next_cursor": next_cursor,
    }


def _balance(held: dict[str, Any], key: str) -> int:
    return int(held[key]["balance"]) if key in held else 0


def _require_member(session: Session, member_id: str) -> None:
    if members_store.find_member(session, member_id) is None:
        raise NotFound("There is no such member.")
