"""What every service of this form has: its database, its settings and its caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError

from services.shared.errors import Malformed
from services.shared.identity import Actor, Identity
from services.shared.messaging.context import Caller
from services.shared.messaging.dependencies import DatabaseProvider, SettingsProvider
from services.shared.persistence import idempotency


class Entrypoints:
    """What every group of entrypoints inherits."""

    database = DatabaseProvider()
    settings = SettingsProvider()
    caller = Caller()

    @property
    def identity(self) -> Identity:
        """Who asks."""
        identity: Identity = self.caller.identity
        return identity

    @property
    def tenant(self) -> str:
        """The cooperative on whose behalf the caller asks."""
        return self.identity.cooperative_id

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail of the caller's own cooperative."""
        return Actor(
            cooperative_id=self.tenant,
            subject=self.identity.subject,
            request_id=self.caller.request_id,
        )

    def once(
        self, request: dict[str, Any], operation: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Answer a request that came before with the answer it was given then."""
        part = request["idempotency"]
        return idempotency.answer_once(self.database, self.tenant, part, operation)


def loaded(schema: Schema, command: dict[str, Any]) -> dict[str, Any]:
    """The command as its schema reads it; the gateway has checked it before."""
    try:
        request: dict[str, Any] = schema.load(command)
    except ValidationError as error:
        raise Malformed(f"The command does not fit its schema: {error}") from error
    return request
