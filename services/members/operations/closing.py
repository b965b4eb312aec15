"""How a cooperative asks to leave, and how that is verified and decided (R16-R19).

What stands against it is asked of those who know: the ledger, the clearing and
insurance. Whoever cannot be asked stops the decision; silence is no consent.
What follows the approval is in `departure.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as cooperative_store
from services.members.domain import closing as domain
from services.members.domain import cooperatives
from services.members.domain.closing import Others, Standing
from services.members.models import Closing, Cooperative
from services.members.operations import audit, lookup, notifications
from services.members.operations import cooperatives as register
from services.members.store import closing as store
from services.shared import calendar, clock, crypto, identifiers
from services.shared.contracts import answers
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import closing as contract
from services.shared.contracts.transfers import ParticipantNotFound
from services.shared.errors import (
    InvariantViolated,
    NotFound,
    OutcomeUnknownError,
    UnavailableError,
)
from services.shared.identity import Actor, Identity
from services.shared.persistence import idempotency, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.presentation import formats
from services.shared.settings import Settings

CONTACT: Final = "members contacts"
FREE: Final[dict[str, Any]] = {
    "position": 0,
    "pending": 0,
    "liquidity": 0,
    "unfinished_transfers": 0,
    "unsettled_windows": 0,
}
"""How a cooperative stands that clearing has never heard of."""


def get_blockers(
    database: Database, others: Others, cooperative_id: str
) -> dict[str, Any]:
    """Everything that stands against a closing of the caller's cooperative."""
    found = domain.blockers(_standing(_facts(database, others, cooperative_id)))
    return {"items": [_blocker(one) for one in found]}


@retrying
def request_closing(
    database: Database,
    settings: Settings,
    others: Others,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Ask to leave. Raises ClosingBlocked with everything that stands against it.

    Also raises ClosingUnderWay, CooperativeNotActive and InsuranceUnavailable.
    """
    cooperative_id = actor.cooperative_id
    _refuse_blocked(_facts(database, others, cooperative_id))

    def request() -> dict[str, Any]:
        _check_may_ask(session, cooperative_id)
        closing = _requested(session, settings, actor, command)
        payload = contract.ClosingEvent().dump(
            {
                "closing_id": closing.id,
                "cooperative_id": cooperative_id,
                "due_on": closing.due_on,
            }
        )
        outbox.add(session, contract.CLOSING_REQUESTED, payload)
        tell_contact(session, settings, closing, "closing_requested")
        audit.record(session, actor, "closing.requested", closing.id)
        return answer(settings, closing)

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(cooperative_id, command["idempotency"]),
            operation=request,
        )


@retrying
def withdraw_closing(
    database: Database, settings: Settings, actor: Actor, closing_id: str
) -> dict[str, Any]:
    """The cooperative stays after all; again changes nothing. Raises ClosingNotOpen."""
    with database.hub() as session:
        closing = _own(store.lock_closing(session, closing_id), actor.cooperative_id)
        if closing.state != domain.WITHDRAWN:
            move(closing, domain.WITHDRAWN)
            session.flush()
            audit.record(session, actor, "closing.withdrawn", closing.id)
        return answer(settings, closing)


def verify_closing(
    database: Database,
    settings: Settings,
    others: Others,
    actor: Actor,
    closing_id: str,
) -> dict[str, Any]:
    """Keep what is found as the verification document (R18, R19).

    May be done again, which makes a new document. Raises ClosingBlocked,
    ClosingNotOpen and InsuranceUnavailable.
    """
    with database.hub() as session:
        closing = _found(store.find_closing(session, closing_id))
    facts = _facts(database, others, closing.cooperative_id)
    _refuse_blocked(facts)
    return _verified(database, settings, facts, actor, closing_id)


def approve_closing(
    database: Database,
    settings: Settings,
    others: Others,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Let the closing go on; nobody of the cooperative signs in from now on.

    Raises DocumentOutdated for another document than the last, or when the books have
    moved since, and ClosingBlocked.
    """
    with database.hub() as session:
        closing = _found(store.find_closing(session, command["closing_id"]))
    facts = _facts(database, others, closing.cooperative_id)
    _refuse_blocked(facts)
    return _approved(database, settings, facts, actor, command)


@retrying
def reject_closing(
    database: Database, settings: Settings, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Let the closing not go on, also one that was approved but not begun.

    The cooperative takes part again; its clearing is reactivated by the operator.
    Raises ClosingNotOpen.
    """
    with database.hub() as session:
        closing = _found(store.lock_closing(session, command["closing_id"]))
        if closing.state == domain.REJECTED:
            return answer(settings, closing)
        if closing.state == domain.APPROVED:
            _readmit(session, closing.cooperative_id)
        move(closing, domain.REJECTED)
        _decide(closing, actor, command["reason"])
        session.flush()
        tell_contact(session, settings, closing, "closing_rejected")
        own = replace(actor, cooperative_id=closing.cooperative_id)
        audit.record(session, own, "closing.rejected", closing.id)
        return answer(settings, closing)


def get_closing(
    database: Database, settings: Settings, reader: Identity, closing_id: str
) -> dict[str, Any]:
    """One closing: any of them for the operator, for a cooperative its own."""
    return answer(settings, visible(database, reader, closing_id))


def list_closings(
    database: Database, settings: Settings, reader: Identity, command: dict[str, Any]
) -> dict[str, Any]:
    """Closings, oldest first: the operator sees all, a cooperative its own."""
    cooperative_id, limit = reader.cooperative_id, command["limit"]
    owner = f"closings {cooperative_id}"
    view = database.hub() if reader.is_operator else database.tenant(cooperative_id)
    with view as session:
        rows = store.list_closings(
            session,
            state=command["state"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
    return {
        "items": [answer(settings, row) for row in shown],
        "next_cursor": next_cursor,
    }


def visible(database: Database, reader: Identity, closing_id: str) -> Closing:
    """A closing that the reader may see. Raises NotFound."""
    is_operator = reader.is_operator
    view = database.hub() if is_operator else database.tenant(reader.cooperative_id)
    with view as session:
        return _found(store.find_closing(session, closing_id))


def move(closing: Closing, state: str) -> None:
    """Take a locked closing to another state. Raises ClosingNotOpen."""
    if not domain.may_follow(closing.state, state):
        raise contract.ClosingNotOpen
    closing.state = state


def tell_contact(
    session: Session,
    settings: Settings,
    closing: Closing,
    template: str,
    **values: Any,
) -> None:
    """Let the cooperative know by e-mail, as long as its address is kept."""
    contact = _contact(session, settings, closing)
    cooperative = cooperative_store.find_cooperative(session, closing.cooperative_id)
    if contact is None or cooperative is None:
        return
    notifications.notify(
        session,
        settings,
        closing.cooperative_id,
        notifications.Message(
            template=template,
            recipient=contact,
            values={
                "name": cooperative.name,
                "closing": closing.id,
                "due_on": formats.date_long(closing.due_on),
                "reason": closing.decision_reason or "",
                "sha512": closing.document_sha512 or "",
            }
            | values,
        ),
    )


def answer(settings: Settings, closing: Closing) -> dict[str, Any]:
    """A closing as it is answered, with the working days that are left."""
    columns = {
        name: getattr(closing, name)
        for name in contract.Closing().fields
        if name != "working_days_left"
    }
    left = calendar.working_days_until(
        clock.business_date(),
        closing.due_on,
        collective_leave_is_worked=_is_leave_worked(settings),
    )
    return answers.one(contract.Closing(), columns | {"working_days_left": left})


def _facts(database: Database, others: Others, cooperative_id: str) -> dict[str, Any]:
    """What is known of the cooperative here and elsewhere. Raises what others raise."""
    trial_balance = others.books(cooperative_id).get_trial_balance({})
    try:
        leaving = others.clearing.check_leaving({"cooperative_id": cooperative_id})
    except ParticipantNotFound:
        leaving = FREE
    with database.tenant(cooperative_id) as session:
        unfinished = store.count_unfinished(session)
        counts = {
            "member_count": store.count_members(session),
            "account_count": store.count_accounts(session),
        }
    return {
        "trial_balance": trial_balance["accounts"],
        "leaving": leaving,
        "unfinished": unfinished,
        "counts": counts,
        "policies": _running_policies(others, cooperative_id),
    }


def _running_policies(others: Others, cooperative_id: str) -> int:
    """How many policies run (R17). Raises InsuranceUnavailable."""
    try:
        found = others.insurance.has_running_policies(
            {"cooperative_id": cooperative_id}
        )
    except (UnavailableError, OutcomeUnknownError) as error:
        raise insurance_contract.InsuranceUnavailable from error
    return int(found["count"])


def _standing(facts: dict[str, Any]) -> Standing:
    leaving = facts["leaving"]
    return Standing(
        balances={
            line["code"]: line["credit"] - line["debit"]
            for line in facts["trial_balance"]
        },
        position=leaving["position"],
        reserved=leaving["pending"],
        unfinished_transfers=leaving["unfinished_transfers"],
        unsettled_windows=leaving["unsettled_windows"],
        has_running_policies=facts["policies"] > 0,
        unfinished=facts["unfinished"],
    )


def refuse_unpaid(database: Database, others: Others, cooperative_id: str) -> None:
    """Raises ClosingBlocked for what came up after the approval, clearing aside.

    What clearing still holds it is asked when the cooperative leaves it.
    """
    facts = _facts(database, others, cooperative_id)
    _refuse_blocked(facts | {"leaving": FREE})


def _refuse_blocked(facts: dict[str, Any]) -> None:
    found = domain.blockers(_standing(facts))
    if found:
        raise contract.ClosingBlocked(
            None, {"errors": [_blocker(one) for one in found]}
        )


def _blocker(one: domain.Blocker) -> dict[str, str]:
    return {"field": one.field, "code": one.code, "detail": one.detail}


def _check_may_ask(session: Session, cooperative_id: str) -> None:
    # The row is held, so that two requests at once make one closing.
    cooperative = cooperative_store.lock_cooperative(session, cooperative_id)
    if cooperative is None or cooperative.status != cooperatives.ACTIVE:
        raise members_contract.CooperativeNotActive
    if store.find_under_way(session, cooperative_id) is not None:
        raise contract.ClosingUnderWay


def _requested(
    session: Session, settings: Settings, actor: Actor, command: dict[str, Any]
) -> Closing:
    now, closing_id = clock.now(), identifiers.new("cls")
    contact = json.dumps({"email": command["contact_email"]})
    cipher = crypto.FieldCipher(lookup.key(session, settings, CONTACT))
    return store.add_closing(
        session,
        id=closing_id,
        cooperative_id=actor.cooperative_id,
        reason=command["reason"],
        contact=cipher.encrypt(contact.encode(), _contact_place(closing_id)),
        requested_by=actor.subject,
        requested_at=now,
        due_on=calendar.after_working_days(
            clock.business_date(now),
            domain.WORKING_DAYS,
            collective_leave_is_worked=_is_leave_worked(settings),
        ),
        attempted_at=now,
    )


@retrying
def _verified(
    database: Database,
    settings: Settings,
    facts: dict[str, Any],
    actor: Actor,
    closing_id: str,
) -> dict[str, Any]:
    with database.hub() as session:
        closing = _found(store.lock_closing(session, closing_id))
        cooperative = _cooperative(session, closing.cooperative_id)
        move(closing, domain.VERIFIED)
        closing.verified_at, closing.verified_by = clock.now(), actor.subject
        text = domain.canonical(_snapshot(closing, cooperative, facts))
        closing.document = text
        closing.document_sha512 = hashlib.sha512(text.encode()).hexdigest()
        session.flush()
        tell_contact(session, settings, closing, "closing_verified")
        own = replace(actor, cooperative_id=closing.cooperative_id)
        after = {"document_sha512": closing.document_sha512}
        audit.record(session, own, "closing.verified", closing.id, after=after)
        return answer(settings, closing)


def _snapshot(
    closing: Closing, cooperative: Cooperative, facts: dict[str, Any]
) -> dict[str, Any]:
    """What the verification document says, as JSON primitives."""
    if closing.verified_at is None:
        raise InvariantViolated(f"{closing.id} has not been verified")
    return {
        "number": domain.document_number(
            cooperative.code, clock.business_date(closing.verified_at)
        ),
        "closing_id": closing.id,
        "cooperative_id": cooperative.id,
        "cooperative_code": cooperative.code,
        "cooperative_name": cooperative.name,
        "reason": closing.reason,
        "requested_at": closing.requested_at.isoformat(),
        "due_on": closing.due_on.isoformat(),
        "verified_at": closing.verified_at.isoformat(),
        "verified_by": closing.verified_by,
        "position": facts["leaving"]["position"],
        "liquidity": facts["leaving"]["liquidity"],
        "trial_balance": facts["trial_balance"],
        **facts["counts"],
    }


@retrying
def _approved(
    database: Database,
    settings: Settings,
    facts: dict[str, Any],
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    with database.hub() as session:
        closing = _found(store.lock_closing(session, command["closing_id"]))
        is_this = closing.document_sha512 == command["document_sha512"]
        if closing.state in domain.STEPS and is_this:
            return answer(settings, closing)
        if closing.document is None or not is_this:
            raise contract.DocumentOutdated
        if json.loads(closing.document)["trial_balance"] != facts["trial_balance"]:
            raise contract.DocumentOutdated
        cooperative = _cooperative(session, closing.cooperative_id)
        move(closing, domain.APPROVED)
        _decide(closing, actor, None)
        cooperative.status = cooperatives.CLOSING
        session.flush()
        register.tell(session, members_contract.COOPERATIVE_DEACTIVATED, cooperative)
        own = replace(actor, cooperative_id=closing.cooperative_id)
        audit.record(session, own, "closing.approved", closing.id)
        return answer(settings, closing)


def _readmit(session: Session, cooperative_id: str) -> None:
    cooperative = _cooperative(session, cooperative_id)
    cooperative.status = cooperatives.ACTIVE
    register.tell(session, members_contract.COOPERATIVE_ACTIVATED, cooperative)


def _decide(closing: Closing, actor: Actor, reason: str | None) -> None:
    closing.decided_by, closing.decided_at = actor.subject, clock.now()
    closing.decision_reason = reason
    closing.attempted_at = closing.decided_at
    closing.fault = None


def _contact(session: Session, settings: Settings, closing: Closing) -> str | None:
    if closing.contact is None:
        return None
    cipher = crypto.FieldCipher(lookup.key(session, settings, CONTACT))
    plain = cipher.decrypt(closing.contact, _contact_place(closing.id))
    return str(json.loads(plain)["email"])


def _contact_place(closing_id: str) -> bytes:
    return f"closings.contact:{closing_id}".encode()


def _is_leave_worked(settings: Settings) -> bool:
    return settings.collective_leave == "working"


def _cooperative(session: Session, cooperative_id: str) -> Cooperative:
    cooperative = cooperative_store.lock_cooperative(session, cooperative_id)
    if cooperative is None:
        raise InvariantViolated(f"{cooperative_id} is closing but does not exist")
    return cooperative


def _own(closing: Closing | None, cooperative_id: str) -> Closing:
    if closing is None or closing.cooperative_id != cooperative_id:
        raise NotFound("There is no such closing.")
    return closing


def _found(closing: Closing | None) -> Closing:
    if closing is None:
        raise NotFound("There is no such closing.")
    return closing
