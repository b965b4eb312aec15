"""How the journals are chained: what a link covers and how its hash is made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

LINK_JOURNALS_MAX: Final = 1000
GENESIS: Final = bytes(hashlib.sha512().digest_size)
"""What the first link has in place of the hash before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a link covers: a range of serials without a gap to the link before.

    ``digest`` is the SHA-512 of the canonical rows, refused journals included.
    """

    first_serial: int
    last_serial: int
    journals: int
    postings: int
    amount_total: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of the chain; positions count from 1 without gaps."""

    position: int
    content: Content
    previous_hash: bytes
    hash: bytes


def next_link(previous: Link | None, content: Content) -> Link:
    """The link that seals ``content`` behind ``previous``."""
    position = previous.position + 1 if previous else 1
    previous_hash = previous.hash if previous else GENESIS
    return Link(
        position=position,
        content=content,
        previous_hash=previous_hash,
        hash=link_hash(position, previous_hash, content),
    )


def link_hash(position: int, previous_hash: bytes, content: Content) -> bytes:
    """SHA-512 over the hash before, the digest of the rows and what is counted."""
    counted = ",".join(
        str(number)
        for number in (
            position,
            content.first_serial,
            content.last_serial,
            content.journals,
            content.postings,
            content.amount_total,
        )
    )
    return hashlib.sha512(previous_hash + content.digest + counted.encode()).digest()


def difference(previous: Link | None, link: Link, present: Content) -> str | None:
    """Where ``link`` contradicts the link before it or what it covers now.

    ``present`` is read from the journals themselves; None means that all is well.
    """
    expected_first = previous.content.last_serial + 1 if previous else 1
    expected_position = previous.position + 1 if previous else 1
    where = f"link {link.position} (journals {_range(link.content)})"
    if link.position != expected_position:
        return f"{where}: link {expected_position} is missing"
    if link.content.first_serial != expected_first:
        return f"{where}: does not begin at serial {expected_first}"
    if link.previous_hash != (previous.hash if previous else GENESIS):
        return f"{where}: does not continue the link before it"
    if present != link.content:
        return f"{where}: journals or postings are not those that were sealed"
    if link.hash != link_hash(link.position, link.previous_hash, link.content):
        return f"{where}: the hash is not that of its content"
    return None


def _range(content: Content) -> str:
    return f"{content.first_serial} to {content.last_serial}"
