"""What a check is worked on with, and one attempt to bring it to its end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from services.kyc.domain.peers import Ledger, Members, Vendor
from services.kyc.models import Check
from services.kyc.operations import people
from services.kyc.operations.people import Identity
from services.shared.contracts import kyc as contract
from services.shared.identity import Actor, of_service
from services.shared.persistence.database import Database
from services.shared.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What checks of one cooperative are done with."""

    database: Database
    settings: Settings
    tenant: str
    # None where the hub has no vendor.
    vendor: Vendor | None
    ledger: Ledger
    members: Members

    @cached_property
    def actor(self) -> Actor:
        """Who does what nobody does in person."""
        subject = of_service(contract.SERVICE).subject
        return Actor(cooperative_id=self.tenant, subject=subject)


@dataclass(kw_only=True)
class Run:
    """One attempt to bring a check to its end; the member is asked for once in it."""

    desk: Desk
    check: Check
    known: Identity | None = None

    @property
    def identity(self) -> Identity:
        """The member. Raises what the register of members raises."""
        if self.known is None:
            self.known = people.identity_of(
                self.desk.members, self.check.member_id, with_photos=True
            )
        return self.known
