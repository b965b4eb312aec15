"""What this service needs of the others, as its operations see them."""

from __future__ import annotations

from typing import Any, Protocol

from services.members.domain.notifications import Mail
from services.members.domain.payments import Reading, Request, VirtualAccount
from services.members.domain.webhooks import Message
from services.shared.outbound.messages import Attempt


class Ledger(Protocol):
    """The ledger, which keeps the money of every account opened here."""

    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make the chart of accounts of a cooperative; once more changes nothing."""

    def open_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """Make accounts that can take postings; once more changes nothing."""

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the balance and what of it is available, per account key."""

    def set_status(self, command: dict[str, Any]) -> dict[str, Any]:
        """Freeze, thaw or close an account."""

    def post_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post one journal inside the cooperative's own book."""

    def get_balance_days(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the balances at the ends of the days of a period, condensed."""

    def get_statement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what happened on an account."""

    def receive_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Book money that the payment provider took for the cooperative."""

    def post_large_journal(
        self, command: dict[str, Any], *, deadline: float | None = None
    ) -> dict[str, Any]:
        """Post one journal with more postings than a message would carry."""

    def get_chart(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the codes of the cooperative's book and their normal sides."""

    def get_period(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell through which business day the cooperative's book is closed."""

    def get_trial_balance(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell where the cooperative's book stands, code by code."""


class Transfers(Protocol):
    """The clearing, which knows who cooperates with whom."""

    def check_agreement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whether an agreement between two cooperatives is in force."""


class Debts(Protocol):
    """Who knows what members still owe."""

    def get_debt(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what a member owes the cooperative, in whole rupiah."""


class Loans(Protocol):
    """Loans to members, which are paid at the counter and into virtual accounts."""

    def get_payable(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell whose a loan is and how much of it can be paid."""

    def record_repayment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Pay a loan with money that was taken, once per id."""

    def list_import_products(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell by which words a row of an import may name a loan product."""

    def import_loans(self, command: dict[str, Any]) -> dict[str, Any]:
        """Take over some loans; the same once more changes nothing."""


class Mailer(Protocol):
    """What takes e-mails to a mail server."""

    def send(self, mail: Mail) -> None:
        """Send one e-mail. Raises MailRefused, MailPostponed or MailServerAway."""


class PaymentProvider(Protocol):
    """What takes money for the hub and tells about it when it is asked."""

    def request(self, asked: Request) -> VirtualAccount:
        """A virtual account to pay into. Raises ProviderAway, ProviderRefused."""

    def read(self, transaction_id: str) -> Reading:
        """What became of a transaction. Raises ProviderAway, ProviderRefused."""


class WebhookSender(Protocol):
    """What posts signed messages to the systems of cooperatives."""

    def send(self, message: Message) -> Attempt:
        """Post one message; whatever goes wrong is told in the attempt."""
