"""How the cover of a loan is quoted, reserved, released and begun.

A reservation is stored before the insurer is asked, so that whoever dies in between
leaves something to release. Once the money of the loan has moved nothing is refused any
more: a policy is `activating` until the insurer knows of it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from services.insurance.domain import policies, premiums
from services.insurance.domain.insurers import (
    Cover,
    InsurerAway,
    InsurerRefusal,
    Provisional,
)
from services.insurance.models import InsuranceProduct, Policy
from services.insurance.operations.desk import Desk
from services.insurance.operations.policies import sweeping, views
from services.insurance.operations.policies.views import found
from services.insurance.store import insurers as insurers_store
from services.insurance.store import policies as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts import insurance as insurance_contract
from services.shared.contracts.insurance import policies as contract
from services.shared.contracts.insurance import resolutions as resolutions_contract
from services.shared.crypto import FieldCipher
from services.shared.errors import InvariantViolated
from services.shared.identity import Actor
from services.shared.persistence import keyring, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

OTHER_PREMIUM: Final = "Premi dari perusahaan asuransi berbeda"
NO_ANSWER: Final = "Perusahaan asuransi tidak menjawab"

_log = logging.getLogger(__name__)

_TERMS: Final = ("member_id", "principal", "months")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Intended:
    """A policy as stored, what it answers, and how the insurer is asked for it."""

    policy: Policy
    answer: dict[str, Any]
    cover: Cover


def quote_premium(
    database: Database, cooperative_id: str, command: dict[str, Any]
) -> dict[str, Any]:
    """What cover would cost. Raises ProductNotOffered."""
    with database.tenant(cooperative_id) as session:
        product = _offered(session, command["product_code"])
    terms = _terms(product, command["principal"], command["months"])
    return answers.one(contract.Quote(), terms | {"product_code": product.code})


def reserve_policy(desk: Desk, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """Provisional cover of a loan.

    Again with the same terms it is the policy that there is. Raises ProductNotOffered,
    PolicyExists, InsurerRefused, InsurerUnavailable.
    """
    if desk.insurer is None:
        raise contract.InsurerUnavailable
    intended = _intend(desk, actor, command)
    policy = intended.policy
    if policy.status != policies.RESERVING:
        return intended.answer
    try:
        provisional = desk.insurer.reserve(intended.cover)
    except InsurerRefusal as refusal:
        _give_up(desk.database, policy, policies.REFUSED, str(refusal))
        raise _refused(str(refusal)) from refusal
    except InsurerAway as fault:
        # It may have covered the loan all the same, and must hear that it need not.
        _log.warning("policy %s is not reserved: %s", policy.id, fault)
        _give_up(desk.database, policy, policies.RELEASING, NO_ANSWER)
        raise contract.InsurerUnavailable from fault
    if provisional.premium != policy.premium:
        _give_up(desk.database, policy, policies.RELEASING, OTHER_PREMIUM)
        raise _refused(OTHER_PREMIUM)
    return _record(desk.database, actor, policy, provisional)


@retrying
def cancel_reservation(
    database: Database, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The loan is not paid out; the sweep tells the insurer. Again changes nothing.

    Raises PolicyNotReserved for cover that has begun.
    """
    with database.tenant(actor.cooperative_id) as session:
        policy = found(store.lock_policy(session, command["policy_id"]))
        if policy.status in {policies.RESERVING, policies.RESERVED}:
            _release(policy, command["reason"])
            session.flush()
            trail.note(session, actor, "policy.released", policy.id)
        elif policy.premium_fee_reference is not None:
            raise contract.PolicyNotReserved
        return views.answer(session, policy)


def activate_policy(
    desk: Desk, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The loan was paid out: cover begins. Again changes nothing.

    The insurer is told at once if it answers, and else by the sweep. Raises
    PolicyNotReserved for a reservation that was released.
    """
    policy_id = command["policy_id"]
    if _begin(desk.database, actor, command) == policies.ACTIVATING:
        sweeping.carry_on(desk, actor.cooperative_id, policy_id)
    return views.get_policy(desk.database, actor.cooperative_id, policy_id)


def retry_activation(
    desk: Desk, actor: Actor, command: dict[str, Any]
) -> dict[str, Any]:
    """The insurer is asked once more to let cover begin. Again changes nothing.

    Raises ActivationNotRefused for cover that has not come so far, or has ended.
    """
    _try_again(desk.database, actor, command)
    sweeping.carry_on(desk, actor.cooperative_id, command["policy_id"])
    return views.get_policy(desk.database, actor.cooperative_id, command["policy_id"])


@retrying
def _try_again(database: Database, actor: Actor, command: dict[str, Any]) -> None:
    with database.tenant(actor.cooperative_id) as session:
        policy = found(store.lock_policy(session, command["policy_id"]))
        if policy.status in policies.COVERED:
            return
        if policy.status != policies.ACTIVATION_REFUSED:
            raise resolutions_contract.ActivationNotRefused
        policy.status = policies.ACTIVATING
        policy.attempts = 0
        policy.due_at = clock.now() + timedelta(seconds=policies.HELD_SECONDS)
        session.flush()
        told = {"reason": command["reason"]}
        trail.note(session, actor, "policy.activation_retried", policy.id, after=told)


@retrying
def _intend(desk: Desk, actor: Actor, command: dict[str, Any]) -> _Intended:
    """The living policy of the loan, made if there is none."""
    with desk.database.tenant(actor.cooperative_id) as session:
        policy = store.lock_living(session, command["reference"])
        if policy is None:
            policy = _add(session, desk.settings, actor, command)
        product = insurers_store.get_product(session, policy.product_id)
        is_same = all(getattr(policy, name) == command[name] for name in _TERMS)
        if not is_same or product.code != command["product_code"]:
            raise contract.PolicyExists
        return _Intended(
            policy=policy,
            answer=views.answer(session, policy),
            cover=_cover(session, desk.settings, policy, product),
        )


def _add(
    session: Session, settings: Settings, actor: Actor, command: dict[str, Any]
) -> Policy:
    product = _offered(session, command["product_code"])
    terms = _terms(product, command["principal"], command["months"])
    policy_id, now = identifiers.new("pol"), clock.now()
    birth_date = command["birth_date"]
    insured = {
        "name": command["member_name"],
        "birth_date": birth_date and birth_date.isoformat(),
    }
    sealed = _cipher(session, settings, actor.cooperative_id).encrypt(
        json.dumps(insured).encode(), _place(policy_id)
    )
    starts_on = command["starts_on"]
    policy = store.add_policy(
        session,
        id=policy_id,
        cooperative_id=actor.cooperative_id,
        reference=command["reference"],
        product_id=product.id,
        member_id=command["member_id"],
        insured=sealed,
        principal=command["principal"],
        months=command["months"],
        refund_bps=product.refund_bps,
        starts_on=starts_on,
        ends_on=premiums.add_months(starts_on, terms["charged_months"]),
        due_at=now + timedelta(seconds=policies.HELD_SECONDS),
        created_at=now,
        **terms,
    )
    if policy is None:
        # Another request has just made it.
        policy = store.lock_living(session, command["reference"])
    if policy is None:
        raise InvariantViolated("a loan has a living policy and has none")
    return policy


@retrying
def _record(
    database: Database, actor: Actor, intended: Policy, provisional: Provisional
) -> dict[str, Any]:
    """The insurer has reserved it; unless it was released meanwhile."""
    with database.tenant(actor.cooperative_id) as session:
        policy = found(store.lock_policy(session, intended.id))
        if policy.status == policies.RESERVING:
            policy.status = policies.RESERVED
            policy.number = provisional.number
            policy.held_until = clock.business_date() + timedelta(
                days=policies.RESERVATION_DAYS
            )
            policy.attempts, policy.fault = 0, None
            session.flush()
            trail.note(session, actor, "policy.reserved", policy.id)
        if policy.status not in policies.LIVING:
            raise contract.InsurerUnavailable
        return views.answer(session, policy)


@retrying
def _give_up(database: Database, intended: Policy, status: str, fault: str) -> None:
    with database.tenant(intended.cooperative_id) as session:
        policy = found(store.lock_policy(session, intended.id))
        if policy.status != policies.RESERVING:
            return
        if status == policies.RELEASING:
            _release(policy, fault)
        else:
            policy.status = status
        policy.fault = fault


@retrying
def _begin(database: Database, actor: Actor, command: dict[str, Any]) -> str:
    with database.tenant(actor.cooperative_id) as session:
        policy = found(store.lock_policy(session, command["policy_id"]))
        if policy.status == policies.RESERVED:
            begun_on: date = command["disbursed_on"]
            policy.status = policies.ACTIVATING
            policy.premium_fee_reference = command["premium_fee_reference"]
            policy.starts_on = begun_on
            policy.ends_on = premiums.add_months(begun_on, policy.charged_months)
            policy.attempts, policy.fault = 0, None
            policy.due_at = clock.now() + timedelta(seconds=policies.HELD_SECONDS)
            session.flush()
            trail.note(session, actor, "policy.activated", policy.id)
        elif policy.premium_fee_reference is None:
            raise contract.PolicyNotReserved
        return policy.status


def _release(policy: Policy, reason: str) -> None:
    policy.status = policies.RELEASING
    policy.end_reason = reason
    policy.attempts, policy.due_at = 0, clock.now()


def _cover(
    session: Session, settings: Settings, policy: Policy, product: InsuranceProduct
) -> Cover:
    sealed = store.insured_of(session, policy.id)
    opened = _cipher(session, settings, policy.cooperative_id).decrypt(
        sealed, _place(policy.id)
    )
    insured = json.loads(opened)
    birth_date = insured["birth_date"]
    return Cover(
        insurer=insurers_store.insurer_code_of(session, product.id),
        policy_id=policy.id,
        product_code=product.code,
        kind=product.kind,
        name=insured["name"],
        birth_date=birth_date and date.fromisoformat(birth_date),
        principal=policy.principal,
        months=policy.months,
        premium=policy.premium,
        coverage_bps=policy.coverage_bps,
        starts_on=policy.starts_on,
        ends_on=policy.ends_on,
    )


def _terms(product: InsuranceProduct, principal: int, months: int) -> dict[str, int]:
    charged = premiums.charged_months(months, rounds_years_up=product.rounds_years_up)
    premium = premiums.premium(principal, rate_bps=product.rate_bps, months=charged)
    return {
        "premium": premium,
        "charged_months": charged,
        "rate_bps": product.rate_bps,
        "coverage_bps": product.coverage_bps,
    }


def _offered(session: Session, code: str) -> InsuranceProduct:
    product = insurers_store.find_product_by_code(session, code)
    if product is None or not product.is_offered:
        raise contract.ProductNotOffered
    return product


def _refused(reason: str) -> contract.InsurerRefused:
    told = {"field": "", "code": contract.InsurerRefused.code, "detail": reason}
    return contract.InsurerRefused(details={"errors": [told]})


def _cipher(session: Session, settings: Settings, cooperative_id: str) -> FieldCipher:
    return keyring.cipher(session, settings, insurance_contract.SERVICE, cooperative_id)


def _place(policy_id: str) -> bytes:
    return f"policies.insured:{policy_id}".encode()
