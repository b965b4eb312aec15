"""How the loans of a cooperative do together."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.loans import portfolio as contract
from services.shared.presentation import sheets

TAG = "Loan portfolio"
READ = access.scope("loans:read")


class PortfolioRoutes(Peers):
    """How the loans of a cooperative do together."""

    @route(
        "GET",
        "/v1/loan-portfolio/ageing",
        tag=TAG,
        rule=READ,
        query=contract.PortfolioQuery,
        command=contract.PortfolioQuery,
        answer=contract.Ageing,
        files=(sheets.MEDIA_TYPE,),
        errors=(contract.NoPicture,),
    )
    def get_loan_ageing(self, request: Request) -> dict[str, Any] | Answer:
        """Report the loans by class and by collection stage, as JSON or XLSX."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_loan_ageing(command))

    @route(
        "GET",
        "/v1/loan-portfolio/ratios",
        tag=TAG,
        rule=READ,
        query=contract.PortfolioQuery,
        command=contract.PortfolioQuery,
        answer=contract.Ratios,
        files=(sheets.MEDIA_TYPE,),
        errors=(contract.NoPicture,),
    )
    def get_loan_ratios(self, request: Request) -> dict[str, Any] | Answer:
        """Report NPF, coverage, LDR and ROA as traffic lights, as JSON or XLSX.

        Their bounds are the cooperative's own policy.
        """
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_loan_ratios(command))

    @route(
        "GET",
        "/v1/loan-portfolio/trend",
        tag=TAG,
        rule=READ,
        query=contract.TrendQuery,
        command=contract.TrendQuery,
        answer=contract.Trend,
        files=(sheets.MEDIA_TYPE,),
    )
    def get_loan_trend(self, request: Request) -> dict[str, Any] | Answer:
        """Report the portfolio and its NPF month by month, as JSON or XLSX."""
        command = request.command()
        return files.in_form(command.get("format"), self.loans.get_loan_trend(command))

    @route(
        "GET",
        "/v1/loan-portfolio/breakdown",
        tag=TAG,
        rule=READ,
        query=contract.BreakdownQuery,
        command=contract.BreakdownQuery,
        answer=contract.Breakdown,
        files=(sheets.MEDIA_TYPE,),
        errors=(contract.NoPicture,),
    )
    def get_loan_breakdown(self, request: Request) -> dict[str, Any] | Answer:
        """Report the portfolio by cause, sector, branch, officer or product."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_loan_breakdown(command)
        )

    @route(
        "GET",
        "/v1/loan-portfolio/early-warning",
        tag=TAG,
        rule=READ,
        query=contract.ListEarlyWarnings,
        command=contract.ListEarlyWarnings,
        answer=contract.EarlyWarningPage,
    )
    def list_early_warnings(self, request: Request) -> dict[str, Any]:
        """List the performing loans that somebody should watch, and why."""
        return dict(self.loans.list_early_warnings(request.command()))
