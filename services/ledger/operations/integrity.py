"""Are the books whole? The chain is sealed, walked, and everything recomputed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from services.ledger.domain import chain as domain
from services.ledger.domain.chain import Link
from services.ledger.store import chain as store
from services.ledger.store import verification
from services.shared.persistence.database import Database, retrying

LINKS_SEALED_AT_ONCE: Final = 10
LINKS_VERIFIED_AT_ONCE: Final = 10

CHAIN: Final = "the hash chain fits the journals"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One truth about the books, and the first exception to it, if there is one."""

    name: str
    difference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What a full verification found."""

    findings: tuple[Finding, ...]
    journals: int
    postings: int
    links: int

    @property
    def first_difference(self) -> str | None:
        """The first exception found; None when the books are whole."""
        return next((one.difference for one in self.findings if one.difference), None)

    @property
    def is_intact(self) -> bool:
        """Whether nothing was found."""
        return self.first_difference is None


@retrying
def seal_chain(database: Database) -> int:
    """Extend the chain over the journals that are decided; how many links were added.

    Off the hot path: the writers take no lock for it and never wait.
    """
    with database.hub() as session:
        if not store.try_lock(session):
            return 0
        through = store.decided_through(session)
        newest = store.head(session)
        for sealed in range(LINKS_SEALED_AT_ONCE):
            after = newest.content.last_serial if newest else 0
            content = store.next_content(session, after=after, through=through)
            if content is None:
                return sealed
            newest = domain.next_link(newest, content)
            store.append(session, newest)
    return LINKS_SEALED_AT_ONCE


@retrying
def verify_onwards(database: Database) -> str | None:
    """Compare some further links with their journals; the first difference found.

    A bookmark remembers how far this came, so that looking often costs little.
    """
    with database.hub() as session:
        bookmark = store.verified(session)
        previous = store.at(session, bookmark.position)
        links = store.links(
            session, after=bookmark.position, limit=LINKS_VERIFIED_AT_ONCE
        )
        last, found = _walk(session, previous, links)
        if last is not None and last is not previous:
            store.set_verified(session, last)
    if found:
        _log.error("the chain is broken: %s", found)
    return found


def get_integrity(database: Database) -> dict[str, Any]:
    """Whether the books balance, how much they hold, how far the chain is verified."""
    difference = verify_onwards(database)
    with database.hub() as session:
        journals, postings = store.totals(session)
        newest = store.head(session)
        return {
            "balanced": store.is_balanced(session),
            "journals": journals,
            "postings": postings,
            "chain_verified_through": store.verified(session).serial,
            "chain_intact": difference is None,
            "chain_head": newest.hash.hex() if newest else None,
        }


def verify(
    database: Database, progress: Callable[[str], None] = lambda _question: None
) -> VerifyReport:
    """Recompute every balance and every line, and walk the whole chain.

    May run beside postings: each question sees one consistent state. ``progress`` is
    told each question before it is asked.
    """
    findings = []
    for question in verification.QUESTIONS:
        progress(question.name)
        with database.hub() as session:
            difference = verification.first_exception(session, question)
        findings.append(Finding(name=question.name, difference=difference))
    progress(CHAIN)
    links, difference = _verify_chain(database)
    findings.append(Finding(name=CHAIN, difference=difference))
    with database.hub() as session:
        journals, postings = store.totals(session)
    return VerifyReport(
        findings=tuple(findings), journals=journals, postings=postings, links=links
    )


def get_chain_head(database: Database) -> dict[str, Any]:
    """The newest link, to be written down where the ledger cannot reach it."""
    with database.hub() as session:
        newest = store.head(session)
    if newest is None:
        return {"position": 0, "last_serial": 0, "hash": ""}
    return {
        "position": newest.position,
        "last_serial": newest.content.last_serial,
        "hash": newest.hash.hex(),
    }


def _verify_chain(database: Database) -> tuple[int, str | None]:
    """How many links were walked, and the first difference."""
    previous: Link | None = None
    walked = 0
    while True:
        with database.hub() as session:
            verification.take_time(session)
            links = store.links(session, after=walked, limit=LINKS_VERIFIED_AT_ONCE)
            previous, found = _walk(session, previous, links)
        if found is not None or not links:
            return walked, found
        walked = links[-1].position


def _walk(
    session: Session, previous: Link | None, links: list[Link]
) -> tuple[Link | None, str | None]:
    """The last link that is right, and what is wrong with the one after it."""
    ranges = [(one.content.first_serial, one.content.last_serial) for one in links]
    for link, present in zip(links, store.contents(session, ranges), strict=True):
        found = domain.difference(previous, link, present)
        if found is not None:
            return previous, found
        previous = link
    return previous, None
