"""What every group of entrypoints has: its database, its caller and its peers."""

from __future__ import annotations

from services.loans.domain.guarantees import Holds
from services.loans.domain.peers import Asked
from services.shared.contracts import insurance, kyc, ledger, members
from services.shared.errors import NotFound
from services.shared.messaging import BatchedRpc, Entrypoints, ServiceRpc


class Peers(Entrypoints):
    """What every group of entrypoints inherits."""

    insurance = ServiceRpc(insurance.SERVICE)
    kyc = ServiceRpc(kyc.SERVICE)
    ledger = ServiceRpc(ledger.SERVICE)
    members = ServiceRpc(members.SERVICE)
    hold_placements = BatchedRpc("ledger", "place_holds")
    hold_resolutions = BatchedRpc("ledger", "resolve_holds")

    @property
    def own_member(self) -> str:
        """The membership of the caller. Raises NotFound for who is no member."""
        if not self.identity.member_id:
            raise NotFound("You are no member of this cooperative.")
        return self.identity.member_id

    @property
    def asked(self) -> Asked:
        """Whom operations ask, in the caller's name."""
        return Asked(
            ledger=self.ledger,
            members=self.members,
            kyc=self.kyc,
            insurance=self.insurance,
        )

    def asked_for(self, cooperative_id: str) -> Asked:
        """The same, by this service's own accord: for timers and events."""
        return Asked(
            ledger=self.ledger.on_behalf_of(cooperative_id),
            members=self.members.on_behalf_of(cooperative_id),
            kyc=self.kyc.on_behalf_of(cooperative_id),
            insurance=self.insurance.on_behalf_of(cooperative_id),
        )

    @property
    def holds(self) -> Holds:
        """The ledger's holds, in the caller's name or by this service's own accord."""
        return Holds(places=self.hold_placements, resolves=self.hold_resolutions)

    def holds_for(self, cooperative_id: str) -> Holds:
        """The same for timers: a hold names its accounts, not who asks for it."""
        del cooperative_id
        return self.holds
