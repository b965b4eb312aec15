"""How a check is asked for: once per request id, and only where it can be done."""

from __future__ import annotations

from typing import Any, Final

from services.kyc.domain import checks as domain
from services.kyc.models import Check
from services.kyc.operations import people, sealing
from services.kyc.operations.checks import driving, views
from services.kyc.operations.checks.desk import Desk
from services.kyc.store import checks as store
from services.shared import clock, identifiers
from services.shared.contracts.idempotency import request_hash
from services.shared.contracts.kyc import checks as contract
from services.shared.errors import IdempotencyKeyReused
from services.shared.identity import Actor
from services.shared.persistence import trail
from services.shared.persistence.database import retrying

OWN: Final = ("member_id", "feature", "reference")


def request_check(desk: Desk, actor: Actor, command: dict[str, Any]) -> dict[str, Any]:
    """The check of a member, as far as it could be brought now.

    What came before under its request id is answered as it stands. Before anything is
    kept or charged it raises WrongFeature, KycNotConfigured, KycVendorAway, NotFound
    and IdentityIncomplete; IdempotencyKeyReused for another request under the same id.
    """
    request_id, asked_hash = _request_id(actor, command), _hash(command)
    known = _known(desk, request_id)
    identity = None
    is_new = known is None
    if known is None:
        _refuse_wrong_feature(command)
        identity = people.identity_of(
            desk.members, command["member_id"], with_photos=True
        )
        _refuse_without_vendor(desk)
        known, is_new = _keep(desk, actor, command, request_id, asked_hash)
    if known.request_hash != asked_hash:
        raise IdempotencyKeyReused
    if is_new or _claimed(desk, known):
        driving.drive(desk, known.id, identity)
    shown = views.get_check(desk.database, desk.settings, desk.tenant, known.id)
    return shown if is_new else shown | {"replayed": True}


def _refuse_wrong_feature(command: dict[str, Any]) -> None:
    """The applied amount decides what is checked (R33, R37, C8)."""
    is_small = command["applied_amount"] <= contract.EKYC_AMOUNT_MAX
    if is_small != (command["feature"] == domain.EKYC):
        raise contract.WrongFeature


def _refuse_without_vendor(desk: Desk) -> None:
    if desk.vendor is None:
        raise contract.KycNotConfigured
    if desk.vendor.is_away:
        raise contract.KycVendorAway


@retrying
def _keep(
    desk: Desk,
    actor: Actor,
    command: dict[str, Any],
    request_id: str,
    asked_hash: str,
) -> tuple[Check, bool]:
    """The check and the consent to it in one transaction, and whether it is new."""
    now, consent = clock.now(), command["consent"]
    with desk.database.tenant(desk.tenant) as session:
        # Whoever has no key yet, or no more, could not keep what will be found.
        sealing.cipher(session, desk.settings, desk.tenant)
        check = store.add_check(
            session,
            id=identifiers.new("kck"),
            cooperative_id=desk.tenant,
            member_id=command["member_id"],
            feature=command["feature"],
            request_id=request_id,
            request_hash=asked_hash,
            reference=command["reference"],
            applied_amount=command["applied_amount"],
            requested_by=actor.subject,
            requested_at=now,
            due_at=now + driving.LEASE,
        )
        if check is None:
            found = store.find_by_request(session, request_id)
            assert found is not None  # noqa: S101  it conflicted with this one
            return found, False
        store.add_consent(
            session,
            id=identifiers.new("cns"),
            cooperative_id=desk.tenant,
            check_id=check.id,
            member_id=check.member_id,
            given_at=consent["at"],
            text_version=consent["text_version"],
            given_by=consent["given_by"],
            recorded_by=actor.subject,
            recorded_at=now,
        )
        told = {"member_id": check.member_id, "feature": check.feature}
        trail.note(session, actor, "kyc.check_requested", check.id, after=told)
        return check, True


def _known(desk: Desk, request_id: str) -> Check | None:
    with desk.database.tenant(desk.tenant) as session:
        return store.find_by_request(session, request_id)


def _claimed(desk: Desk, check: Check) -> bool:
    """Whether a check was left on its way, and is ours to carry on with now."""
    now = clock.now()
    if not domain.is_due(check.due_at, now):
        return False
    with desk.database.tenant(desk.tenant) as session:
        claimed = store.claim(session, check.id, now=now, until=now + driving.LEASE)
    return claimed is not None


def _request_id(actor: Actor, command: dict[str, Any]) -> str:
    """The request id; of a person it is made of what makes its request its own."""
    if command["request_id"] is not None:
        return str(command["request_id"])
    part = command["idempotency"]
    return identifiers.derived(
        "req", actor.cooperative_id, part["operation"], part["key"]
    )


def _hash(command: dict[str, Any]) -> str:
    """What makes a request another one under the same id.

    A service asks anew with whatever consent and amount it has then: as long as it is
    about the same check, it gets that one, and no second fee.
    """
    if command["request_id"] is None:
        return str(command["idempotency"]["request_hash"])
    return request_hash({name: command[name] for name in OWN})
