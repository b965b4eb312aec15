"""Members who answer for the loan of another with their savings (R139).

`hold_all` and `release_all` are what the payout of a loan calls.
"""

from services.loans.domain.guarantees import Holds
from services.loans.operations.guarantees.calls import (
    approve_call,
    finish_due_calls,
    get_call,
    propose_call,
    reject_call,
)
from services.loans.operations.guarantees.holding import (
    ease_due,
    finish_releases,
    hold_all,
    release_all,
)
from services.loans.operations.guarantees.promises import (
    add_group_guarantee,
    add_guarantee,
    list_guarantees,
    list_own,
    withdraw_guarantee,
)

__all__ = [
    "Holds",
    "add_group_guarantee",
    "add_guarantee",
    "approve_call",
    "ease_due",
    "finish_due_calls",
    "finish_releases",
    "get_call",
    "hold_all",
    "list_guarantees",
    "list_own",
    "propose_call",
    "reject_call",
    "release_all",
    "withdraw_guarantee",
]
