"""Which states an application passes through, and what may follow what (R121-R124)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DRAFT: Final = "draft"
"""Being filled in; nobody but the applicant looks at it."""

QUEUED: Final = "queued"
"""Handed in: "Dalam Antrean" (R129)."""

VERIFYING: Final = "verifying"
"""An analyst has taken it: "Sedang Diverifikasi"."""

VERIFIED: Final = "verified"
"""The analyst is done; the committee decides."""

OFFERED: Final = "offered"
"""Approved with conditions, which the member has to accept."""

APPROVED: Final = "approved"
SIGNED: Final = "signed"
"""The akad is signed; it waits for its turn to be paid out."""

DISBURSING: Final = "disbursing"
"""Money is on its way: carried on until it is there, or known not to be."""

DISBURSED: Final = "disbursed"
REJECTED: Final = "rejected"
WITHDRAWN: Final = "withdrawn"

FOLLOWING: Final[Mapping[str, frozenset[str]]] = {
    DRAFT: frozenset({QUEUED, WITHDRAWN}),
    QUEUED: frozenset({VERIFYING, WITHDRAWN, REJECTED}),
    # Handed back to the queue, keeping its place.
    VERIFYING: frozenset({QUEUED, VERIFIED, REJECTED, WITHDRAWN}),
    VERIFIED: frozenset({VERIFYING, OFFERED, APPROVED, REJECTED, WITHDRAWN}),
    OFFERED: frozenset({APPROVED, WITHDRAWN}),
    APPROVED: frozenset({SIGNED, WITHDRAWN}),
    SIGNED: frozenset({DISBURSING, WITHDRAWN}),
    # Back when it was refused: cash or wallet short, insurer unwilling.
    DISBURSING: frozenset({DISBURSED, SIGNED}),
    DISBURSED: frozenset(),
    REJECTED: frozenset(),
    WITHDRAWN: frozenset(),
}
STATUSES: Final = tuple(FOLLOWING)
CLOSED: Final = frozenset({DISBURSED, REJECTED, WITHDRAWN})

EKYC: Final = "ekyc"
SCORING: Final = "skoring"
EKYC_CEILING: Final = 10_000_000
"""Applications up to this amount use e-KYC, larger ones Skoring (R33, R37)."""


def feature_of(amount: int) -> str:
    """By the amount applied for (C8); the fee goes by what is disbursed."""
    return EKYC if amount <= EKYC_CEILING else SCORING


def may_follow(status: str, wanted: str) -> bool:
    """Whether an application in ``status`` may become ``wanted``."""
    return wanted in FOLLOWING[status]
