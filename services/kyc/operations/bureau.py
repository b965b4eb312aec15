"""Reports of the credit bureau: taken in, checked to be the member's, summed up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from services.kyc.domain import bureau as domain
from services.kyc.domain.peers import Members
from services.kyc.models import BureauReport
from services.kyc.operations import people, sealing
from services.kyc.store import bureau as store
from services.shared import clock, identifiers
from services.shared.contracts import answers
from services.shared.contracts.kyc import bureau as contract
from services.shared.identity import Actor
from services.shared.persistence import idempotency, trail
from services.shared.persistence.database import Database, retrying
from services.shared.settings import Settings

NOTHING: Final = {
    "report_date": None,
    "worst_quality": None,
    "score": None,
    "outstanding": 0,
    "facilities": 0,
    "days_in_arrears": 0,
    "uploaded_at": None,
}


@retrying
def upload_bureau_report(
    database: Database,
    settings: Settings,
    members: Members,
    actor: Actor,
    command: dict[str, Any],
) -> dict[str, Any]:
    """Keep an iDEB of a member, encrypted; the same file again is the same report.

    Raises BureauReportUnreadable, NotThisMember, IdentityIncomplete, NotFound.
    """
    content = _content(command)
    member_id = command["member_id"]
    nik = people.identity_of(members, member_id).person.nik
    summary = _read(content, nik)
    content_hash = hashlib.sha512(content).digest()

    def keep(session: Session) -> dict[str, Any]:
        report_id = identifiers.new("ide")
        own = sealing.cipher(session, settings, actor.cooperative_id)
        made = store.add_report(
            session,
            id=report_id,
            cooperative_id=actor.cooperative_id,
            member_id=member_id,
            report_date=summary.report_date,
            summary=sealing.sealed(own, summary_place(report_id), _kept(summary)),
            content=own.encrypt(
                content, f"bureau_reports.content:{report_id}".encode()
            ),
            content_hash=content_hash,
            uploaded_by=actor.subject,
            uploaded_at=clock.now(),
        )
        if made is not None:
            told = {"member_id": member_id}
            trail.note(session, actor, "bureau_report.uploaded", made.id, after=told)
        report = made or store.find_same(session, member_id, content_hash)
        assert report is not None  # noqa: S101  it conflicted with nothing else
        return _answer(report, summary)

    return idempotency.once(database, actor, command, keep)


def get_bureau_summary(
    database: Database, settings: Settings, cooperative_id: str, member_id: str
) -> dict[str, Any]:
    """What the newest report of a member says; nulls where there is none."""
    with database.tenant(cooperative_id) as session:
        report = store.find_newest(session, member_id)
        if report is None:
            return dict(NOTHING)
        summary = opened(session, settings, report)
    shown = _answer(report, summary)
    return {name: shown[name] for name in NOTHING}


def newest(
    session: Session, settings: Settings, member_id: str
) -> domain.Summary | None:
    """The newest report of a member in numbers."""
    report = store.find_newest(session, member_id)
    return None if report is None else opened(session, settings, report)


def opened(
    session: Session, settings: Settings, report: BureauReport
) -> domain.Summary:
    """A report in numbers."""
    own = sealing.cipher(session, settings, report.cooperative_id)
    kept = sealing.opened(own, summary_place(report.id), report.summary)
    return domain.Summary(
        **kept | {"report_date": date.fromisoformat(kept["report_date"])}
    )


def summary_place(report_id: str) -> str:
    """What an encrypted summary is bound to."""
    return f"bureau_reports.summary:{report_id}"


def _read(content: bytes, nik: str) -> domain.Summary:
    try:
        report = json.loads(content, parse_float=Decimal)
        summary, numbers = domain.read(report)
    except (ValueError, RecursionError, domain.Unreadable) as fault:
        raise contract.BureauReportUnreadable from fault
    if summary.report_date > clock.business_date():
        raise contract.BureauReportUnreadable
    if nik not in numbers:
        raise contract.NotThisMember
    return summary


def _content(command: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(command["content"], validate=True)
    except (binascii.Error, ValueError) as fault:
        raise contract.BureauReportUnreadable from fault
    if len(content) > contract.SIZE_BYTES_MAX:
        raise contract.BureauReportUnreadable
    return content


def _kept(summary: domain.Summary) -> dict[str, Any]:
    return {
        "report_number": summary.report_number,
        "report_date": summary.report_date.isoformat(),
        "worst_quality": summary.worst_quality,
        "outstanding": summary.outstanding,
        "facilities": summary.facilities,
        "days_in_arrears": summary.days_in_arrears,
    }


def _answer(report: BureauReport, summary: domain.Summary) -> dict[str, Any]:
    told = {
        "id": report.id,
        "member_id": report.member_id,
        "report_number": summary.report_number,
        "report_date": summary.report_date,
        "worst_quality": summary.worst_quality,
        "score": summary.score,
        "outstanding": summary.outstanding,
        "facilities": summary.facilities,
        "days_in_arrears": summary.days_in_arrears,
        "uploaded_by": report.uploaded_by,
        "uploaded_at": report.uploaded_at,
    }
    return answers.one(contract.BureauReport(), told)
