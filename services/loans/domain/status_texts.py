"""What a member reads about where an application stands (R129, R131)."""

from __future__ import annotations

from typing import Final

from services.loans.domain import applications, loans

WAITING: Final = "Menunggu"
PASSED: Final = "Lolos"
REFUSED: Final = "Ditolak"

_TEXTS: Final = {
    applications.DRAFT: "Draf, Belum Diajukan",
    applications.QUEUED: "Dalam Antrean",
    applications.VERIFYING: "Sedang Diverifikasi",
    applications.VERIFIED: "Menunggu Keputusan",
    applications.OFFERED: "Disetujui dengan Syarat, Menunggu Persetujuan Anggota",
    applications.APPROVED: "Disetujui, Menunggu Akad",
    applications.SIGNED: "Disetujui, Menunggu Pencairan",
    applications.DISBURSING: "Sedang Dicairkan",
    applications.DISBURSED: "Disetujui dan Dicairkan",
    applications.REJECTED: "Ditolak",
    applications.WITHDRAWN: "Dibatalkan",
}


_ENDS: Final = {
    loans.SETTLED: "Lunas",
    loans.RESTRUCTURED: "Direstrukturisasi",
    loans.WRITTEN_OFF: "Hapus buku, masih ditagih",
}


def status_text(status: str, position: int | None) -> str:
    """The state in words, with the place in the line of who waits in one."""
    words = _TEXTS[status]
    return words if position is None else f"{words}, Posisi #{position}"


def loan_text(status: str, dpd: int, class_name: str) -> str:
    """How a loan that was paid out is paid, in the words a guarantor reads.

    ``dpd`` are the days past due of the oldest instalment, ``class_name`` is the
    kolektibilitas.
    """
    if status != loans.ACTIVE:
        return _ENDS[status]
    # A restructured loan keeps its class for a while, however it is paid.
    late = f"Menunggak {dpd} hari" if dpd else "Tidak ada tunggakan"
    return f"{late}, kolektibilitas {class_name.lower()}"


def promised_text(application_status: str, *, is_withdrawn: bool) -> str:
    """What became of a promise that secures no loan, in the guarantor's words."""
    if is_withdrawn:
        return "Penjaminan dibatalkan"
    if application_status in {applications.REJECTED, applications.WITHDRAWN}:
        return "Tidak dicairkan"
    return "Belum dicairkan"


def verification_status(status: str, outcome: str | None) -> str:
    """status_verifikasi of R131, by the state and how the verification ended."""
    if outcome == "rejected":
        return REFUSED
    is_before = status in {
        applications.DRAFT,
        applications.QUEUED,
        applications.VERIFYING,
    }
    return WAITING if is_before or outcome is None else PASSED
