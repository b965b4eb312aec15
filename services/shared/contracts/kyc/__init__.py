"""What may be asked of the kyc service, and what it answers; one module per area."""

from __future__ import annotations

from typing import Final

SERVICE: Final = "kyc"
