"""What is done with policies."""

from services.insurance.operations.policies.cancelling import (
    cancel_policy,
    end_uncovered,
)
from services.insurance.operations.policies.reserving import (
    activate_policy,
    cancel_reservation,
    quote_premium,
    reserve_policy,
    retry_activation,
)
from services.insurance.operations.policies.sweeping import carry_on, end_by_date, sweep
from services.insurance.operations.policies.views import (
    get_policy,
    has_running_policies,
    list_policies,
)

__all__ = [
    "activate_policy",
    "cancel_policy",
    "cancel_reservation",
    "carry_on",
    "end_by_date",
    "end_uncovered",
    "get_policy",
    "has_running_policies",
    "list_policies",
    "quote_premium",
    "reserve_policy",
    "retry_activation",
    "sweep",
]
