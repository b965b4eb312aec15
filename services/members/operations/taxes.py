"""The tax on members' interest, by the month's total of each member (PP 15/2009)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from services.members.domain import taxes
from services.members.store import interest as store
from services.members.store.interest import Totals
from services.shared import clock
from services.shared.persistence import numbering

PREFIX: Final = "BP"
"""Of the numbers of withholding slips: bukti potong."""


def withhold(
    session: Session, cooperative_id: str, member_id: str, month: date, gross: int
) -> int:
    """What to take of an interest payment to one member, in whole rupiah.

    Call it once per payment, in the transaction that remembers the payment. ``month``
    is any day of the calendar month in which it is paid.
    """
    each = withhold_each(session, cooperative_id, month, {member_id: gross})
    return each[member_id]


def withhold_each(
    session: Session, cooperative_id: str, month: date, grosses: Mapping[str, int]
) -> dict[str, int]:
    """As `withhold`, for many members at once: what to take, by member.

    A member's first payment of the month makes the slip, also when nothing is taken
    (PMK 112/2010). Whoever adds to the same month waits until the commit.
    """
    first = month.replace(day=1)
    store.lock_month(session, cooperative_id, first)
    before = store.totals(session, first, grosses)
    taken: dict[str, int] = {}
    after: list[Totals] = []
    for member_id, gross in sorted(grosses.items()):
        was = before.get(member_id)
        taken[member_id] = taxes.to_withhold(
            gross_before=was.gross if was else 0,
            withheld_before=was.withheld if was else 0,
            gross=gross,
        )
        after.append(_added(member_id, was, gross, taken[member_id]))
    _write(session, cooperative_id, first, before, after)
    return taken


def give_back(
    session: Session,
    cooperative_id: str,
    month: date,
    payments: Mapping[str, tuple[int, int]],
) -> None:
    """Forget payments that were not made: gross and withheld, by member."""
    first = month.replace(day=1)
    store.lock_month(session, cooperative_id, first)
    before = store.totals(session, first, payments)
    after = [
        _added(member_id, before[member_id], -gross, -withheld)
        for member_id, (gross, withheld) in sorted(payments.items())
    ]
    store.write_totals(session, first, after, clock.now())


def _added(member_id: str, was: Totals | None, gross: int, withheld: int) -> Totals:
    total = (was.gross if was else 0) + gross
    return Totals(
        member_id=member_id,
        gross=total,
        tax=taxes.tax_of(total),
        withheld=(was.withheld if was else 0) + withheld,
    )


def _write(
    session: Session,
    cooperative_id: str,
    month: date,
    before: Mapping[str, Totals],
    after: list[Totals],
) -> None:
    now = clock.now()
    known = [one for one in after if one.member_id in before]
    made = [one for one in after if one.member_id not in before]
    if known:
        store.write_totals(session, month, known, now)
    if made:
        numbers = numbering.next_documents(
            session, cooperative_id, PREFIX, month, len(made)
        )
        rows = [
            _row(cooperative_id, month, number, one, now)
            for number, one in zip(numbers, made, strict=True)
        ]
        store.add_withholdings(session, rows)


def _row(
    cooperative_id: str, month: date, number: str, one: Totals, now: datetime
) -> dict[str, object]:
    return {
        "cooperative_id": cooperative_id,
        "member_id": one.member_id,
        "month": month,
        "number": number,
        "gross": one.gross,
        "tax": one.tax,
        "withheld": one.withheld,
        "updated_at": now,
    }
