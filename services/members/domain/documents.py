"""Which files are kept of members; what a file is, `shared/presentation/media` says."""

from __future__ import annotations

from typing import Final

KTP: Final = "ktp"
SELFIE: Final = "selfie"
PAYMENT_PROOF: Final = "payment_proof"
OTHER: Final = "other"
KINDS: Final = (KTP, SELFIE, PAYMENT_PROOF, OTHER)

SUBMITTED: Final = "submitted"
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"

SIZE_BYTES_MAX: Final = 5 << 20
DOCUMENTS_PER_MEMBER_MAX: Final = 50
