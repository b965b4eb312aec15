"""How late a loan is, and what follows of it: two tables that never mix (C1).

The class (kolektibilitas, R146) says how much is set aside and what is reported; the
stage (tahap penagihan, R145, R147) says what is done next. Both go by the days past due
of the oldest unpaid instalment, each by its own table. The daily job computes the same
in SQL (`store/arrears.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.loans.domain.ratios import Bounds

CLASSES: Final = (1, 2, 3, 4, 5)
CLASS_NAMES: Final = {
    1: "Lancar",
    2: "Dalam perhatian khusus",
    3: "Kurang lancar",
    4: "Diragukan",
    5: "Macet",
}

NON_PERFORMING: Final = 3
"""From this class on a loan counts as NPF (R144) and its interest is no income."""

NO_STAGE: Final = "none"
"""Nothing to collect."""

DAY: Final = "day"
MONTH: Final = "month"

BASIS_POINTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What is done about a loan from so many days past due on; ``action`` for staff."""

    code: str
    from_day: int
    action: str


STAGES: Final = (
    Stage("early_warning", 1, "Pengingat otomatis lewat SMS atau WhatsApp dan telepon"),
    Stage("reminder_visit", 8, "Telepon dan kunjungan ringan ke anggota"),
    Stage("field_visit", 31, "Kunjungan lapangan dan analisis penyebab tunggakan"),
    Stage("warning_letter", 61, "Surat teguran dan tawaran restrukturisasi"),
    Stage("recovery", 91, "Penagihan khusus: mediasi, klaim asuransi, agunan"),
)
"""R145, R147: the collection stages unless a cooperative has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A cooperative's own tables; the defaults are those of domain.md, C1 and C2.

    ``class_days`` is the last day past due of classes 1 to 4. ``provision_bps`` is what
    is set aside per class: 1 and 2 as rural banks do, 3 to 5 of the seed (R148).
    """

    class_days: tuple[int, ...] = (0, 90, 120, 180)
    stages: tuple[Stage, ...] = STAGES
    provision_bps: tuple[int, ...] = (50, 300, 1500, 5000, 10_000)
    provision_every: str = MONTH
    upgrade_after_instalments: int = 3
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a loan stands on a day."""

    oldest_due_on: date | None
    dpd: int
    collectibility: int
    stage: str


def class_of(dpd: int, class_days: Sequence[int] = Settings().class_days) -> int:
    """The class 1 to 5 of so many days past due (test vector 12)."""
    return 1 + sum(dpd > last for last in class_days)


def stage_of(dpd: int, stages: Sequence[Stage] = STAGES) -> str:
    """The collection stage of so many days past due."""
    begun = [stage.code for stage in stages if stage.from_day <= dpd]
    return begun[-1] if begun else NO_STAGE


def standing(
    unpaid: Sequence[date],
    day: date,
    settings: Settings,
    class_floor: int | None = None,
) -> Standing:
    """How a loan stands whose instalments due on these days are not paid in full.

    ``class_floor`` is the class that a restructured loan keeps for now (topic 7).
    """
    oldest = min(unpaid, default=None)
    dpd = 0 if oldest is None else max((day - oldest).days, 0)
    collectibility = class_of(dpd, settings.class_days)
    return Standing(
        oldest_due_on=oldest,
        dpd=dpd,
        collectibility=max(collectibility, class_floor or 1),
        stage=stage_of(dpd, settings.stages),
    )


def accrued(interest: int, since: date, due_on: date, day: date) -> int:
    """What an instalment has earned by a day of its interest, day by day, rounded down.

    ``since`` is when its period began: the due day before it, or for the first one the
    disbursement, but not more than a period back: a loan that was taken over in the
    middle of its life has a new first instalment.
    """
    if day >= due_on:
        return interest
    if day <= since:
        return 0
    return interest * (day - since).days // (due_on - since).days


def provision_of(outstanding: int, collectibility: int, bps: Sequence[int]) -> int:
    """What is to be set aside for a loan (R148), rounded down."""
    return outstanding * bps[collectibility - 1] // BASIS_POINTS
