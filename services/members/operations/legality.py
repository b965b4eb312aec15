"""What a cooperative proves of its standing, and what it uses beside its books."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.members import store as cooperative_store
from services.members.domain import cooperatives, registration
from services.members.domain import legality as domain
from services.members.models import Legality
from services.members.operations import audit
from services.members.store import registration as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.members import registration as contract
from services.shared.contracts.paging import InvalidCursor
from services.shared.errors import NotFound
from services.shared.identity import Actor
from services.shared.persistence.database import Database, retrying

LICENCES: Final = "licences"
PARTNERS: Final = "partner codes"
EXPIRING: Final = timedelta(days=90)
FIELDS: Final = tuple(contract.LegalityBody().fields)


@retrying
def put_legality(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Keep the legality data as it is from now on, and tell what stands against it.

    Raises RegistrationUnderReview while the operator looks at it, and KindIsFixed for
    another kind of a cooperative that takes part.
    """
    cooperative_id = actor.cooperative_id
    with database.tenant(cooperative_id) as session:
        store.hold_legality(session, cooperative_id)
        _check_open_to_change(session, cooperative_id, command["kind"])
        before = store.find_legality(session, cooperative_id)
        old = _plain(before) if before is not None else None
        columns = {name: command[name] for name in FIELDS}
        row = store.put_legality(
            session, cooperative_id, changed_at=clock.now(), **columns
        )
        audit.record(
            session,
            actor,
            "legality.changed",
            cooperative_id,
            before=old,
            after=_plain(row),
        )
        return _answer(row)


def get_legality(database: Database, cooperative_id: str) -> dict[str, Any]:
    """The legality data of the caller's cooperative with what stands against it."""
    with database.tenant(cooperative_id) as session:
        found = shown(session, cooperative_id)
    if found is None:
        raise NotFound("No legality data has been entered yet.")
    return found


def shown(session: Session, cooperative_id: str) -> dict[str, Any] | None:
    """The legality data of one cooperative; None when there is none."""
    row = store.find_legality(session, cooperative_id)
    return None if row is None else _answer(row)


def require_complete(session: Session, cooperative_id: str) -> domain.Legality:
    """The legality data, against which nothing stands. Raises LegalityIncomplete."""
    row = store.find_legality(session, cooperative_id)
    if row is None:
        raise contract.LegalityIncomplete(
            None,
            {
                "errors": [
                    {
                        "field": "",
                        "code": "missing",
                        "detail": "No legality data has been entered yet.",
                    }
                ]
            },
        )
    given = _given(row)
    found = domain.findings(given, clock.business_date())
    if found:
        raise contract.LegalityIncomplete(None, {"errors": _findings(found)})
    return given


def list_licences(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """Licences that end soon or have ended, of cooperatives that take part."""
    limit = command["limit"]
    before = command["expires_before"] or clock.business_date() + EXPIRING
    owner = f"{LICENCES} {before.isoformat()}"
    with database.hub() as session:
        rows = store.list_licences(
            session,
            before=before,
            after=_licence_position(answers.position(owner, command["cursor"])),
            limit=limit + 1,
        )
    page, next_cursor = answers.cut(owner, rows, limit=limit, key="position")
    return {
        "items": answers.many(contract.Licence(), page),
        "next_cursor": next_cursor,
    }


@retrying
def put_modules(database: Database, actor: Actor, modules: list[str]) -> dict[str, Any]:
    """Note what the cooperative uses beside its books (R27)."""
    chosen: list[str] = [one for one in cooperatives.MODULES if one in set(modules)]
    with database.tenant(actor.cooperative_id) as session:
        before = store.find_modules(session, actor.cooperative_id)
        old = {"modules": list(before.modules)} if before is not None else None
        row = store.put_modules(session, actor.cooperative_id, chosen, clock.now())
        audit.record(
            session,
            actor,
            "modules.changed",
            actor.cooperative_id,
            before=old,
            after={"modules": chosen},
        )
        return answers.one(contract.Modules(), row)


def get_modules(database: Database, cooperative_id: str) -> dict[str, Any]:
    """What the cooperative uses beside its books; nothing until it says so."""
    with database.tenant(cooperative_id) as session:
        row = store.find_modules(session, cooperative_id)
    return answers.one(contract.Modules(), row or {"modules": [], "changed_at": None})


@retrying
def put_partner_code(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """Let a partner's code be known, by this name (R20)."""
    with database.hub() as session:
        row = store.put_partner_code(session, command["code"].upper(), command["name"])
        after = {"name": row.name}
        audit.record(session, actor, "partner_code.changed", row.code, after=after)
        return answers.one(contract.PartnerCode(), row)


def list_partner_codes(database: Database, command: dict[str, Any]) -> dict[str, Any]:
    """The codes that the hub knows."""
    limit = command["limit"]
    with database.hub() as session:
        rows = store.list_partner_codes(
            session,
            after=answers.position(PARTNERS, command["cursor"]),
            limit=limit + 1,
        )
    page, next_cursor = answers.cut(PARTNERS, rows, limit=limit, key="code")
    return {
        "items": answers.many(contract.PartnerCode(), page),
        "next_cursor": next_cursor,
    }


def _check_open_to_change(session: Session, cooperative_id: str, kind: str) -> None:
    own = store.find_of_cooperative(session, cooperative_id)
    if own is not None and own.status == registration.SUBMITTED:
        raise contract.RegistrationUnderReview
    cooperative = cooperative_store.find_cooperative(session, cooperative_id)
    if cooperative is None:
        raise NotFound("There is no such cooperative.")
    if cooperative.status != cooperatives.REGISTERED and cooperative.kind != kind:
        raise contract.KindIsFixed


def _given(row: Legality) -> domain.Legality:
    return domain.Legality(**{name: getattr(row, name) for name in FIELDS})


def _plain(row: Legality) -> dict[str, Any]:
    return answers.one(contract.LegalityBody(), row)


def _answer(row: Legality) -> dict[str, Any]:
    found = domain.findings(_given(row), clock.business_date())
    return answers.one(
        contract.Legality(),
        {name: getattr(row, name) for name in (*FIELDS, "changed_at")}
        | {"findings": _findings(found)},
    )


def _findings(found: list[domain.Finding]) -> list[dict[str, str]]:
    return [
        {"field": one.field, "code": one.code, "detail": one.detail} for one in found
    ]


def _licence_position(position: str | None) -> tuple[date, str] | None:
    if position is None:
        return None
    day, _, cooperative_id = position.partition(" ")
    try:
        return date.fromisoformat(day), cooperative_id
    except ValueError as error:
        raise InvalidCursor from error
