"""The ledger as the members service sees it: the real one, in this process."""

from __future__ import annotations

from typing import Any

from services.ledger.service import LedgerService
from services.shared.errors import ServiceError
from services.shared.identity import Identity
from services.shared.persistence.database import Database
from services.shared.settings import Settings
from tests.fakes import in_process


class LedgerPeer:
    """The ledger, called by the members service on behalf of one cooperative.

    ``fault`` is raised instead of every answer, as long as it is set.
    """

    def __init__(
        self, database: Database, settings: Settings, cooperative_id: str
    ) -> None:
        caller = Identity(
            subject="cli_test",
            cooperative_id=cooperative_id,
            scopes=frozenset(),
            service="members",
        )
        self._service = in_process.service(
            LedgerService, database=database, settings=settings, caller=caller
        )
        self.fault: ServiceError | None = None

    def open_book(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open a cooperative's book."""
        return self._call("open_book", command)

    def open_accounts(self, command: dict[str, Any]) -> dict[str, Any]:
        """Open accounts in the cooperative's book."""
        return self._call("open_accounts", command)

    def get_balances(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell balances."""
        return self._call("get_balances", command)

    def set_status(self, command: dict[str, Any]) -> dict[str, Any]:
        """Freeze, thaw or close an account."""
        return self._call("set_status", command)

    def post_journal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Post a journal in the cooperative's book."""
        return self._call("post_journal", command)

    def receive_payment(self, command: dict[str, Any]) -> dict[str, Any]:
        """Book what the payment provider took."""
        return self._call("receive_payment", command)

    def get_balance_days(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the balances of a period."""
        return self._call("get_balance_days", command)

    def get_statement(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell what happened on an account."""
        return self._call("get_statement", command)

    def post_large_journal(
        self, command: dict[str, Any], *, deadline: float | None = None
    ) -> dict[str, Any]:
        """Post a journal whose postings come packed."""
        del deadline
        return self._call("post_large_journal", command)

    def get_chart(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell the chart of accounts."""
        return self._call("get_chart", command)

    def get_period(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell which days are closed."""
        return self._call("get_period", command)

    def get_trial_balance(self, command: dict[str, Any]) -> dict[str, Any]:
        """Tell where the book stands."""
        return self._call("get_trial_balance", command)

    def list_postings(self, command: dict[str, Any]) -> dict[str, Any]:
        """Give a page of all postings of the cooperative's book."""
        return self._call("list_postings", command)

    def _call(self, method: str, command: dict[str, Any]) -> dict[str, Any]:
        if self.fault is not None:
            raise self.fault
        return in_process.call(self._service, method, command)
