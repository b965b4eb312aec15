"""What a check comes to, out of what vendors and members have told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.kyc.domain import checks as domain
from services.kyc.domain import income as wages
from services.kyc.domain.checks import Part, Thresholds
from services.kyc.domain.vendors import Answer
from services.kyc.operations import bureau, income, sealing, thresholds
from services.kyc.operations.checks.desk import Run
from services.kyc.store import checks as store
from services.shared import clock


def judged(session: Session, run: Run) -> list[Part]:
    """Every part of the check, out of what vendors and members have told."""
    desk, check, today = run.desk, run.check, clock.business_date()
    limits = thresholds.in_force(session, desk.tenant)
    own = sealing.cipher(session, desk.settings, desk.tenant)
    told = {
        call.kind: sealing.opened(own, call_place(call.id), call.answer or b"")
        for call in store.list_calls(session, check.id)
    }
    person = run.identity.person
    parts = [
        domain.judged_ektp(person, limits, today),
        domain.judged_dukcapil(Answer.of_kept(told[domain.DUKCAPIL]), limits),
    ]
    if check.feature == domain.SKORING:
        report = bureau.newest(session, desk.settings, check.member_id)
        return [*parts, domain.judged_slik(report, today)]
    return [*parts, _judged_income(session, run, told.get(domain.INCOME), limits)]


def _judged_income(
    session: Session,
    run: Run,
    told: Mapping[str, Any] | None,
    limits: Thresholds,
) -> Part:
    """The income by the vendor's word, or by what the member has handed in."""
    desk, check = run.desk, run.check
    source = wages.UPLOAD if told is None else wages.VENDOR
    if told is None:
        statement = income.fresh_upload(session, desk.settings, check.member_id)
    elif told["statement"] is None:
        statement = None
    else:
        statement = wages.Statement.of_told(told["statement"])
        income.add(
            session, desk.settings, desk.actor, check.member_id, source, statement
        )
    return domain.judged_income(
        run.identity.person, statement, source, limits, clock.business_date()
    )


def call_place(call_id: str) -> str:
    """What the encrypted answer of a vendor is bound to."""
    return f"vendor_calls.answer:{call_id}"
