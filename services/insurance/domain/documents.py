"""How large the papers of a claim are, and which of them are missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

SIZE_BYTES_MAX: Final = 5 << 20


def missing(required: Sequence[str], present: Collection[str]) -> list[str]:
    """Which of the required kinds of documents are not there."""
    return [kind for kind in required if kind not in present]
