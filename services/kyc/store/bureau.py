"""How reports of the credit bureau are read and written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kyc.models import BureauReport


def add_report(session: Session, **columns: Any) -> BureauReport | None:
    """A report; None when the member has handed in this file before."""
    return session.scalar(
        insert(BureauReport)
        .values(**columns)
        .on_conflict_do_nothing(constraint="uq_bureau_reports_member_id_content_hash")
        .returning(BureauReport)
    )


def find_same(
    session: Session, member_id: str, content_hash: bytes
) -> BureauReport | None:
    """The report that was made of the same file."""
    return session.scalar(
        select(BureauReport).where(
            BureauReport.member_id == member_id,
            BureauReport.content_hash == content_hash,
        )
    )


def find_newest(session: Session, member_id: str) -> BureauReport | None:
    """The report of the latest date that a member has handed in."""
    return session.scalar(
        select(BureauReport)
        .where(BureauReport.member_id == member_id)
        .order_by(BureauReport.report_date.desc(), BureauReport.id.desc())
        .limit(1)
    )
