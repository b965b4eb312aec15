"""With what insurance is worked: the database, the insurers and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.insurance.domain.insurers import InsurerAway
from services.insurance.domain.peers import Insurer, Ledger
from services.shared.identity import Actor
from services.shared.persistence.database import Database
from services.shared.settings import Settings

SWEEPER: Final = "service:insurance"
SWEPT_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step needs; ``insurer`` is None while the hub works with none."""

    database: Database
    settings: Settings
    insurer: Insurer | None
    ledger_of: Callable[[str], Ledger]

    @property
    def asked(self) -> Insurer:
        """The insurers' API. Raises InsurerAway where there is none."""
        if self.insurer is None:
            raise InsurerAway("HUB_INSURER_URL and HUB_INSURER_KEY are not set.")
        return self.insurer


def sweeper(cooperative_id: str) -> Actor:
    """This service, when it carries on by itself."""
    return Actor(cooperative_id=cooperative_id, subject=SWEEPER)
