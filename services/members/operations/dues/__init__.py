"""Simpanan pokok and wajib: paid, owed, reminded of, cancelled and paid back."""

from __future__ import annotations

from services.members.operations.dues.accounts import (
    account_key,
    channel_account,
    open_contributions,
)
from services.members.operations.dues.cancelling import cancel_contribution
from services.members.operations.dues.finishing import sweep
from services.members.operations.dues.monthly import DUES, REMINDERS
from services.members.operations.dues.payouts import pay_back_contributions
from services.members.operations.dues.recording import (
    Payment,
    pay_contribution,
    record,
    settle,
)
from services.members.operations.dues.views import (
    get_dues,
    list_arrears,
    list_contributions,
    missing_for_entry,
)

__all__ = [
    "DUES",
    "REMINDERS",
    "Payment",
    "account_key",
    "cancel_contribution",
    "channel_account",
    "get_dues",
    "list_arrears",
    "list_contributions",
    "missing_for_entry",
    "open_contributions",
    "pay_back_contributions",
    "pay_contribution",
    "record",
    "settle",
    "sweep",
]
