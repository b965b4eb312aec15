"""What a service does when the register of cooperatives tells it something."""

from __future__ import annotations

from typing import ClassVar

from services.shared.contracts.envelope import Event
from services.shared.messaging.entrypoints import on_event
from services.shared.messaging.service import Entrypoints
from services.shared.persistence import tenants


class TenantEntrypoints(Entrypoints):
    """Cooperatives that come and go, for services that keep `tenants`."""

    name: ClassVar[str]

    @on_event("members", "cooperative_activated")
    def on_members_cooperative_activated(self, event: Event) -> None:
        """Know a newly active cooperative."""
        tenants.take_in(
            self.database, self.settings, self.name, event.event_id, event.payload
        )

    @on_event("members", "cooperative_deactivated")
    def on_members_cooperative_deactivated(self, event: Event) -> None:
        """Do nothing by itself any more for a cooperative that was deactivated."""
        tenants.set_aside(self.database, self.name, event.event_id, event.payload)

    @on_event("members", "cooperative_closed")
    def on_members_cooperative_closed(self, event: Event) -> None:
        """Destroy the key of a cooperative that has left."""
        tenants.let_go(self.database, self.name, event.event_id, event.payload)
