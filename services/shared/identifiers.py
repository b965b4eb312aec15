"""Ids: opaque to others, prefixed for people, time-ordered for the index."""

from __future__ import annotations

import hashlib

from ulid import ULID


def new(prefix: str) -> str:
    """A fresh id such as ``trf_01jd…``: sorts by the millisecond it was made."""
    return f"{prefix}_{str(ULID()).lower()}"


def derived(prefix: str, *parts: str) -> str:
    """The same id for the same parts: how an idempotency key becomes a journal id."""
    digest = hashlib.sha512("\x1f".join(parts).encode()).hexdigest()
    return f"{prefix}_{digest[:32]}"
