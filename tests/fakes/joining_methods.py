"""What the members' stand-in answers about joining, branching and leaving."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts.members import Command, branches, closing, registration


class Nothing(Schema):
    """A command without content."""


METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "start_registration": (
        registration.StartRegistration,
        registration.RegistrationAccepted,
    ),
    "resend_activation": (
        registration.ResendActivation,
        registration.RegistrationAccepted,
    ),
    "activate_registration": (
        registration.ActivateRegistration,
        registration.ActivatedRegistration,
    ),
    "list_registrations": (
        registration.ListRegistrations,
        registration.RegistrationPage,
    ),
    "get_registration": (
        registration.RegistrationCommand,
        registration.RegistrationDetails,
    ),
    "approve_registration": (
        registration.ApproveRegistration,
        registration.Registration,
    ),
    "refuse_registration": (registration.RefuseRegistration, registration.Registration),
    "get_own_registration": (Nothing, registration.Registration),
    "submit_registration": (Command, registration.Registration),
    "put_legality": (registration.PutLegality, registration.Legality),
    "get_legality": (Nothing, registration.Legality),
    "list_licences": (registration.ListLicences, registration.LicencePage),
    "put_modules": (registration.PutModules, registration.Modules),
    "get_modules": (Nothing, registration.Modules),
    "put_partner_code": (registration.PutPartnerCode, registration.PartnerCode),
    "list_partner_codes": (registration.ListPartnerCodes, registration.PartnerCodePage),
    "create_branch": (branches.CreateBranch, branches.Branch),
    "change_branch": (branches.ChangeBranch, branches.Branch),
    "get_branch": (branches.BranchCommand, branches.Branch),
    "list_branches": (branches.ListBranches, branches.BranchPage),
    "get_branch_preconditions": (branches.BranchCommand, branches.Preconditions),
    "open_branch": (branches.OpenBranch, branches.Branch),
    "close_branch": (branches.CloseBranch, branches.Branch),
    "put_annual_report": (branches.PutAnnualReport, branches.AnnualReport),
    "list_annual_reports": (branches.ListAnnualReports, branches.AnnualReportPage),
    "get_closing_blockers": (Nothing, closing.Blockers),
    "request_closing": (closing.RequestClosing, closing.Closing),
    "withdraw_closing": (closing.ClosingChange, closing.Closing),
    "get_closing": (closing.ClosingCommand, closing.Closing),
    "list_closings": (closing.ListClosings, closing.ClosingPage),
    "verify_closing": (closing.ClosingChange, closing.Closing),
    "get_closing_document": (closing.GetDocument, closing.VerificationDocument),
    "approve_closing": (closing.ApproveClosing, closing.Closing),
    "reject_closing": (closing.RejectClosing, closing.Closing),
    "get_closing_export": (closing.GetExport, closing.Export),
}
