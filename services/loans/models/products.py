"""What loans a cooperative offers, and on which terms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.shared.persistence.base import Base
from services.shared.persistence.types import MoneyColumn, UtcDateTime


class LoanProduct(Base):
    """A loan as a cooperative offers it; a loan keeps the terms it was given."""

    __tablename__ = "loan_products"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "id"),
        UniqueConstraint("cooperative_id", "code"),
        CheckConstraint(
            "method IN ('flat', 'menurun', 'anuitas', 'musiman')", name="method"
        ),
        CheckConstraint(
            "frequency IN ('monthly', 'weekly', 'daily')", name="frequency"
        ),
        # Permenkop 8/2023 art. 27: nobody may ask for more, whatever else is changed.
        CheckConstraint("rate_bps BETWEEN 0 AND 2400", name="rate_bps"),
        CheckConstraint(
            "0 < minimum_amount AND minimum_amount <= maximum_amount", name="amounts"
        ),
        CheckConstraint(
            "0 < minimum_count AND minimum_count <= maximum_count "
            "AND maximum_count <= 600",
            name="counts",
        ),
        CheckConstraint("grace_count BETWEEN 0 AND minimum_count - 1", name="grace"),
        CheckConstraint("harvest_every BETWEEN 1 AND minimum_count", name="harvest"),
        CheckConstraint("rounding_unit IN (1, 100, 500, 1000)", name="rounding_unit"),
        CheckConstraint(
            "allocation @> '{penalty,interest,principal}' "
            "AND cardinality(allocation) = 3",
            name="allocation",
        ),
        CheckConstraint("overpayment IN ('forward', 'principal')", name="overpayment"),
        CheckConstraint(
            "penalty_bps_per_day BETWEEN 0 AND 100 AND penalty_grace_days >= 0 "
            # R158, C6: 1 % a month is the highest that this hub knows of.
            "AND penalty_cap_bps_per_month BETWEEN 0 AND 100",
            name="penalty",
        ),
        CheckConstraint("settlement_fee_months BETWEEN 0 AND 12", name="settlement"),
        CheckConstraint(
            "rebate_bps BETWEEN 0 AND 10000 AND rebate_grace_days BETWEEN 0 AND 30",
            name="rebate",
        ),
        CheckConstraint(
            "administration_bps BETWEEN 0 AND 1000 AND administration_amount >= 0",
            name="administration",
        ),
        CheckConstraint("fee_payer IN ('cooperative', 'borrower')", name="fee_payer"),
        CheckConstraint(
            "premium_payer IN ('cooperative', 'borrower')", name="premium_payer"
        ),
        CheckConstraint("cap_basis IN ('nominal', 'effective')", name="cap_basis"),
        CheckConstraint("minimum_cover_bps >= 0", name="minimum_cover_bps"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cooperative_id: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    frequency: Mapped[str] = mapped_column(Text)
    rate_bps: Mapped[int] = mapped_column(Integer)
    cap_basis: Mapped[str] = mapped_column(Text)
    minimum_amount: Mapped[int] = mapped_column(MoneyColumn)
    maximum_amount: Mapped[int] = mapped_column(MoneyColumn)
    minimum_count: Mapped[int] = mapped_column(Integer)
    maximum_count: Mapped[int] = mapped_column(Integer)
    grace_count: Mapped[int] = mapped_column(Integer)
    harvest_every: Mapped[int] = mapped_column(Integer)
    rounding_unit: Mapped[int] = mapped_column(Integer)
    shifts_holidays: Mapped[bool]
    # In which order a payment is taken: penalty, interest, principal.
    allocation: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # Where what is paid beyond the present instalment goes.
    overpayment: Mapped[str] = mapped_column(Text)
    penalty_bps_per_day: Mapped[int] = mapped_column(Integer)
    penalty_grace_days: Mapped[int] = mapped_column(Integer)
    penalty_cap_bps_per_month: Mapped[int] = mapped_column(Integer)
    # How many months of interest an early settlement of a flat loan costs.
    settlement_fee_months: Mapped[int] = mapped_column(Integer)
    # What of the interest comes back to who has always paid in time (R158), and how
    # many days after the due day are still in time.
    rebate_bps: Mapped[int] = mapped_column(Integer, default=0)
    rebate_grace_days: Mapped[int] = mapped_column(Integer, default=0)
    administration_bps: Mapped[int] = mapped_column(Integer)
    administration_amount: Mapped[int] = mapped_column(MoneyColumn)
    # C21: who pays the hub's fee, and who the insurer's premium.
    fee_payer: Mapped[str] = mapped_column(Text)
    premium_payer: Mapped[str] = mapped_column(Text)
    # The insurance product that is bundled with every loan (R48); None for none.
    insurance_product: Mapped[str | None] = mapped_column(Text)
    # Accepted collateral in basis points of the loan; 0 asks for none.
    minimum_cover_bps: Mapped[int] = mapped_column(Integer)
    requires_visit: Mapped[bool]
    requires_training: Mapped[bool]
    # JSON Schema of the application form's own fields (R121).
    form: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    is_offered: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(Text)
