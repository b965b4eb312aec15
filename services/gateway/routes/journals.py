"""Journals of the caller's own book: looking at one, and undoing it."""

from __future__ import annotations

from typing import Any

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import ledger as contract

TAG = "Ledger"


class JournalRoutes(Peers):
    """Journals."""

    @route(
        "GET",
        "/v1/journals/{journal_id}",
        tag=TAG,
        rule=access.scope("ledger:read"),
        command=contract.GetJournal,
        answer=contract.Journal,
        errors=(contract.JournalNotFound,),
    )
    def get_journal(self, request: Request) -> dict[str, Any]:
        """Show a journal with its postings in the caller's book."""
        return dict(self.ledger.get_journal(request.command()))

    @route(
        "POST",
        "/v1/journals/{journal_id}/reverse",
        tag=TAG,
        rule=access.scope("ledger:write"),
        status=201,
        body=contract.ReverseJournalBody,
        command=contract.ReverseJournal,
        answer=contract.Reversal,
        key=Idempotency.REQUIRED,
        errors=(
            contract.JournalNotFound,
            contract.AlreadyReversed,
            contract.JournalSpansBooks,
            contract.JournalUndoneElsewhere,
            contract.JournalNotPosted,
            contract.AccountNotFound,
            contract.InsufficientFunds,
            contract.AccountNotActive,
            contract.LimitExceeded,
            contract.PeriodClosed,
        ),
    )
    def reverse_journal(self, request: Request) -> dict[str, Any]:
        """Undo a journal of the own book by its mirror image, once.

        A transfer reaches into other books and is undone by a return instead.
        """
        return dict(self.ledger.reverse_journal(request.command()))
