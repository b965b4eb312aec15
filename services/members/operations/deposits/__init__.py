"""Time deposits: what is offered, how money is placed, what it pays, how it shows."""

from services.members.operations.deposits.payouts import (
    JOB,
    break_deposit,
    change_deposit,
    finish_due,
)
from services.members.operations.deposits.placements import (
    finish_opening,
    open_deposit,
)
from services.members.operations.deposits.products import (
    create_product,
    get_product,
    list_products,
    set_rates,
    withdraw_product,
)
from services.members.operations.deposits.views import (
    get_certificate,
    get_deposit,
    list_deposits,
)

__all__ = [
    "JOB",
    "break_deposit",
    "change_deposit",
    "create_product",
    "finish_due",
    "finish_opening",
    "get_certificate",
    "get_deposit",
    "get_product",
    "list_deposits",
    "list_products",
    "open_deposit",
    "set_rates",
    "withdraw_product",
]
