"""How verification codes are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.members.models import VerificationCode


def add_code(session: Session, **columns: Any) -> VerificationCode:
    """A code that has just been made."""
    code = VerificationCode(attempts=0, **columns)
    session.add(code)
    session.flush()
    return code


def list_sent(
    session: Session, member_id: str, channel: str, since: datetime
) -> Sequence[datetime]:
    """When codes were sent to this member since then, newest first."""
    return session.scalars(
        select(VerificationCode.created_at)
        .where(
            VerificationCode.member_id == member_id,
            VerificationCode.channel == channel,
            VerificationCode.created_at > since,
        )
        .order_by(VerificationCode.created_at.desc())
    ).all()


def lock_newest(
    session: Session, member_id: str, channel: str
) -> VerificationCode | None:
    """The code that was sent last and not used, held until this transaction ends."""
    code = session.scalar(
        select(VerificationCode)
        .where(
            VerificationCode.member_id == member_id,
            VerificationCode.channel == channel,
        )
        .order_by(VerificationCode.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return None if code is None or code.used_at is not None else code


def forget_codes(session: Session, expired_before: datetime) -> int:
    """Drop codes that nobody can use any more; how many."""
    result = session.execute(
        delete(VerificationCode).where(VerificationCode.expires_at < expired_before)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
