"""Checks of members: identity, income, credit bureau."""

from __future__ import annotations

import base64
from typing import Any, Final

from services.gateway.http.entrypoints import route
from services.gateway.http.idempotency import Idempotency
from services.gateway.http.operations import RawBody
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts.kyc import bureau as bureau_contract
from services.shared.contracts.kyc import checks as contract
from services.shared.contracts.kyc import income as income_contract
from services.shared.errors import CooperativeNotReady, NotFound, SameProposer

TAG = "Identity checks"
READ = access.scope("kyc:read")
WRITE = access.scope("kyc:write")
UPLOAD: Final = RawBody(
    media_types=(bureau_contract.JSON,), bytes_max=bureau_contract.SIZE_BYTES_MAX
)


class KycRoutes(Peers):
    """Checks of members: identity, income, credit bureau."""

    @route(
        "POST",
        "/v1/kyc/checks",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.CheckBody,
        command=contract.RequestCheck,
        answer=contract.Check,
        key=Idempotency.REQUIRED,
        errors=(
            NotFound,
            contract.WrongFeature,
            contract.IdentityIncomplete,
            contract.KycNotConfigured,
            contract.KycVendorAway,
            CooperativeNotReady,
        ),
    )
    def request_check(self, request: Request) -> dict[str, Any]:
        """Have a member checked, for Rp 5.000 out of the wallet.

        `ekyc` for applications up to Rp 10.000.000, `skoring` above. What the wallet is
        too short for is `refused` and asks no vendor; when the vendor fails, the check
        is `failed` and the fee given back; what is `checking` is carried on with.
        """
        return dict(self.kyc.request_check(request.command()))

    @route(
        "GET",
        "/v1/kyc/checks",
        tag=TAG,
        rule=READ,
        query=contract.ListChecks,
        command=contract.ListChecks,
        answer=contract.CheckPage,
    )
    def list_checks(self, request: Request) -> dict[str, Any]:
        """List checks, all or those of one member, oldest first."""
        return dict(self.kyc.list_checks(request.command()))

    @route(
        "GET",
        "/v1/kyc/checks/{check_id}",
        tag=TAG,
        rule=READ,
        command=contract.CheckCommand,
        answer=contract.Check,
    )
    def get_check(self, request: Request) -> dict[str, Any]:
        """Show a check and what was found."""
        return dict(self.kyc.get_check(request.command()))

    @route(
        "POST",
        "/v1/kyc/checks/{check_id}/review",
        tag=TAG,
        rule=WRITE,
        body=contract.ReviewBody,
        command=contract.ReviewCheck,
        answer=contract.Check,
        errors=(contract.CheckNotForReview, SameProposer),
    )
    def review_check(self, request: Request) -> dict[str, Any]:
        """Decide about a check whose result is TINJAU, with a reason.

        Final, and done by another person than the one who asked for the check.
        """
        return dict(self.kyc.review_check(request.command()))

    @route(
        "POST",
        "/v1/kyc/members/{member_id}/ideb",
        tag=TAG,
        rule=WRITE,
        status=201,
        raw_body=UPLOAD,
        command=bureau_contract.UploadBureauReport,
        answer=bureau_contract.BureauReport,
        errors=(
            bureau_contract.BureauReportUnreadable,
            bureau_contract.NotThisMember,
            contract.IdentityIncomplete,
        ),
    )
    def upload_bureau_report(self, request: Request) -> dict[str, Any]:
        """Hand in the iDEB of a member: the JSON file of OJK's SLIK, at most 4 MiB."""
        content = base64.b64encode(request.body).decode("ascii")
        return dict(self.kyc.upload_bureau_report(request.command(content=content)))

    @route(
        "GET",
        "/v1/kyc/members/{member_id}/ideb",
        tag=TAG,
        rule=READ,
        command=bureau_contract.MemberCommand,
        answer=bureau_contract.BureauSummary,
    )
    def get_bureau_summary(self, request: Request) -> dict[str, Any]:
        """Show what the newest iDEB of a member says; nulls where there is none."""
        return dict(self.kyc.get_bureau_summary(request.command()))

    @route(
        "POST",
        "/v1/kyc/members/{member_id}/income",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=income_contract.IncomeBody,
        command=income_contract.UploadIncome,
        answer=income_contract.Income,
        errors=(income_contract.IncomePeriodInvalid, bureau_contract.NotThisMember),
    )
    def upload_income(self, request: Request) -> dict[str, Any]:
        """Hand in what BPJS Ketenagakerjaan says of a member's wage."""
        return dict(self.kyc.upload_income(request.command()))

    @route(
        "GET",
        "/v1/kyc/members/{member_id}/income",
        tag=TAG,
        rule=READ,
        command=bureau_contract.MemberCommand,
        answer=income_contract.Income,
    )
    def get_income(self, request: Request) -> dict[str, Any]:
        """Show the newest statement of a member's wage; nulls where there is none."""
        return dict(self.kyc.get_income(request.command()))

    @route(
        "GET",
        "/v1/kyc/settings",
        tag=TAG,
        rule=READ,
        answer=contract.CheckSettings,
    )
    def get_check_settings(self, _request: Request) -> dict[str, Any]:
        """Show from which scores on names and faces pass."""
        return dict(self.kyc.get_check_settings({}))

    @route(
        "PUT",
        "/v1/kyc/settings",
        tag=TAG,
        rule=access.scope("cooperative:write"),
        body=contract.CheckSettingsBody,
        answer=contract.CheckSettings,
    )
    def put_check_settings(self, request: Request) -> dict[str, Any]:
        """Set from which scores on names and faces pass, for checks from now on."""
        return dict(self.kyc.put_check_settings(request.json))
