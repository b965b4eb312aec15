"""How the chain of journals is read, extended and compared with what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.ledger.domain.chain import LINK_JOURNALS_MAX, Content, Link
from services.ledger.store import books

_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('ledger chain'))")

_LAST_SERIAL: Final = text(
    "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM journals_serial_seq"
)
_PROGRESS: Final = text(
    "SELECT candidate_serial, candidate_writers, decided_through FROM chain_progress"
)
_SET_HORIZON: Final = text(
    "UPDATE chain_progress SET decided_through = :decided_through, "
    "candidate_serial = :serial, candidate_writers = :writers"
)
_NEXT_RANGE: Final = text(
    """
    SELECT count(*) AS journals, max(serial) AS last_serial FROM (
        SELECT serial FROM journals WHERE serial > :after AND serial <= :through
        ORDER BY serial LIMIT :most
    ) next
    """
)
# The canonical form of a row is PostgreSQL's text of a record, which quotes what needs
# it and tells null from empty. Dates and moments are numbers in it, so that no setting
# of a connection changes them.
_CONTENTS: Final = text(
    """
    SELECT link.first_serial, link.last_serial, journal.journals, posting.postings,
        posting.amount_total,
        sha512(convert_to(journal.rows || E'\\n\\n' || posting.rows, 'UTF8')) AS digest
    FROM unnest(
        CAST(:first_serials AS bigint[]), CAST(:last_serials AS bigint[])
    ) WITH ORDINALITY AS link (first_serial, last_serial, place)
    CROSS JOIN LATERAL (
        SELECT count(*) AS journals, coalesce(string_agg(
            CAST(ROW(
                serial, id, kind, description, reference,
                business_date - DATE '2000-01-01',
                CAST(extract(epoch FROM posted_at) * 1000000 AS bigint),
                books, encode(request_hash, 'hex'), refusal, reverses, request_id
            ) AS text), E'\\n' ORDER BY serial
        ), '') AS rows
        FROM journals WHERE serial BETWEEN link.first_serial AND link.last_serial
    ) journal
    CROSS JOIN LATERAL (
        SELECT count(*) AS postings, coalesce(sum(amount), 0) AS amount_total,
            coalesce(string_agg(
                CAST(ROW(
                    id, journal_serial, cooperative_id, debit_account, credit_account,
                    amount, debit_balance_after, credit_balance_after,
                    CAST(extract(epoch FROM posted_at) * 1000000 AS bigint),
                    business_date - DATE '2000-01-01'
                ) AS text), E'\\n' ORDER BY journal_serial, id
            ), '') AS rows
        FROM postings
        WHERE journal_serial BETWEEN link.first_serial AND link.last_serial
    ) posting
    ORDER BY link.place
    """
)
_COLUMNS: Final = (
    "position, first_serial, last_serial, journals, postings, amount_total, digest, "
    "previous_hash, hash"
)
_HEAD: Final = text(
    f"SELECT {_COLUMNS} FROM chain_links ORDER BY position DESC LIMIT 1"  # noqa: S608  a constant
)
_LINKS: Final = text(
    f"SELECT {_COLUMNS} FROM chain_links WHERE position > :after "  # noqa: S608  a constant
    "ORDER BY position LIMIT :limit"
)
_LINK: Final = text(f"SELECT {_COLUMNS} FROM chain_links WHERE position = :position")  # noqa: S608  a constant
_INSERT: Final = text(
    f"INSERT INTO chain_links ({_COLUMNS}) VALUES "  # noqa: S608  a constant
    "(:position, :first_serial, :last_serial, :journals, :postings, :amount_total, "
    ":digest, :previous_hash, :hash)"
)
_COUNT: Final = text(
    "UPDATE chain_progress SET journals = journals + :journals, "
    "postings = postings + :postings"
)
_VERIFIED: Final = text("SELECT verified_position, verified_serial FROM chain_progress")
_SET_VERIFIED: Final = text(
    "UPDATE chain_progress SET verified_position = :position, "
    "verified_serial = :serial WHERE verified_position < :position"
)
# Sealed ones are counted already; only the few behind the newest link are looked at,
# which is found by the primary key: there is a link for every busy second there was.
_TOTALS: Final = text(
    """
    SELECT progress.journals + (
            SELECT count(*) FROM journals WHERE serial > sealed.through
        ) AS journals,
        progress.postings + (
            SELECT count(*) FROM postings WHERE journal_serial > sealed.through
        ) AS postings
    FROM chain_progress progress
    CROSS JOIN LATERAL (
        SELECT coalesce((
            SELECT last_serial FROM chain_links ORDER BY position DESC LIMIT 1
        ), 0) AS through
    ) sealed
    """
)
_UNSEALED: Final = text(
    "SELECT count(*) FROM journals WHERE serial > coalesce(("
    " SELECT last_serial FROM chain_links ORDER BY position DESC LIMIT 1), 0)"
)
_BALANCED: Final = text(
    """
    SELECT NOT EXISTS (
        SELECT FROM accounts GROUP BY cooperative_id
        HAVING sum(debits_posted) <> sum(credits_posted)
            OR sum(debits_pending) <> sum(credits_pending)
    )
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """How far the links were compared with their journals."""

    position: int
    serial: int


def try_lock(session: Session) -> bool:
    """Whether this process is the one that extends the chain, until it commits."""
    return bool(session.execute(_LOCK).scalar_one())


def decided_through(session: Session) -> int:
    """The serial up to which every journal is committed or will never be.

    Serials are drawn before their transactions commit, so the newest ones may still
    be undecided. Without a lock that a writer would ever wait for: note the last
    serial S, then who is at work in any book. Whoever has drawn a serial up to S had
    entered a book before (`books.enter`), so he is among them or has ended. Once all
    of those have ended, all serials up to S are decided.
    """
    serial: int = session.execute(_LAST_SERIAL).scalar_one()
    progress = session.execute(_PROGRESS).one()
    decided: int = progress.decided_through
    if serial <= decided:
        return decided
    # Only now, after the serial. PostgreSQL lets a lock go after the commit is
    # visible, and the journals are read by a later statement than this.
    writers = books.at_work(session)
    if writers.isdisjoint(progress.candidate_writers):
        decided = max(decided, progress.candidate_serial)
        session.execute(
            _SET_HORIZON,
            {
                "decided_through": decided,
                "serial": serial,
                "writers": sorted(writers),
            },
        )
    return decided


def next_content(session: Session, *, after: int, through: int) -> Content | None:
    """What the next link will cover; None when there is no journal to seal."""
    row = session.execute(
        _NEXT_RANGE, {"after": after, "through": through, "most": LINK_JOURNALS_MAX}
    ).one()
    if not row.journals:
        return None
    is_full = row.journals == LINK_JOURNALS_MAX
    last = row.last_serial if is_full else through
    return contents(session, [(after + 1, last)])[0]


def contents(session: Session, ranges: Sequence[tuple[int, int]]) -> list[Content]:
    """What the journals and postings in these ranges of serials are now."""
    rows = session.execute(
        _CONTENTS,
        {
            "first_serials": [first for first, _ in ranges],
            "last_serials": [last for _, last in ranges],
        },
    )
    return [_content(row) for row in rows]


def head(session: Session) -> Link | None:
    """The newest link."""
    row = session.execute(_HEAD).one_or_none()
    return None if row is None else _link(row)


def at(session: Session, position: int) -> Link | None:
    """The link at a position."""
    row = session.execute(_LINK, {"position": position}).one_or_none()
    return None if row is None else _link(row)


def links(session: Session, *, after: int, limit: int) -> list[Link]:
    """The links that follow a position."""
    rows = session.execute(_LINKS, {"after": after, "limit": limit})
    return [_link(row) for row in rows]


def append(session: Session, link: Link) -> None:
    """Add a link and count what it covers."""
    content = link.content
    session.execute(
        _INSERT,
        {
            "position": link.position,
            "first_serial": content.first_serial,
            "last_serial": content.last_serial,
            "journals": content.journals,
            "postings": content.postings,
            "amount_total": content.amount_total,
            "digest": content.digest,
            "previous_hash": link.previous_hash,
            "hash": link.hash,
        },
    )
    session.execute(
        _COUNT, {"journals": content.journals, "postings": content.postings}
    )


def verified(session: Session) -> Verified:
    """How far the chain was verified."""
    row = session.execute(_VERIFIED).one()
    return Verified(position=row.verified_position, serial=row.verified_serial)


def set_verified(session: Session, link: Link) -> None:
    """Note that the chain was verified through ``link``."""
    session.execute(
        _SET_VERIFIED,
        {"position": link.position, "serial": link.content.last_serial},
    )


def totals(session: Session) -> tuple[int, int]:
    """How many journals and postings there are."""
    row = session.execute(_TOTALS).one()
    return int(row.journals), int(row.postings)


def is_balanced(session: Session) -> bool:
    """Whether debits equal credits in every book, posted and pending."""
    return bool(session.execute(_BALANCED).scalar_one())


def unsealed(session: Session) -> int:
    """How many journals wait to be sealed."""
    count: int = session.execute(_UNSEALED).scalar_one()
    return count


def _content(row: Row[Any]) -> Content:
    return Content(
        first_serial=row.first_serial,
        last_serial=row.last_serial,
        journals=row.journals,
        postings=row.postings,
        amount_total=int(row.amount_total),
        digest=bytes(row.digest),
    )


def _link(row: Row[Any]) -> Link:
    return Link(
        position=row.position,
        content=_content(row),
        previous_hash=bytes(row.previous_hash),
        hash=bytes(row.hash),
    )
