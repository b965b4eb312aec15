"""How a cooperative decides on loans and keeps the cash for them: its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.loans.domain import decisions
from services.loans.domain.decisions import Tier
from services.loans.store import lending as store
from services.shared import clock
from services.shared.contracts import answers
from services.shared.contracts.loans import lending as contract
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import Database, retrying


class Settings(NamedTuple):
    """The committee's tiers, and the rupiah that are never lent."""

    tiers: Sequence[Tier]
    cash_reserve: int


def settings_of(session: Session, cooperative_id: str) -> Settings:
    """What the cooperative has set, or else the defaults."""
    found = store.find_settings(session, cooperative_id)
    if found is None:
        return Settings(tiers=decisions.DEFAULT_TIERS, cash_reserve=0)
    return Settings(
        tiers=[_tier(stored) for stored in found.tiers],
        cash_reserve=found.cash_reserve,
    )


def get_settings(database: Database, cooperative_id: str) -> dict[str, Any]:
    """How the cooperative lends."""
    with database.tenant(cooperative_id) as session:
        return _answer(settings_of(session, cooperative_id))


@retrying
def put_settings(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """New settings, for what is decided and paid out from now on.

    Raises InvalidTiers.
    """
    wanted = Settings(
        tiers=[_tier(given) for given in command["tiers"]],
        cash_reserve=command["cash_reserve"],
    )
    if not decisions.are_sound(wanted.tiers):
        raise contract.InvalidTiers
    with database.tenant(actor.cooperative_id) as session:
        before = _answer(settings_of(session, actor.cooperative_id))
        store.keep_settings(
            session,
            actor.cooperative_id,
            tiers=[tier.to_json() for tier in wanted.tiers],
            cash_reserve=wanted.cash_reserve,
            changed_at=clock.now(),
            changed_by=actor.subject,
        )
        answer = _answer(wanted)
        trail.note(
            session,
            actor,
            "lending_settings.changed",
            actor.cooperative_id,
            before=before,
            after=answer,
        )
    return answer


def _tier(stored: dict[str, Any]) -> Tier:
    return Tier(
        through=stored["through"],
        quorum=stored["quorum"],
        roles=tuple(stored["roles"]),
    )


def _answer(settings: Settings) -> dict[str, Any]:
    return answers.one(
        contract.LendingSettings(),
        {
            "tiers": [tier.to_json() for tier in settings.tiers],
            "cash_reserve": settings.cash_reserve,
        },
    )
