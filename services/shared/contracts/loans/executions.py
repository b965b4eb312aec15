"""Execution of collateral: mediation, warnings, sale, and where the price goes (R155).

| entrypoint | rule | command | result |
|---|---|---|---|
| `start_execution` | loans:write | `StartExecution` | `Execution` |
| `propose_sale` | loans:write | `ProposeSale` | `Execution` |
| `approve_sale` | approvals:write | `DecideExecution` | `Execution` |
| `reject_sale` | approvals:write, loans:write | `DecideExecution` | `Execution` |
| `abandon_execution` | loans:write | `DecideExecution` | `Execution` |
| `get_execution` | loans:read | `ExecutionCommand` | `Execution` |
| `list_executions` | loans:read | `ListExecutions` | `ExecutionPage` |

The price less the costs comes to the bank and pays the loan in the order of its akad
(C22); what is over goes to the member's savings, what is missing becomes a receivable
without interest (R156). Amounts are whole rupiah. Approving needs a fresh second
factor.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts.fields import AmountField, UtcField, text
from services.shared.contracts.loans import Command, LoanCommand
from services.shared.contracts.loans import identifier as _id
from services.shared.contracts.paging import Page
from services.shared.errors import ConflictError, RefusedError

WAYS: Final = ("kpknl_auction", "internal_auction", "voluntary_sale")
STATUSES: Final = ("mediating", "proposed", "settling", "done", "abandoned")
REMAINDER_COUNT_MAX: Final = 120


class CollateralNotBound(RefusedError):
    """Only collateral that is bound to the loan can be sold."""

    code = "collateral_not_bound"


class ExecutionExists(ConflictError):
    """This collateral is being sold, or was sold."""

    code = "execution_exists"


class ExecutionNotReady(ConflictError):
    """The execution is not in a state in which this can be done."""

    code = "execution_not_ready"


class WarningsMissing(RefusedError):
    """Collateral is sold only after the third warning letter."""

    code = "warnings_missing"


class NotAppraised(RefusedError):
    """Nobody has said what the collateral is worth."""

    code = "not_appraised"


class BelowFloorPrice(RefusedError):
    """Collateral is not sold for less than ``details["floor"]``."""

    code = "below_floor_price"


class CostsTooHigh(RefusedError):
    """Nothing of the price would be left for the loan."""

    code = "costs_too_high"


class SaleDateInvalid(RefusedError):
    """A sale is recorded on its day or later."""

    code = "sale_date_invalid"


class ExecutionBody(Schema):
    """Collateral that may have to be sold, and what was tried before."""

    collateral_id = _id("col_01jd8x")
    mediation = text(
        longest=1000,
        shortest=5,
        required=True,
        metadata={"example": "Mediasi di balai desa, tanpa hasil"},
    )
    mediated_on = fields.Date(required=True)


class StartExecution(ExecutionBody, LoanCommand, Command):
    """The beginning of an execution."""


class ExecutionCommand(LoanCommand):
    """One execution for a loan."""

    execution_id = _id("exe_01jd8x")


class DecideExecution(ExecutionCommand, Command):
    """What is decided or done about one execution."""


class SaleBody(Schema):
    """A sale as it was or will be made, for another to approve."""

    way = fields.String(required=True, validate=validate.OneOf(WAYS))
    sold_on = fields.Date(required=True)
    proceeds = AmountField(
        required=True, metadata={"description": "The price.", "example": 15_000_000}
    )
    costs = AmountField(
        required=True,
        minimum=0,
        metadata={"description": "Taken out of the price.", "example": 2_250_000},
    )
    remainder_count = fields.Integer(
        strict=True,
        load_default=12,
        validate=validate.Range(min=1, max=REMAINDER_COUNT_MAX),
        metadata={
            "description": "Monthly instalments of what is owed after the sale.",
            "example": 24,
        },
    )


class ProposeSale(SaleBody, DecideExecution):
    """A sale for another to approve."""


class Execution(Schema):
    """An execution, and where its price went."""

    id = _id("exe_01jd8x")
    loan_id = _id("loa_01jd8x")
    collateral_id = _id("col_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    mediation = fields.String(required=True)
    mediated_on = fields.Date(required=True)
    started_by = fields.String(required=True)
    started_at = UtcField(required=True)
    way = fields.String(required=True, allow_none=True, validate=validate.OneOf(WAYS))
    sold_on = fields.Date(required=True, allow_none=True)
    proceeds = fields.Integer(required=True, strict=True, allow_none=True)
    costs = fields.Integer(required=True, strict=True, allow_none=True)
    market_value = fields.Integer(required=True, strict=True, allow_none=True)
    remainder_count = fields.Integer(required=True, strict=True, allow_none=True)
    proposed_by = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = UtcField(required=True, allow_none=True)
    remainder_loan_id = fields.String(required=True, allow_none=True)
    applied = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What of the price paid the loan."},
    )
    surplus = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "What of it was the member's."},
    )
    warnings = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "`auction_uneconomic`: the costs of KPKNL hardly pay."
        },
    )


class ListExecutions(Page, LoanCommand):
    """The executions for a loan."""


class ExecutionPage(Schema):
    """Executions in the order they began."""

    items = fields.List(fields.Nested(Execution), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
