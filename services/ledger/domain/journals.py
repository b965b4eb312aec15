"""What a journal is, how it is told from another, and how it can be refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

Posting = tuple[str, str, int]
"""Debit key, credit key, amount in whole rupiah: a pair cannot be unbalanced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One atomic business fact, to be posted at once or held."""

    id: str
    kind: str
    description: str
    business_date: date
    postings: tuple[Posting, ...]
    reference: str | None = None
    reverses: str | None = None
    request_id: str | None = None
    expires_at: datetime | None = None

    @property
    def fingerprint(self) -> bytes:
        """SHA-512 of what the caller meant to post.

        The business date and the expiry are left out: a retry after midnight, or a
        little later, is still the same wish.
        """
        return self._hash("journal")

    @property
    def hold_fingerprint(self) -> bytes:
        """SHA-512 of what the caller meant to hold, which is not to post it."""
        return self._hash("hold")

    def _hash(self, wish: str) -> bytes:
        meant = [
            wish,
            self.kind,
            self.description,
            self.reference,
            self.reverses,
            self.postings,
        ]
        text = json.dumps(meant, separators=(",", ":"))
        return hashlib.sha512(text.encode()).digest()

    @property
    def keys(self) -> set[str]:
        """The keys of all accounts that take part."""
        return {key for posting in self.postings for key in posting[:2]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a journal did not take effect: a frozen code, and what it was about."""

    code: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A journal that took effect, with the balances it left."""

    journal_id: str
    posted_at: datetime
    balances: dict[str, int]
    replayed: bool = False


def mirrored(postings: tuple[Posting, ...]) -> tuple[Posting, ...]:
    """The postings that undo ``postings``."""
    return tuple((credit, debit, amount) for debit, credit, amount in postings)
