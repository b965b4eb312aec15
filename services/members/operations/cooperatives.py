"""How cooperatives join the hub and leave it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store
from services.members.domain import cooperatives, registration
from services.members.domain.peers import Ledger
from services.members.models import Cooperative
from services.members.operations import audit
from services.members.store import registration as registrations
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import members as contract
from services.shared.contracts.members.closing import CooperativeClosed
from services.shared.contracts.members.registration import RegistrationUndecided
from services.shared.errors import NotFound
from services.shared.identity import HUB, Actor, Identity
from services.shared.persistence import idempotency, keyring, outbox
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.shared.settings import Settings

LIST: Final = "cooperatives"


@retrying
def register_cooperative(
    database: Database,
    settings: Settings,
    command: dict[str, Any],
    actor: Actor = audit.UNATTENDED,
) -> dict[str, Any]:
    """A new cooperative with the key for its members' personal data.

    Raises CooperativeCodeTaken.
    """

    def register() -> dict[str, Any]:
        cooperative = store.add_cooperative(
            session,
            id=identifiers.new("coop"),
            code=command["code"],
            name=command["name"],
            kind=command["kind"],
            registered_at=clock.now(),
        )
        if cooperative is None:
            raise contract.CooperativeCodeTaken
        keyring.make_key(session, settings, contract.SERVICE, cooperative.id)
        tell(session, contract.COOPERATIVE_REGISTERED, cooperative)
        _record(session, actor, "cooperative.registered", cooperative)
        return answers.one(contract.Cooperative(), cooperative)

    with database.hub() as session:
        return idempotency.run_once(
            session,
            scope=IdempotencyScope.of(HUB, command["idempotency"]),
            operation=register,
        )


def activate_cooperative(
    database: Database,
    ledger: Ledger,
    command: dict[str, Any],
    actor: Actor = audit.UNATTENDED,
) -> dict[str, Any]:
    """The cooperative takes part from now on; again changes nothing.

    Its book is opened first: should the rest fail, a book that nobody uses is
    harmless, and the next attempt finds it open.
    """
    cooperative_id = command["cooperative_id"]
    with database.hub() as session:
        _found(store.find_cooperative(session, cooperative_id))
    ledger.open_book({"cooperative_id": cooperative_id})
    with database.hub() as session:
        cooperative = _found(store.lock_cooperative(session, cooperative_id))
        registered = registrations.find_of_cooperative(session, cooperative_id)
        # Whoever registered by itself is let in by the decision on its legality (R3).
        if registered is not None and registered.status != registration.APPROVED:
            raise RegistrationUndecided
        if make_active(session, cooperative):
            _record(session, actor, "cooperative.activated", cooperative)
        return answers.one(contract.Cooperative(), cooperative)


def make_active(session: Session, cooperative: Cooperative) -> bool:
    """Let a locked cooperative take part, in the caller's transaction; is that new?

    Raises CooperativeClosed for one that leaves or has left.
    """
    if not cooperatives.may_be_activated(cooperative.status):
        raise CooperativeClosed
    if cooperative.status == cooperatives.ACTIVE:
        return False
    cooperative.status = cooperatives.ACTIVE
    cooperative.activated_at = cooperative.activated_at or clock.now()
    tell(session, contract.COOPERATIVE_ACTIVATED, cooperative)
    return True


@retrying
def deactivate_cooperative(
    database: Database,
    command: dict[str, Any],
    actor: Actor = audit.UNATTENDED,
) -> dict[str, Any]:
    """The cooperative's clients get no more tokens; again changes nothing."""
    with database.hub() as session:
        cooperative = _found(store.lock_cooperative(session, command["cooperative_id"]))
        if not cooperatives.may_be_activated(cooperative.status):
            raise CooperativeClosed
        if cooperative.status != cooperatives.DEACTIVATED:
            cooperative.status = cooperatives.DEACTIVATED
            tell(session, contract.COOPERATIVE_DEACTIVATED, cooperative)
            _record(session, actor, "cooperative.deactivated", cooperative)
        return answers.one(contract.Cooperative(), cooperative)


def get_cooperative(
    database: Database, caller: Identity, cooperative_id: str
) -> dict[str, Any]:
    """One cooperative: any of them for the operator, for a tenant its own."""
    is_operator = caller.is_operator
    view = database.hub() if is_operator else database.tenant(caller.cooperative_id)
    with view as session:
        return answers.one(
            contract.Cooperative(),
            _found(store.find_cooperative(session, cooperative_id)),
        )


def list_cooperatives(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The cooperatives of the hub in the order of their codes."""
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_cooperatives(
            session,
            status=command["status"],
            after=answers.position(LIST, command["cursor"]),
            limit=limit + 1,
        )
    shown, next_cursor = answers.cut(LIST, rows, limit=limit, key="code")
    return {
        "items": answers.many(contract.Cooperative(), shown),
        "next_cursor": next_cursor,
    }


def _record(
    session: Session, actor: Actor, action: str, cooperative: Cooperative
) -> None:
    """Write it into the trail of the cooperative, whoever of the hub did it."""
    session.flush()
    own = replace(actor, cooperative_id=cooperative.id)
    audit.record(
        session, own, action, cooperative.id, after={"status": cooperative.status}
    )


def _found(cooperative: Cooperative | None) -> Cooperative:
    if cooperative is None:
        raise NotFound("There is no such cooperative.")
    return cooperative


def tell(session: Session, event: str, cooperative: Cooperative) -> None:
    """Let other services know what happened to a cooperative."""
    outbox.add(
        session,
        event,
        contract.CooperativeEvent().dump(
            {
                "cooperative_id": cooperative.id,
                "code": cooperative.code,
                "name": cooperative.name,
                "kind": cooperative.kind,
            }
        ),
    )
