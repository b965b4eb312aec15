"""Which jobs make the dues of a month, and tell members of them.

Both run every day. The first makes what is missing, so that a day without a run costs
nothing; the second tells of each month once before and once after it is due, which is
written down with the message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members.domain import dues, products
from services.members.domain.dues import Owed
from services.members.models import Member
from services.members.operations import notifications, personal_data
from services.members.operations.job_context import Job, JobContext
from services.members.operations.notifications import Message
from services.members.store import cooperatives as cooperatives_store
from services.members.store import dues as store
from services.members.store import products as products_store
from services.members.store.dues import Told
from services.shared.contracts.members import dues as contract
from services.shared.errors import InvariantViolated
from services.shared.persistence import outbox
from services.shared.persistence.jobs import Step
from services.shared.presentation import formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A way of telling members of dues: the event, and the template of the e-mail."""

    event: str
    template: str


SOON: Final = Notice(event=contract.DUES_REMINDED, template="dues_reminder")
OVERDUE: Final = Notice(event=contract.DUES_OVERDUE, template="dues_overdue")


def make_dues(context: JobContext, position: str | None) -> Step:
    """Make the dues that the next members lack; the position is the last one's id."""
    with context.database.tenant(context.cooperative_id) as session:
        owed = _owed_through(session, context)
        members = store.active_members(session, position) if owed else []
        if not members:
            return Step()
        made = store.add_missing(session, members, owed)
    return Step(position=members[-1], done=made)


def remind(context: JobContext, position: str | None) -> Step:
    """Tell the next members of what is due soon, or overdue, and was not told."""
    today = context.business_date
    until = today + timedelta(days=dues.DAYS_BEFORE)
    with context.database.tenant(context.cooperative_id) as session:
        members = store.active_members(session, position)
        if not members:
            return Step()
        soon = store.remind(session, members, today=today, until=until)
        late = store.tell_overdue(session, members, today)
        debts = store.arrears_by_member(
            session, sorted({one.member_id for one in late}), today
        )
        told = _tell(session, context, SOON, soon)
        told += _tell(session, context, OVERDUE, list(debts.values()))
    return Step(position=members[-1], done=told)


def _every_day(_day: date) -> bool:
    return True


DUES: Final = Job(name="dues", is_due=_every_day, run=make_dues)
REMINDERS: Final = Job(name="dues_reminders", is_due=_every_day, run=remind)


def _owed_through(session: Session, context: JobContext) -> list[Owed]:
    """What a member owes for each month up to the present one, a year at most."""
    terms = products_store.terms(session, context.cooperative_id, products.WAJIB)
    if not terms:
        return []
    month = dues.month_of(context.business_date)
    first = max(terms[0].valid_from, month.replace(year=month.year - 1))
    months = list(dues.months(first, month))[-dues.MONTHS_IN_ARREARS_MAX :]
    found = (dues.owed(terms, one) for one in months)
    return [one for one in found if one is not None]


def _tell(
    session: Session, context: JobContext, notice: Notice, told: Sequence[Told]
) -> int:
    """Let the world know, and those members who gave an e-mail address."""
    if not told:
        return 0
    cooperative = cooperatives_store.find_cooperative(session, context.cooperative_id)
    if cooperative is None:
        raise InvariantViolated(f"{context.cooperative_id} has gone")
    ids = [one.member_id for one in told]
    members = {member.id: member for member in store.find_members(session, ids)}
    for one in told:
        outbox.add(session, notice.event, _payload(context, one))
        values = _values(cooperative.name, members[one.member_id], one)
        _write(session, context, notice, members[one.member_id], values)
    return len(told)


def _write(
    session: Session,
    context: JobContext,
    notice: Notice,
    member: Member,
    values: dict[str, Any],
) -> None:
    known = personal_data.decrypt(
        session,
        context.settings,
        context.cooperative_id,
        member.id,
        member.personal_data,
    )
    if known["email"]:
        notifications.notify(
            session,
            context.settings,
            context.cooperative_id,
            Message(template=notice.template, recipient=known["email"], values=values),
        )


def _values(cooperative: str, member: Member, told: Told) -> dict[str, Any]:
    return {
        "cooperative": cooperative,
        "name": member.name,
        "amount": told.amount,
        "months": told.months,
        "due_on": formats.date_long(told.due_on),
    }


def _payload(context: JobContext, told: Told) -> dict[str, Any]:
    payload: dict[str, Any] = contract.DuesEvent().dump(
        {
            "cooperative_id": context.cooperative_id,
            "member_id": told.member_id,
            "amount": told.amount,
            "months": told.months,
            "due_on": told.due_on,
        }
    )
    return payload
