"""What every group of entrypoints has: its database, its caller and its peers."""

from __future__ import annotations

from services.shared.contracts import insurance, ledger, loans, transfers
from services.shared.messaging import Entrypoints, ServiceRpc


class Peers(Entrypoints):
    """What every group of entrypoints inherits."""

    ledger = ServiceRpc(ledger.SERVICE)
    transfers = ServiceRpc(transfers.SERVICE)
    loans = ServiceRpc(loans.SERVICE)
    insurance = ServiceRpc(insurance.SERVICE)
