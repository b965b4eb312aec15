"""The services that the gateway asks."""

from __future__ import annotations

from services.shared.contracts import insurance, kyc, ledger, loans, members, transfers
from services.shared.messaging import ServiceRpc


class Peers:
    """What every group of routes inherits; a proxy speaks for the request's caller."""

    members = ServiceRpc(members.SERVICE)
    ledger = ServiceRpc(ledger.SERVICE)
    transfers = ServiceRpc(transfers.SERVICE)
    kyc = ServiceRpc(kyc.SERVICE)
    loans = ServiceRpc(loans.SERVICE)
    insurance = ServiceRpc(insurance.SERVICE)
