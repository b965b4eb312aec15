"""What fees cost, and which were charged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.ledger.domain.fees import FeeRate

_SCHEDULE: Final = text(
    """
    SELECT kind, rule, valid_from, valid_until, base_over, base_through,
        fixed_amount, rate_bps, per
    FROM fee_schedule
    WHERE valid_from <= :day AND (valid_until IS NULL OR valid_until >= :day)
    ORDER BY rule
    """
)
_COLUMNS: Final = (
    "id, cooperative_id, kind, rule, reference, base_amount, months, amount, "
    "journal_id, charged_at, borne_by"
)
# A handful of refunds per charge at most, found by the index of their uniqueness.
_REFUNDED: Final = (
    "(SELECT coalesce(sum(one.amount), 0)::bigint FROM fee_refunds one "
    "WHERE one.charge_id = fee_charges.id) AS refunded"
)
_FIND: Final = text(
    f"SELECT {_COLUMNS}, {_REFUNDED} FROM fee_charges "  # noqa: S608  a constant
    "WHERE cooperative_id = :cooperative_id "
    "AND kind = :kind AND reference = :reference"
)
_INSERT: Final = text(
    f"INSERT INTO fee_charges ({_COLUMNS}) VALUES "  # noqa: S608  a constant
    "(:id, :cooperative_id, :kind, :rule, :reference, :base_amount, :months, :amount, "
    ":journal_id, :charged_at, :borne_by) "
    "ON CONFLICT (cooperative_id, kind, reference) DO NOTHING"
)
_LIST: Final = text(
    f"SELECT serial, {_COLUMNS}, {_REFUNDED} FROM fee_charges "  # noqa: S608  a constant
    "WHERE cooperative_id = :cooperative_id AND serial < :before "
    "ORDER BY serial DESC LIMIT :limit"
)
_FIND_REFUND: Final = text(
    "SELECT id, charge_id, cooperative_id, refund_reference, amount, reason, "
    "journal_id, refunded_at FROM fee_refunds "
    "WHERE charge_id = :charge_id AND refund_reference = :refund_reference"
)
_INSERT_REFUND: Final = text(
    "INSERT INTO fee_refunds (id, charge_id, cooperative_id, refund_reference, "
    "amount, reason, journal_id, refunded_at) VALUES (:id, :charge_id, "
    ":cooperative_id, :refund_reference, :amount, :reason, :journal_id, :refunded_at)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee that was charged."""

    id: str
    cooperative_id: str
    kind: str
    rule: str
    reference: str
    base_amount: int | None
    months: int | None
    amount: int
    journal_id: str | None
    charged_at: datetime
    borne_by: str = "cooperative"
    refunded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """What was given back of a fee."""

    id: str
    charge_id: str
    cooperative_id: str
    refund_reference: str
    amount: int
    reason: str
    journal_id: str
    refunded_at: datetime


def find_refund(
    session: Session, charge_id: str, refund_reference: str
) -> Refund | None:
    """The refund of a charge with this reference, if it was made."""
    row = session.execute(
        _FIND_REFUND, {"charge_id": charge_id, "refund_reference": refund_reference}
    ).one_or_none()
    return None if row is None else Refund(**row._mapping)  # noqa: SLF001  public


def insert_refund(session: Session, refund: Refund) -> None:
    """Write a refund."""
    session.execute(_INSERT_REFUND, asdict(refund))


def schedule(session: Session, day: date) -> list[FeeRate]:
    """The prices in force on ``day``."""
    rows = session.execute(_SCHEDULE, {"day": day})
    return [FeeRate(**row._mapping) for row in rows]  # noqa: SLF001  public


def find(
    session: Session, *, cooperative_id: str, kind: str, reference: str
) -> Charge | None:
    """The charge with this kind and reference, if it was made."""
    row = session.execute(
        _FIND,
        {"cooperative_id": cooperative_id, "kind": kind, "reference": reference},
    ).one_or_none()
    return None if row is None else Charge(**row._mapping)  # noqa: SLF001  public


def insert(session: Session, charge: Charge) -> bool:
    """Write a charge; False when its kind and reference were charged meanwhile."""
    result = session.execute(_INSERT, asdict(charge))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def listed(
    session: Session, cooperative_id: str, *, before: int, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Charges older than the serial ``before``, newest first, each with its serial."""
    rows = session.execute(
        _LIST, {"cooperative_id": cooperative_id, "before": before, "limit": limit}
    )
    charges = [dict(row._mapping) for row in rows]  # noqa: SLF001  public
    return [(charge.pop("serial"), charge) for charge in charges]
