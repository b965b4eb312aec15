"""How everybody who was screened is looked for again when a list has changed.

Each person is remembered with the generation of the lists that were looked through: who
is behind is taken in batches until nobody is. Killed anywhere, the next run goes on
with whoever is left; an alert is raised once for each state of an entry, so that
looking twice changes nothing and what was cleared stays cleared.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from services.kyc.domain.peers import Members
from services.kyc.operations import sealing
from services.kyc.operations.screening import Sought, person_place, raise_alerts
from services.kyc.store import screening as store
from services.shared import clock
from services.shared.contracts import kyc as contract
from services.shared.crypto import Undecryptable
from services.shared.errors import (
    NotFound,
    OutcomeUnknownError,
    ServiceError,
    UnavailableError,
)
from services.shared.identity import Actor, of_service
from services.shared.persistence import sweeping
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

PEOPLE_AT_ONCE: Final = 25
BATCHES_IN_A_TURN: Final = 40
"""So that one large cooperative does not keep the others waiting."""

_log = logging.getLogger(__name__)


def rescreen(
    database: Database, settings: Settings, members_of: Callable[[str], Members]
) -> int:
    """Look for those who are behind on the present lists; in how many cooperatives."""
    with database.hub() as session:
        due = store.tenants_to_rescreen(session)
    return sweeping.one_by_one(
        _log,
        "screening by lists",
        due,
        partial(_rescreen, database, settings, members_of),
    )


def _rescreen(
    database: Database,
    settings: Settings,
    members_of: Callable[[str], Members],
    cooperative_id: str,
    generation: int,
) -> None:
    for _ in range(BATCHES_IN_A_TURN):
        if not _screen_some(database, settings, cooperative_id):
            break
        time.sleep(0)
    _get_to_know(
        database, settings, members_of(cooperative_id), cooperative_id, generation
    )


@retrying
def _screen_some(database: Database, settings: Settings, cooperative_id: str) -> int:
    """Look for the next people who are behind; how many.

    Whoever cannot be read any more is asked for again, and holds up nobody.
    """
    subject = of_service(contract.SERVICE).subject
    actor = Actor(cooperative_id=cooperative_id, subject=subject)
    with database.tenant(cooperative_id) as session:
        generation = store.generation(session)
        rows = store.take_people(session, before=generation, limit=PEOPLE_AT_ONCE)
        if not rows:
            return 0
        own = sealing.cipher(session, settings, cooperative_id)
        people, unreadable = [], []
        for row in rows:
            place = person_place(row.member_id)
            try:
                told = sealing.opened(own, place, row.person or b"")
            except Undecryptable:
                _log.error("who member %s is cannot be read", row.member_id)
                unreadable.append(row.member_id)
            else:
                people.append(Sought.of(row.member_id, told))
        store.forget_people(session, unreadable)
        raise_alerts(session, actor, people)
        store.mark_screened(
            session,
            [one.member_id for one in people],
            generation=generation,
            now=clock.now(),
        )
        return len(rows)


def _get_to_know(
    database: Database,
    settings: Settings,
    members: Members,
    cooperative_id: str,
    generation: int,
) -> None:
    """Ask who they are who were checked before that was kept: once for each of them.

    Raises what says that nobody can be asked now: the next run goes on.
    """
    after = ""
    while True:
        with database.tenant(cooperative_id) as session:
            unknown = store.list_unknown(
                session, before=generation, after=after, limit=PEOPLE_AT_ONCE
            )
        for member_id in unknown:
            try:
                told = members.get_identity(
                    {"member_id": member_id, "with_photos": False}
                )
            except NotFound:
                _pass_over(database, cooperative_id, member_id, generation)
            except (UnavailableError, OutcomeUnknownError):
                # Waiting for the answer about each of them would hold up everybody.
                raise
            except ServiceError as fault:
                # The others may be told; this one is asked for again next time.
                _log.warning("member %s is not screened: %s", member_id, fault.code)
            else:
                sought = Sought.of(member_id, told)
                _know(database, settings, cooperative_id, sought)
        if len(unknown) < PEOPLE_AT_ONCE:
            return
        after = unknown[-1]


@retrying
def _know(
    database: Database, settings: Settings, cooperative_id: str, sought: Sought
) -> None:
    with database.tenant(cooperative_id) as session:
        own = sealing.cipher(session, settings, cooperative_id)
        person = sealing.sealed(own, person_place(sought.member_id), sought.kept)
        store.know_person(session, sought.member_id, person)


@retrying
def _pass_over(
    database: Database, cooperative_id: str, member_id: str, generation: int
) -> None:
    with database.tenant(cooperative_id) as session:
        store.pass_over(session, member_id, generation=generation)
