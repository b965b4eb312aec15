"""How policies are carried on with until everybody knows what became of them.

Every step is told to the insurer or the ledger first, which take it once however often
they are told, and recorded afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from services.insurance.domain import policies
from services.insurance.domain.insurers import (
    Activation,
    Ending,
    InsurerAway,
    InsurerRefusal,
)
from services.insurance.models import Policy
from services.insurance.operations.desk import SWEPT_AT_ONCE, Desk, sweeper
from services.insurance.operations.policies.views import found
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as store
from services.shared import clock
from services.shared.contracts.insurance import policies as contract
from services.shared.errors import ServiceError
from services.shared.persistence import outbox, sweeping, trail
from services.shared.persistence.database import Database, retrying

FEE_KIND: Final = "default_insurance"
NO_LOAN: Final = "Pencairan tidak terjadi"

_log = logging.getLogger(__name__)


def sweep(desk: Desk) -> int:
    """Carry on with the policies that are due, of whatever cooperative; how many."""
    now = clock.now()
    with desk.database.hub() as session:
        due = store.take_due(
            session,
            until=now,
            again_at=now + timedelta(seconds=policies.HELD_SECONDS),
            limit=SWEPT_AT_ONCE,
        )
    return sweeping.one_by_one(_log, "policy", due, partial(carry_on, desk))


def end_by_date(database: Database) -> int:
    """Let cover expire and forgotten reservations go; how many. Again, none."""
    today = clock.business_date()
    with database.hub() as session:
        expired = store.expire(session, today)
        released = store.release_forgotten(session, today=today, now=clock.now())
    return expired + released


def carry_on(desk: Desk, cooperative_id: str, policy_id: str) -> None:
    """Take the next step of a policy; when it cannot be taken, later."""
    with desk.database.tenant(cooperative_id) as session:
        policy = found(store.find_policy(session, policy_id))
        insurer = insurers_store.insurer_code_of(session, policy.product_id)
    step = _STEPS.get(policy.status)
    if step is None:
        return
    try:
        step(desk, policy, insurer)
    except InsurerAway as fault:
        _log.warning("the insurer of policy %s is away: %s", policy_id, fault)
        _postpone(desk.database, policy, contract.InsurerUnavailable.code)
    except InsurerRefusal as refusal:
        if policy.status == policies.ACTIVATING:
            _refuse_activation(desk.database, policy, str(refusal))
        else:
            _postpone(desk.database, policy, str(refusal))
    except ServiceError as fault:
        _postpone(desk.database, policy, fault.code)


def _give_up(desk: Desk, policy: Policy, insurer: str) -> None:
    """Whoever was reserving it has gone: let the insurer know that it need not."""
    with desk.database.tenant(policy.cooperative_id) as session:
        locked = found(store.lock_policy(session, policy.id))
        if locked.status != policies.RESERVING:
            return
        locked.status, locked.end_reason = policies.RELEASING, NO_LOAN
    _release(desk, locked, insurer)


def _release(desk: Desk, policy: Policy, insurer: str) -> None:
    today = clock.business_date()
    desk.asked.cancel(
        Ending(
            insurer=insurer,
            policy_id=policy.id,
            on=today,
            reason=policy.end_reason or NO_LOAN,
            refund_amount=0,
        )
    )
    with desk.database.tenant(policy.cooperative_id) as session:
        locked = found(store.lock_policy(session, policy.id))
        if locked.status == policies.RELEASING:
            locked.status, locked.ended_on = policies.CANCELLED, today


def _activate(desk: Desk, policy: Policy, insurer: str) -> None:
    number = desk.asked.activate(
        Activation(
            insurer=insurer,
            policy_id=policy.id,
            starts_on=policy.starts_on,
            ends_on=policy.ends_on,
            premium=policy.premium,
            premium_reference=policy.premium_fee_reference or "",
        )
    )
    with desk.database.tenant(policy.cooperative_id) as session:
        locked = found(store.lock_policy(session, policy.id))
        if locked.status == policies.ACTIVATING:
            locked.status = policies.ACTIVE
            locked.number = number or locked.number
            locked.attempts, locked.fault = 0, None


def _cancel(desk: Desk, policy: Policy, insurer: str) -> None:
    if not policy.is_insurer_told:
        _tell_insurer(desk, policy, insurer)
    if policy.refund_amount:
        desk.ledger_of(policy.cooperative_id).refund_fee(
            {
                "cooperative_id": policy.cooperative_id,
                "kind": FEE_KIND,
                "reference": policy.premium_fee_reference,
                "refund_reference": policy.id,
                "amount": policy.refund_amount,
                "reason": f"Pengembalian premi polis {policy.number or policy.id}",
            }
        )
    with desk.database.tenant(policy.cooperative_id) as session:
        locked = found(store.lock_policy(session, policy.id))
        if locked.status != policies.CANCELLING:
            return
        locked.status, locked.fault = policies.CANCELLED, None
        if locked.refund_amount:
            payload = _event(locked) | {"amount": locked.refund_amount}
            told = contract.PolicyRefunded().dump(payload)
            outbox.add(session, contract.POLICY_REFUNDED, told)
            actor, after = sweeper(locked.cooperative_id), {"amount": payload["amount"]}
            trail.note(session, actor, "policy.refunded", locked.id, after=after)


def _tell_insurer(desk: Desk, policy: Policy, insurer: str) -> None:
    ending = Ending(
        insurer=insurer,
        policy_id=policy.id,
        on=policy.ended_on or clock.business_date(),
        reason=policy.end_reason or "",
        refund_amount=policy.refund_amount,
    )
    try:
        desk.asked.cancel(ending)
    except InsurerRefusal:
        # Who would not let it begin may well say that there is nothing to end.
        if policy.end_reason != policies.NEVER_COVERED:
            raise
    with desk.database.tenant(policy.cooperative_id) as session:
        found(store.lock_policy(session, policy.id)).is_insurer_told = True


@retrying
def _refuse_activation(database: Database, seen: Policy, reason: str) -> None:
    """The insurer will not have it, however often it is asked: a person decides."""
    with database.tenant(seen.cooperative_id) as session:
        policy = found(store.lock_policy(session, seen.id))
        if policy.status != policies.ACTIVATING:
            return
        policy.status = policies.ACTIVATION_REFUSED
        policy.attempts, policy.fault = 0, reason
        session.flush()
        told = contract.PolicyEvent().dump(_event(policy))
        outbox.add(session, contract.POLICY_ACTIVATION_REFUSED, told)
        actor, after = sweeper(policy.cooperative_id), {"reason": reason}
        trail.note(session, actor, "policy.activation_refused", policy.id, after=after)


def _event(policy: Policy) -> dict[str, Any]:
    return {
        "cooperative_id": policy.cooperative_id,
        "policy_id": policy.id,
        "loan_id": policy.reference,
    }


@retrying
def _postpone(database: Database, seen: Policy, fault: str) -> None:
    _log.warning("policy %s stays %s: %s", seen.id, seen.status, fault)
    with database.tenant(seen.cooperative_id) as session:
        policy = found(store.lock_policy(session, seen.id))
        if policy.status not in policies.UNFINISHED:
            return
        policy.due_at = clock.now() + policies.pause(policy.attempts)
        policy.attempts += 1
        policy.fault = fault


_STEPS: Final[Mapping[str, Callable[[Desk, Policy, str], None]]] = {
    policies.RESERVING: _give_up,
    policies.RELEASING: _release,
    policies.ACTIVATING: _activate,
    policies.CANCELLING: _cancel,
}
