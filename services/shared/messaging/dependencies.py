"""What a service method is given besides its peers: its database and the settings."""

from __future__ import annotations

from nameko.containers import WorkerContext
from nameko.extensions import DependencyProvider

from services.shared.messaging.context import database_of
from services.shared.messaging.relay import ParkedEvents, Relay, Retention
from services.shared.persistence.database import Database
from services.shared.settings import Settings


class DatabaseProvider(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the service's own database, and runs what a database's service needs.

    That is the relay, which tells others what the outbox holds, the retrying of parked
    events, and the forgetting of what is old.
    """

    relay = Relay()
    parked = ParkedEvents()
    retention = Retention()

    def get_dependency(self, worker_ctx: WorkerContext) -> Database:
        """The database; it is the same for all workers."""
        del worker_ctx
        return database_of(self.container)


class SettingsProvider(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """Provides the settings."""

    def get_dependency(self, worker_ctx: WorkerContext) -> Settings:
        """The settings of this process."""
        del worker_ctx
        settings: Settings = self.container.config["settings"]
        return settings
