"""Cooperation agreements: the precondition of every payment between cooperatives."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.shared import clock, identifiers
from services.shared.contracts import transfers as contract
from services.shared.errors import NotFound
from services.shared.identity import HUB, Identity
from services.shared.persistence import idempotency
from services.shared.persistence.database import Database, retrying
from services.shared.persistence.idempotency import IdempotencyScope
from services.transfers import models
from services.transfers.domain import agreements
from services.transfers.domain.peers import Members
from services.transfers.operations import answers, participants
from services.transfers.store import agreements as store


def create_agreement(
    database: Database, members: Members, command: dict[str, Any]
) -> dict[str, Any]:
    """Register an agreement. Raises AgreementOverlaps, ParticipantNotFound."""
    for cooperative_id in command["cooperatives"]:
        participants.ensure_participant(database, members, cooperative_id)
    scope = IdempotencyScope.of(HUB, command.get("idempotency"))
    try:
        return _create(database, command, scope)
    except IntegrityError as fault:
        # Two operators at the same moment: PostgreSQL saw what neither could.
        if "ex_agreements_overlap" in str(fault.orig):
            raise contract.AgreementOverlaps from fault
        raise


@retrying
def _create(
    database: Database, command: dict[str, Any], scope: IdempotencyScope | None
) -> dict[str, Any]:
    with database.hub() as session:
        return idempotency.run_once(
            session, scope=scope, operation=lambda: _insert(session, command)
        )


def _insert(session: Session, command: dict[str, Any]) -> dict[str, Any]:
    pair = agreements.pair(*command["cooperatives"])
    first, last = command["valid_from"], command["valid_until"]
    other = store.overlapping(session, pair, first, last)
    if other is not None:
        raise contract.AgreementOverlaps(details={"agreement_id": other})
    row = models.Agreement(
        id=identifiers.new("agr"),
        cooperative_a=pair[0],
        cooperative_b=pair[1],
        valid_from=first,
        valid_until=last,
        last_day=last,
        transfer_limit=command.get("transfer_limit"),
        daily_limit=command.get("daily_limit"),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return _answer(row)


def get_agreement(
    database: Database, agreement_id: str, *, reader: Identity
) -> dict[str, Any]:
    """One agreement, to the operator or to either of its cooperatives."""
    opened = (
        database.hub() if reader.is_operator else database.tenant(reader.cooperative_id)
    )
    with opened as session:
        row = store.find(session, agreement_id)
    if row is None:
        raise NotFound
    return _answer(row)


def list_agreements(
    database: Database, command: dict[str, Any], *, reader: Identity
) -> dict[str, Any]:
    """Agreements, newest first; a cooperative sees its own."""
    before = answers.decode_cursor(command["cursor"], 1)
    limit = command["limit"]
    opened = (
        database.hub() if reader.is_operator else database.tenant(reader.cooperative_id)
    )
    with opened as session:
        rows = store.list_page(
            session,
            cooperative_id=command["cooperative_id"],
            before_id=before[0] if before else None,
            limit=limit + 1,
        )
    return answers.page(
        [_answer(row) for row in rows], limit=limit, keys=[(row.id,) for row in rows]
    )


@retrying
def end_agreement(database: Database, agreement_id: str) -> dict[str, Any]:
    """End an agreement from now on. Raises AgreementEnded when it already has."""
    with database.hub() as session:
        row = store.find_locked(session, agreement_id)
        if row is None:
            raise NotFound
        today = clock.business_date()
        if row.ended_at is not None or row.last_day < today:
            raise contract.AgreementEnded
        row.last_day = today - timedelta(days=1)
        row.ended_at = clock.now()
        return _answer(row)


def check_agreement(database: Database, cooperatives: list[str]) -> dict[str, Any]:
    """Whether two cooperatives may deal with each other today."""
    pair = agreements.pair(*cooperatives)
    with database.hub() as session:
        found = store.load_in_force(session, [pair], clock.business_date()).get(pair)
    return {
        "in_force": found is not None,
        "agreement_id": found.id if found else None,
    }


def _answer(row: models.Agreement) -> dict[str, Any]:
    return {
        "id": row.id,
        "cooperatives": [row.cooperative_a, row.cooperative_b],
        "valid_from": _day(row.valid_from),
        "valid_until": _day(row.valid_until),
        "transfer_limit": row.transfer_limit,
        "daily_limit": row.daily_limit,
        "status": agreements.status(row.valid_from, row.last_day, clock.business_date())
        if row.ended_at is None
        else agreements.ENDED,
        "created_at": answers.moment(row.created_at),
        "ended_at": answers.moment(row.ended_at),
    }


def _day(value: date) -> str:
    return value.isoformat()
