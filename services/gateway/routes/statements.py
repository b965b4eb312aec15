"""Statements and passbooks."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import files as files_contract
from services.shared.contracts import ledger as ledger_contract
from services.shared.contracts import members as members_contract
from services.shared.contracts.members import statements as contract
from services.shared.presentation import pdf, sheets

TAG = "Accounts"
READ = access.scope("accounts:read")


class StatementRoutes(Peers):
    """Statements and passbooks."""

    @route(
        "GET",
        "/v1/accounts/{number}/statement",
        tag=TAG,
        rule=READ,
        query=contract.StatementForm,
        answer=ledger_contract.Statement,
        files=(pdf.MEDIA_TYPE, sheets.MEDIA_TYPE),
        errors=(contract.StatementTooLong,),
    )
    def get_statement(self, request: Request) -> dict[str, Any] | Answer:
        """Show what happened on an account, with the balance after each line.

        `from` and `to` are dates (whole days in Jakarta) or moments with offset; a
        moment in `to` is not included. As PDF or XLSX the period is given whole.
        """
        query: dict[str, Any] = dict(request.query)
        wanted = query.pop("format", files_contract.JSON)
        number = request.parameters["number"]
        if wanted == files_contract.JSON:
            statement: dict[str, Any] = self.ledger.get_statement(
                query | {"key": number}
            )
            return statement
        command: dict[str, Any] = {"number": number, "format": wanted}
        for bound in ("from", "to"):
            if bound in query:
                command[bound] = query[bound]
        return files.attached(self.members.print_statement(command))

    @route(
        "GET",
        "/v1/accounts/{number}/passbook",
        tag=TAG,
        rule=READ,
        command=members_contract.AccountCommand,
        answer=contract.Passbook,
    )
    def get_passbook(self, request: Request) -> dict[str, Any]:
        """Show the lines that the passbook does not have yet."""
        return dict(self.members.get_passbook(request.command()))

    @route(
        "POST",
        "/v1/accounts/{number}/passbook",
        tag=TAG,
        rule=access.scope("accounts:write"),
        command=contract.PrintPassbook,
        answer=contract.Passbook,
        errors=(contract.PassbookJustPrinted,),
    )
    def print_passbook(self, request: Request) -> dict[str, Any]:
        """Print the lines that the passbook does not have yet.

        They count as printed from now on. A repetition with the same key gets the same
        lines again.
        """
        return dict(self.members.print_passbook(request.command()))
