"""What a cooperative asks of those who want to become members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a cooperative asks of those who want to become members (AD/ART)."""

    version: int = 0
    required: tuple[str, ...] = ()
    fields: dict[str, Any] | None = None
    minimum_age: int = 17
    required_documents: tuple[str, ...] = ()
    accepts_applications: bool = False
