"""Which services are there? Every package beside this one that has a ``service.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import services

STOPS_FIRST: Final = "gateway"
STOPS_LAST: Final = "ledger"


def names() -> list[str]:
    """All services of this checkout or image, by name."""
    root = Path(services.__path__[0])
    return sorted(path.parent.name for path in root.glob("*/service.py"))


def stop_rank(name: str) -> int:
    """Callers stop before those they call: the gateway first, the ledger last."""
    return {STOPS_FIRST: 0, STOPS_LAST: 2}.get(name, 1)
