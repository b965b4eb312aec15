"""Payments into virtual accounts: asked for, called back about, credited."""

from __future__ import annotations

from services.members.operations.payments.callbacks import (
    forget_callbacks,
    list_callbacks,
    record_callback,
)
from services.members.operations.payments.crediting import Till, drive, sweep
from services.members.operations.payments.requesting import (
    request_own_payment,
    request_payment,
    request_wallet_payment,
)
from services.members.operations.payments.views import (
    allocate_payment,
    check_payment,
    get_payment,
    list_own_payments,
    list_payments,
)

__all__ = [
    "Till",
    "allocate_payment",
    "check_payment",
    "drive",
    "forget_callbacks",
    "get_payment",
    "list_callbacks",
    "list_own_payments",
    "list_payments",
    "record_callback",
    "request_own_payment",
    "request_payment",
    "request_wallet_payment",
    "sweep",
]
