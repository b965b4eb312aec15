"""What borrowers are told of their loans, by e-mail where one is known."""

from __future__ import annotations

from typing import Any, Final

from services.members import store
from services.members.operations import notifications, personal_data
from services.members.operations.notifications import Message
from services.shared.contracts.loans.autodebits import AutodebitEvent
from services.shared.contracts.loans.reminders import InstalmentEvent
from services.shared.persistence import inbox
from services.shared.persistence.database import Database, retrying
from services.shared.presentation import formats
from services.shared.settings import Settings

CONSUMER: Final = "members.loan_notices"

DUE: Final = "instalment_due"
OVERDUE: Final = "instalment_overdue"
AUTODEBIT_FAILED: Final = "autodebit_failed"


@retrying
def tell(
    database: Database,
    settings: Settings,
    template: str,
    event_id: str,
    payload: dict[str, Any],
) -> None:
    """Write to a borrower, once per event."""
    if template == AUTODEBIT_FAILED:
        told = AutodebitEvent().load(payload)
        values = {"missing": told["missing"], "on": formats.date_long(told["on"])}
    else:
        told = InstalmentEvent().load(payload)
        values = {
            "instalment": told["instalment"],
            "due_on": formats.date_long(told["due_on"]),
            "days": told["days"],
            "amount": told["amount"],
            "penalty": told["penalty"],
        }
    cooperative_id = told["cooperative_id"]
    with database.tenant(cooperative_id) as session:
        if not inbox.first_time(session, CONSUMER, event_id):
            return
        member = store.find_member(session, told["member_id"])
        cooperative = store.find_cooperative(session, cooperative_id)
        if member is None or cooperative is None or member.personal_data is None:
            return
        data = personal_data.decrypt(
            session, settings, cooperative_id, member.id, member.personal_data
        )
        if not data["email"]:
            return
        values |= {
            "name": member.name,
            "cooperative": cooperative.name,
            "number": told["number"],
        }
        message = Message(template=template, recipient=data["email"], values=values)
        notifications.notify(session, settings, cooperative_id, message)
