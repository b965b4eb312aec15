"""How checks are shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.kyc.domain import checks as domain
from services.kyc.models import Check
from services.kyc.operations import sealing
from services.kyc.operations.checks import ending
from services.kyc.store import checks as store
from services.kyc.store import screening as screening_store
from services.shared.contracts import answers
from services.shared.contracts.kyc import checks as contract
from services.shared.errors import NotFound
from services.shared.persistence.database import Database
from services.shared.settings import Settings


def get_check(
    database: Database, settings: Settings, cooperative_id: str, check_id: str
) -> dict[str, Any]:
    """One check with its parts. Raises NotFound."""
    with database.tenant(cooperative_id) as session:
        check = store.find_check(session, check_id)
        if check is None:
            raise NotFound("There is no such check.")
        [shown] = show(session, settings, cooperative_id, [check])
    return shown


def list_checks(
    database: Database,
    settings: Settings,
    cooperative_id: str,
    command: dict[str, Any],
) -> dict[str, Any]:
    """The checks of the cooperative, or those of one member, oldest first."""
    wanted = {name: command[name] for name in ("member_id", "status", "result")}
    limit = command["limit"]
    owner = f"checks {cooperative_id} {' '.join(str(one) for one in wanted.values())}"
    with database.tenant(cooperative_id) as session:
        rows = store.list_checks(
            session,
            member_id=wanted["member_id"],
            statuses=_statuses(wanted["status"]),
            result=wanted["result"],
            after=answers.position(owner, command["cursor"]),
            limit=limit + 1,
        )
        shown, next_cursor = answers.cut(owner, rows, limit=limit, key="id")
        items = show(session, settings, cooperative_id, shown)
    return {"items": items, "next_cursor": next_cursor}


def show(
    session: Session, settings: Settings, cooperative_id: str, found: Sequence[Check]
) -> list[dict[str, Any]]:
    """The answers about some checks."""
    if not found:
        return []
    own = sealing.cipher(session, settings, cooperative_id)
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for part in store.list_parts(session, [one.id for one in found]):
        place = ending.part_place(part.check_id, part.kind)
        parts[part.check_id].append(
            {
                "kind": part.kind,
                "result": part.result,
                "score": part.score,
                "detail": sealing.opened(own, place, part.detail),
            }
        )
    alerts = screening_store.count_standing(session, {one.member_id for one in found})
    return [
        answers.one(
            contract.Check(),
            {
                "id": one.id,
                "member_id": one.member_id,
                "feature": one.feature,
                "reference": one.reference,
                "applied_amount": one.applied_amount,
                "status": domain.shown_status(one.status),
                "result": one.result,
                "fault": one.fault,
                "parts": parts[one.id],
                "review": _review(one),
                "fee_amount": 0 if one.status == domain.FAILED else one.fee_amount or 0,
                "requested_by": one.requested_by,
                "requested_at": one.requested_at,
                "finished_at": one.finished_at,
                "aml_alerts": alerts.get(one.member_id, 0),
            },
        )
        for one in found
    ]


def _review(check: Check) -> dict[str, Any] | None:
    if check.reviewed_by is None:
        return None
    return {
        "result": check.result,
        "reason": check.review_reason,
        "reviewed_by": check.reviewed_by,
        "reviewed_at": check.reviewed_at,
    }


def _statuses(wanted: str | None) -> tuple[str, ...] | None:
    if wanted is None:
        return None
    return domain.UNFINISHED if wanted == domain.CHECKING else (wanted,)
