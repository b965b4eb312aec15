"""What every group of entrypoints has: its database, its caller and its peers."""

from __future__ import annotations

from services.insurance.adapters.http_insurer import HttpInsurer
from services.insurance.operations.desk import Desk
from services.shared.contracts import ledger
from services.shared.messaging import Entrypoints, ServiceRpc


class Peers(Entrypoints):
    """What every group of entrypoints inherits."""

    ledger = ServiceRpc(ledger.SERVICE)

    @property
    def desk(self) -> Desk:
        """With what insurance is worked."""
        return Desk(
            database=self.database,
            settings=self.settings,
            insurer=HttpInsurer.of(self.settings),
            ledger_of=self.ledger.on_behalf_of,
        )
