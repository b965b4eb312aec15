"""What a statement of BPJS Ketenagakerjaan says of an income (R34, topic 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

UPLOAD: Final = "upload"
VENDOR: Final = "vendor"

WAGE_CEILING: Final = 10_547_400
"""Up to where the pension programme (JP) takes wages, in rupiah a month (2026).

A wage of just this much was cut off there: the true one may be higher.
"""

MONTHS_FRESH: Final = 3
"""How old a wage may be and still speak for the present income."""

ACTIVE: Final = "AKTIF"
MONTHS_OF_A_YEAR: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A wage as it was reported: whose, by whom, for which month, in rupiah."""

    kpj: str
    name: str
    employer: str
    wage: int
    month: date
    months_paid: int
    is_active: bool
    programmes: tuple[str, ...]

    @property
    def is_capped(self) -> bool:
        """Whether the true wage may be higher than the one reported."""
        return self.wage == WAGE_CEILING

    @property
    def told(self) -> dict[str, Any]:
        """In the words of BPJSTK, as JSON primitives."""
        return {
            "nomor_kpj": self.kpj,
            "nama": self.name,
            "perusahaan": self.employer,
            "upah_terakhir": self.wage,
            "periode_upah": f"{self.month:%Y-%m}",
            "masa_iur_bulan": self.months_paid,
            "status_kepesertaan": ACTIVE if self.is_active else "NON AKTIF",
            "program": list(self.programmes),
        }

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> Statement:
        """What a statement of this shape says; it must have been validated."""
        return cls(
            kpj=told["nomor_kpj"],
            name=told["nama"],
            employer=told["perusahaan"],
            wage=told["upah_terakhir"],
            month=date.fromisoformat(f"{told['periode_upah']}-01"),
            months_paid=told["masa_iur_bulan"],
            is_active=told["status_kepesertaan"] == ACTIVE,
            programmes=tuple(told["program"]),
        )


def is_fresh(month: date, today: date) -> bool:
    """Whether a wage of this month speaks for the present."""
    age = (today.year - month.year) * MONTHS_OF_A_YEAR + today.month - month.month
    return 0 <= age <= MONTHS_FRESH
