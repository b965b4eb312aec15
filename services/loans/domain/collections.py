"""What is done about loans that are late (R142-R147, C23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CAUSES: Final = {
    "usaha_macet": "Usaha macet atau gagal",
    "bencana_alam": "Bencana alam",
    "kesengajaan": "Kesengajaan",
    "penyalahgunaan_dana": "Penyalahgunaan dana",
    "gagal_panen": "Gagal panen",
    "fluktuasi_harga": "Fluktuasi harga",
    "kesehatan": "Kesehatan",
    "lainnya": "Lainnya",
}
"""Why a loan fell behind (R143)."""

FORCE_MAJEURE: Final = "bencana_alam"

OPEN: Final = "open"
DONE: Final = "done"
CANCELLED: Final = "cancelled"

KEPT: Final = "kept"
BROKEN: Final = "broken"

STAGE_DAYS: Final = 7
"""So many days after a stage began its task should be done."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done once a loan is so many days late, whatever the stages say.

    ``due_after`` days after ``from_day`` it should be done.
    """

    code: str
    from_day: int
    due_after: int
    action: str


OFFER: Final = Step(
    "offer_restructuring", 61, 29, "Tawarkan restrukturisasi kepada anggota"
)
DEADLINE: Final = Step(
    "restructuring_deadline", 91, 14, "Ajukan usulan restrukturisasi (batas 14 hari)"
)
STEPS: Final = (OFFER, DEADLINE)
"""C23, R154: offered at 61 days; after 90 days a proposal is due within 14."""

REPORT: Final = "restructuring_report"
REPORT_ACTION: Final = "Laporkan pelaksanaan restrukturisasi"
CLAIM: Final = "insurance_claim"
NOT_COVERED: Final = "not_covered"
NOT_COVERED_ACTION: Final = (
    "Perusahaan asuransi menolak polis; pinjaman tidak dijamin: periksa polis"
)
CLAIM_ACTION: Final = "Klaim asuransi tidak dapat dibuka otomatis: periksa polis"

TEGURAN: Final = 0
LAST_WARNING: Final = 3
"""Only after the third warning may collateral be sold (R155)."""

LETTER_NAMES: Final = {
    TEGURAN: "Surat Teguran",
    1: "Surat Peringatan Pertama",
    2: "Surat Peringatan Kedua",
    3: "Surat Peringatan Ketiga (Terakhir)",
}
LETTER_DAYS: Final = 7
"""Within which a letter asks for payment."""
