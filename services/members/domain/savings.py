"""What states a savings account passes through."""

from __future__ import annotations

from typing import Final

OPENING: Final = "opening"
"""Numbered here, not confirmed by the ledger yet; nobody was told the number."""

ACTIVE: Final = "active"
CLOSED: Final = "closed"
