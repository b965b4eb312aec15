"""What is paid of loans: recorded, settled early, followed up, shown."""

from services.loans.operations.repayments.debts import debt_of, payoff
from services.loans.operations.repayments.endings import (
    finish_endings,
    finish_refunds,
    take_refund,
)
from services.loans.operations.repayments.recording import (
    Payment,
    finish_due,
    post,
    record,
    settle_if_paid,
)
from services.loans.operations.repayments.taking import repay, repay_own
from services.loans.operations.repayments.views import (
    get_payable,
    list_repayments,
    quote_settlement,
)

__all__ = [
    "Payment",
    "debt_of",
    "finish_due",
    "finish_endings",
    "finish_refunds",
    "get_payable",
    "list_repayments",
    "payoff",
    "post",
    "quote_settlement",
    "record",
    "repay",
    "repay_own",
    "settle_if_paid",
    "take_refund",
]
