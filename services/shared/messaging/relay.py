"""What a service with a database does unasked: relay events, retry failures, forget.

The first two take rows with SKIP LOCKED, so several processes of a service share the
work, and both forget a row only in the transaction that began before the work was done:
a process that dies in between leaves the row for another.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import eventlet
from nameko.extensions import SharedExtension

from services.shared import telemetry
from services.shared.contracts.envelope import Event
from services.shared.errors import ServiceError
from services.shared.messaging import context
from services.shared.messaging.bus import Bus
from services.shared.messaging.entrypoints import OnEvent
from services.shared.persistence import deadletters, outbox, retention

log = logging.getLogger(__name__)

RELAY_BATCH: Final = 200
RELAY_SECONDS: Final = 0.2
CONFIRM_SECONDS: Final = 5.0
RETRY_SECONDS: Final = 1.0
FORGET_SECONDS: Final = 3600.0
FAULT_SECONDS: Final = 2.0


class _Loop(SharedExtension):  # type: ignore[misc]  # nameko has no types
    """Does one thing again and again, with a pause when there was nothing to do."""

    pause_seconds = 1.0

    def start(self) -> None:
        """Begin."""
        self._thread = self.container.spawn_managed_thread(self._run)

    def stop(self) -> None:
        """End; what was begun and not committed is done again by the next process."""
        self._thread.kill()

    def _run(self) -> None:
        while True:
            try:
                did_something = self.once()
            except ServiceError as error:
                log.warning("%s: %s", type(self).__name__, error)
                eventlet.sleep(FAULT_SECONDS)
                continue
            except Exception:
                log.exception("%s failed", type(self).__name__)
                eventlet.sleep(FAULT_SECONDS)
                continue
            eventlet.sleep(0 if did_something else self.pause_seconds)

    def once(self) -> bool:
        """Do one piece of work; whether there was any."""
        raise NotImplementedError


class Relay(_Loop):
    """Publishes what the outbox holds, with publisher confirms, many in flight."""

    bus = Bus()
    pause_seconds = RELAY_SECONDS

    def once(self) -> bool:
        """Publish the next messages and forget them once the broker has them."""
        if not self.bus.is_up:
            return False
        service = self.container.service_name
        with context.database_of(self.container).hub() as session:
            messages = outbox.take(session, RELAY_BATCH)
            if not messages:
                return False
            self.bus.publish_confirmed(
                self.bus.topology.event_exchange(service).name,
                [(message.name, _envelope(service, message)) for message in messages],
                CONFIRM_SECONDS,
            )
            outbox.remove(session, [message.id for message in messages])
        for message in messages:
            telemetry.EVENTS_PUBLISHED.labels(service, message.name).inc()
        return True


class ParkedEvents(_Loop):
    """Gives a handler the events again on which it failed, when they are due."""

    pause_seconds = RETRY_SECONDS

    def once(self) -> bool:
        """Try the next event that is due."""
        handlers = {
            entrypoint.consumer: entrypoint
            for entrypoint in self.container.entrypoints
            if isinstance(entrypoint, OnEvent)
        }
        if not handlers:
            return False
        with context.database_of(self.container).hub() as session:
            parked = deadletters.due(session, list(handlers))
            if parked is None:
                return False
            error: BaseException | None
            try:
                error = handlers[parked.consumer].deliver(Event.from_json(parked.body))
            except (ValueError, KeyError, TypeError) as malformed:
                error = malformed
            if error is None:
                deadletters.succeed(session, parked.id)
            else:
                deadletters.fail_again(session, parked.id, repr(error))
        return True


class Retention(_Loop):
    """Forgets what only guards against repetition, once nothing can repeat."""

    pause_seconds = FORGET_SECONDS

    def once(self) -> bool:
        """Forget what is old enough."""
        retention.forget_old(context.database_of(self.container))
        return False


def _envelope(service: str, message: Any) -> dict[str, Any]:
    return Event(
        event_id=message.event_id,
        source=service,
        name=message.name,
        version=1,
        occurred_at=message.occurred_at.isoformat(),
        request_id=message.request_id or "",
        payload=message.payload,
    ).to_dict()
