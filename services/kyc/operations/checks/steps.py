"""The steps of a check: each does one thing, and records what came of it.

A step answers the check as it stands then, or None when somebody else has moved it
meanwhile. What it raises leaves the check where it was, for the next attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.kyc.domain import checks as domain
from services.kyc.domain import vendors
from services.kyc.domain.vendors import Question, VendorFailed
from services.kyc.models import Check, VendorCall
from services.kyc.operations import income, sealing, thresholds
from services.kyc.operations.checks import ending, judging
from services.kyc.operations.checks.desk import Desk, Run
from services.kyc.store import checks as store
from services.shared import clock, identifiers
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts.kyc import checks as contract
from services.shared.errors import ConflictError, NotFoundError, RefusedError
from services.shared.persistence.database import retrying

REFUND_REASON: Final = "Pemeriksaan gagal: vendor tidak memberi jawaban"

_log = logging.getLogger(__name__)


def _charge(run: Run) -> Check | None:
    """Take the fee, unless the NIK shows that there is nobody to ask about (R35)."""
    desk, check = run.desk, run.check
    # Whoever was here before may have died with the fee already taken.
    is_carried_on = run.known is None
    try:
        person = run.identity.person
    except (NotFoundError, RefusedError) as fault:
        _undo_charge(run)
        return ending.end(run, domain.REFUSED, fault=fault.code)
    with desk.database.tenant(desk.tenant) as session:
        limits = thresholds.in_force(session, desk.tenant)
    ektp = domain.judged_ektp(person, limits, clock.business_date())
    if ektp.result == domain.FAILED_RESULT:
        if is_carried_on:
            _undo_charge(run)
        return ending.finish(run, lambda _: [ektp])
    try:
        charged = desk.ledger.charge_fee(
            {
                "kind": domain.FEE_KIND,
                "reference": check.id,
                "cooperative_id": desk.tenant,
            }
        )
    except (RefusedError, ConflictError, NotFoundError) as fault:
        return ending.end(run, domain.REFUSED, fault=fault.code)
    return _move(
        run, status=domain.CHARGED, fee_id=charged["id"], fee_amount=charged["amount"]
    )


def _undo_charge(run: Run) -> None:
    try:
        _give_back(run)
    except ledger_contract.FeeNotCharged:
        return


@retrying
def _prepare(run: Run) -> Check | None:
    """Keep which questions a vendor is going to be asked."""
    desk, check, now = run.desk, run.check, clock.now()
    vendor = "none" if desk.vendor is None else desk.vendor.name
    with desk.database.tenant(desk.tenant) as session:
        kinds = [domain.DUKCAPIL]
        if check.feature == domain.EKYC and (
            income.fresh_upload(session, desk.settings, check.member_id) is None
        ):
            kinds.append(domain.INCOME)
        store.add_calls(
            session,
            [
                {
                    "id": identifiers.derived("vcl", check.id, kind),
                    "cooperative_id": desk.tenant,
                    "check_id": check.id,
                    "kind": kind,
                    "vendor": vendor,
                    "asked_at": now,
                }
                for kind in kinds
            ],
        )
        return store.advance(session, check.id, domain.CHARGED, status=domain.CHECKING)


def _ask(run: Run) -> Check | None:
    """Ask what is not answered yet; with every answer the check is done.

    Without an answer to any of it the fee is given back: it pays for the whole check.
    """
    desk, check = run.desk, run.check
    with desk.database.tenant(desk.tenant) as session:
        calls = store.list_calls(session, check.id)
        given = store.find_consent(session, check.id)
    try:
        identity = run.identity
    except (NotFoundError, RefusedError) as fault:
        # The member's NIK was taken away since the check was charged.
        return _give_up(run, calls[0], fault.code)
    consent = vendors.Consent(at=given.given_at, text_version=given.text_version)
    for call in calls:
        if call.answer is not None:
            continue
        try:
            answer = _answer(desk, call, identity.question(call.id, consent))
        except VendorFailed as fault:
            _log.warning("check %s: %s: %s", check.id, fault.code, fault)
            return _give_up(run, call, fault.code)
        _keep_answer(desk, call, answer)
    return ending.finish(run, lambda session: judging.judged(session, run))


def _answer(desk: Desk, call: VendorCall, question: Question) -> dict[str, Any]:
    """The vendor's answer as it is kept. Raises VendorFailed."""
    vendor = desk.vendor
    if vendor is None:
        raise VendorFailed(contract.KycNotConfigured.code, "No vendor is set.")
    if call.kind == domain.DUKCAPIL:
        return vendor.verify_identity(question).kept
    found = vendor.read_income(question)
    return {
        "vendor": found.vendor,
        "vendor_ref": found.vendor_ref,
        "statement": None if found.statement is None else found.statement.told,
    }


@retrying
def _keep_answer(desk: Desk, call: VendorCall, answer: dict[str, Any]) -> None:
    with desk.database.tenant(desk.tenant) as session:
        own = sealing.cipher(session, desk.settings, desk.tenant)
        store.answer_call(
            session,
            call.id,
            answer=sealing.sealed(own, judging.call_place(call.id), answer),
            answered_at=clock.now(),
        )


@retrying
def _give_up(run: Run, call: VendorCall, fault: str) -> Check | None:
    """The vendor failed for good: the fee has to go back."""
    with run.desk.database.tenant(run.desk.tenant) as session:
        store.fail_call(session, call.id, fault)
        return store.advance(
            session,
            run.check.id,
            domain.CHECKING,
            status=domain.REFUNDING,
            fault=fault,
            attempts=0,
        )


def _refund(run: Run) -> Check | None:
    """Give the fee back, once."""
    refund = _give_back(run)
    return ending.end(run, domain.FAILED, fault=run.check.fault, refund_id=refund["id"])


def _give_back(run: Run) -> dict[str, Any]:
    """The refund of the check's fee, the same however often. Raises FeeNotCharged."""
    return run.desk.ledger.refund_fee(
        {
            "cooperative_id": run.desk.tenant,
            "kind": domain.FEE_KIND,
            "reference": run.check.id,
            "refund_reference": run.check.id,
            "reason": REFUND_REASON,
        }
    )


@retrying
def _move(run: Run, **values: Any) -> Check | None:
    with run.desk.database.tenant(run.desk.tenant) as session:
        return store.advance(session, run.check.id, run.check.status, **values)


STEPS: Final[Mapping[str, Callable[[Run], Check | None]]] = {
    domain.REQUESTED: _charge,
    domain.CHARGED: _prepare,
    domain.CHECKING: _ask,
    domain.REFUNDING: _refund,
}
