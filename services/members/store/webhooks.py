"""How webhooks, their deliveries and the attempts at them are read and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.members.domain import webhooks
from services.members.models import Webhook, WebhookAttempt, WebhookDelivery
from services.shared.outbound.messages import Attempt

ATTEMPTS_SHOWN: Final = 50


def add_webhook(session: Session, **columns: Any) -> Webhook:
    """A webhook that listens from now on."""
    webhook = Webhook(status=webhooks.ACTIVE, **columns)
    session.add(webhook)
    session.flush()
    return webhook


def find_webhook(session: Session, webhook_id: str) -> Webhook | None:
    """One webhook, if this transaction may see it."""
    return session.get(Webhook, webhook_id)


def count_active(session: Session, cooperative_id: str) -> int:
    """How many webhooks of a cooperative listen."""
    found = session.scalar(
        select(func.count())
        .select_from(Webhook)
        .where(
            Webhook.cooperative_id == cooperative_id,
            Webhook.status == webhooks.ACTIVE,
        )
    )
    return found or 0


def disable(session: Session, webhook_id: str, at: datetime) -> Webhook | None:
    """The webhook, disabled just now; None when it did not listen."""
    return session.scalar(
        update(Webhook)
        .where(Webhook.id == webhook_id, Webhook.status == webhooks.ACTIVE)
        .values(status=webhooks.DISABLED, disabled_at=at)
        .returning(Webhook)
    )


def list_webhooks(
    session: Session, *, after: str | None, limit: int
) -> Sequence[Webhook]:
    """Webhooks of the tenant past ``after``, oldest first."""
    query = select(Webhook).order_by(Webhook.id).limit(limit)
    if after is not None:
        query = query.where(Webhook.id > after)
    return session.scalars(query).all()


def listening(
    session: Session, cooperatives: Collection[str], event: str
) -> Sequence[Webhook]:
    """The active webhooks of these cooperatives that want to hear of an event."""
    return session.scalars(
        select(Webhook).where(
            Webhook.cooperative_id.in_(cooperatives),
            Webhook.status == webhooks.ACTIVE,
            Webhook.events.contains([event]),
        )
    ).all()


def add_deliveries(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Messages that are due now; an event that a webhook has already is left alone."""
    if rows:
        session.execute(
            insert(WebhookDelivery).on_conflict_do_nothing(
                index_elements=["webhook_id", "event_id"]
            ),
            list(rows),
        )


def give_up_overdue(session: Session) -> None:
    """Stop sending what nobody took in time, or what nobody listens to any more."""
    session.execute(
        text(
            "UPDATE webhook_deliveries SET state = 'given_up' WHERE state = 'due' "
            "AND next_attempt_at <= now() AND (deadline <= now() OR EXISTS ("
            " SELECT FROM webhooks WHERE webhooks.id = webhook_id "
            " AND webhooks.status = 'disabled'))"
        )
    )


def claim_due(
    session: Session,
    *,
    lease_seconds: float,
    limit: int,
    each: int,
    passing_by: Collection[str] = (),
) -> Sequence[dict[str, Any]]:
    """Messages to be sent now; nobody else takes them for ``lease_seconds``.

    Taken are at most ``each`` of a cooperative and none of those in ``passing_by``,
    the first of everybody before the second of anybody.
    """
    rows = session.execute(
        text(
            "UPDATE webhook_deliveries AS d SET attempts = attempts + 1, "
            " next_attempt_at = clock_timestamp() "
            "  + make_interval(secs => :lease_seconds) "
            "FROM webhooks AS w WHERE w.id = d.webhook_id AND d.id IN ("
            " SELECT id FROM webhook_deliveries WHERE id IN ("
            "  SELECT id FROM (SELECT id, next_attempt_at, row_number() OVER ("
            "   PARTITION BY cooperative_id ORDER BY next_attempt_at, id) AS place "
            "   FROM webhook_deliveries WHERE state = 'due' "
            "   AND next_attempt_at <= now() "
            "   AND cooperative_id <> ALL (CAST(:passing_by AS text[]))) AS ranked "
            "  WHERE place <= :each ORDER BY place, next_attempt_at LIMIT :limit) "
            " AND state = 'due' AND next_attempt_at <= now() FOR UPDATE SKIP LOCKED) "
            "RETURNING d.id, d.cooperative_id, d.webhook_id, d.event, d.body, "
            " d.attempts, w.url, w.secret"
        ),
        {
            "lease_seconds": lease_seconds,
            "limit": limit,
            "each": each,
            "passing_by": list(passing_by),
        },
    ).mappings()
    return [dict(row) for row in rows]


def record_attempt(
    session: Session,
    *,
    cooperative_id: str,
    delivery_id: str,
    attempts: int,
    attempt: Attempt,
    at: datetime,
) -> None:
    """Log one sending, and let the message rest or be done."""
    session.add(
        WebhookAttempt(
            cooperative_id=cooperative_id,
            delivery_id=delivery_id,
            at=at,
            status=attempt.status,
            error=attempt.error,
            milliseconds=attempt.milliseconds,
        )
    )
    session.execute(
        text(
            "UPDATE webhook_deliveries SET last_status = :status, last_error = :error, "
            " next_attempt_at = clock_timestamp() + make_interval(secs => :pause), "
            " state = CASE WHEN :is_delivered THEN 'delivered' ELSE state END, "
            " delivered_at = CASE WHEN :is_delivered THEN now() END "
            "WHERE id = :id AND state = 'due'"
        ),
        {
            "id": delivery_id,
            "status": attempt.status,
            "error": attempt.error,
            "pause": webhooks.pause_seconds(attempts),
            "is_delivered": attempt.is_delivered,
        },
    )


def find_delivery(
    session: Session, webhook_id: str, delivery_id: str
) -> WebhookDelivery | None:
    """One delivery of a webhook, if this transaction may see it."""
    return session.scalar(
        select(WebhookDelivery).where(
            WebhookDelivery.id == delivery_id,
            WebhookDelivery.webhook_id == webhook_id,
        )
    )


def attempts_at(session: Session, delivery_id: str) -> Sequence[WebhookAttempt]:
    """The last attempts at a delivery, newest first."""
    return session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.id.desc())
        .limit(ATTEMPTS_SHOWN)
    ).all()


def send_again(
    session: Session, delivery_id: str, *, now: datetime, deadline: datetime
) -> WebhookDelivery | None:
    """The delivery, due now."""
    return session.scalar(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id)
        .values(
            state=webhooks.DUE,
            next_attempt_at=now,
            deadline=deadline,
            delivered_at=None,
        )
        .returning(WebhookDelivery),
        execution_options={"populate_existing": True},
    )


def list_deliveries(
    session: Session,
    webhook_id: str,
    *,
    state: str | None,
    after: str | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    """Deliveries of a webhook past ``after``, oldest first."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.id)
        .limit(limit)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if after is not None:
        query = query.where(WebhookDelivery.id > after)
    return session.scalars(query).all()


def forget(session: Session, *, before: datetime) -> None:
    """Drop deliveries of long ago, with their attempts."""
    old = select(WebhookDelivery.id).where(
        WebhookDelivery.created_at < before, WebhookDelivery.state != webhooks.DUE
    )
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(old)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)))
