"""What this service needs of the others, as its operations see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Ledger(Protocol):
    """The ledger, in the name of one cooperative: the only place money moves."""

    def open_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make accounts that can take postings; once more changes nothing."""

    def set_status(self, command: dict[str, Any]) -> dict[str, Any]:
        """Freeze, thaw or close an account."""

    def post_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post one journal inside the cooperative's own book."""

    def post_disbursement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post a journal and charge its fees, all at once."""

    def refund_fee(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a fee back into the cooperative's wallet."""

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the balance and what of it is available, per account key."""

    def get_balance_days(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what accounts held over a period, condensed, per account key."""

    def get_trial_balance(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell where the cooperative's book stands, code by code."""

    def get_fee_schedule(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the hub charges for what."""

    def get_wallet(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the cooperative has left for fees."""


class Members(Protocol):
    """The members service, which knows the people and their savings accounts."""

    def get_standing(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how a member stands: since when, what is paid, which accounts."""

    def get_minimum_balances(self, command: dict[str, Any]) -> dict[str, int]:
        """Tell what the products of savings accounts keep in them, by number."""

    def get_legality(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the cooperative has proven of its standing."""

    def get_cooperative(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a cooperative is called."""


class Kyc(Protocol):
    """The kyc service, which checks who somebody is."""

    def request_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Check a member, once per request id."""

    def get_check(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell how a check went."""

    def get_bureau_summary(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what the credit bureau knows of a member."""

    def get_income(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the income that was proven."""


class Insurance(Protocol):
    """The insurance service, which insures loans."""

    def quote_premium(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what insuring a loan costs."""

    def reserve_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """Have the insurer hold a policy ready, once per loan."""

    def list_policies(self, command: dict[str, Any]) -> dict[str, Any]:
        """List the policies of a loan or a member."""

    def activate_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """Let a reserved policy begin, since the money has moved."""

    def cancel_reservation(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a reserved policy up."""

    def cancel_policy(self, command: dict[str, Any]) -> dict[str, Any]:
        """End a running policy; what was not used of the premium comes back."""

    def open_claim(self, command: dict[str, Any]) -> dict[str, Any]:
        """Claim what the insurer owes for a loan."""

    def record_recovery(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what was recovered after a claim was paid, once per reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whom an operation asks, in the name of one cooperative."""

    ledger: Ledger
    members: Members
    kyc: Kyc
    insurance: Insurance
